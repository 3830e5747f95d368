"""What checking a project found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from rddm.app.cli.render.tables import dim, listing
from rddm.app.cli.render.words import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from rddm.app.cli.connections import Connection
    from rddm.project.settings import ProjectSettings


def draw_check(
    settings: ProjectSettings,
    connections: Sequence[Connection],
    next_run: Sequence[str],
    next_steps: Sequence[str] = (),
) -> RenderableType:
    """Return what was checked and, for connections, what each said, what the next run will do anew, and what to do next."""
    entities = sum(len(source.entities) for source in settings.sources.values())
    head = Text("✓ ", style="green")
    head.append(
        f"{settings.name}: the files are right ({number(len(settings.sources))} sources, {number(entities)} entities,"
        f" {number(len(settings.model.entities))} entities of the model)",
        "default",
    )
    if not connections:
        hint = (
            "Reach the sources too: rddm check --connect"
            if settings.sources
            else "Draft a source: rddm init --from FILE_OR_URL"
        )
        return Group(head, dim(hint))
    table = listing("", "!source", "!entity", ">columns", "what it says")
    for each in connections:
        mark = Text("✓", style="green") if each.is_ok else Text("✗", style="bold red")
        table.add_row(mark, each.source, each.entity, number(len(each.columns)) if each.columns else "", _says(each))
    said = [Text.assemble(("next run  ", "bold yellow"), each) for each in next_run]
    return Group(head, table, *said, *map(Text, next_steps))


def _says(connection: Connection) -> Text:
    if not connection.is_reached:
        return Text(f"{connection.problem} {connection.fix}", style="red")
    if not connection.is_ok:
        return Text("\n".join([*connection.missing, *connection.failing]), style="red")
    if not connection.columns:
        return Text("reached; there are no records yet", style="dim")
    return Text(f"not mapped: {', '.join(connection.unmapped)}" if connection.unmapped else "", style="dim")
