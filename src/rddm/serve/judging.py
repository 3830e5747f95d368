"""Which two records a human's word is about."""

from __future__ import annotations

import uuid

from rddm.contracts.errors import NotFound
from rddm.serve.lookup import Identified, identify
from rddm.serve.reading import Reading


def records_to_judge(
    reading: Reading, entity: str, verdict: str, first: str, second: str
) -> tuple[uuid.UUID, uuid.UUID]:
    """
    Return the two record ids that a *verdict* (same, different) on *first* and *second* is kept on.

    A golden record is stood for by its founding record, or by the lowest of those it has when that one has gone elsewhere.

    Raises:
        NotFound: one of the two is nobody, both are the same record, or, to tell apart one person, no two records were named.
    """
    one, other = identify(reading, entity, first), identify(reading, entity, second)
    if verdict == "different" and one.golden_id == other.golden_id and None in (one.record_id, other.record_id):
        raise NotFound(
            f"Both are the same {entity} {one.golden_id}. Name the two records to tell apart as SOURCE/ENTITY/KEY;"
            f" `rddm {entity} show {str(one.golden_id)[:8]}` lists them."
        )
    records = _record_of(reading, one), _record_of(reading, other)
    if records[0] == records[1]:
        raise NotFound("Both are one and the same record. Name two.")
    return records


def _record_of(reading: Reading, who: Identified) -> uuid.UUID:
    if who.record_id is not None:
        return who.record_id
    rows = reading.rows(
        f"SELECT record_id FROM {reading.table('identity', who.entity + '__link')} WHERE golden_id = ?"
        " ORDER BY record_id <> golden_id, record_id LIMIT 1",
        [who.golden_id],
    )
    if not rows:
        raise NotFound(f"The {who.entity} {who.golden_id} has no records.")
    found: uuid.UUID = rows[0]["record_id"]
    return found
