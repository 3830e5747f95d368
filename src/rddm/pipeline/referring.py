"""Which records a run may have put elsewhere than those that refer to them know."""

from __future__ import annotations

from rddm.contracts.tables import quote
from rddm.project.settings import ModelField
from rddm.store.lake import CATALOG, Lake


def is_elsewhere(lake: Lake, reference: ModelField) -> bool:
    """Whether `elsewhere_sql` may find anything; counting is cheaper than looking."""
    parent = reference.references
    changed = f" + (SELECT count(*) FROM changed_{parent})" if reference.on_missing == "keep" else ""
    return lake.number(f"SELECT (SELECT count(*) FROM regrouped_{parent}){changed}") > 0


def elsewhere_sql(reference: ModelField) -> str:
    """
    Return the query for the records that *reference* may lead to another golden id from than before the run, or to none.
    Column: record_id. Grain: one record that is referred to.

    They are those of golden ids that were created, merged, split or ended and, where the parent need not be there, those that
    came or went: one that joins a golden id, or leaves it, is no event of that id. Whoever waits for a parent is conformed
    anew when it comes or goes.
    """
    parent = reference.references or ""
    links = f"{CATALOG}.identity.{quote(parent + '__link')}"
    regrouped = f"SELECT record_id FROM {links} SEMI JOIN regrouped_{parent} USING (golden_id)"
    return f"{regrouped} UNION SELECT record_id FROM changed_{parent}" if reference.on_missing == "keep" else regrouped
