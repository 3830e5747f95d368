"""The rows of a statement."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from rddm.app.cli.render.tables import dim, listing
from rddm.app.cli.render.words import number, text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rddm.serve.asking import Answer


def draw_answer(answer: Answer) -> RenderableType:
    """Return the rows as a table; numbers to the right, nothing for null."""
    table = listing(*answer.columns)
    for place, column in enumerate(table.columns):
        if any(isinstance(row[place], int | float) for row in answer.rows):
            column.justify = "right"
        # Torn over two lines, an id can neither be read nor copied.
        column.no_wrap = any(isinstance(row[place], uuid.UUID) for row in answer.rows)
    for row in answer.rows:
        table.add_row(*(Text(", ".join(map(text, each)) if isinstance(each, list) else text(each)) for each in row))
    count = f"{number(len(answer.rows))} row{'' if len(answer.rows) == 1 else 's'}"
    return Group(table, dim(f"The first {count}; --limit N shows more." if answer.more else count))
