"""Columns of a batch: their names made usable, text rows and records turned into Arrow tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

BYTE_ORDER_MARK = "\ufeff"


def unique_names(delivered: Sequence[str]) -> list[str]:
    """
    Return the names of columns as delivered, except that blank ones become ``c<N>`` and repeated ones get a number.

    Names that differ only in case count as repeated, because SQL does not tell them apart.

    >>> unique_names(["id", "", "Name", "name"])
    ['id', 'c2', 'Name', 'name_2']
    """
    taken: set[str] = set()
    names: list[str] = []
    for position, name in enumerate(delivered, start=1):
        wanted = name.removeprefix(BYTE_ORDER_MARK) if position == 1 else name
        wanted = wanted if wanted.strip() else f"c{position}"
        free, number = wanted, 1
        while free.casefold() in taken:
            number += 1
            free = f"{wanted}_{number}"
        taken.add(free.casefold())
        names.append(free)
    return names


def text_table(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> pa.Table:
    """Return *rows* as a table of text columns; every row has a value for each of *names*."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)})


def records_table(records: Sequence[Mapping[str, str | None]]) -> pa.Table:
    """Return *records* as a table of text columns, in the order in which the names first appear; null where absent."""
    delivered = list(dict.fromkeys(name for record in records for name in record))
    return pa.table(
        {
            name: _text_array([record.get(key) for record in records])
            for key, name in zip(delivered, unique_names(delivered), strict=True)
        }
    )


def _text_array(values: Sequence[str | None]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can write down: keep it the way it was written
        return pa.array(
            [None if value is None else value.encode(errors="backslashreplace").decode() for value in values],
            pa.string(),
        )


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


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
