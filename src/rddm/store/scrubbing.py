"""
Clearing away what a DELETE leaves behind: files of earlier snapshots, deleted rows inside files, free space of PostgreSQL.

A deleted row is still there until the file or page that holds it is written anew. Only what holds such rows is.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection
from dataclasses import dataclass

import psycopg
from psycopg import sql

from rddm.contracts.tables import literal
from rddm.store.database import Database
from rddm.store.lake import CATALOG, CLEAR_HISTORY, METADATA, Lake
from rddm.store.maintenance import compare_rows, count_rows
from rddm.store.spill import clear_dead, others

REWRITTEN_WHOLE_BYTES = 2 * 1024**3
"""
Tables of PostgreSQL up to this size are written anew; in larger ones, which would be locked for minutes, the space of deleted
rows is only freed: their bytes stay until other rows take their place.
"""
LOCK_PATIENCE_SECONDS = 20
RELOAD_LOOKS = 500
"""How often it is looked whether a setting is in force. One given on the server's command line never changes."""
_LOOK_SECONDS = 0.1
_SPELT = {"float32": "FLOAT", "float64": "DOUBLE"}
"""The catalog's names of types that the engine calls otherwise."""
_FORGET_STATISTICS = """
SELECT pg_clear_attribute_stats(schemaname, tablename, attname, inherited) FROM pg_stats
JOIN pg_class ON oid = to_regclass(format('%%I.%%I', schemaname, tablename))
WHERE schemaname = ANY(%s) AND reltuples = 0 AND has_table_privilege(oid, 'MAINTAIN')
"""
"""ANALYZE leaves those of a table as they were in which it finds no row."""


@dataclass(frozen=True)
class ClearedLake:
    """What clearing the lake's history took; sizes in bytes."""

    files_rewritten: int
    size_bytes_rewritten: int
    size_bytes_all: int
    snapshots_expired: int
    files_deleted: int


@dataclass(frozen=True)
class ClearedDatabase:
    """
    What clearing PostgreSQL took. ``only_freed``: tables too large to be written anew; ``in_use``: tables that somebody
    read all the while, to be cleared another time; ``is_log_cleared``: whether the write-ahead log before now is gone,
    which only a superuser can see to.
    """

    tables_rewritten: int
    size_bytes_rewritten: int
    only_freed: tuple[str, ...]
    in_use: tuple[str, ...]
    is_log_cleared: bool


def clear_history(lake: Lake, schemas: Collection[str]) -> ClearedLake:
    """
    Write the files of *schemas* anew that hold deleted rows, delete all files that only earlier snapshots need, and forget what
    the catalog knows of what was in them.

    Only the newest snapshot is left. Readings that began before may find their files gone. The caller holds the writer lock.

    Raises:
        StoreError: the rows are not the same as before.
    """
    connection = lake.connection
    counts = count_rows(lake)
    connection.execute(f"CALL ducklake_flush_inlined_data('{CATALOG}')")
    rewritten = _rewrite(lake, schemas, counts)
    snapshots = [
        row[0] for row in connection.execute(f"SELECT snapshot_id FROM ducklake_snapshots('{CATALOG}')").fetchall()
    ]
    newest = max(snapshots, default=0)
    expired = [each for each in snapshots if each != newest]
    if expired:
        connection.execute(f"CALL ducklake_expire_snapshots('{CATALOG}', versions => [{', '.join(map(str, expired))}])")
    _measure_columns(lake)
    deleted = 0
    for function in ("ducklake_cleanup_old_files", "ducklake_delete_orphaned_files"):
        deleted += len(connection.execute(f"CALL {function}('{CATALOG}', cleanup_all => true)").fetchall())
    compare_rows(counts, count_rows(lake), "Clearing the history")
    whole = lake.number(f"SELECT sum(file_size_bytes) FROM {METADATA}.ducklake_data_file WHERE end_snapshot IS NULL")
    return ClearedLake(*rewritten, whole, len(expired), deleted)


