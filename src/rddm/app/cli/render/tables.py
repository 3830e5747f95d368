"""The plain table that lists are drawn as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType


def listing(*headers: str, title: str = "") -> Table:
    """
    Return an empty table. A header that starts with ``>`` is of a column of numbers, one with ``!`` is never folded.
    """
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), title=Text(title, style="bold") if title else None,
        title_justify="left",
    )  # fmt: skip
    for header in headers:
        name = header.lstrip(">!")
        table.add_column(name, justify="right" if ">" in header else "left", no_wrap="!" in header, overflow="fold")
    return table


def dim(text: str) -> RenderableType:
    return Text(text, style="dim")
