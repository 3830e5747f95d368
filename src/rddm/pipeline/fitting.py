"""
What a raw table cannot take: records with too many columns, and values that cannot be written as text.

Such a record is kept as `Unreadable`, so that it costs neither its batch nor its source.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa

from rddm.contracts.batches import Batch, Unreadable
from rddm.contracts.errors import is_interrupt
from rddm.pipeline.landing import texts_sql
from rddm.sources.files.chunks import unreadable_piece
from rddm.store.trouble import store_trouble

COLUMN_LIMIT = 1_500
"""Of what one entity of a source delivers. The lake's catalog keeps small tables in PostgreSQL, which ends at 1,600."""
PROBE_LIMIT = 200
"""How often a batch is looked at in part to find the records that cannot be written."""


def within_columns(batch: Batch, known: Collection[str]) -> Batch:
    """
    Return *batch* without the records that would bring a table with the columns *known* (lower case) beyond its limit.

    Those come back among its unreadable pieces. The first records to bring new columns have them.
    """
    records = batch.records
    new = {name: name.lower() for name in records.column_names if name.lower() not in known}
    if len(known) + len(new) <= COLUMN_LIMIT:
        return batch
    brings: dict[int, set[str]] = defaultdict(set)
    for name, folded in new.items():
        for row in np.flatnonzero(records.column(name).is_valid().to_numpy()).tolist():
            brings[row].add(folded)
    taken, refused = set(known), []
    for row in sorted(brings):
        if len(taken | brings[row]) <= COLUMN_LIMIT:
            taken |= brings[row]
        else:
            refused.append(row)
    kept = records.select([name for name in records.column_names if name.lower() in taken])
    reason = f"it brings columns beyond the {COLUMN_LIMIT:,} that a table can have: are names of members data?"
    return _without(batch, kept, refused, reason)


def within_types(connection: duckdb.DuckDBPyConnection, batch: Batch) -> Batch:
    """
    Return *batch* without the records that hold a value which cannot be written as text, an impossible time say.

    Those come back among its unreadable pieces. The batch comes back as it is when there are too many to be found.
    """
    refused = unwritable(connection, batch.records)
    return _without(batch, batch.records, refused, "a value in it cannot be written as text") if refused else batch


def unwritable(connection: duckdb.DuckDBPyConnection, records: pa.Table) -> list[int]:
    """Return the numbers of the rows that hold a value which cannot be written as text; none where too many do to be found."""
    try:
        return list(_unwritable(connection, records, 0, iter(range(PROBE_LIMIT))))
    except _TooMany:
        return []


class _TooMany(Exception):
    """More than `PROBE_LIMIT` looks were needed."""


def _unwritable(
    connection: duckdb.DuckDBPyConnection, records: pa.Table, first: int, probes: Iterator[int]
) -> Iterator[int]:
    """Yield the numbers of the rows that cannot be written; *first* is the number of the first one of *records*."""
    if next(probes, None) is None:
        raise _TooMany
    if _is_writable(connection, records):
        return
    if records.num_rows == 1:
        yield first
        return
    half = records.num_rows // 2
    yield from _unwritable(connection, records.slice(0, half), first, probes)
    yield from _unwritable(connection, records.slice(half), first + half, probes)


def _is_writable(connection: duckdb.DuckDBPyConnection, records: pa.Table) -> bool:
    try:
        connection.register("probed", records)
        try:
            connection.execute(
                f"SELECT max(COLUMNS(*)) FROM (SELECT {texts_sql(records)}0 AS _seq FROM probed)"
            ).fetchall()
        finally:
            connection.unregister("probed")
    except Exception as error:
        if is_interrupt(error) or store_trouble(error) is not None:
            raise
        return False
    return True


def _without(batch: Batch, records: pa.Table, refused: list[int], reason: str) -> Batch:
    pieces = tuple(_piece(batch, row, reason) for row in refused)
    left = np.setdiff1d(np.arange(records.num_rows), refused)
    return replace(batch, records=records.take(left), unreadable=(*batch.unreadable, *pieces))


def _piece(batch: Batch, row: int, reason: str) -> Unreadable:
    try:
        delivered = batch.records.slice(row, 1).to_pylist()[0]
        present = {name: value for name, value in delivered.items() if value is not None}
        content = json.dumps(present, ensure_ascii=False, default=str)
    except (ValueError, OverflowError, pa.ArrowException):  # Python cannot hold the value either
        content = str(batch.records.slice(row, 1))
    return unreadable_piece(batch.origin, reason, content.encode(errors="backslashreplace"))