def _rewrite(lake: Lake, schemas: Collection[str], counts: dict[tuple[str, str], int]) -> tuple[int, int]:
    """Return how many files were written anew, and how large they were."""
    listed = ", ".join(map(literal, schemas))
    # Files with deleted rows alone; a file without is not touched.
    holding = (
        f"{METADATA}.ducklake_data_file AS data JOIN {METADATA}.ducklake_table AS t USING (table_id)"
        f" JOIN {METADATA}.ducklake_schema AS s USING (schema_id) WHERE s.schema_name IN ({listed})"
        f" AND data.end_snapshot IS NULL AND t.end_snapshot IS NULL AND s.end_snapshot IS NULL AND data.data_file_id IN"
        f" (SELECT data_file_id FROM {METADATA}.ducklake_delete_file WHERE end_snapshot IS NULL)"
    )
    connection = lake.connection
    row = connection.execute(f"SELECT count(*), coalesce(sum(data.file_size_bytes), 0) FROM {holding}").fetchone()
    tables = connection.execute(f"SELECT DISTINCT s.schema_name, t.table_name FROM {holding} ORDER BY ALL").fetchall()
    with lake.transaction(CLEAR_HISTORY):
        for schema, name in tables:
            connection.execute(
                f"CALL ducklake_rewrite_data_files('{CATALOG}', {literal(name)}, schema => {literal(schema)},"
                " delete_threshold => 0)"
            )
        compare_rows(counts, count_rows(lake), "Writing files anew")
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _measure_columns(lake: Lake) -> None:
    """
    Bring the lowest and the highest value of each column, which the catalog keeps, to those of the files that are left.

    DuckLake does so for tables whose files it writes anew; it does not where all rows of a file went, or rows that were in none.
    Every row is in a file now. What the engine remembers of the values it goes by the number of the next file.
    """
    known = f"{METADATA}.ducklake_table_column_stats"
    living = (
        f"SELECT stats.*, column_type FROM {METADATA}.ducklake_file_column_stats AS stats"
        f" JOIN {METADATA}.ducklake_data_file AS data USING (data_file_id)"
        f" JOIN {METADATA}.ducklake_column AS kept ON kept.table_id = stats.table_id AND kept.column_id = stats.column_id"
        " WHERE data.end_snapshot IS NULL AND kept.end_snapshot IS NULL"
    )
    with lake.transaction(None) as connection:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE column_range AS {living}")
        types = connection.execute(
            "SELECT DISTINCT column_type FROM column_range WHERE min_value IS NOT NULL"
        ).fetchall()
        measured = " UNION ALL ".join(_range_sql(kind) for kind in sorted({"varchar", *(kind for (kind,) in types)}))
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE wrong_range AS SELECT table_id, column_id, low, high FROM {known} AS known"
            f" LEFT JOIN ({measured}) AS measured USING (table_id, column_id)"
            " WHERE known.min_value <> coalesce(low, '') OR known.max_value <> coalesce(high, '')"
        )
        if lake.number("SELECT count(*) FROM wrong_range"):
            connection.execute(
                f"UPDATE {known} AS known SET min_value = low, max_value = high FROM wrong_range AS measured"
                " WHERE known.table_id = measured.table_id AND known.column_id = measured.column_id"
            )
            connection.execute(f"UPDATE {METADATA}.ducklake_snapshot SET next_file_id = next_file_id + 1")
        connection.execute("DROP TABLE wrong_range; DROP TABLE column_range")


def _range_sql(kind: str) -> str:
    """
    Return the query for the lowest and the highest value of the columns of a type of the catalog's; null for one of which a file
    with values does not tell. Columns: table_id, column_id, low, high. Grain: a column.
    """
    spelt = _SPELT.get(kind, kind)
    low, high = (
        f"CASE WHEN count(*) FILTER (value_count > 0 AND {value} IS NULL) = 0 THEN arg_{which}({value}, {value}::{spelt}) END"
        for which, value in (("min", "min_value"), ("max", "max_value"))
    )
    return (
        f"SELECT table_id, column_id, {low} AS low, {high} AS high FROM column_range WHERE column_type = {literal(kind)}"
        " GROUP BY table_id, column_id"
    )


@dataclass(frozen=True)
class Recycling:
    """
    Whether PostgreSQL keeps old segments of its write-ahead log for later use (``wal_recycle``), which ending the log turns off.
    ``altered``: what ALTER SYSTEM has set it to, None for nothing.
    """

    is_on: bool
    altered: str | None


def recycling_of(database: Database) -> Recycling | None:
    """Return how the server is set; None where that is not in our power."""
    with database.connect() as connection:
        return _recycling(connection)


def set_recycling(connection: psycopg.Connection, wanted: Recycling) -> None:
    """Set it as *wanted*, and wait until the server goes by it: it reads its files anew when it comes to it."""
    if wanted.altered is None:
        connection.execute("ALTER SYSTEM RESET wal_recycle")
    else:
        connection.execute(sql.SQL("ALTER SYSTEM SET wal_recycle = {}").format(sql.Literal(wanted.altered)))
    connection.execute("SELECT pg_reload_conf()")
    for _ in range(RELOAD_LOOKS):
        if _is_recycling(connection) == wanted.is_on:
            return
        connection.execute("SELECT pg_sleep(0.01)")


