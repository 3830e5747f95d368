"""A day of the demo on the screen: the run, how right it is, three portraits, what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from rddm.app.cli.render.portrait import draw_portrait
from rddm.app.cli.render.run import draw_run
from rddm.app.cli.render.words import number

if TYPE_CHECKING:
    from rddm.app.cli.demo import DemoResult
    from rddm.demo.accuracy import Accuracy, EarlyArrivals


def draw_demo(result: DemoResult) -> RenderableType:
    """Return all that one day of the demo shows."""
    parts: list[RenderableType] = [draw_run(result.summary), draw_accuracy(result.accuracy)]
    parts.append(draw_early(result.day, result.early, result.released))
    parts += [Padding(draw_portrait(each), (1, 0, 0, 0)) for each in result.portraits]
    parts.append(_next(result))
    return Group(*parts)


def draw_accuracy(accuracy: Accuracy) -> RenderableType:
    """Return precision and recall in a sentence."""
    return Text.assemble(
        ("truth    ", "bold"),
        f"{number(accuracy.people)} people stand behind {number(accuracy.records)} conformed records;"
        f" {number(accuracy.found)} were found.\n         Pairwise ",
        (f"precision {accuracy.precision:.4f}", "bold green"),
        ", ",
        (f"recall {accuracy.recall:.4f}", "bold green"),
        f" ({accuracy.ceiling:.4f} if every pair that the match keys bring up were judged rightly)",
    )


def draw_early(day: int, early: EarlyArrivals, released: int) -> RenderableType:
    """Return what became of the participations that came too early; *released*: records that left quarantine that day."""
    came = f"{number(early.came_early)} participations came before their person or event"
    head = ("early    ", "bold")
    if day == 1:
        return Text.assemble(head, f"{came} and wait; day 2 brings the parents.")
    waiting = number(early.came_early - early.parent_came)
    line = Text.assemble(
        head,
        f"{came}; of {number(early.parent_came)} whose parent has come {number(early.released)} are released,"
        f" {waiting} still wait for theirs.",
    )
    line.append(f"\n         {number(released)} records left quarantine today.")
    return line


def _next(result: DemoResult) -> RenderableType:
    project = f"--project {result.project}"
    first = result.portraits[0].id if result.portraits else "ID"
    rows = [
        (f"rddm person show {str(first)[:8]} {project}", "a portrait"),
        (f"rddm person why {str(first)[:8]} {project}", "why these records are one person"),
        (f"rddm quarantine list {project}", "what waits, and for what"),
        (f"rddm status {project}", "what is where"),
    ]
    if result.day == 1:
        rows.append(
            (f"rddm demo --day 2 --folder {result.project}", "the next day: corrections, late parents, new records")
        )
    width = max(len(command) for command, _ in rows)
    text = Text("\nGo on with\n", style="bold")
    for command, what in rows:
        text.append(f"  {command:<{width}}  ", style="cyan not bold")
        text.append(f"{what}\n", style="dim not bold")
    text.append("(`rddm` lies in .venv/bin; put that on your PATH)", style="dim not bold")
    return text
