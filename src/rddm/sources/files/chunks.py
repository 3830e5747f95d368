"""What the parsers of formats yield, and how a piece that is no record is written down."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyarrow as pa

from rddm.contracts.batches import Unreadable
from rddm.sources.files.bytestream import cut


@dataclass(frozen=True)
class Chunk:
    """A stretch of a file: its records and what in it is none, each in the order of the file."""

    records: pa.Table | None = None
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def rows(self) -> int:
        return 0 if self.records is None else self.records.num_rows


def unreadable_piece(place: str, reason: str, content: bytes) -> Unreadable:
    """Return the `Unreadable` for *content*, cut to what is kept."""
    kept, reason = cut(content, reason)
    return Unreadable(place, reason, kept)


def missing_rest(place: str, reason: str, content: bytes) -> Unreadable:
    """Return the `Unreadable` that says that a file, or the rest of it, is lost; *content* as for `unreadable_piece`."""
    return replace(unreadable_piece(place, reason, content), is_cut_off=True)
