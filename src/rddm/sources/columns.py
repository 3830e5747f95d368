"""Columns of a batch: their names made usable, text rows and records turned into Arrow tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa

_UNITS_IN_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY_SECONDS = 24 * 60 * 60
BYTE_ORDER_MARK = "\ufeff"


def unique_names(delivered: Sequence[str]) -> list[str]:
    """
    Return the names of columns as delivered, except that blank ones become ``c<N>`` and repeated ones get a number.

    Names that differ only in case are not the same: the raw layer, whose SQL does not tell them apart, knows which was which. But
    they count, so that no number is given twice.

    >>> unique_names(["id", "", "Name", "name", "Name"])
    ['id', 'c2', 'Name', 'name', 'Name_3']
    """
    taken: set[str] = set()
    names: dict[str, None] = {}
    for position, name in enumerate(delivered, start=1):
        wanted = name.removeprefix(BYTE_ORDER_MARK) if position == 1 else name
        wanted = wanted if wanted.strip() else f"c{position}"
        free, number = wanted, 1
        while free.casefold() in taken:
            number += 1
            free = f"{wanted}_{number}"
        taken.add(free.casefold())
        names[free if wanted in names else wanted] = None
    return list(names)


def text_table(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> pa.Table:
    """Return *rows* as a table of text columns; every row has a value for each of *names*."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)})


def retyped(table: pa.Table, leaf: Callable[[pa.DataType], pa.DataType]) -> pa.Table:
    """Return *table* with *leaf* of every type in it that holds values itself, also inside lists, structs and maps."""
    wanted = pa.schema([field.with_type(_retyped(field.type, leaf)) for field in table.schema])
    return table if wanted.equals(table.schema) else table.cast(wanted)


def engine_types(table: pa.Table) -> pa.Table:
    """Return *table* with the types that the engine does not know as ones that hold the same: text, and longer floats."""
    return retyped(table, _engine_type)


def _engine_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_decimal256(kind):
        return pa.string()
    return pa.float32() if pa.types.is_float16(kind) else kind


def _retyped(kind: pa.DataType, leaf: Callable[[pa.DataType], pa.DataType]) -> pa.DataType:
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_retyped(field.type, leaf)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(_retyped(kind.key_type, leaf), _retyped(kind.item_type, leaf))
    for is_list, make in ((pa.types.is_list, pa.list_), (pa.types.is_large_list, pa.large_list)):
        if is_list(kind):
            return make(kind.value_field.with_type(_retyped(kind.value_type, leaf)))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_retyped(kind.value_type, leaf)), kind.list_size)
    if pa.types.is_dictionary(kind):
        value = leaf(kind.value_type)
        return kind if value == kind.value_type else value
    return leaf(kind)


def records_table(records: Sequence[Mapping[str, str | None]]) -> pa.Table:
    """Return *records* as a table of text columns, in the order in which the names first appear; null where absent."""
    delivered = list(dict.fromkeys(name for record in records for name in record))
    return pa.table(
        {
            name: _text_array([record.get(key) for record in records])
            for key, name in zip(delivered, unique_names([*map(_encodable, delivered)]), strict=True)
        }
    )


def _encodable(text: str) -> str:
    """Half of a surrogate pair, which JSON can write down, is kept the way it was written."""
    return text.encode(errors="backslashreplace").decode()


def _text_array(values: Sequence[str | None]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if value is None else _encodable(value) for value in values], pa.string())


def stack(tables: Sequence[pa.Table]) -> pa.Table:
    """Return *tables* one under the other; a column that some of them lack is null there."""
    if len(tables) == 1:
        return tables[0]
    return pa.concat_tables(tables, promote_options="permissive") if tables else pa.table({})


def rows_with_invalid_text(table: pa.Table) -> list[int]:
    """Return the numbers, from 0, of the rows in which a text is not valid UTF-8; typed formats do not promise that."""
    try:
        table.validate(full=True)
    except pa.ArrowInvalid:
        rows: set[int] = set()
        for column in table.columns:
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                values = column.cast(pa.large_binary()).to_pylist()
                rows.update(row for row, value in enumerate(values) if value is not None and not _is_utf8(value))
        return sorted(rows)
    return []


def rows_with_impossible_times(table: pa.Table) -> list[int]:
    """Return the numbers, from 0, of the rows in which a time of day is none; Parquet writers are not stopped at 24 hours."""
    rows: set[int] = set()
    for column in table.columns:
        if pa.types.is_time(column.type):
            units = column.cast(pa.int32() if pa.types.is_time32(column.type) else pa.int64()).to_numpy()
            rows.update(
                np.flatnonzero((units < 0) | (units > _DAY_SECONDS * _UNITS_IN_SECOND[column.type.unit])).tolist()
            )
    return sorted(rows)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
