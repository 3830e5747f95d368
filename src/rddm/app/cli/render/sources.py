"""The sources, all of them in a line each, or one in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from rddm.app.cli.render.tables import dim, listing
from rddm.app.cli.render.words import moment, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from rddm.serve.sources import SourceEntityState, SourcePortrait


def draw_sources(states: Sequence[SourceEntityState]) -> RenderableType:
    """Return one line for each entity of each source."""
    if not states:
        return Text("This project has no sources yet. Draft one: rddm init --from FILE_OR_URL")
    table = listing(
        "!source", "!entity", "!becomes", "from", ">received", ">conformed", ">waiting", "!last batch (UTC)", "columns"
    )
    previous = ""
    for each in states:
        waiting = Text(number(each.quarantined), style="yellow") if each.quarantined else dim("·")
        last = Text(moment(each.last_batch_at)) if each.last_batch_at else Text("never", style="red")
        table.add_row(
            Text(each.source if each.source != previous else "", style="cyan"), each.entity, each.model, dim(each.connector),
            number(each.received), number(each.conformed), waiting, last, _changes(each),
        )  # fmt: skip
        previous = each.source
    return table


def draw_source(source: SourcePortrait) -> RenderableType:
    """Return everything about one source."""
    head = Text(f"\n{source.name}", style="bold cyan").append(f"   trust {source.trust} of 10   ", "dim")
    head.append(source.description)
    parts: list[RenderableType] = [head, draw_sources(source.entities)]
    for entity, fields in source.mapping.items():
        table = listing("field", "type", "comes from", title=f"{entity}: mapping")
        for field in fields:
            table.add_row(Text(field.field, style="bold"), dim(field.type), field.comes_from)
        parts.append(table)
        if source.batches.get(entity):
            batches = listing(
                ">batch", ">run", "!received at (UTC)", "origin", ">received", ">unreadable", ">duplicate", ">landed",
                title=f"{entity}: last batches",
            )  # fmt: skip
            for each in source.batches[entity]:
                batches.add_row(
                    number(each.batch), number(each.run), moment(each.received_at), each.origin, number(each.received),
                    number(each.unreadable), number(each.duplicate), number(each.landed),
                )  # fmt: skip
            parts.append(batches)
    if source.unreadable:
        pieces = listing("entity", "place", "why it is no record", "!received at (UTC)", title="Unreadable")
        for piece in source.unreadable:
            pieces.add_row(piece.entity, piece.place, piece.reason, dim(moment(piece.received_at)))
        parts.append(pieces)
    return Group(*parts)


def _changes(state: SourceEntityState) -> Text:
    marks = {"appeared": ("+", "green"), "vanished": ("−", "red"), "retyped": ("~", "yellow")}
    drawn = Text()
    for change in state.changes[-4:]:
        mark, style = marks.get(change.change, ("?", ""))
        drawn.append(f"{mark}{change.column} ", style)
    return drawn
