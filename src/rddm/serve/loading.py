"""
Load whole tables that the shop window does not have yet, or gets anew.

They are filled in a schema of their own, where nobody looks, over connections that commit by themselves. Only the
publication's own transaction moves them into their places, so readers see all of them or none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import duckdb
import psycopg
from psycopg import sql

from rddm.serve.copying import copy_rows
from rddm.store.database import Database
from rddm.store.lake import Lake

SCHEMA = "warehouse_loading"
_AT_A_TIME = 2
_INDEXING_MEMORY = "256MB"


@dataclass(frozen=True)
class NewTable:
    """
    A table to be loaded.

    ``definition``: its columns as PostgreSQL declares them. ``queries``: its rows in the lake, in parts. ``indexes``: the
    columns of each index; the first is the primary key where it ``is_keyed``.
    """

    name: str
    definition: sql.Composable
    queries: Sequence[str]
    indexes: Sequence[Sequence[str]]
    is_keyed: bool = True

    @property
    def place(self) -> sql.Identifier:
        return sql.Identifier(SCHEMA, self.name)


def begin_loading(database: Database) -> None:
    """Make the place where tables are loaded; what an earlier loading left there, because it was killed, goes."""
    with database.connect() as connection:
        forget_loading(connection)
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SCHEMA)))


def forget_loading(connection: psycopg.Connection) -> None:
    """Drop what has been loaded and was not moved."""
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(SCHEMA)))


def load_all(
    lake: Lake, database: Database, tables: Sequence[NewTable], progress: Callable[[str], None]
) -> Mapping[str, int]:
    """Load *tables*, several at a time; return how many rows each has."""

    def load_one(table: NewTable) -> int:
        with closing(lake.connection.cursor()) as reader:
            reader.execute("SET TimeZone = 'UTC'")
            return load(reader, database, table)

    progress("publish new tables")
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        loads = {each.name: pool.submit(load_one, each) for each in tables}
        rows = {}
        for name, loading in loads.items():
            progress(f"publish {name}")
            rows[name] = loading.result()
        return rows


def load(reader: duckdb.DuckDBPyConnection, database: Database, table: NewTable) -> int:
    """
    Make *table*, fill it with what *reader* reads, and finish it with its indexes; return how many rows it has.

    Made in the transaction that fills it, so that its rows are written frozen and a server with wal_level = minimal writes
    no page twice.
    """
    with database.connect() as connection:
        connection.execute(sql.SQL("CREATE TABLE {} ({})").format(table.place, table.definition))
        rows = sum(copy_rows(reader, connection, query, table.place, frozen=True) for query in table.queries)
        for statement in _finish(table):
            connection.execute(statement)
    return rows


def _finish(table: NewTable) -> Sequence[sql.Composed]:
    """Return what makes a filled table ready: built afterwards, an index costs a tenth of what its upkeep would have."""
    indexes = [sql.SQL(", ").join(map(sql.Identifier, each)) for each in table.indexes]
    keys, others = (indexes[:1], indexes[1:]) if table.is_keyed else ([], indexes)
    return [
        sql.SQL("SET LOCAL maintenance_work_mem = {}").format(sql.Literal(_INDEXING_MEMORY)),
        *(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(table.place, each) for each in keys),
        *(sql.SQL("CREATE INDEX ON {} ({})").format(table.place, each) for each in others),
        sql.SQL("ANALYZE {}").format(table.place),
    ]
