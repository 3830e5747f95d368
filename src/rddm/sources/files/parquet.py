"""Parquet: row groups in their native types; structs become dotted columns, lists JSON text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from rddm.sources.columns import rows_with_invalid_text
from rddm.sources.files.chunks import Chunk, missing_rest, unreadable_piece

ROWS_IN_CHUNK = 122_880


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
                yield _checked(plain_columns(pa.Table.from_batches([batch])), name, first_row)
                first_row += batch.num_rows
        except (pa.ArrowException, OSError):
            place = f"{name}, row group {group + 1} of {parquet.num_row_groups}"
            yield Chunk(unreadable=(missing_rest(place, f"damaged: of its {rows} rows some cannot be read", b""),))


def _checked(table: pa.Table, name: str, first_row: int) -> Chunk:
    """Return *table* without the rows that hold text which is none."""
    bad = rows_with_invalid_text(table)
    if not bad:
        return Chunk(table)
    binary = table.cast(pa.schema([(field.name, _bytes_for_text(field.type)) for field in table.schema]))
    unreadable = tuple(
        unreadable_piece(
            f"{name}, row {first_row + row}",
            "a text in it is not valid UTF-8",
            repr(binary.slice(row, 1).to_pylist()[0]).encode(),
        )
        for row in bad
    )
    good = sorted(set(range(table.num_rows)) - set(bad))
    return Chunk(table.take(good), unreadable)


def _bytes_for_text(kind: pa.DataType) -> pa.DataType:
    return pa.binary() if pa.types.is_string(kind) or pa.types.is_large_string(kind) else kind


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
