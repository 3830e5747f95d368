"""
The lake: DuckLake tables, worked by DuckDB, their catalog in PostgreSQL.

Everything committed is a snapshot; a snapshot's message and its ``extra_info`` say which run made it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa

from rddm.contracts.errors import NotFound, StoreError
from rddm.contracts.extensions import connect_with_extensions
from rddm.contracts.ids import id_order_sql
from rddm.contracts.tables import ORDER_TYPE, ROW_NUMBER, Table, create_table_sql, literal, order_column, quote
from rddm.project.settings import Engine, Storage
from rddm.store.folders import make_private
from rddm.store.spill import own_folder
from rddm.store.trouble import store_trouble

CATALOG = "lake"
METADATA_SCHEMA = "lake"
MAINTAIN, CLEAR_HISTORY = "maintain", "clear history"
"""What the snapshots that write files anew are known by."""
METADATA = f"__ducklake_metadata_{CATALOG}.{METADATA_SCHEMA}"
"""Where the engine keeps the catalog's tables, ``ducklake_…``."""
ROW_GROUP_ROWS = 32_768
"""The engine reads a file with as many threads as it has row groups; files of one batch are small."""
FEW = 500
"""
So many values that a join asks for may leave out row groups (DuckDB's own limit is 50). Where two joins ask for values of one
column, the engine compares each of the one with each of the other: two times 2,000 took 18 seconds (DuckDB 1.5.5).
"""


@dataclass(frozen=True)
class Snapshot:
    """A committed state of the lake. ``at`` is UTC."""

    number: int
    at: datetime
    message: str | None
    info: Mapping[str, Any]


