"""
Link the records of entities that are not matched: facts, and what has no identity, where every record stands for itself.

By what they were linked is noted where that of matched entities is, in ``identity.model``: when it changes, all are linked
anew.
"""

from __future__ import annotations

import json

from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.identity import MODEL, REDIRECT, link_table
from rddm.pipeline.facts import link_facts
from rddm.pipeline.forgetting import forget_matching
from rddm.pipeline.stamp import RunStamp
from rddm.project.settings import FactIdentity, ModelEntity
from rddm.resolve.models import newest_model_sql
from rddm.store.lake import CATALOG, Lake, with_orders_sql

_MODELS = f"{CATALOG}.identity.{MODEL.name}"


def link_unmatched(lake: Lake, name: str, entity: ModelEntity, run: RunStamp) -> None:
    """Bring ``identity.<name>__link`` up to date with ``changed_<name>``; fill ``touched_<name>``."""
    link = link_table(name)
    lake.ensure(link)
    links = f"{CATALOG}.{link.schema}.{quote(link.name)}"
    changed, touched = f"changed_{name}", f"touched_{name}"
    applied = _applied(entity)
    is_noted = _noted(lake, name) == applied
    anew = not is_noted and lake.number(f"SELECT count(*) FROM {links}") > 0
    if anew:
        lake.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE linked_anew AS SELECT record_id FROM {CATALOG}.conformed.{quote(name)}"
            f" UNION SELECT record_id FROM {links}"
        )
        lake.connection.execute(f"INSERT INTO {touched} SELECT golden_id FROM {links}")
        changed = "linked_anew"
    if isinstance(entity.identity, FactIdentity):
        link_facts(lake, entity, entity.identity, name, changed, touched)
    else:
        _link_alone(lake, name, changed, touched)
    if anew:
        lake.connection.execute("DROP TABLE linked_anew")
        _forget_redirects(lake, name, links)
        forget_matching(lake, name)
    if not is_noted and lake.number(f"SELECT count(*) FROM {links}"):
        _note(lake, name, applied, run)


def _applied(entity: ModelEntity) -> str:
    identity = entity.identity
    if not isinstance(identity, FactIdentity):
        return json.dumps({"alone": True})
    kept = [field for field in identity.fields if entity.fields[field].on_missing == "keep"]
    return json.dumps({"fact": identity.fields} | ({"kept": kept} if kept else {}))


def _noted(lake: Lake, name: str) -> str | None:
    row = lake.connection.execute(f"SELECT applied FROM ({newest_model_sql(_MODELS, name)})").fetchone()
    return row[0] if row else None


def _note(lake: Lake, name: str, applied: str, run: RunStamp) -> None:
    """The versions of a model that was learnt stay, in case that the entity comes to be matched again."""
    if _noted(lake, name) is not None:
        lake.connection.execute(f"UPDATE {_MODELS} SET applied = ? WHERE entity = ?", [applied, name])
        return
    lake.connection.execute(
        f'INSERT INTO {_MODELS} (entity, version, learnt, pairs, parameters, kinds, applied, run_id, "at")'
        " VALUES (?, 1, false, 0, '', '{}', ?, ?, ?)",
        [name, applied, run.run_id, run.at],
    )


def _forget_redirects(lake: Lake, name: str, links: str) -> None:
    """An id that lives again leads nowhere."""
    redirects = f"{CATALOG}.identity.{REDIRECT.name}"
    living = f"entity = {literal(name)} AND old_id IN (SELECT golden_id FROM {links})"
    if lake.number(f"SELECT count(*) FROM {redirects} WHERE {living}"):
        lake.connection.execute(f"DELETE FROM {redirects} WHERE {living}")


def _link_alone(lake: Lake, name: str, changed: str, touched: str) -> None:
    link = link_table(name)
    links = f"{CATALOG}.{link.schema}.{quote(link.name)}"
    lake.connection.execute(f"DELETE FROM {links} WHERE record_id IN (SELECT record_id FROM {changed})")
    new = (
        "SELECT record_id, record_id AS golden_id, NULL::UUID AS fingerprint_id, 'alone' AS how"
        f" FROM {CATALOG}.conformed.{quote(name)} WHERE record_id IN (SELECT record_id FROM {changed})"
    )
    lake.connection.execute(f"INSERT INTO {links} BY NAME {with_orders_sql(link, new)}")
    lake.connection.execute(f"INSERT INTO {touched} SELECT record_id FROM {changed}")
