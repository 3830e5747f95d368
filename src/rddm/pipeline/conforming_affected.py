"""
Which records a run conforms anew.

Those with new versions or patches, those that wait for a parent that has come, those whose parent has gone, and all of a
source's entity when its mapping or the rules have changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rddm.conform.mapping import MappedEntity
from rddm.conform.split import waiting_references
from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.raw import BATCH, ENVELOPE_NAMES, SCHEMA
from rddm.pipeline.conforming_work import LIVING_PROGRESS, LIVING_QUARANTINE, Affected, Conforming, Target
from rddm.store.lake import CATALOG


def find_affected(work: Conforming, target: Target, mapped_entities: Sequence[MappedEntity]) -> list[Affected]:
    """Return what is to be conformed anew of each source's entity; fills ``affected_key`` (source, entity, key)."""
    connection = work.connection
    connection.execute("CREATE OR REPLACE TEMP TABLE affected_key (source VARCHAR, entity VARCHAR, key VARCHAR)")
    _add_waiting_and_orphaned(work, target)
    every = _received(work, mapped_entities)
    for each in every:
        if not each.is_all and each.newest_batch > each.last_batch:
            connection.execute(
                f"INSERT INTO affected_key SELECT DISTINCT {literal(each.mapped.source)}, {literal(each.mapped.entity)}, _key"
                f" FROM {each.place.raw_table} WHERE _batch > {each.last_batch}"
            )
    connection.execute(f"INSERT INTO affected_key SELECT DISTINCT source, entity, key FROM {work.patch_changed}")
    with_keys = set(connection.execute("SELECT DISTINCT source, entity FROM affected_key").fetchall())
    found = [each for each in every if each.is_all or (each.mapped.source, each.mapped.entity) in with_keys]
    if found and target.is_tree():
        # Trees of organisations and places are small, and one change can move a whole branch.
        return [replace(each, is_all=True) for each in every]
    return found


def _received(work: Conforming, mapped_entities: Sequence[MappedEntity]) -> list[Affected]:
    """Every source's entity that has delivered anything: all of it where its mapping or the rules changed, else nothing yet."""
    progress = {
        (source, entity): (last_batch, conforming_hash, superseded)
        for source, entity, last_batch, conforming_hash, superseded in work.connection.execute(
            f"SELECT source, entity, last_batch, conforming_hash, superseded FROM {LIVING_PROGRESS}"
        ).fetchall()
    }
    rows = work.connection.execute(
        f"SELECT source, entity, max(batch) FROM {CATALOG}.{SCHEMA}.{BATCH.name} WHERE landed > 0 GROUP BY source, entity"
    ).fetchall()
    newest = {(source, entity): batch for source, entity, batch in rows}
    columns = work.lake.columns(SCHEMA)
    every = []
    for mapped in mapped_entities:
        place, table = (mapped.source, mapped.entity), f"{mapped.source}__{mapped.entity}"
        if table not in columns:
            continue
        last_batch, conforming_hash, superseded = progress.get(place, (0, None, 0))
        every.append(
            Affected(
                mapped,
                is_all=conforming_hash != work.hashes[place],
                last_batch=last_batch,
                newest_batch=max(last_batch, newest.get(place, 0)),
                superseded=superseded,
                raw_columns=[name for name in columns[table] if name not in ENVELOPE_NAMES],
            )
        )
    return every


def _add_waiting_and_orphaned(work: Conforming, target: Target) -> None:
    """Records that wait for a parent that came earlier in this run, and records whose parent went."""
    if work.has_rows(work.arrived):
        work.connection.execute(
            f"INSERT INTO affected_key SELECT DISTINCT source, entity, key"
            f" FROM (SELECT source, entity, key, unnest(waits_for) AS parent FROM {LIVING_QUARANTINE}"
            f" WHERE model_entity = {literal(target.name)}) WHERE parent IN (SELECT record_id FROM {work.arrived})"
        )
    if work.has_rows(work.departed):
        for reference in waiting_references(target.entity):
            work.connection.execute(
                f"INSERT INTO affected_key SELECT source, entity, key FROM {target.conformed}"
                f" WHERE {quote(reference)} IN (SELECT record_id FROM {work.departed})"
            )