class Lake:
    """An attached lake. One writer at a time: hold `Database.writer_lock` around transactions."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._before_commit: Callable[[], None] = lambda: None

    @contextmanager
    def only_while(self, check: Callable[[], None]) -> Iterator[None]:
        """Inside the block, commit nothing when *check* raises."""
        self._before_commit = check
        try:
            yield
        finally:
            self._before_commit = lambda: None

    def ensure(self, *tables: Table) -> None:
        """Create the tables (and their schemas) that are not there yet; see that all have their columns of orders."""
        for table in tables:
            there = self.columns_of(table.schema, table.name)
            if there:
                add_orders(self.connection, CATALOG, table, there)
            else:
                self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {CATALOG}.{quote(table.schema)}")
                self.connection.execute(create_table_sql(CATALOG, table))

    def set_row_groups(self) -> None:
        """From now on, write files in row groups of `ROW_GROUP_ROWS`."""
        option = "parquet_row_group_size"
        if not self.number(
            f"SELECT count(*) FROM {CATALOG}.options() WHERE option_name = '{option}' AND value = '{ROW_GROUP_ROWS}'"
        ):
            self.connection.execute(f"CALL {CATALOG}.set_option('{option}', {ROW_GROUP_ROWS})")

    def add_columns(self, table: Table) -> tuple[str, ...]:
        """Add the columns of *table* that the lake's table does not have; return their names."""
        existing = {name.lower() for name in self.columns_of(table.schema, table.name)}
        missing = [column for column in table.columns if column.name.lower() not in existing]
        for column in missing:
            self.connection.execute(
                f"ALTER TABLE {CATALOG}.{quote(table.schema)}.{quote(table.name)}"
                f" ADD COLUMN {quote(column.name)} {column.type}"
            )
        return tuple(column.name for column in missing)

    def retype_columns(self, table: Table) -> None:
        """
        Give the columns that the lake holds in another type than *table* says the new one.

        A value stays where the new type can say the same, so that what is not written anew keeps it; another goes.
        """
        there = self.columns_of(table.schema, table.name)
        held = {name.lower(): kind for name, kind in there.items()}
        wrong = [each for each in table.columns if held.get(each.name.lower(), each.type) != each.type]
        if not wrong:
            return
        place = f"{CATALOG}.{quote(table.schema)}.{quote(table.name)}"
        new = {column.name: quote(f"{column.name}__retyped") for column in wrong}
        for column in wrong:
            self.connection.execute(f"ALTER TABLE {place} ADD COLUMN {new[column.name]} {column.type}")
        values = {new[each.name]: _held_sql(quote(each.name), held[each.name.lower()], each.type) for each in wrong}
        self.connection.execute(
            f"UPDATE {place} SET {', '.join(f'{name} = {value}' for name, value in values.items())}"
            f" WHERE {' OR '.join(f'{value} IS NOT NULL' for value in values.values())}"
        )
        for column in wrong:
            self.connection.execute(f"ALTER TABLE {place} DROP COLUMN {quote(column.name)}")
            self.connection.execute(f"ALTER TABLE {place} RENAME COLUMN {new[column.name]} TO {quote(column.name)}")

    def has(self, schema: str, name: str) -> bool:
        return bool(self.columns_of(schema, name))

    def columns_of(self, schema: str, name: str) -> dict[str, str]:
        """Return the columns of a table, in their order and as they are spelt, with their types; none when it is not there."""
        table = literal(f"{CATALOG}.{quote(schema)}.{quote(name)}")
        try:
            rows = self.connection.execute(f"SELECT name, type FROM pragma_table_info({table})").fetchall()
        except duckdb.CatalogException:
            return {}
        return dict(rows)

    def columns(self, schema: str) -> dict[str, tuple[str, ...]]:
        """Return the columns of every table in *schema*, in their order and as they are spelt."""
        return columns_of_tables(self.connection, CATALOG, schema)

    @contextmanager
    def transaction(
        self, message: str | None, info: Mapping[str, Any] | None = None
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """
        Yield the connection inside a transaction over every table of the lake; all of it is committed, or none. *message* is
        what its snapshot is known by; None for one that only sets up tables.

        Temporary tables made inside stay after a commit.

        Raises:
            StoreError: the disk is full, the catalog is gone, and the like.
        """
        self.connection.execute("BEGIN")
        try:
            yield self.connection
            if message is not None:
                self.connection.execute(
                    f"CALL {CATALOG}.set_commit_message('rddm', {literal(message)},"
                    f" extra_info => {literal(json.dumps(dict(info or {}), sort_keys=True))})"
                )
            self._before_commit()
            self.connection.execute("COMMIT")
        except BaseException as error:
            with suppress(duckdb.Error):  # the failed statement may have rolled back already
                self.connection.execute("ROLLBACK")
            trouble = store_trouble(error)
            if trouble is not None:
                raise trouble from error
            raise

    def number(self, sql: str) -> int:
        """Return the one number that *sql* gives; 0 for no row and for null."""
        row = self.connection.execute(sql).fetchone()
        return int(row[0] or 0) if row else 0

    @property
    def spill(self) -> Path:
        return spill_folder(self.connection)

    def current_snapshot(self) -> int:
        return self.number(f"SELECT id FROM {CATALOG}.current_snapshot()")

    def tables_changed(self, after: int, up_to: int) -> frozenset[tuple[str, str]]:
        """
        Return (schema, name) of the tables whose rows changed in snapshots *after* < n <= *up_to*.

        Raises:
            NotFound: nobody can say, as a snapshot in between has been expired, or wrote files anew: the engine then tells once
                more what had been deleted from them before (DuckDB 1.5.5).
        """
        rows = self.connection.execute(
            "SELECT changes, commit_message FROM"
            f" ducklake_snapshots('{CATALOG}') WHERE snapshot_id > {after} AND snapshot_id <= {up_to}"
        ).fetchall()
        if len(rows) != up_to - after:
            raise NotFound(f"Snapshots between {after} and {up_to} have been expired.")
        if any(message in (MAINTAIN, CLEAR_HISTORY) for _, message in rows):
            raise NotFound(f"Files were written anew between {after} and {up_to}.")
        ids = {int(each) for changes, _ in rows for ids in changes.values() for each in ids if each.isdecimal()}
        listed = ", ".join(map(str, sorted(ids))) or "NULL"
        names = self.connection.execute(
            f"SELECT DISTINCT schema_name, table_name FROM {METADATA}.ducklake_table"
            f" JOIN {METADATA}.ducklake_schema USING (schema_id) WHERE table_id IN ({listed})"
        ).fetchall()
        return frozenset(names)

    def snapshots(self) -> list[Snapshot]:
        """Every snapshot that has not been expired, oldest first."""
        rows = self.connection.execute(
            "SELECT snapshot_id, epoch_us(snapshot_time), commit_message, commit_extra_info"
            f" FROM ducklake_snapshots('{CATALOG}') ORDER BY snapshot_id"
        ).fetchall()
        return [
            Snapshot(number, datetime.fromtimestamp(micros / 1e6, UTC), message, json.loads(info or "{}"))
            for number, micros, message, info in rows
        ]


def _held_sql(value: str, old: str, new: str) -> str:
    """Return the expression for *value*, of type *old*, in type *new*; null where that cannot say the same."""
    cast = f"TRY_CAST({value}::VARCHAR AS {new})"  # there is no other way from a number to a date, say
    return f"CASE WHEN TRY_CAST({cast}::VARCHAR AS {old}) = {value} THEN {cast} END"


def spill_folder(connection: duckdb.DuckDBPyConnection) -> Path:
    """
    Return where *connection* writes what does not fit in memory.

    Raises:
        ValueError: nowhere.
    """
    row = connection.execute("SELECT current_setting('temp_directory')").fetchone()
    if row is None or not row[0]:
        raise ValueError("this connection spills nowhere")
    return Path(row[0])


def columns_of_tables(connection: duckdb.DuckDBPyConnection, catalog: str, schema: str) -> dict[str, tuple[str, ...]]:
    """Return the columns of every table in *schema* of *catalog*, in their order and as they are spelt."""
    rows = connection.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns()"
        " WHERE database_name = ? AND schema_name = ? GROUP BY table_name",
        [catalog, schema],
    ).fetchall()
    return {name: tuple(columns) for name, columns in rows}


