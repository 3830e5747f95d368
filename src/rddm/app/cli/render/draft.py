"""What was seen in a source, and what is left to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from rddm.app.cli.render.tables import dim, listing
from rddm.app.cli.render.words import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from rddm.app.drafting import Drafted


def draw_draft(drafted: Drafted, file: str, left: Sequence[str]) -> RenderableType:
    """Return which columns were recognised as what, and why."""
    entity = drafted.draft.entities[0]
    head = Text(f"\n{number(drafted.sampled_records)} records looked at; they become ").append(
        entity.model, "bold cyan"
    )
    table = listing("column", "becomes", "why")
    by_column = {field.column: field for field in reversed(entity.fields)}
    for column in drafted.columns:
        field, seen = by_column.get(column), drafted.recognised.get(column)
        why = dim(seen.reason if seen else "")
        if column in entity.key:
            table.add_row(column, Text("key", style="bold cyan"), why)
        elif column == entity.source_time:
            table.add_row(column, Text("source_time", style="bold cyan"), why)
        elif field is not None and field.model_field is not None:
            names = [each.model_field or "" for each in entity.fields if each.column == column]
            table.add_row(column, Text(", ".join(names), style="green"), why)
        else:
            table.add_row(dim(column), dim("not mapped"), why)
    parts: list[RenderableType] = [head, table, Text.assemble("Written: ", (file, "bold"))]
    parts += [Text.assemble(("left to do  ", "bold yellow"), each) for each in left]
    parts.append(dim("Look it over, then: rddm check --connect"))
    return Group(*parts)
