"""Spreadsheets: the cells of one sheet as texts, to the letter as far as the format keeps it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import BinaryIO, TypeAlias

from python_calamine import CalamineError, CalamineWorkbook, WorksheetNotFound

from rddm.sources.columns import text_table, unique_names
from rddm.sources.files.chunks import Chunk, missing_rest
from rddm.sources.files.delimited import join_header
from rddm.sources.header import NO_HEADER, is_surely_data

ROWS_IN_CHUNK = 10_000
Cell: TypeAlias = "int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta"


class SheetMissing(Exception):
    """The workbook has no such sheet; ``names`` are those that it has."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__("no such sheet")


def parse_xlsx(
    file: BinaryIO, name: str, sheet: str | None, header_rows: int | None, skip_rows: int
) -> Iterator[Chunk]:
    """
    Yield the sheet's rows below its header as text columns; rows without any value are none.

    A merged cell of the header names every column that it covers. Where nobody said how many rows the header takes
    (*header_rows* is None), it is one, and a sheet that seems to have none comes as one `Unreadable`. Raises `SheetMissing`.
    """
    try:
        workbook = CalamineWorkbook.from_filelike(file)
        found = workbook.get_sheet_by_name(sheet) if sheet else workbook.get_sheet_by_index(0)
    except WorksheetNotFound:
        raise SheetMissing(workbook.sheet_names) from None
    except (CalamineError, OSError) as error:
        reason = f"no spreadsheet that can be opened ({type(error).__name__}): damaged, or protected by a password?"
        yield Chunk(unreadable=(missing_rest(name, reason, b""),))
        return
    rows = ([cell_text(cell) for cell in row] for row in found.iter_rows())
    first_row, first_column = found.start or (0, 0)
    to_skip = max(skip_rows - first_row, 0)
    for _ in range(to_skip):
        next(rows, None)
    first_row = max(first_row, skip_rows)
    header = [row for _, row in zip(range(1 if header_rows is None else header_rows), rows, strict=False)]
    for (top, left), (bottom, right) in found.merged_cell_ranges or ():
        _fill(header, (top - first_row, left - first_column), (bottom - first_row, right - first_column))
    names = join_header([[cell or "" for cell in row] for row in header]) if header else []
    if header_rows is None and is_surely_data(names):
        yield Chunk(unreadable=(missing_rest(name, NO_HEADER, "\t".join(names).encode()),))
        return
    yield from _chunks(rows, names)


def _chunks(rows: Iterator[list[str | None]], names: list[str]) -> Iterator[Chunk]:
    kept: list[list[str | None]] = []
    for row in rows:
        if all(cell is None for cell in row):
            continue
        names = names or unique_names([""] * len(row))
        kept.append(row)
        if len(kept) >= ROWS_IN_CHUNK:
            yield Chunk(text_table(names, kept))
            kept = []
    if kept:
        yield Chunk(text_table(names, kept))


def _fill(header: list[list[str | None]], top_left: tuple[int, int], bottom_right: tuple[int, int]) -> None:
    """Write a merged cell's text into all the cells of the header that it covers to the right."""
    top, left = top_left
    if not 0 <= top < len(header) or not 0 <= left < len(header[top]):
        return
    for column in range(left, min(bottom_right[1] + 1, len(header[top]))):
        header[top][column] = header[top][left]


def cell_text(cell: Cell) -> str | None:  # noqa: PLR0911 - one line a type
    """
    Return a cell's value as text: ISO 8601 for times, the shortest exact digits for numbers, null for an empty cell.

    >>> cell_text(79161234567.0), cell_text(0.1), cell_text(1e21), cell_text("")
    ('79161234567', '0.1', '1000000000000000000000', None)
    """
    match cell:
        case "":
            return None
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case int():
            return str(cell)
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else format(Decimal(repr(cell)), "f")
        case dt.timedelta():
            return _duration(cell)
        case _:
            return cell.isoformat()


def _duration(value: dt.timedelta) -> str:
    minutes, seconds = divmod(int(value.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}"
