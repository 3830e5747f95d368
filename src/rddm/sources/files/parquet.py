"""Parquet: row groups in their native types; structs become dotted columns, lists JSON text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from rddm.sources.columns import engine_types, retyped, rows_with_impossible_times, rows_with_invalid_text
from rddm.sources.files.chunks import Chunk, missing_rest, unreadable_piece

ROWS_IN_CHUNK = 122_880
SPLIT_LIMIT = 200
"""How often a chunk is halved to find the rows that cannot be read."""


def parse_parquet(file: BinaryIO, name: str) -> Iterator[Chunk]:
    """Yield the file's rows; a row group that cannot be decoded is one `Unreadable`."""
    try:
        parquet = pq.ParquetFile(file)
    except (pa.ArrowException, OSError):
        yield Chunk(unreadable=(missing_rest(name, "no Parquet file, or its end is missing", b""),))
        return
    for group in range(parquet.num_row_groups):
        first_row = 1 + sum(parquet.metadata.row_group(before).num_rows for before in range(group))
        rows = parquet.metadata.row_group(group).num_rows
        try:
            for batch in parquet.iter_batches(batch_size=ROWS_IN_CHUNK, row_groups=[group]):
                yield from _chunks(pa.Table.from_batches([batch]), name, first_row, iter(range(SPLIT_LIMIT)))
                first_row += batch.num_rows
        except (pa.ArrowException, OSError):
            place = f"{name}, row group {group + 1} of {parquet.num_row_groups}"
            yield Chunk(unreadable=(missing_rest(place, f"damaged: of its {rows} rows some cannot be read", b""),))


def _chunks(table: pa.Table, name: str, first_row: int, splits: Iterator[int]) -> Iterator[Chunk]:
    """Yield the rows of *table*, in two halves when the whole cannot be read; what is left at last is unreadable."""
    try:
        for column in table.columns:
            if pa.types.is_nested(column.type):
                column.validate(full=True)
        yield _checked(plain_columns(engine_types(table)), name, first_row)
    except (duckdb.Error, pa.ArrowException, UnicodeError):
        if table.num_rows > 1 and next(splits, None) is not None:
            half = table.num_rows // 2
            # Copies, because a slice of lists still has all their values behind it, those of other rows too.
            yield from _chunks(table.take(pa.array(range(half))), name, first_row, splits)
            yield from _chunks(table.take(pa.array(range(half, table.num_rows))), name, first_row + half, splits)
            return
        rows = f"row {first_row}" + (f" to {first_row + table.num_rows - 1}" if table.num_rows > 1 else "")
        yield Chunk(
            unreadable=(unreadable_piece(f"{name}, {rows}", "a value in it is none of its type", _shown(table)),)
        )


def _checked(table: pa.Table, name: str, first_row: int) -> Chunk:
    """Return *table* without the rows that hold a text or a time which is none."""
    reasons = dict.fromkeys(rows_with_impossible_times(table), "a time in it is beyond its day")
    reasons |= dict.fromkeys(rows_with_invalid_text(table), "a text in it is not valid UTF-8")
    if not reasons:
        return Chunk(table)
    unreadable = tuple(
        unreadable_piece(f"{name}, row {first_row + row}", reasons[row], _shown(table.slice(row, 1)))
        for row in sorted(reasons)
    )
    good = sorted(set(range(table.num_rows)) - reasons.keys())
    return Chunk(table.take(good), unreadable)


def _shown(rows: pa.Table) -> bytes:
    """Return *rows* as Python writes them, their texts as bytes and their times as numbers: they may be none."""
    values = retyped(rows, _plain_type).to_pylist()
    return repr(values[0] if len(values) == 1 else values).encode()


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pa.binary()
    if pa.types.is_time(kind):
        return pa.int32() if pa.types.is_time32(kind) else pa.int64()
    return kind


def plain_columns(table: pa.Table) -> pa.Table:
    """Return *table* with structs flattened, lists and maps as JSON text and dictionaries decoded."""
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    for position, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(position, field.name, table.column(position).cast(field.type.value_type))
        elif pa.types.is_nested(field.type):
            table = table.set_column(position, field.name, _as_json(table.column(position)))
    return table


def _as_json(column: pa.ChunkedArray) -> pa.ChunkedArray:
    values = pa.table({"value": column})
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        connection.register("delivered", values)
        return connection.execute("SELECT to_json(value)::VARCHAR AS value FROM delivered").to_arrow_table().column(0)
