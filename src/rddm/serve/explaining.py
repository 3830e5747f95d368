"""Why records belong together: the identity layer's answers, with the names that people know records by."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from rddm.contracts.errors import NotFound
from rddm.project.settings import ProbabilisticIdentity
from rddm.resolve.explain import Explanation
from rddm.resolve.weights import weight_of
from rddm.serve.identity_explain import (
    explain_fingerprints,
    explain_membership,
    explain_records,
    is_candidate_pair,
    match_probability_in_use,
)
from rddm.serve.lookup import Identified, identify
from rddm.serve.possible import EVERYTHING, PossiblePair, Wanted, list_possible
from rddm.serve.reading import Reading
from rddm.store.lake import CATALOG

EXPLAINED_RECORDS = 50
TELLING_WEIGHT = 0.5
"""Bits that a comparison must weigh to be named among the reasons."""
Reason = tuple[str, str, float]
"""A comparison's field, its level of agreement in words, its weight in bits."""


@dataclass(frozen=True)
class NamedRecord:
    record_id: uuid.UUID
    address: str
    golden_id: uuid.UUID


@dataclass(frozen=True)
class PairExplained:
    """
    What speaks for and against two records being one, and what was decided. ``threshold``: the match weight from which they
    match; ``judgement``: a human's word on exactly these two, or None. ``is_candidate``: a match key brings them together; if
    none does, a run compares them only where others hold them in one component.
    """

    first: NamedRecord
    second: NamedRecord
    together: bool
    explanation: Explanation
    threshold: float
    possible_threshold: float
    judgement: str | None
    is_candidate: bool


@dataclass(frozen=True)
class Step:
    """One link of the chain from a record to the founding one. ``reasons``: the comparisons that spoke loudest, with weights."""

    record: str
    other: str
    weight: float | None
    probability: float
    is_judged: bool
    reasons: Sequence[Reason]


@dataclass(frozen=True)
class PossibleExplained:
    """Two who may be one, and the comparisons that speak for and against it, the loudest first."""

    pair: PossiblePair
    speaks_for: Sequence[Reason]
    speaks_against: Sequence[Reason]


@dataclass(frozen=True)
class RecordExplained:
    """How one record came to its golden record; no steps for the founding one and those that say the same as it."""

    record: str
    how: str
    steps: Sequence[Step]


@dataclass(frozen=True)
class GroupExplained:
    """How every record of a golden record came to it. ``left_out``: records beyond those explained."""

    id: uuid.UUID
    founder: str
    records: Sequence[RecordExplained]
    left_out: int


def explain_two(reading: Reading, entity: str, first: str, second: str) -> PairExplained:
    """
    Return what speaks for and against *first* and *second* being one; of golden records, by their two most alike records.

    Raises:
        NotFound: one of the two is nobody, or both are the same record.
    """
    one, other = identify(reading, entity, first), identify(reading, entity, second)
    records = _most_alike(reading, one, other)
    model_entity = reading.settings.model.entities[entity]
    explanation = explain_records(
        reading.lake.connection,
        lake=CATALOG,
        entity=entity,
        model_entity=model_entity,
        record_a=records[0].record_id,
        record_b=records[1].record_id,
    )
    identity = model_entity.identity
    match, possible, is_candidate = 0.99, 0.6, True
    if isinstance(identity, ProbabilisticIdentity):
        is_candidate = is_candidate_pair(
            reading.lake.connection,
            lake=CATALOG,
            entity=entity,
            identity=identity,
            record_a=records[0].record_id,
            record_b=records[1].record_id,
        )
        match = match_probability_in_use(reading.lake.connection, lake=CATALOG, entity=entity, identity=identity)
        possible = identity.possible_probability
    return PairExplained(
        *records,
        together=records[0].golden_id == records[1].golden_id,
        explanation=explanation,
        threshold=weight_of(match),
        possible_threshold=weight_of(possible),
        judgement=_judgement(reading, records[0], records[1]),
        is_candidate=is_candidate,
    )


def explain_group(reading: Reading, entity: str, who: str) -> GroupExplained:
    """
    Return how each record of *who* came to it.

    Raises:
        NotFound: that is nobody.
    """
    found = identify(reading, entity, who)
    records = _records_of(reading, found)
    names = {record.record_id: record.address for record, _ in records}
    founder = found.golden_id if found.golden_id in names else min(names)
    explained = [
        RecordExplained(record.address, how, _steps(reading, entity, record, names))
        for record, how in records[:EXPLAINED_RECORDS]
    ]
    left_out = max(0, len(records) - EXPLAINED_RECORDS)
    return GroupExplained(found.golden_id, names[founder], explained, left_out)


