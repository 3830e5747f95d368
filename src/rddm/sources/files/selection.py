"""Which records are taken from a nested document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rddm.sources.json_text import Step


@dataclass(frozen=True)
class Selection:
    """Where the records lie, and what they carry down from above (new column: its field there)."""

    steps: tuple[Step, ...] = ()
    carry: Mapping[str, str] = field(default_factory=dict)
