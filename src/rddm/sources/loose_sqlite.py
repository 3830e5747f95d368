"""SQLite read cell by cell: slower, and only used when a database holds bytes that are no text."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from rddm.contracts.batches import Unreadable
from rddm.sources.columns import text_table
from rddm.sources.files.chunks import unreadable_piece

Fetch: TypeAlias = "tuple[pa.RecordBatch, list[Unreadable]]"
"""Some records in order, and the rows among them that are none."""


def sqlite_rows(path: str, statement: str, passed: int, size: int) -> Iterator[Fetch]:
    """
    Yield the statement's rows after the first *passed*, all cells as text, *size* rows at a time.

    BLOBs that are no UTF-8 come as hexadecimal digits; a row with such a TEXT is `Unreadable`.
    """
    with closing(sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)) as connection:
        connection.text_factory = _Text
        cursor = connection.execute(statement)
        names = [column[0] for column in cursor.description]
        seen = 0
        while rows := cursor.fetchmany(size):
            records: list[list[str | None]] = []
            bad: list[Unreadable] = []
            for seen, row in enumerate(rows, start=seen + 1):  # noqa: B020 - goes on counting
                if seen <= passed:
                    continue
                try:
                    records.append([_cell(value) for value in row])
                except UnicodeDecodeError:
                    content = b"\t".join(
                        bytes(value) if isinstance(value, bytes) else str(value).encode() for value in row
                    )
                    bad.append(unreadable_piece(f"row {seen}", "a text in it is not valid UTF-8", content))
            table = text_table(names, records)
            yield pa.RecordBatch.from_arrays([column.combine_chunks() for column in table.columns], names), bad


class _Text(bytes):
    """A TEXT cell as SQLite stores it."""


def _cell(value: object) -> str | None:
    match value:
        case None:
            return None
        case _Text():
            return value.decode()
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                return value.hex().upper()
        case _:
            return str(value)
