"""The plain table that lists are drawn as; where the terminal is too narrow for its columns, each row is a paragraph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.style import StyleType
    from rich.table import Column

FOLDED_TO = 16
"""Columns of the terminal that running text needs to be read; below it, lines hold a word or two."""
BESIDE = 24
"""A first cell up to this wide has the others beside it; a wider one has them below."""
STEERING = dict.fromkeys([*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)])
"""Control characters (Unicode's category Cc) but tabs and ends of lines."""
BETWEEN = 3
"""Columns of the terminal from one column's text to the next one's, as the box and the padding leave them."""


class Listing(Table):
    """
    A table that never cuts a cell: in a terminal that has no room for its columns, it draws `Paragraphs` instead.

    What a cell holds is data: no part of it is taken for markup. ``heading`` stands above it, as wide as it is.
    """

    def __init__(self, heading: str = "", folded_to: int = FOLDED_TO) -> None:
        super().__init__(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
        self.heading = Text(heading, style="bold")
        self.folded_to = folded_to

    def add_row(self, *cells: RenderableType | None, style: StyleType | None = None, end_section: bool = False) -> None:
        plain = [Text(each) if isinstance(each, str) else each for each in cells]
        super().add_row(*plain, style=style, end_section=end_section)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.heading:
            yield self.heading
        if needed_width(self) <= options.max_width:
            yield from super().__rich_console__(console, options)
        else:
            yield Paragraphs(self)


class Plain:
    """
    *drawn* without control characters but those of its own styles: what somebody delivered or wrote shall neither colour a
    terminal nor set its title.
    """

    def __init__(self, drawn: RenderableType) -> None:
        self._drawn = drawn

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for each in console.render(self._drawn, options):
            yield each if each.control else Segment(each.text.translate(STEERING), each.style)


class Paragraphs:
    """The rows of a table one below the other: the first cell, and beside or below it each other one behind its header."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console
        table = self._table
        first, *others = ([_text(cell) for cell in column.cells] for column in table.columns)
        labels = [_text(column.header) for column in table.columns[1:]]
        widest = max((each.cell_len for each in first), default=0)
        indent = widest + BETWEEN if widest <= BESIDE else BETWEEN
        yield Text("")
        head = Text()
        for place, cell in enumerate(first):
            head = cell if cell.plain.strip() else head  # an empty one means: as above
            parts = [labelled(label.plain, cells[place]) for label, cells in zip(labels, others, strict=True)]
            lines = in_lines(parts, options.max_width - indent)
            if widest > BESIDE:
                yield head
            elif lines:
                yield Text.assemble(head, " " * (indent - head.cell_len), lines.pop(0))
            yield from (Padding(line, (0, 0, 0, indent)) for line in lines)
        yield Text("")


def labelled(label: str, cell: Text) -> Text:
    """Return *cell* on one line behind its label; nothing when it is empty."""
    words = Text(" · ").join(line for line in cell.split("\n") if line.plain.strip())
    return Text.assemble((f"{label} ".lstrip().replace("\n", ""), "dim"), words) if words else words


def in_lines(parts: Iterable[Text], width: int) -> list[Text]:
    """Return *parts*, but empty ones, in lines of up to *width*; none is torn, one that is longer has a line of its own."""
    lines: list[Text] = []
    for part in filter(None, parts):
        if lines and lines[-1].cell_len + BETWEEN + part.cell_len <= width:
            lines[-1] = Text.assemble(lines[-1], " " * BETWEEN, part)
        else:
            lines.append(part)
    return lines


def needed_width(table: Listing) -> int:
    """Return the columns of a terminal that *table* needs to be read: its ids and numbers whole, running text in lines."""
    return sum(_needed(column, table.folded_to) + BETWEEN for column in table.columns)


def _needed(column: Column, folded_to: int) -> int:
    lines = [line for cell in (column.header, *column.cells) for line in _text(cell).plain.split("\n")]
    longest = max(map(cell_len, lines), default=0)
    return longest if column.no_wrap else max(min(longest, folded_to), column.min_width or 0)


def _text(cell: RenderableType) -> Text:
    return cell if isinstance(cell, Text) else Text(str(cell))


def listing(*headers: str, title: str = "", folded_to: int = FOLDED_TO) -> Listing:
    """
    Return an empty table. A header that starts with ``>`` is of a column of numbers, one with ``!`` is never folded; others
    down to *folded_to* columns of the terminal.
    """
    table = Listing(title, folded_to)
    for header in headers:
        name = header.lstrip(">!")
        table.add_column(
            Text(name), justify="right" if ">" in header else "left", no_wrap="!" in header, overflow="fold"
        )
    return table


def dim(text: str) -> RenderableType:
    return Text(text, style="dim")
