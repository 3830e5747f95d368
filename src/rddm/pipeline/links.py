"""Which records are behind golden ids, for a few ids and for very many."""

from __future__ import annotations

from rddm.contracts.tables import quote
from rddm.store.lake import CATALOG, Lake, found_sql

_FEW = 100_000
"""Fewer ids than this are looked up; the rows of more are found sooner by reading everything once."""


def is_few(lake: Lake, wanted: str) -> bool:
    """Whether it pays to look up the rows behind the ids of *wanted* (a table)."""
    return lake.number(f"SELECT count(*) FROM {wanted}") < _FEW


def links_sql(name: str, golden_ids: str, *, few: bool) -> str:
    """
    Return the query for record_id and golden_id of the records of the model's entity *name* behind *golden_ids* (a table), which
    has a *few* (see `is_few`) or many.
    """
    links, columns = f"{CATALOG}.identity.{quote(f'{name}__link')}", "record_id, golden_id"
    condition = f"golden_id IN (SELECT golden_id FROM {golden_ids})"
    return found_sql(links, condition, columns) if few else f"SELECT {columns} FROM {links} WHERE {condition}"
