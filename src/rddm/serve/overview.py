"""How much there is: golden rows by entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rddm.contracts.tables import quote
from rddm.store.lake import CATALOG

if TYPE_CHECKING:
    from rddm.project.settings import Model
    from rddm.store.lake import Lake


def count_golden(lake: Lake, model: Model) -> dict[str, int]:
    """Return the number of golden rows of every entity of *model* that has been curated."""
    counts = {}
    for name in model.entities:
        if lake.has("golden", name):
            row = lake.connection.execute(f"SELECT count(*) FROM {CATALOG}.golden.{quote(name)}").fetchone()
            counts[name] = int(row[0]) if row else 0
    return counts
