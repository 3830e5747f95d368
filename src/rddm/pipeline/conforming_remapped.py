"""Records of a source's entity that is mapped to another entity of the model than before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rddm.conform.mapping import MappedEntity
from rddm.contracts.tables import literal, quote
from rddm.pipeline.conforming_work import (
    CONFORMED,
    LIVING_PROGRESS,
    LIVING_QUARANTINE,
    LIVING_TOMBSTONE,
    Conforming,
    became,
    conformed_entities,
)


def take_out_remapped(work: Conforming, mapped: Mapping[str, Sequence[MappedEntity]]) -> None:
    """
    Take what became another entity of the model than it is *mapped* to now out of the layers behind the raw one.

    Nothing of its source's entity counts as conformed from then on, so this run conforms all of it; while its mapping cannot be
    evaluated it is pending. What refers to records that stood is judged anew (``departed``). Makes ``taken_out`` (record_id,
    model_entity) of these records, for the stages of the entity that they were.
    """
    work.connection.execute(f"CREATE OR REPLACE TEMP TABLE {work.taken_out} (record_id UUID, model_entity VARCHAR)")
    names = {(each.source, each.entity): name for name, entities in mapped.items() for each in entities}
    # A mapping to another entity is another mapping; looking into every table takes long where there are many records.
    changed = [
        (source, entity)
        for source, entity, conforming_hash in work.connection.execute(
            f"SELECT source, entity, conforming_hash FROM {LIVING_PROGRESS}"
        ).fetchall()
        if (source, entity) in names and conforming_hash != work.hashes[source, entity]
    ]
    if not changed:
        return
    places = " OR ".join(map(_of, changed))
    was_another = {
        (source, entity) for source, entity, name in became(work.lake, places) if name != names[source, entity]
    }
    for place in sorted(was_another):
        _take_out(work, _of(place))
    work.connection.execute(f"INSERT INTO {work.departed} SELECT record_id FROM {work.taken_out}")


def _of(place: tuple[str, str]) -> str:
    source, entity = place
    return f"(source = {literal(source)} AND entity = {literal(entity)})"


def _take_out(work: Conforming, where: str) -> None:
    for name in conformed_entities(work.lake):
        table = f"{CONFORMED}.{quote(name)}"
        work.connection.execute(
            f"INSERT INTO {work.taken_out} SELECT record_id, {literal(name)} FROM {table} WHERE {where}"
        )
        work.connection.execute(f"DELETE FROM {table} WHERE {where}")
    for ledger in (LIVING_QUARANTINE, LIVING_TOMBSTONE, LIVING_PROGRESS):
        work.connection.execute(f"DELETE FROM {ledger} WHERE {where}")