def found_sql(table: str, condition: str, columns: str = "*", *, few: bool, near: str | None = None) -> str:
    """
    Return the query for *columns* of the rows for which *condition* holds of *table*: one of the lake, with an alias or without.

    Of a *few* rows (see `is_few`), it is found first in which rows the condition holds, or *near*, one that all these rows meet
    and that costs less to look at (`near_sql`); of the other columns, the row groups around these rows are read. A query by
    itself reads all of them: of fifty million conformed records, 1,000 are found in 1.9 s instead of 10. More than a few are
    found sooner by the query. The rows found are kept apart, so that who joins them asks for no values of the table itself: see
    `FEW`.
    """
    query = f"SELECT {columns} FROM {table} WHERE {condition}"
    # Where no row is found, the engine has no bounds to leave out row groups by, and reads them all (DuckDB 1.5.5).
    rows = f"SELECT {ROW_NUMBER} FROM {table} WHERE {near or condition} UNION ALL SELECT -1"
    return f"WITH found AS MATERIALIZED ({query} AND {ROW_NUMBER} IN ({rows})) FROM found" if few else query


def found_by_sql(table: str, column: str, wanted: str, columns: str = "*", *, few: bool) -> str:
    """
    Return the query for *columns* of the rows of *table* whose *column* is among the ids of the query *wanted*; the table has
    the order of these (see `Table.order_columns`), and its rows may lie in another. *few*: as for `found_sql`.
    """
    return found_sql(table, f"{quote(column)} IN ({wanted})", columns, few=few, near=near_sql(column, wanted))


def of_ids_sql(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, ids: Collection[UUID], columns: str = "*"
) -> str:
    """
    Return the query for *columns* of the rows of *table* (its full name, quoted) whose *column* is one of *ids*: as
    `found_by_sql`, where the table has the order of these, and an older version wrote it.
    """
    wanted = ids_sql(ids)
    row = connection.execute(
        f"SELECT count(*) FROM pragma_table_info({literal(table)}) WHERE name = ?", [order_column(column)]
    ).fetchone()
    if row is not None and row[0]:
        return found_by_sql(table, column, wanted, columns, few=len(ids) <= FEW)
    return f"SELECT {columns} FROM {table} WHERE {quote(column)} IN ({wanted})"


