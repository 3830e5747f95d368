"""What every connector is: batches from a cursor, a probe, a sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pyarrow as pa

from rddm.contracts.batches import Batch, Cursor


@runtime_checkable
class Source(Protocol):
    """
    One entity of one source. Implement these three in a class of your own and name it with ``type: python``.

    Trouble with the source as a whole is a `SourceError`; a piece that is no record is an `Unreadable` of its batch.
    """

    def read(self, cursor: Cursor | None) -> Iterator[Batch]:
        """
        Yield what comes after *cursor*, everything when it is None, in the order of delivery.

        Each batch carries the cursor to go on from after it, also when the reader was killed right there. What is
        yielded twice is dropped by the pipeline; what is skipped is lost: when in doubt, yield again.
        """
        ...

    def probe(self) -> None:
        """Raise `SourceError` when the source cannot be reached or read; read as little as possible."""
        ...

    def sample(self, rows: int) -> pa.Table:
        """Return up to *rows* records from the beginning, with all their columns."""
        ...


@dataclass(frozen=True)
class BatchLimits:
    """How large a batch may become; the one that reaches either limit is closed."""

    records: int = 250_000
    size_bytes: int = 128 * 1024 * 1024
