"""
What an engine is asked and what it answers, as files, because each engine runs in an environment of its own.

Standard library only. An engine reads ``cleaned.parquet`` (source, key, and what is known of the person; all text but
dates) or ``forms.parquet`` (the same with the names as we compare them), and writes ``<engine>.parquet`` (source, key, then a
column of group labels per threshold) and ``<engine>.json``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Answer:
    """
    ``started`` and ``ended`` bound what is measured, by the monotonic clock that all processes of a machine share.
    ``thresholds``: name of each column of labels and the threshold it was made at; the first is the engine's default.
    """

    started: float = 0.0
    ended: float = 0.0
    thresholds: dict[str, float | None] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    note: str = ""
    ceiling: float | None = None


@dataclass(frozen=True)
class Job:
    """``kind``: febrl, febrl4, rldata or population. ``folder`` holds the files. ``forms``: names in the forms we compare."""

    engine: str
    kind: str
    folder: Path
    forms: bool = False

    @property
    def cleaned(self) -> Path:
        return self.folder / ("forms.parquet" if self.forms else "cleaned.parquet")

    @property
    def arguments(self) -> list[str]:
        return [self.engine, self.kind, str(self.folder), *(["--forms"] if self.forms else [])]

    @property
    def _name(self) -> str:
        return f"{self.engine}-forms" if self.forms else self.engine

    @property
    def shown(self) -> str:
        return f"{self.engine}, our forms" if self.forms else self.engine

    @property
    def log(self) -> Path:
        return self.folder / f"{self._name}.log"

    @property
    def labels(self) -> Path:
        return self.folder / f"{self._name}.parquet"

    @property
    def answer(self) -> Path:
        return self.folder / f"{self._name}.json"

    def write(self, answer: Answer) -> None:
        self.answer.write_text(json.dumps(asdict(answer), indent=1), encoding="utf-8")

    def read(self) -> Answer:
        read: dict[str, Any] = json.loads(self.answer.read_text(encoding="utf-8"))
        return Answer(**read)


def job_of_command_line() -> Job:
    """Return the job whose `Job.arguments` the process was started with."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("engine")
    arguments.add_argument("kind")
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--forms", action="store_true")
    return Job(**vars(arguments.parse_args()))


@contextmanager
def measured(answer: Answer) -> Iterator[None]:
    """Mark in *answer* when what is inside started and ended."""
    answer.started = time.monotonic()
    yield
    answer.ended = time.monotonic()
