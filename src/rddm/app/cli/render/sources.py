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

    from rddm.serve.sources import (
        BatchLine,
        EntitySettings,
        MappedField,
        RepairCount,
        SourceEntityState,
        SourcePortrait,
    )


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
        connector = Text("no file", style="red") if each.is_forgotten else dim(each.connector)
        table.add_row(
            Text(each.source if each.source != previous else "", style="cyan"), each.entity, each.model, connector,
            number(each.received), number(each.conformed), waiting, last, _changes(each),
        )  # fmt: skip
        previous = each.source
    forgotten = sorted({each.source for each in states if each.is_forgotten})
    return Group(table, *(_forgotten(each) for each in forgotten))


def _forgotten(source: str) -> RenderableType:
    return Text(
        f"{source}: no file of the project names it, or some of it, any more; its records stay as they were. To bring them up to"
        f" date, put sources/{source}.yaml back; to take them out, put it back and say: rddm sources remove {source}",
        style="yellow",
    )


def draw_source(source: SourcePortrait) -> RenderableType:
    """Return everything about one source."""
    head = Text(f"\n{source.name}", style="bold cyan")
    if source.trust is not None:
        head.append(f"   trust {source.trust} of 10   ", "dim").append(source.description)
    parts: list[RenderableType] = [head, draw_sources(source.entities)]
    for entity, lines in source.batches.items():
        if entity in source.settings:
            parts += _mapping(entity, source.settings[entity], source.mapping[entity])
        if source.repairs[entity]:
            parts.append(_repairs(entity, source.repairs[entity]))
        if lines:
            parts.append(_batches(entity, lines))
    if source.unreadable:
        pieces = listing("entity", "place", "why it is no record", "!received at (UTC)", title="Unreadable")
        for piece in source.unreadable:
            pieces.add_row(piece.entity, piece.place, piece.reason, dim(moment(piece.received_at)))
        parts.append(pieces)
    return Group(*parts)


def _mapping(entity: str, settings: EntitySettings, fields: Sequence[MappedField]) -> list[RenderableType]:
    said = [
        ("key", ", ".join(settings.key)),
        ("source_time", settings.source_time or ""),
        ("source_time_format", settings.source_time_format or ""),
        ("deleted", settings.deleted or ""),
        ("mode", settings.mode if settings.mode != "changes" else ""),
        ("one_record_per_person", "true" if settings.one_record_per_person else ""),
    ]
    record = listing("what", "is", title=f"{entity}: records")
    for name, value in said:
        if value:
            record.add_row(Text(name, style="bold"), value)
    table = listing("field", "type", "comes from", title=f"{entity}: mapping")
    for field in fields:
        table.add_row(Text(field.field, style="bold"), dim(field.type), field.comes_from)
    return [record, table]


def _repairs(entity: str, counts: Sequence[RepairCount]) -> RenderableType:
    table = listing("field", "what cleaning did", ">records", title=f"{entity}: mended and left out")
    for each in counts:
        table.add_row(Text(each.field or "names", style="bold"), each.words, number(each.records))
    return table


def _batches(entity: str, lines: Sequence[BatchLine]) -> RenderableType:
    table = listing(
        ">batch", ">run", "!received at (UTC)", "origin", ">received", ">unreadable", ">duplicate", ">landed",
        title=f"{entity}: last batches",
    )  # fmt: skip
    for each in lines:
        table.add_row(
            number(each.batch), number(each.run), moment(each.received_at), each.origin, number(each.received),
            number(each.unreadable), number(each.duplicate), number(each.landed),
        )  # fmt: skip
    return table


def _changes(state: SourceEntityState) -> Text:
    marks = {"appeared": ("+", "green"), "vanished": ("−", "red"), "retyped": ("~", "yellow")}
    drawn = Text()
    for change in state.changes[-4:]:
        mark, style = marks.get(change.change, ("?", ""))
        drawn.append(f"{mark}{change.column} ", style)
    return drawn
