"""
Load tables that the shop window does not have yet.

They are filled in a schema of their own, where nobody looks, several at a time and over connections that commit by themselves.
Only the publication's own transaction moves them into the shop window, so readers see all of them or none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass

import duckdb
import psycopg
from psycopg import sql

from rddm.contracts.tables import literal, quote
from rddm.store.database import Database
from rddm.store.lake import Lake

SCHEMA = "warehouse_loading"
_CATALOG = "shop_window"
_AT_A_TIME = 2
_INDEXING_MEMORY = "256MB"


@dataclass(frozen=True)
class NewTable:
    """
    A table to be loaded.

    ``definition``: its columns as PostgreSQL declares them. ``query``: its rows in the lake. ``indexes``: its primary key's
    column first, then the columns of each index.
    """

    name: str
    columns: Sequence[str]
    definition: sql.Composed
    query: str
    indexes: Sequence[Sequence[str]]

    @property
    def place(self) -> sql.Identifier:
        return sql.Identifier(SCHEMA, self.name)


def load_beside(
    lake: Lake, database: Database, tables: Sequence[NewTable], progress: Callable[[str], None]
) -> Mapping[str, int]:
    """
    Fill *tables* in schema `warehouse_loading`, with their keys and indexes; return how many rows each has.

    What an earlier loading left there, because it was killed, goes first.
    """
    with database.connect() as connection:
        forget_loading(connection)
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SCHEMA)))
        for each in tables:
            connection.execute(sql.SQL("CREATE TABLE {} ({})").format(each.place, each.definition))
    progress("publish new tables")
    lake.connection.execute(f"ATTACH {literal(database.conninfo)} AS {_CATALOG} (TYPE postgres)")
    try:
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            loads = {each.name: pool.submit(_load, lake, each) for each in tables}
            rows = {}
            for name, load in loads.items():
                progress(f"publish {name}")
                rows[name] = load.result()
            return rows
    finally:
        with suppress(duckdb.Error):  # what failed before matters
            lake.connection.execute(f"DETACH {_CATALOG}")


def forget_loading(connection: psycopg.Connection) -> None:
    """Drop what has been loaded and was not moved."""
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(SCHEMA)))


def _load(lake: Lake, table: NewTable) -> int:
    with closing(lake.connection.cursor()) as cursor:
        cursor.execute("SET TimeZone = 'UTC'")
        cursor.execute("BEGIN")
        # Emptied in the transaction that fills it, so that a server with wal_level = minimal writes no page twice.
        _tell(cursor, sql.SQL("TRUNCATE {}").format(table.place))
        columns = ", ".join(map(quote, table.columns))
        added = cursor.execute(
            f"INSERT INTO {_CATALOG}.{SCHEMA}.{quote(table.name)} ({columns}) SELECT {columns} FROM ({table.query})"
        ).fetchone()
        for statement in _finish(table):
            _tell(cursor, statement)
        cursor.execute("COMMIT")
    return int(added[0]) if added else 0


def _finish(table: NewTable) -> Sequence[sql.Composed]:
    """Return what makes a filled table ready: built afterwards, an index costs a tenth of what its upkeep would have."""
    key, *indexes = (sql.SQL(", ").join(map(sql.Identifier, each)) for each in table.indexes)
    return [
        sql.SQL("SET LOCAL maintenance_work_mem = {}").format(sql.Literal(_INDEXING_MEMORY)),
        sql.SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(table.place, key),
        *(sql.SQL("CREATE INDEX ON {} ({})").format(table.place, each) for each in indexes),
        sql.SQL("ANALYZE {}").format(table.place),
    ]


def _tell(cursor: duckdb.DuckDBPyConnection, statement: sql.Composed) -> None:
    """Run *statement* in PostgreSQL, in the cursor's own transaction there."""
    cursor.execute(f"CALL postgres_execute('{_CATALOG}', {literal(statement.as_string(None))})")
