"""From what people write - an id, its beginning, a record's address - to a golden id that lives."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from rddm.contracts.errors import NotFound
from rddm.contracts.tables.golden import golden_id
from rddm.project.settings import Model, ProbabilisticIdentity
from rddm.serve.addresses import RecordAddress, read_who
from rddm.serve.reading import Reading
from rddm.serve.whereabouts import missing_id, missing_record

LISTED = 10


@dataclass(frozen=True)
class Identified:
    """
    What was meant. ``redirected``: ids merged on the way, the one asked for first; ``record_id``: the record, when one was named.
    """

    entity: str
    golden_id: uuid.UUID
    redirected: tuple[uuid.UUID, ...] = ()
    record_id: uuid.UUID | None = None


def people_entity(reading: Reading) -> str:
    """
    Return the entity of the model that is matched by weights: people, by default.

    Raises:
        NotFound: the model has none.
    """
    return people_in(reading.settings.model)


def people_in(model: Model) -> str:
    """
    Return the entity of *model* that is matched by weights.

    Raises:
        NotFound: it has none.
    """
    for name, entity in model.entities.items():
        if isinstance(entity.identity, ProbabilisticIdentity):
            return name
    raise NotFound("The model has no entity that is matched by weights, so there are no people to look for.")


def require_probabilistic(reading: Reading, entity: str) -> ProbabilisticIdentity:
    """
    Return how *entity* is matched by weights.

    Raises:
        NotFound: the model has no such entity, or it is not matched by weights.
    """
    entities = reading.settings.model.entities
    identity = entities[entity].identity if entity in entities else None
    if isinstance(identity, ProbabilisticIdentity):
        return identity
    matched = [name for name, each in entities.items() if isinstance(each.identity, ProbabilisticIdentity)]
    what = "is not matched by weights" if entity in entities else "is not in the model"
    raise NotFound(f"Entity {entity} {what}. Those that are: {', '.join(matched) or 'none'}.")


def identify(reading: Reading, entity: str, text: str) -> Identified:
    """
    Return which golden record of *entity* *text* means: an id or its unique beginning, a record id, or SOURCE/ENTITY/KEY.

    Raises:
        Malformed: it is neither an id nor an address.
        NotFound: nothing or more than one thing is meant.
    """
    who = read_who(text, entity)
    if isinstance(who, RecordAddress):
        return _of_record(reading, entity, who.record_id, text, who)
    low, high = who.low, who.high
    between = "BETWEEN ?::UUID AND ?::UUID"
    key = golden_id(entity)
    found = reading.rows(
        f"SELECT {key} AS id FROM {reading.table('golden', entity)} WHERE {key} {between} LIMIT {LISTED + 1}",
        [low, high],
    )
    if not found:
        found = reading.rows(
            f"SELECT old_id AS id FROM {reading.table('identity', 'redirect')} WHERE entity = ? AND old_id {between}"
            f" LIMIT {LISTED + 1}",
            [entity, low, high],
        )
        if len(found) == 1:
            return _living(reading, entity, found[0]["id"], text)
    if not found:
        found = reading.rows(
            f"SELECT record_id AS id FROM {reading.table('identity', entity + '__link')} WHERE record_id {between}"
            f" LIMIT {LISTED + 1}",
            [low, high],
        )
        if len(found) == 1:
            return _of_record(reading, entity, found[0]["id"], text)
    if len(found) == 1:
        return Identified(entity, found[0]["id"])
    if found:
        ids = "\n".join(f"  {row['id']}" for row in found[:LISTED])
        raise NotFound(f"{text} is the beginning of more than one id; write more of it:\n{ids}")
    raise NotFound(missing_id(reading, entity, text, who))


def identify_ever(reading: Reading, entity: str, text: str) -> Identified:
    """
    Return which golden id *text* means, one that has ended included.

    Raises:
        Malformed: it is neither an id nor an address.
        NotFound: there has never been such an id.
    """
    try:
        return identify(reading, entity, text)
    except NotFound:
        who = read_who(text, entity)
        if isinstance(who, RecordAddress):
            raise
        found = reading.rows(
            f"SELECT DISTINCT golden_id AS id FROM {reading.table('identity', 'event')}"
            " WHERE entity = ? AND golden_id BETWEEN ?::UUID AND ?::UUID LIMIT 2",
            [entity, who.low, who.high],
        )
        if len(found) != 1:
            raise
        return Identified(entity, found[0]["id"])


def _of_record(
    reading: Reading, entity: str, record_id: uuid.UUID, text: str, address: RecordAddress | None = None
) -> Identified:
    rows = reading.rows(
        f"SELECT golden_id FROM {reading.of_ids('identity', entity + '__link', 'record_id', [record_id])}"
    )
    if not rows:
        raise NotFound(missing_record(reading, entity, record_id, text, address))
    return Identified(entity, rows[0]["golden_id"], record_id=record_id)


def _living(reading: Reading, entity: str, old: uuid.UUID, text: str) -> Identified:
    passed = [old]
    while True:
        rows = reading.rows(
            f"SELECT golden_id FROM {reading.table('identity', 'redirect')} WHERE entity = ? AND old_id = ?",
            [entity, passed[-1]],
        )
        if not rows or rows[0]["golden_id"] in passed:
            break
        passed.append(rows[0]["golden_id"])
    last = passed[-1]
    if not reading.rows(
        f"SELECT 1 AS one FROM {reading.table('golden', entity)} WHERE {golden_id(entity)} = ?", [last]
    ):
        raise NotFound(
            f"The {entity} {text} was merged into {last}, of which no record is left."
            f" `rddm {entity} history {str(last)[:8]}` tells what happened."
        )
    return Identified(entity, last, redirected=tuple(passed[:-1]))