def clear_database(
    database: Database,
    schemas: Collection[str],
    untouched: Collection[tuple[str, str]],
    recycling: Recycling | None = None,
) -> ClearedDatabase:
    """
    Write the tables of *schemas* anew, with their indexes and statistics, end the old write-ahead log, and empty an embedded
    server's log of messages: earlier versions wrote statements to it.

    *untouched* (schema, name) are left as they are: nothing was deleted from them. *recycling* is how the server is to be set
    afterwards: as it was before a call that was killed, say; None for how it is set now.
    """
    rewritten, size, only_freed, in_use = 0, 0, [], []
    with database.connect(autocommit=True) as connection:
        connection.execute(sql.SQL("SET lock_timeout = {}").format(sql.Literal(f"{LOCK_PATIENCE_SECONDS}s")))
        for schema, name in sorted({*_tables_of(connection, schemas)}.difference(untouched)):
            row = connection.execute(
                "SELECT pg_total_relation_size(to_regclass(format('%%I.%%I', %s::text, %s::text)))", (schema, name)
            ).fetchone()
            if row is None or row[0] is None:
                continue
            is_small = row[0] <= REWRITTEN_WHOLE_BYTES
            if not _vacuum(connection, schema, name, "FULL, ANALYZE" if is_small else "ANALYZE"):
                in_use.append(f"{schema}.{name}")
                continue
            rewritten, size = rewritten + is_small, size + (row[0] if is_small else 0)
            only_freed += [] if is_small else [f"{schema}.{name}"]
        # What ANALYZE keeps: the commonest values of each column, and others by which its distribution is told.
        with contextlib.suppress(psycopg.errors.UndefinedFunction):  # there is none before PostgreSQL 18
            connection.execute(_FORGET_STATISTICS, (list(schemas),))
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
            _vacuum(connection, "pg_catalog", "pg_statistic", "FULL")
        is_log_cleared = _end_log(connection, recycling)
    database.empty_log()
    return ClearedDatabase(rewritten, size, tuple(only_freed), tuple(in_use), is_log_cleared)


def _tables_of(connection: psycopg.Connection, schemas: Collection[str]) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s)", (list(schemas),)
    ).fetchall()


def _vacuum(connection: psycopg.Connection, schema: str, name: str, how: str) -> bool:
    """Return whether it was done, and not kept from it by somebody who reads the table all the while."""
    try:
        connection.execute(sql.SQL("VACUUM ({}) {}").format(sql.SQL(how), sql.Identifier(schema, name)))
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def _end_log(connection: psycopg.Connection, before: Recycling | None) -> bool:
    """Let the write-ahead log go that holds what was written so far; return whether that was in our power."""
    now = _recycling(connection)
    if now is None:
        return False
    before = before or now
    # A segment that is kept for later use keeps what is in it until the log has come to it.
    try:
        if now.is_on:
            set_recycling(connection, Recycling(is_on=False, altered="off"))
        connection.execute("CHECKPOINT")
        old = _log_segments(connection)
        for _ in range(2 * len(old)):
            connection.execute("SELECT pg_switch_wal()")
            connection.execute("CHECKPOINT")
            if old.isdisjoint(_log_segments(connection)):
                return True
        return False
    finally:
        if before.is_on:
            set_recycling(connection, before)


def _recycling(connection: psycopg.Connection) -> Recycling | None:
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if row is None or not row[0]:
        return None
    altered = connection.execute(
        "SELECT setting FROM pg_file_settings WHERE name = 'wal_recycle' AND sourcefile LIKE '%/postgresql.auto.conf'"
    ).fetchone()
    return Recycling(_is_recycling(connection), altered[0] if altered is not None else None)


def _is_recycling(connection: psycopg.Connection) -> bool:
    return connection.execute("SHOW wal_recycle").fetchone() == ("on",)


def _log_segments(connection: psycopg.Connection) -> set[str]:
    """Return the names of the files of the write-ahead log: those in use and those kept for later use."""
    names = connection.execute("SELECT name FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'").fetchall()
    return {name for (name,) in names}


def clear_spill(lake: Lake) -> bool:
    """
    Delete what dead processes left where the engine spills to, wait a while for the living that opened the lake before now, and
    return whether nothing of them is left. Who opens it later reads nothing of what went.
    """
    clear_dead(lake.spill)
    left = others(lake.spill)
    until = time.monotonic() + LOCK_PATIENCE_SECONDS
    while left and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
        clear_dead(lake.spill)
        left &= others(lake.spill)
    return not left