def ids_sql(ids: Collection[UUID]) -> str:
    """Return the query whose rows are *ids*."""
    return f"SELECT unnest([{', '.join(literal(str(each)) for each in ids)}]::UUID[])"


def is_few(connection: duckdb.DuckDBPyConnection, wanted: str) -> bool:
    """Whether the rows of *wanted* (a table, or a query in parentheses) are `FEW` at most."""
    row = connection.execute(f"SELECT count(*) FROM {wanted}").fetchone()
    return row is not None and row[0] <= FEW


def near_sql(column: str, wanted: str) -> str:
    """Return the condition that *column*, one that rows are found by (see `Table`), has the order of an id of query *wanted*."""
    return f"{quote(order_column(column))} IN (SELECT {id_order_sql('id')} FROM ({wanted}) AS wanted (id))"


def among_sql(column: str, wanted: str) -> str:
    """
    Return the condition that *column*, the one that the rows of its table are sorted by (see `Table`), is among the ids of the
    query *wanted*.
    """
    return f"{near_sql(column, wanted)} AND {quote(column)} IN ({wanted})"


def with_orders_sql(table: Table, rows: str) -> str:
    """Return the query of *rows* (a query) with the columns of orders of *table*."""
    orders = "".join(
        f", {id_order_sql(quote(column))} AS {quote(order)}" for column, order in table.order_columns.items()
    )
    return f"SELECT *{orders} FROM ({rows})"


def add_orders(connection: duckdb.DuckDBPyConnection, catalog: str, table: Table, there: Collection[str]) -> None:
    """Add those columns of orders of *table* to it that are not *there*, as an older version has not written them."""
    missing = {column: order for column, order in table.order_columns.items() if order not in there}
    if not missing:
        return
    target = f"{catalog}.{quote(table.schema)}.{quote(table.name)}"
    for order in missing.values():
        connection.execute(f"ALTER TABLE {target} ADD COLUMN {quote(order)} {ORDER_TYPE}")
    values = ", ".join(f"{quote(order)} = {id_order_sql(quote(column))}" for column, order in missing.items())
    connection.execute(f"UPDATE {target} SET {values}")


def keep_in_order(connection: duckdb.DuckDBPyConnection, catalog: str, table: Table) -> None:
    """Let the rows of *table* that are written from now on lie in their order, in files that are merged too."""
    if table.order is not None:
        target = f"{catalog}.{quote(table.schema)}.{quote(table.name)}"
        connection.execute(f"ALTER TABLE {target} SET SORTED BY ({quote(table.order)} ASC)")


