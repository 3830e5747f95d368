"""A run as it goes: bars on a terminal, a line per step elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.progress import Progress, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from rddm.app.cli.render.words import number

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from rich.console import Console
    from rich.progress import Task, TaskID

    from rddm.pipeline.ingesting import Ingested


PARTS = {"split": "conform"}
"""Steps that are told apart on a terminal alone, and the stage that they are part of."""


class RunProgress:
    """The `Reporter` of the command line. A context manager: the bars live as long as the block."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._bars = _Bars(console) if console.is_terminal else None
        self._said: set[str] = set()

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.finish_stage()
            self._bars.progress.stop()

    def reading(self, source: str, entity: str, pieces: int) -> None:
        if self._bars is not None:
            self._bars.advance(f"{source} {entity}", pieces)

    def read(self, result: Ingested) -> None:
        place = f"{result.source} {result.entity}"
        if result.error is not None:
            outcome, mark = result.error.message, "✗"
        else:
            outcome, mark = _outcome(result), "✓"
        if self._bars is not None:
            self._bars.finish(place, result.received, mark, outcome)
        elif result.received or result.error is not None or result.deletions:
            self._line(f"{mark} read {place}: {number(result.received)} received{', ' + outcome if outcome else ''}")

    def working(self, what: str) -> None:
        stage = PARTS.get(what.partition(" ")[0], what.partition(" ")[0])
        if self._bars is not None:
            self._bars.stage(what)
        elif stage not in self._said:
            self._said.add(stage)
            self._line(stage)

    def _line(self, text: str) -> None:
        line = f"{time.monotonic() - self._started:7.1f} s  {text}"
        self._console.print(line, markup=False, overflow="ignore", no_wrap=True, crop=False)


class _Bars:
    def __init__(self, console: Console) -> None:
        self.progress = Progress(
            _Mark(),
            TextColumn("{task.description}"),
            TextColumn("[bold]{task.fields[count]}[/bold]", justify="right"),
            TextColumn("[dim]{task.fields[outcome]}[/dim]"),
            TimeElapsedColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._counts: dict[str, int] = {}
        self._stage = ""

    def advance(self, place: str, pieces: int) -> None:
        task = self._task(place)
        self._counts[place] = self._counts.get(place, 0) + pieces
        self.progress.update(task, count=number(self._counts[place]))

    def finish(self, place: str, received: int, mark: str, outcome: str) -> None:
        self.progress.update(
            self._task(place), count=number(received), outcome=outcome, mark=mark, total=1, completed=1
        )

    def stage(self, what: str) -> None:
        name, _, detail = what.partition(" ")
        if name != self._stage:
            self.finish_stage()
            self._stage = name
        self.progress.update(self._task(name), outcome=detail)

    def finish_stage(self) -> None:
        if self._stage:
            self.progress.update(self._tasks[self._stage], mark="✓", outcome="", total=1, completed=1)
            self._stage = ""

    def _task(self, name: str) -> TaskID:
        if name not in self._tasks:
            self._tasks[name] = self.progress.add_task(name, total=None, count="", outcome="", mark="")
        return self._tasks[name]


class _Mark(ProgressColumn):
    """A spinner while at work, then a tick or a cross."""

    def __init__(self) -> None:
        super().__init__()
        self._spinner = SpinnerColumn()

    def render(self, task: Task) -> Text:
        mark = task.fields["mark"]
        if mark:
            return Text(mark, style="green" if mark == "✓" else "bold red")
        drawn = self._spinner.render(task)
        return drawn if isinstance(drawn, Text) else Text(str(drawn))


def _outcome(result: Ingested) -> str:
    parts = [
        (result.unreadable, "unreadable"),
        (result.duplicate, "known already"),
        (result.deletions, "gone"),
    ]
    return ", ".join(f"{number(count)} {what}" for count, what in parts if count)
