"""
Maintenance of the lake: forget old snapshots, gather what many small commits have left, write nearly deleted files anew, merge
small ones, delete what nothing refers to.

Rows of small commits lie in the catalog, as the engine *inlines* them, until they are gathered.

No row of any table may come or go by it: rows are counted before and after, and what was written is rolled back when they differ.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from rddm.contracts.errors import StoreError
from rddm.contracts.tables import literal, quote
from rddm.store.lake import CATALOG, MAINTAIN, METADATA, Lake
from rddm.store.scratch import Scratch

_NEARLY_DELETED = 0.95
"""Share of deleted rows from which on a file is written anew; until then all of it is read, whatever is left of it."""
_MANY_ROWS = 100_000
"""A nearly deleted file of fewer rows costs its readers little, and waits for maintenance."""
MANY_SMALL_FILES, SMALL_FILE_BYTES = 20, 4 * 2**20
"""From more than so many files on, each smaller than this, what is small of a table is gathered in one file."""
MANY_INLINED_ROWS = 1_000
"""From more than so many rows in the catalog on, too."""
_INLINED = "ducklake_inlined_data_"
"""What the engine says is the file of a row in the catalog begins so."""
GRACE_HOURS = 1
"""Unused files are left this long, for readings that began before and still scan them."""


@dataclass(frozen=True)
class Maintained:
    """What maintenance did. Sizes are of the files that the newest snapshot needs, in bytes."""

    snapshots_before: int
    snapshots_after: int
    files_before: int
    files_after: int
    size_bytes_before: int
    size_bytes_after: int
    files_deleted: int
    tables: int
    rows: int


def maintain(lake: Lake, *, expire_before: datetime, keep_from: int | None) -> Maintained:
    """
    Expire the snapshots older than *expire_before* (UTC), gather small files, write nearly deleted ones anew, merge others and
    delete unused ones.

    Snapshot *keep_from* (the last published one) and all after it stay whatever their age, so that the next publication can
    read what changed since. The caller holds the writer lock.

    Raises:
        StoreError: the rows are not the same as before.
    """
    before = lake.snapshots()
    files, size = _files(lake)
    counts = count_rows(lake)
    last = before[-1].number if before else 0
    limit = last if keep_from is None else min(keep_from, last)
    expired = [each.number for each in before if each.at < expire_before and each.number < limit]
    if expired:
        numbers = ", ".join(map(str, expired))
        lake.connection.execute(f"CALL ducklake_expire_snapshots('{CATALOG}', versions => [{numbers}])")
    _drop_dead_rows(lake)
    _gather(lake, counts)
    _rewrite_and_merge(lake, counts)
    deleted = 0
    for function in ("ducklake_cleanup_old_files", "ducklake_delete_orphaned_files"):
        statement = f"CALL {function}('{CATALOG}', older_than => now() - INTERVAL {GRACE_HOURS} HOUR)"
        deleted += len(lake.connection.execute(statement).fetchall())
    after = count_rows(lake)
    compare_rows(counts, after, "Expiring snapshots or deleting unused files")
    files_after, size_after = _files(lake)
    return Maintained(
        len(before),
        len(lake.snapshots()),
        files,
        files_after,
        size,
        size_after,
        deleted,
        len(after),
        sum(after.values()),
    )


def rewrite_dead_files(lake: Lake) -> bool:
    """
    Write large files anew of which nearly all is deleted, and that alone; return whether there were any.

    The engine drops a file of which one statement deletes the last row, but not where it had inlined some of the deletions
    before (DuckDB 1.5.5). Whoever reads the table then reads the place of every deleted row: after 5 million records had been
    matched anew, one change took 24 s instead of 4, until this was done in 8 s. The caller holds the writer lock.

    Raises:
        StoreError: the rows are not the same as before.
    """
    tables = lake.connection.execute(
        f"SELECT DISTINCT schema_name, table_name FROM {METADATA}.ducklake_delete_file AS gone"
        f" JOIN {METADATA}.ducklake_data_file AS file USING (data_file_id)"
        f" JOIN {METADATA}.ducklake_table AS t ON t.table_id = file.table_id JOIN {METADATA}.ducklake_schema USING (schema_id)"
        " WHERE gone.end_snapshot IS NULL AND file.end_snapshot IS NULL AND t.end_snapshot IS NULL"
        f" AND record_count > {_MANY_ROWS} AND delete_count > {_NEARLY_DELETED} * record_count"
    ).fetchall()
    if not tables:
        return False
    counts = count_rows(lake)
    with lake.transaction(MAINTAIN) as connection:
        for schema, name in tables:
            connection.execute(
                f"CALL ducklake_rewrite_data_files('{CATALOG}', {literal(name)}, schema => {literal(schema)},"
                f" delete_threshold => {_NEARLY_DELETED})"
            )
        compare_rows(counts, count_rows(lake), "Writing files anew")
    return True


def count_rows(lake: Lake) -> dict[tuple[str, str], int]:
    """Return the number of rows of every table of the lake, by schema and name; each table is read, not its statistics."""
    tables = lake.connection.execute(
        "SELECT schema_name, table_name, arg_min(column_name, column_index) FROM duckdb_columns()"
        f" WHERE database_name = '{CATALOG}' GROUP BY schema_name, table_name ORDER BY schema_name, table_name"
    ).fetchall()
    # A bare count is answered from the catalog; the condition makes the engine look into the files.
    selects = [
        f"SELECT {place}, count(*) FILTER ({quote(column)} IS NULL) + count({quote(column)})"
        f" FROM {CATALOG}.{quote(schema)}.{quote(name)}"
        for place, (schema, name, column) in enumerate(tables)
    ]
    found = dict(lake.connection.execute(" UNION ALL ".join(selects)).fetchall()) if selects else {}
    return {(schema, name): int(found[place]) for place, (schema, name, _) in enumerate(tables)}


def _drop_dead_rows(lake: Lake) -> None:
    """Delete the inlined rows that no snapshot has; expiring snapshots leaves them in the catalog (DuckLake 1.5.5)."""
    with lake.transaction(None) as connection:
        oldest = lake.number(f"SELECT min(snapshot_id) FROM {METADATA}.ducklake_snapshot")
        tables = connection.execute(f"SELECT table_name FROM {METADATA}.ducklake_inlined_data_tables").fetchall()
        for (name,) in tables:
            connection.execute(f"DELETE FROM {METADATA}.{quote(name)} WHERE end_snapshot <= {oldest}")


def _gather(lake: Lake, counts: dict[tuple[str, str], int]) -> None:
    """
    Put the rows of each table's small files and its inlined ones into one file, where it has many.

    The engine merges files only where nothing was deleted from them, or from those in between, so that a table which is changed
    row by row keeps a file or two of each commit, each to be opened by whoever looks for a row. Its flushing of inlined rows
    makes its change feed wrong (DuckDB 1.5.5).
    """
    inlined = _inlined_rows(lake)
    small = {table: _small_files(lake, *table) for table in counts}
    crowded = {
        table: files
        for table, files in small.items()
        if len(files) > MANY_SMALL_FILES or inlined.get(table, 0) > MANY_INLINED_ROWS
    }
    if not crowded:
        return
    scratch = Scratch(lake.connection, lake.spill / "gathered", in_files=True)
    try:
        with lake.transaction(MAINTAIN) as connection:
            for (schema, name), files in crowded.items():
                table = f"{CATALOG}.{quote(schema)}.{quote(name)}"
                inside = f"(filename LIKE '{_INLINED}%' OR filename IN ({', '.join(map(literal, files)) or 'NULL'}))"
                scratch.make("gathered", f"SELECT * FROM {table} WHERE {inside}")
                connection.execute(f"DELETE FROM {table} WHERE {inside}")
                connection.execute(f"INSERT INTO {table} BY NAME FROM gathered")
            compare_rows(counts, count_rows(lake), "Gathering small files")
    finally:
        scratch.clear()


def _inlined_rows(lake: Lake) -> dict[tuple[str, str], int]:
    """Return how many inlined rows of the newest snapshot each table has that ever had any."""
    tables = lake.connection.execute(
        f"SELECT schema_name, t.table_name, inlined.table_name FROM {METADATA}.ducklake_inlined_data_tables AS inlined"
        f" JOIN {METADATA}.ducklake_table AS t USING (table_id) JOIN {METADATA}.ducklake_schema AS s USING (schema_id)"
        " WHERE t.end_snapshot IS NULL AND s.end_snapshot IS NULL"
    ).fetchall()
    counts: Counter[tuple[str, str]] = Counter()
    for schema, name, inlined in tables:
        counts[schema, name] += lake.number(
            f"SELECT count(*) FROM {METADATA}.{quote(inlined)} WHERE end_snapshot IS NULL"
        )
    return counts


def _small_files(lake: Lake, schema: str, name: str) -> list[str]:
    rows = lake.connection.execute(
        f"SELECT data_file FROM ducklake_list_files('{CATALOG}', {literal(name)}, schema => {literal(schema)})"
        f" WHERE data_file_size_bytes < {SMALL_FILE_BYTES}"
    ).fetchall()
    return [row[0] for row in rows]


def _rewrite_and_merge(lake: Lake, counts: dict[tuple[str, str], int]) -> None:
    with lake.transaction(MAINTAIN) as connection:
        connection.execute(f"CALL ducklake_rewrite_data_files('{CATALOG}', delete_threshold => {_NEARLY_DELETED})")
        connection.execute(f"CALL ducklake_merge_adjacent_files('{CATALOG}')")
        compare_rows(counts, count_rows(lake), "Writing files anew or merging them")


def compare_rows(before: dict[tuple[str, str], int], after: dict[tuple[str, str], int], what: str) -> None:
    wrong = [
        f"{schema}.{name}: {before.get((schema, name), 0)} before, {after.get((schema, name), 0)} after"
        for schema, name in sorted(before.keys() | after.keys())
        if before.get((schema, name)) != after.get((schema, name))
    ]
    if wrong:
        raise StoreError(
            f"{what} changed the number of rows; this must not happen. {'; '.join(wrong)}."
            " Stop running this warehouse and restore the database and the lake's folder from a copy."
        )


def _files(lake: Lake) -> tuple[int, int]:
    row = lake.connection.execute(
        "SELECT coalesce(sum(file_count + delete_file_count), 0), coalesce(sum(file_size_bytes + delete_file_size_bytes), 0)"
        f" FROM ducklake_table_info('{CATALOG}')"
    ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
