"""Which run it is, and when: the only clock that stages see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class RunStamp:
    """A run's number and its time; ``at`` is naive UTC."""

    run_id: int
    at: datetime
