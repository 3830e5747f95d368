"""A run's summary: where every record is, how many people there are, that it balances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rddm.app.cli.render.words import number, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rddm.app.cli.run_summary import Counts, RunSummary

KINDS = {
    "missing_parent": "no\nparent",
    "incomplete": "incom-\nplete",
    "invalid": "in-\nvalid",
    "technical": "tech-\nnical",
}


PLACES = {
    "unreadable": "un-\nreadable",
    "duplicate": "dupli-\ncate",
    "erased": "erased",
    "superseded": "super-\nseded",
    "deleted": "de-\nleted",
    "pending": "pend-\ning",
}
RARE_PLACES = frozenset({"deleted", "erased", "pending"})
"""Columns that are only drawn when there is something in them."""


def draw_run(summary: RunSummary) -> RenderableType:
    """Return the whole summary of a run, as ``rddm run`` and ``rddm demo`` print it."""
    parts: list[RenderableType] = ["", draw_sources(summary), draw_balance(summary.totals), draw_people(summary)]
    parts += [line for line in (draw_published(summary), draw_stages(summary.stage_seconds)) if line]
    for each in summary.column_changes:
        what = f'{each["source"]} {each["entity"]}: column "{each["column"]}" {each["change"]}'
        parts.append(Text.assemble(("changed  ", "bold cyan"), what))
    parts += [Text.assemble(("warning  ", "bold yellow"), each) for each in summary.warnings]
    parts += [Text.assemble(("failed   ", "bold red"), each) for each in summary.problems]
    parts += [Text.assemble(("next     ", "bold"), each) for each in summary.next_steps]
    return Group(*parts)


def draw_sources(summary: RunSummary) -> Table:
    """Return the table of where each source's records are; columns that are zero throughout are left out."""
    totals = summary.totals
    is_again = any(
        line.this_run is None or line.this_run["received"] != line.in_all.received for line in summary.sources
    )
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_footer=len(summary.sources) > 1,
        padding=(0, 1, 0, 0),
        collapse_padding=True,
    )
    table.add_column("source", footer="in all", no_wrap=True)
    table.add_column("entity", no_wrap=True)
    if is_again:
        now = number(_received_now(summary))
        table.add_column("this\nrun", justify="right", footer=now, style="cyan", overflow="fold")
    table.add_column("re-\nceived", justify="right", footer=number(totals.received), style="bold", overflow="fold")
    shown = [name for name in PLACES if getattr(totals, name) or name not in RARE_PLACES]
    for name in shown:
        table.add_column(PLACES[name], justify="right", footer=number(getattr(totals, name)), overflow="fold")
    for kind, header in KINDS.items():
        count = totals.quarantined.get(kind, 0)
        table.add_column(header, justify="right", footer=number(count), style="yellow", overflow="fold")
    table.add_column("con-\nformed", justify="right", footer=number(totals.conformed), style="green", overflow="fold")
    previous = ""
    for line in summary.sources:
        counts = line.in_all
        name = line.source if line.source != previous else ""
        previous = line.source
        mark = " ✗" if line.problem else " (no file)" if line.is_forgotten else ""
        style = "red" if line.problem else "dim" if line.is_forgotten else ""
        cells = [Text(name), Text(line.entity + mark, style=style)]
        if is_again:
            cells.append(_cell(line.this_run["received"]) if line.this_run else Text("–", style="dim"))
        cells += [_cell(counts.received), *(_cell(getattr(counts, place)) for place in shown)]
        cells += [_cell(counts.quarantined.get(kind, 0)) for kind in KINDS]
        table.add_row(*cells, _cell(counts.conformed))
    return table


def draw_balance(totals: Counts) -> RenderableType:
    """Return the equation that every run proves."""
    quarantined = sum(totals.quarantined.values())
    parts = [
        (totals.conformed, "conformed"), (quarantined, "quarantined"), (totals.superseded, "superseded"),
        (totals.deleted, "deleted"), (totals.duplicate, "duplicate"), (totals.unreadable, "unreadable"),
        (totals.erased, "erased"), (totals.pending, "pending"),
    ]  # fmt: skip
    sums = " + ".join(f"{number(count)} {name}" for count, name in parts if count) or "0"
    is_whole = totals.received == totals.found
    end = ("to the row ✓", "bold green") if is_whole else (f"{number(totals.found)} found ✗", "bold red")
    return Text.assemble(("balance  ", "bold"), f"received {number(totals.received)} = {sums}, ", end)


def draw_people(summary: RunSummary) -> RenderableType:
    """Return how many records became how many people, and the counts of all other golden records."""
    people = summary.people
    others = ", ".join(
        f"{number(count)} {name}" for name, count in summary.golden.items() if name != people.get("entity") and count
    )
    line = Text()
    if people:
        what = "people" if people["entity"] == "person" else people["entity"]
        line.append(f"{what:<9}", "bold")
        line.append(f"{number(people['records'])} records → ")
        line.append(f"{number(people['golden'])} {what}", "bold green")
        line.append(_happened(summary.resolved.get(people["entity"], {})), "dim")
        if summary.to_review:
            pairs = "pair" if summary.to_review == 1 else "pairs"
            line.append("\nreview   ", "bold")
            line.append(f"{number(summary.to_review)} {pairs} may be one and wait for a person's word")
            line.append(f"   rddm {people['entity']} possible" if people["entity"] == "person" else "", "cyan")
        line.append("\n" if others else "")
    if others:
        line.append("golden   ", "bold")
        line.append(others)
    return line


def draw_published(summary: RunSummary) -> RenderableType:
    written = sum(each["written"] for each in summary.published.values())
    removed = sum(each["removed"] for each in summary.published.values())
    gone = f", {number(removed)} removed" if removed else ""
    what = f"{number(written)} rows published{gone}" if written or gone else "nothing new to publish"
    return Text.assemble(("shown    ", "bold"), what)


def draw_stages(stage_seconds: Mapping[str, float]) -> RenderableType:
    """Return what took how long."""
    spans = " · ".join(f"{name} {seconds(value)}" for name, value in stage_seconds.items())
    whole = seconds(sum(stage_seconds.values()))
    return Padding(Text.assemble(("time     ", "bold"), whole, (f"  ({spans})", "dim")), (0, 0, 1, 0))


def _happened(resolved: Mapping[str, int]) -> str:
    kinds = [
        ("created", "new"),
        ("merged", "merged"),
        ("split", "split"),
        ("moved", "records moved"),
        ("ended", "ended"),
    ]
    found = [f"{number(resolved[kind])} {words}" for kind, words in kinds if resolved.get(kind)]
    return f"   {', '.join(found)}" if found else ""


def _received_now(summary: RunSummary) -> int:
    return sum(line.this_run["received"] for line in summary.sources if line.this_run)


def _cell(count: int) -> Text:
    return Text(number(count)) if count else Text("·", style="dim")
