"""Questions in SQL to the shop window, and how other tools reach it."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from math import isfinite
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from rddm.contracts.errors import ConfigurationError, ConfigurationProblem
from rddm.serve.layout import SCHEMA
from rddm.store.database import Database

READS = ("SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN")
_FIRST_WORD = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/|\()*([A-Za-z]+)", re.DOTALL)
_NAMES_THINGS = "42"
"""The class of SQLSTATE codes whose messages name what the statement names, and never a row's values."""


@dataclass(frozen=True)
class Answer:
    """The rows of a statement, each in the order of ``columns``; ``more``: there were more than were asked for."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    more: bool


def ask(database: Database, statement: str, limit: int) -> Answer:
    """
    Return the first *limit* rows of one *statement*, read in a transaction that cannot write; tables are looked for in
    schema ``warehouse``. On an embedded server it reads every table, and nothing else of the server.

    Raises:
        ConfigurationError: the statement is wrong, or is none that reads.
    """
    word = _FIRST_WORD.match(statement)
    if word is None or word[1].upper() not in READS:
        raise _refused(0, "this is no statement that reads.", f"It begins with {', '.join(READS[:-1])} or {READS[-1]}.")
    try:
        with database.for_reading().connect() as connection:
            connection.execute("SET TRANSACTION READ ONLY")
            connection.execute(sql.SQL("SET LOCAL search_path = {}, pg_catalog").format(sql.Identifier(SCHEMA)))
            cursor = connection.cursor()
            # As a stream: one statement at a time is taken, and no more rows are fetched than are wanted.
            stream = cursor.stream(statement.encode())
            try:
                rows = list(islice(stream, limit + 1))
                columns = [column.name for column in cursor.description or ()]
            finally:
                if isinstance(stream, Generator):
                    stream.close()  # an open one would keep the connection from ever being closed
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise _explained(error, statement) from error
    return Answer(columns, [[_plain(value) for value in row] for row in rows[:limit]], len(rows) > limit)


def psql_command(database: Database) -> str:
    """Return the command that reaches the database while it runs; a password is left out."""
    known = conninfo_to_dict(database.conninfo)
    parts = [f"{name}={known[name]}" for name in ("host", "port", "dbname", "user") if known.get(name)]
    return f"psql '{' '.join(parts)} options=-csearch_path={SCHEMA}'"


def _explained(error: psycopg.Error, statement: str) -> ConfigurationError:
    position = int(error.diag.statement_position or 0)
    line = statement.count("\n", 0, position) + 1 if position else 0
    code = error.sqlstate or ""
    if "multiple commands" in (error.diag.message_primary or ""):
        return _refused(0, "these are several statements, and one is answered at a time.", "Give each by itself.")
    if code.startswith(_NAMES_THINGS):
        return _refused(line, f"{error.diag.message_primary}.", error.diag.message_hint or "")
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()
    return _refused(line, f"PostgreSQL refuses it: {name} ({code}).", "")


def _refused(line: int, message: str, fix: str) -> ConfigurationError:
    return ConfigurationError(ConfigurationProblem("the statement", line, "", message, fix))


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    """Numbers of any length as numbers, what is none (infinite, not a number) in PostgreSQL's word; all else as it is."""
    if isinstance(value, float | Decimal) and not isfinite(value):
        return str(Decimal(value))
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
