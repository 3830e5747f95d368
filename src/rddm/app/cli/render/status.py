"""The warehouse at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from rddm.app.cli.render.tables import dim, listing
from rddm.app.cli.render.words import moment, number, seconds, size
from rddm.conform.words import KIND_NAMES

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rddm.serve.overview import Status

RUN_STYLES = {"succeeded": "green", "running": "cyan", "source_failed": "yellow", "failed": "red", "killed": "red"}


def draw_status(status: Status) -> RenderableType:
    """Return the warehouse's status on one screen."""
    head = Text(f"\n{status.name}   ", style="bold")
    head.append("a run is active" if status.is_active else "no run is active", "cyan" if status.is_active else "dim")
    runs = listing(">run", "!started (UTC)", ">took", "status", ">received", ">new", "problems")
    for run in status.runs:
        took = seconds(run.seconds) if run.seconds is not None else ""
        runs.add_row(
            number(run.run), moment(run.started_at), took, Text(run.status, style=RUN_STYLES.get(run.status, "")),
            number(run.received), number(run.landed), dim("\n".join(run.problems)),
        )  # fmt: skip
    received = status.in_all.get("received", 0)
    places = [
        f"{number(count)} {_place(name)}" for name, count in status.in_all.items() if name != "received" and count
    ]
    golden = ", ".join(f"{number(count)} {name}" for name, count in status.golden.items() if count)
    lines = [
        ("received", f"{number(received)} in all: {', '.join(places)}" if received else "nothing yet"),
        ("golden", golden or "nothing yet"),
        ("shown", _published(status)),
        ("disk", _sizes(status)),
        (
            "ask",
            'rddm sql "SELECT …", or while PostgreSQL runs (the embedded one: while any rddm command does)',
        ),
        ("", status.psql),
    ]
    if status.waiting_patches or status.waiting_judgements:
        waiting = f"{number(status.waiting_patches)} patches, {number(status.waiting_judgements)} judgements"
        lines.append(("waiting", f"{waiting} for the next run"))
    return Group(head, runs, *(Text.assemble((f"{name:<10}", "bold"), words) for name, words in lines), "")


def _place(name: str) -> str:
    """Return what a place of `Status.in_all` is called."""
    kind = name.removeprefix("quarantined_")
    return name if kind == name else f"waiting ({KIND_NAMES.get(kind, kind)})"


def _published(status: Status) -> str:
    if status.published_snapshot is None:
        return "nothing published yet"
    behind = "" if status.published_snapshot == status.snapshot else f"; the lake is at {number(status.snapshot)}"
    return f"snapshot {number(status.published_snapshot)}, published {moment(status.published_at)} UTC{behind}"


def _sizes(status: Status) -> str:
    sizes = status.size_bytes
    lake = f"lake {size(sizes['lake_now'])}"
    if sizes["lake_with_history"]:
        lake += f" ({size(sizes['lake_with_history'])} with its history)"
    return f"{lake}, database {size(sizes['database'])}"
