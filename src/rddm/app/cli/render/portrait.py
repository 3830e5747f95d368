"""A portrait on the screen: who it is, where every value came from, what stands behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rddm.app.cli.render.why import draw_inside
from rddm.app.cli.render.words import moment, number, percent, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from rddm.serve.history import Happening
    from rddm.serve.portrait import OtherValue, Portrait, PortraitFact, PortraitRecord
    from rddm.serve.repairs import Repair

SIDE_BY_SIDE = 140
"""From this many columns on, what stands behind a person is drawn beside them."""
LINKS = {
    "alone": "founded it",
    "description": "same description",
    "match": "match",
    "judgement": "a steward said so",
    "fact": "same fact",
}
SHOWN_FACTS = 15
SHOWN_EVENTS = 8


class PortraitPanel:
    """A portrait, drawn for the width there is."""

    def __init__(self, portrait: Portrait) -> None:
        self._portrait = portrait

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        portrait = self._portrait
        behind = [part for part in (_records(portrait.records), _facts(portrait.facts)) if part is not None]
        below = [
            part
            for part in (_inside(portrait), _repairs(portrait.records), _history(portrait.history))
            if part is not None
        ]
        if options.max_width >= SIDE_BY_SIDE:
            grid = Table.grid(padding=(0, 3), expand=True)
            grid.add_column(ratio=5)
            grid.add_column(ratio=6)
            grid.add_row(_fields(portrait), Group(*_spaced(behind)))
            body: list[RenderableType] = [grid, *below]
        else:
            body = [_fields(portrait), *behind, *below]
        yield Panel(
            Group(*_spaced(body)),
            title=Text(f" {portrait.title} ", style="bold"),
            subtitle=Text(_subtitle(portrait), style="dim"),
            border_style="cyan",
            box=box.ROUNDED,
            padding=(1, 2),
        )


def draw_portrait(portrait: Portrait) -> RenderableType:
    """Return the portrait; first of all, which id was asked for when it is another one by now."""
    if not portrait.redirected:
        return PortraitPanel(portrait)
    asked = portrait.redirected[0]
    note = f"{asked} was merged into {portrait.id}; this is the one that lives."
    return Group(Text(note, style="yellow"), PortraitPanel(portrait))


def _subtitle(portrait: Portrait) -> str:
    services = len({record.source for record in portrait.records})
    state = f" · snapshot {portrait.snapshot}" if portrait.snapshot is not None else ""
    return (
        f" {portrait.entity} {portrait.id} · {_count(len(portrait.records), 'record')} of"
        f" {_count(services, 'service')}{state} "
    )


def _fields(portrait: Portrait) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(style="bold", overflow="fold", min_width=16)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    for field in portrait.fields:
        if field.value is None and not field.others:
            continue
        value = Text(text(field.value)) if field.value is not None else Text("–", style="dim")
        above = portrait.above.get(field.name, ())
        if above:
            value.append(f"\n‹ {' ‹ '.join(above)}", "not bold dim")
        for other in field.others:
            value.append(f"\n{text(other.value)}", "not bold yellow")
            value.append(f" {_whose(other)}", "not bold dim")
        table.add_row(field.name, value, field.source or "", moment(field.source_time)[:10])
    return table


def _whose(other: OtherValue) -> str:
    many = f" ×{other.records}" if other.records > len(other.sources) else ""
    return ", ".join(other.sources) + many


def _records(records: Sequence[PortraitRecord]) -> RenderableType | None:
    table = _section("Records behind it", "service", "key", "changed", "linked by")
    previous = ""
    for record in records:
        place = f"{record.source} {record.entity}"
        likely = f" {percent(record.probability)}" if record.probability is not None else ""
        table.add_row(
            Text(place if place != previous else "", style="cyan"),
            record.key,
            Text(moment(record.source_time)[:10], style="dim"),
            LINKS.get(record.how, record.how) + likely,
        )
        previous = place
    return table if records else None


def _facts(facts: Sequence[PortraitFact]) -> RenderableType | None:
    if not facts:
        return None
    table = _section("Takes part in", "when", "what", "as", "known by")
    for fact in facts[-SHOWN_FACTS:]:
        details = [text(value) for name, value in fact.details.items() if name != "registered_at"]
        when = text(fact.at)[:10]
        table.add_row(
            Text(when, style="dim"), ", ".join(fact.what.values()), ", ".join(details),
            Text(", ".join(fact.sources), style="cyan"),
        )  # fmt: skip
    hidden = len(facts) - SHOWN_FACTS
    if hidden > 0:
        table.caption = f"and {number(hidden)} earlier ones (--json has all)"
    return table


def _inside(portrait: Portrait) -> RenderableType | None:
    """Say where its records contradict each other, and how to look at it."""
    if not portrait.contradictions:
        return None
    first = portrait.contradictions[0]
    look = f"All the weights: rddm {portrait.entity} why {first.first} {first.second}"
    return Group(*map(draw_inside, portrait.contradictions), Text(look, style="dim"))


def _repairs(records: Sequence[PortraitRecord]) -> RenderableType | None:
    repairs = [repair for record in records for repair in record.repairs]
    if not repairs:
        return None
    table = _section("Mended", "record", "field", "delivered", "stands", "why")
    for repair in repairs:
        table.add_row(
            Text(repair.record, style="cyan"), repair.field, _before(repair), text(repair.after) or Text("–", style="dim"),
            Text(repair.words, style="dim"),
        )  # fmt: skip
    return table


def _before(repair: Repair) -> Text:
    return Text(repair.before) if repair.before else Text("–", style="dim")


def _history(happenings: Sequence[Happening]) -> RenderableType | None:
    if not happenings:
        return None
    table = _section("The id", "when", "run", "what happened")
    for each in happenings[-SHOWN_EVENTS:]:
        run = number(each.run) if each.run is not None else ""
        table.add_row(Text(moment(each.at), style="dim"), run, each.words)
    return table


def _section(title: str, *headers: str) -> Table:
    table = Table(
        title=Text(title, style="bold cyan"), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0),
        header_style="dim", caption_justify="left",
    )  # fmt: skip
    for header in headers:
        table.add_column(header, overflow="fold", no_wrap=header in ("when", "changed"))
    return table


def _spaced(parts: Sequence[RenderableType]) -> list[RenderableType]:
    spaced: list[RenderableType] = []
    for part in parts:
        if spaced:
            spaced.append("")
        spaced.append(part)
    return spaced


def _count(count: int, noun: str) -> str:
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"
