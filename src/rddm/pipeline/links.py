"""Which records are behind golden ids, for a few ids and for very many."""

from __future__ import annotations

from rddm.contracts.tables import quote
from rddm.store.lake import CATALOG, Lake, found_sql
from rddm.store.scratch import LARGE_ROWS


def is_few(lake: Lake, table: str) -> bool:
    """Whether it pays to look up the rows of *table* one by one; many are read with all others."""
    return lake.number(f"SELECT count(*) FROM {table}") < LARGE_ROWS


def links_sql(lake: Lake, name: str, golden_ids: str) -> str:
    """Return the query for record_id and golden_id of the records of the model's entity *name* behind *golden_ids* (a table)."""
    links, condition = (
        f"{CATALOG}.identity.{quote(f'{name}__link')}",
        f"golden_id IN (SELECT golden_id FROM {golden_ids})",
    )
    columns = "record_id, golden_id"
    if is_few(lake, golden_ids):
        return found_sql(links, condition, columns)
    return f"SELECT {columns} FROM {links} WHERE {condition}"