def explain_possible(
    reading: Reading, entity: str, limit: int, *, wanted: Wanted = EVERYTHING, skip: int = 0
) -> tuple[list[PossibleExplained], int]:
    """
    Return *limit* pairs that wait for a human's word, the most worth first, after *skip*, with what speaks for and against
    each; and how many are *wanted* in all.

    Raises:
        NotFound: the project has no such source.
    """
    pairs, total = list_possible(reading, entity, limit, wanted=wanted, skip=skip)
    explanations = explain_fingerprints(
        reading.lake.connection,
        lake=CATALOG,
        entity=entity,
        model_entity=reading.settings.model.entities[entity],
        pairs=[(pair.first.fingerprint_id, pair.second.fingerprint_id) for pair in pairs],
    )
    explained = []
    for pair, explanation in zip(pairs, explanations, strict=True):
        reasons = _loudest(explanation)
        speaks_for = [each for each in reasons if each[2] > 0]
        explained.append(PossibleExplained(pair, speaks_for, [each for each in reasons if each[2] < 0]))
    return explained, total


def _loudest(explanation: Explanation) -> list[Reason]:
    """Return what weighs most, either way."""
    loudest = sorted(explanation.contributions, key=lambda each: -abs(each.weight))
    return [(each.field, each.level, each.weight) for each in loudest if abs(each.weight) >= TELLING_WEIGHT]


def _steps(reading: Reading, entity: str, record: NamedRecord, names: dict[uuid.UUID, str]) -> list[Step]:
    links = explain_membership(
        reading.lake.connection,
        lake=CATALOG,
        entity=entity,
        model_entity=reading.settings.model.entities[entity],
        record_id=record.record_id,
    )
    steps = []
    for link in links:
        reasons: list[Reason] = []
        if not link.judged:
            explanation = explain_records(
                reading.lake.connection,
                lake=CATALOG,
                entity=entity,
                model_entity=reading.settings.model.entities[entity],
                record_a=link.record_a,
                record_b=link.record_b,
            )
            reasons = _loudest(explanation)
        steps.append(
            Step(
                names.get(link.record_a, str(link.record_a)),
                names.get(link.record_b, str(link.record_b)),
                None if link.judged else link.weight,
                link.probability,
                link.judged,
                reasons,
            )
        )
    return steps


def _records_of(reading: Reading, who: Identified) -> list[tuple[NamedRecord, str]]:
    rows = reading.rows(
        f"SELECT record.record_id, record.source, record.entity, record.key, link.golden_id, link.how"
        f" FROM {reading.table('identity', who.entity + '__link')} AS link"
        f" JOIN {reading.table('conformed', who.entity)} AS record USING (record_id) WHERE link.golden_id = ?"
        " ORDER BY record.record_id <> link.golden_id, record.source, record.entity, record.key",
        [who.golden_id],
    )
    if not rows:
        raise NotFound(f"The {who.entity} {who.golden_id} has no records.")
    return [
        (NamedRecord(row["record_id"], f"{row['source']}/{row['entity']}/{row['key']}", row["golden_id"]), row["how"])
        for row in rows
    ]


def _most_alike(reading: Reading, one: Identified, other: Identified) -> tuple[NamedRecord, NamedRecord]:
    first, second = ([record for record, _ in _records_of(reading, each)] for each in (one, other))
    if one.record_id is not None:
        first = [record for record in first if record.record_id == one.record_id]
    if other.record_id is not None:
        second = [record for record in second if record.record_id == other.record_id]
    if one.golden_id == other.golden_id and None in (one.record_id, other.record_id):
        raise NotFound(
            f"Both are the same {one.entity} {one.golden_id}. Name two of its records as SOURCE/ENTITY/KEY, or ask about"
            f" all of them: rddm {one.entity} why {str(one.golden_id)[:8]}"
        )
    if first[0].record_id == second[0].record_id:
        raise NotFound("Both are one and the same record. Name two.")
    link, pair = (reading.table("identity", f"{one.entity}__{name}") for name in ("link", "pair"))
    rows = reading.rows(
        f"""
        WITH a AS (SELECT record_id, fingerprint_id FROM {link} WHERE list_contains(?::UUID[], record_id)),
        b AS (SELECT record_id, fingerprint_id FROM {link} WHERE list_contains(?::UUID[], record_id))
        SELECT a.record_id AS a, b.record_id AS b FROM a, b JOIN {pair} AS pair
            ON pair.fingerprint_a = least(a.fingerprint_id, b.fingerprint_id)
            AND pair.fingerprint_b = greatest(a.fingerprint_id, b.fingerprint_id)
        ORDER BY pair.weight DESC, a, b LIMIT 1""",
        [[str(record.record_id) for record in first], [str(record.record_id) for record in second]],
    )
    if not rows:
        return first[0], second[0]
    by_id = {record.record_id: record for record in (*first, *second)}
    return by_id[rows[0]["a"]], by_id[rows[0]["b"]]


def _judgement(reading: Reading, first: NamedRecord, second: NamedRecord) -> str | None:
    low, high = sorted((str(first.record_id), str(second.record_id)))
    with reading.database.connect() as connection:
        row = connection.execute(
            "SELECT verdict FROM control.judgement WHERE record_a = %s AND record_b = %s AND withdrawn_at IS NULL",
            (low, high),
        ).fetchone()
    return row[0] if row else None
