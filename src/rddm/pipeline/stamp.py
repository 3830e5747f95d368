"""Which run it is and when - the only clock that stages see - and how long a stage took."""

from __future__ import annotations

import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class RunStamp:
    """A run's number and its time; ``at`` is naive UTC."""

    run_id: int
    at: datetime


@contextmanager
def timed(seconds: MutableMapping[str, float], stage: str) -> Iterator[None]:
    """Note in *seconds* how long the block took, under the name of the *stage*."""
    started = time.monotonic()
    yield
    seconds[stage] = time.monotonic() - started