def load_table(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Make the temporary table *name* of *table*."""
    run_with(connection, f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM incoming", table)


def run_with(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    incoming: pa.Table | None,  # noqa: ARG001 - the engine finds it by its name
) -> duckdb.DuckDBPyConnection:
    """
    Run *statement*, which may read the table *incoming* by that name.

    A table that is registered the engine holds until the transaction ends, unregistered or not (measured with DuckDB 1.5.5);
    one that it finds among the variables here only as long as the statement takes.
    """
    return connection.execute(statement)


@contextmanager
def open_lake(
    conninfo: str, folder: Path, storage: Storage, engine: Engine, *, read_only: bool = False
) -> Iterator[Lake]:
    """
    Yield the lake whose catalog is at *conninfo*; its files lie in ``storage.path`` (relative to *folder*).

    DuckDB spills to a folder of its own in ``folder/spill`` when memory is short.
    """
    extensions = ("ducklake", "postgres_scanner", *(["httpfs"] if _is_remote(storage) else []))
    with own_folder(folder / "spill") as spill, connect_duckdb(engine, spill, *extensions) as connection:
        _attach(connection, conninfo, folder, storage, read_only=read_only)
        yield Lake(connection)


def _is_remote(storage: Storage) -> bool:
    return storage.path.startswith("s3://")


def _attach(
    connection: duckdb.DuckDBPyConnection, conninfo: str, folder: Path, storage: Storage, *, read_only: bool
) -> None:
    is_remote = _is_remote(storage)
    if is_remote:
        connection.execute(_s3_secret(storage))
        data_path = storage.path.rstrip("/") + "/"
    else:
        data_folder = folder / storage.path
        make_private(data_folder)
        data_path = f"{data_folder.resolve()}{os.sep}"
    options = f"DATA_PATH {literal(data_path)}, METADATA_SCHEMA '{METADATA_SCHEMA}'" + (
        ", READ_ONLY" if read_only else ""
    )
    attach = f"ATTACH {literal('ducklake:postgres:' + conninfo)} AS {CATALOG}"
    try:
        try:
            connection.execute(f"{attach} ({options})")
        except duckdb.Error as error:
            if is_remote or "OVERRIDE_DATA_PATH" not in str(error):
                raise
            connection.execute(f"{attach} ({options}, OVERRIDE_DATA_PATH true)")
            _follow_move(connection, Path(data_path), read_only=read_only)
    except duckdb.Error as error:
        # DuckDB's message repeats the connection string, which may hold a password.
        raise StoreError(
            f"The lake's catalog cannot be opened ({type(error).__name__}). Is PostgreSQL up, and was the project's storage "
            "path left as it was?"
        ) from None


def _follow_move(connection: duckdb.DuckDBPyConnection, data_folder: Path, *, read_only: bool) -> None:
    """
    Let the catalog know that the project, and the lake's files with it, lie in another folder now.

    Raises:
        StoreError: the files have not come along.
    """
    row = connection.execute(
        f"SELECT (SELECT value FROM {METADATA}.ducklake_metadata WHERE key = 'data_path'),"
        f" (SELECT count(*) FROM {METADATA}.ducklake_data_file)"
    ).fetchone()
    before, files = row or ("", 0)
    if files and next(data_folder.rglob("*.parquet"), None) is None:
        raise StoreError(
            f"The lake's files are not in {data_folder}. They were in {before} before: move them here, or set `storage.path` in "
            "rddm.yaml to where they are."
        )
    if not read_only:
        connection.execute(
            f"UPDATE {METADATA}.ducklake_metadata SET value = {literal(f'{data_folder}{os.sep}')} WHERE key = 'data_path'"
        )


def connect_duckdb(engine: Engine, spill: Path, *extensions: str) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection with *extensions* that loads no others by itself, thinks in UTC and spills to *spill*."""
    connection = connect_with_extensions(
        *extensions,
        config={
            "temp_directory": str(spill),
            "memory_limit": memory_limit(engine.memory_limit),
            "preserve_insertion_order": "false",
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET dynamic_or_filter_threshold = {FEW}")
    # A file of the lake, or of a scratch, is never written twice under one name.
    connection.execute("SET parquet_metadata_cache = true")
    connection.execute("SET enable_progress_bar = false")  # it would draw on standard output, which is ours
    if engine.threads is not None:
        connection.execute(f"SET threads = {engine.threads}")
    return connection


def memory_limit(setting: str) -> str:
    """
    Return *setting* as DuckDB takes it; a percentage is of this machine's memory.

    >>> memory_limit("8GB")
    '8GB'
    """
    if not setting.endswith("%"):
        return setting
    total_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{int(total_bytes * float(setting[:-1]) / 100 / 2**20)}MiB"


def _s3_secret(storage: Storage) -> str:
    endpoint = storage.s3_endpoint or ""
    use_ssl = not endpoint.startswith("http://")
    host = endpoint.removeprefix("https://").removeprefix("http://").rstrip("/")
    parts = ["TYPE s3", f"REGION {literal(storage.s3_region)}"]
    if storage.s3_access_key and storage.s3_secret_key:
        parts.append(f"KEY_ID {literal(storage.s3_access_key.get_secret_value())}")
        parts.append(f"SECRET {literal(storage.s3_secret_key.get_secret_value())}")
    if host:
        parts += [f"ENDPOINT {literal(host)}", "URL_STYLE 'path'", f"USE_SSL {str(use_ssl).lower()}"]
    return f"CREATE OR REPLACE SECRET lake_storage ({', '.join(parts)})"
