"""From what people write - an id, its beginning, a record's address - to a golden id that lives."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from rddm.contracts.errors import NotFound
from rddm.contracts.ids import derive_record_id
from rddm.contracts.tables.golden import golden_id
from rddm.project.settings import Model, ProbabilisticIdentity
from rddm.serve.reading import Reading

SHORTEST = 4
"""Hexadecimal digits that an abbreviated id needs at least."""
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
        NotFound: nothing or more than one thing is meant.
    """
    if "/" in text:
        return _by_address(reading, entity, text)
    digits = text.replace("-", "").lower()
    if not re.fullmatch(rf"[0-9a-f]{{{SHORTEST},32}}", digits):
        raise NotFound(
            f"That is no id: write at least its first {SHORTEST} digits (0-9, a-f), or SOURCE/ENTITY/KEY."
            f" To look for a name, phone or e-mail: `rddm {entity} find TEXT`."
        )
    low, high = uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))
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
            return _living(reading, entity, found[0]["id"])
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
    raise NotFound(_ended(reading, entity, text, low, high) or f"There is no {entity} {text} here{_time(reading)}.")


def identify_ever(reading: Reading, entity: str, text: str) -> Identified:
    """
    Return which golden id *text* means, one that has ended included.

    Raises:
        NotFound: there has never been such an id.
    """
    try:
        return identify(reading, entity, text)
    except NotFound:
        digits = text.replace("-", "").lower()
        if not re.fullmatch(rf"[0-9a-f]{{{SHORTEST},32}}", digits):
            raise
        found = reading.rows(
            f"SELECT DISTINCT golden_id AS id FROM {reading.table('identity', 'event')}"
            " WHERE entity = ? AND golden_id BETWEEN ?::UUID AND ?::UUID LIMIT 2",
            [entity, uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))],
        )
        if len(found) != 1:
            raise
        return Identified(entity, found[0]["id"])


def _by_address(reading: Reading, entity: str, text: str) -> Identified:
    source, _, rest = text.partition("/")
    own_entity, _, key = rest.partition("/")
    if not key:
        raise NotFound(f"{text} is no address of a record: write SOURCE/ENTITY/KEY.")
    return _of_record(reading, entity, derive_record_id(source, own_entity, key), text)


def _of_record(reading: Reading, entity: str, record_id: uuid.UUID, text: str) -> Identified:
    rows = reading.rows(
        f"SELECT golden_id FROM {reading.table('identity', entity + '__link')} WHERE record_id = ?", [record_id]
    )
    if rows:
        return Identified(entity, rows[0]["golden_id"], record_id=record_id)
    waiting = reading.rows(f"SELECT kind FROM {reading.table('quarantine', 'record')} WHERE record_id = ?", [record_id])
    if waiting:
        raise NotFound(
            f"The record {text} waits in quarantine ({waiting[0]['kind']}), so it belongs to nobody yet."
            f" `rddm quarantine show {text.replace('/', ' ', 2)}` says why."
        )
    gone = reading.rows(
        f"SELECT 1 AS one FROM {reading.table('conformed', 'tombstone')} WHERE record_id = ?", [record_id]
    )
    if gone:
        raise NotFound(
            f"The record {text} was deleted, so it belongs to nobody any more. `--as-of WHEN` shows whose it was,"
            f" `rddm quarantine show {text.replace('/', ' ', 2)}` what was delivered of it."
        )
    raise NotFound(f"There is no {entity} record {text} here{_time(reading)}.")


def _ended(reading: Reading, entity: str, text: str, low: uuid.UUID, high: uuid.UUID) -> str:
    """Return what became of the one golden id from *low* to *high* that lives no more; empty when there is none."""
    ended = reading.rows(
        f"SELECT golden_id AS id, max(run_id) AS run FROM {reading.table('identity', 'event')}"
        " WHERE entity = ? AND kind = 'ended' AND golden_id BETWEEN ?::UUID AND ?::UUID GROUP BY golden_id LIMIT 2",
        [entity, low, high],
    )
    if len(ended) != 1:
        return ""
    return (
        f"The {entity} {text} ended in run {ended[0]['run']}: none of its records is left{_time(reading)}."
        f" `rddm {entity} history {str(ended[0]['id'])[:8]}` tells what happened, `--as-of WHEN` shows it as it was."
    )


def _living(reading: Reading, entity: str, old: uuid.UUID) -> Identified:
    passed = [old]
    while True:
        rows = reading.rows(
            f"SELECT golden_id FROM {reading.table('identity', 'redirect')} WHERE entity = ? AND old_id = ?",
            [entity, passed[-1]],
        )
        if not rows or rows[0]["golden_id"] in passed:
            return Identified(entity, passed[-1], redirected=tuple(passed[:-1]))
        passed.append(rows[0]["golden_id"])


def _time(reading: Reading) -> str:
    return f" at snapshot {reading.snapshot}" if reading.snapshot is not None else ""
