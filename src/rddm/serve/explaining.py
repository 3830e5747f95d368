"""Why records belong together: the identity layer's answers, with the names that people know records by."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rddm.contracts.errors import NotFound
from rddm.resolve.explain import Explanation
from rddm.resolve.refusals import Refusal
from rddm.resolve.weights import weight_of
from rddm.serve.between import Between, Inside, addresses_of, contradictions_inside, find_between, most_alike
from rddm.serve.identity_explain import (
    MemberLink,
    explain_fingerprints,
    explain_membership,
    explain_records,
    is_candidate_pair,
    match_probability_in_use,
)
from rddm.serve.judging import Word, words_between, words_by_pair
from rddm.serve.linked import linked_records
from rddm.serve.lookup import Identified, identify, require_probabilistic
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
class KeptApart:
    """
    Why grouping left two people two although records of theirs match. ``refusal``: by what and on how many pairs; ``first`` and
    ``second``: the records that speak loudest for that, with their ``weight``, ``contradiction`` and what is against them; None
    where no two do.
    """

    refusal: Refusal
    first: str | None = None
    second: str | None = None
    weight: float | None = None
    contradiction: str | None = None
    speaks_against: Sequence[Reason] = ()


@dataclass(frozen=True)
class PairExplained:
    """
    What speaks for and against two records being one, and what was decided. ``threshold``: the match weight from which they
    match; ``is_candidate``: a match key brings them together; if none does, a run compares them only where others hold them in
    one component. ``words``: what people have said of the two, or of any records of two people.

    Of two people, ``pairs`` of descriptions lie between them, of a ``mean`` weight, each counted within ±20 bits;
    ``kept_apart``: None if none of them matches, or they are one.
    """

    first: NamedRecord
    second: NamedRecord
    together: bool
    explanation: Explanation
    threshold: float
    possible_threshold: float
    is_candidate: bool
    words: Sequence[Word]
    pairs: int | None = None
    mean: float | None = None
    kept_apart: KeptApart | None = None


@dataclass(frozen=True)
class Step:
    """
    One link of a record to another one that is nearer to the founding one. ``prior`` and the ``reasons``, the loudest first, sum
    up to ``weight``; of records that say the same nothing is weighed. ``word``: a steward's, where it alone holds the two.
    """

    other: str
    how: str
    weight: float | None = None
    probability: float | None = None
    prior: float = 0.0
    reasons: Sequence[Reason] = ()
    word: Word | None = None


@dataclass(frozen=True)
class PossibleExplained:
    """
    Two who may be one, and the comparisons that speak for and against it, the loudest first; ``refusal``: why they are two
    although records of theirs match.
    """

    pair: PossiblePair
    speaks_for: Sequence[Reason]
    speaks_against: Sequence[Reason]
    refusal: Refusal | None = None


@dataclass(frozen=True)
class RecordExplained:
    """How one record came to its golden record: so many links (``depth``) from the founding one, which has no ``link``."""

    record: str
    depth: int
    link: Step | None


@dataclass(frozen=True)
class GroupExplained:
    """
    How every record of a golden record came to it: a tree, in which what hangs on a record follows it. ``left_out``: records
    beyond those explained; ``contradictions``: between its records.
    """

    id: uuid.UUID
    founder: str
    records: Sequence[RecordExplained]
    left_out: int
    contradictions: Sequence[Inside]


def explain_two(reading: Reading, entity: str, first: str, second: str) -> PairExplained:
    """
    Return what speaks for and against *first* and *second* being one; of golden records, by their two most alike records, whether
    a match key finds these or not. Of two people also what lies between them, and why grouping kept them apart.

    Raises:
        NotFound: one of the two is nobody, or both are the same record.
    """
    one, other = identify(reading, entity, first), identify(reading, entity, second)
    members = _members(reading, one, other)
    together = one.golden_id == other.golden_id
    identity = require_probabilistic(reading, entity)
    between = None if together else find_between(reading, entity, [(one.golden_id, other.golden_id)])[0]
    records = _most_alike(reading, entity, members, None if one.record_id or other.record_id else between)
    a, b = (each.record_id for each in records)
    (explanation,) = _explain(reading, entity, [(a, b)])
    match = match_probability_in_use(reading.lake.connection, lake=CATALOG, entity=entity, identity=identity)
    explained = PairExplained(
        *records,
        together=together,
        explanation=explanation,
        threshold=weight_of(match),
        possible_threshold=weight_of(identity.possible_probability),
        is_candidate=is_candidate_pair(
            reading.lake.connection,
            lake=CATALOG,
            entity=entity,
            model_entity=reading.settings.model.entities[entity],
            record_a=a,
            record_b=b,
        ),
        words=words_between(reading, entity, *([[a], [b]] if between is None else _everybody(reading, one, other))),
    )
    if between is None:
        return explained
    return replace(explained, pairs=between.pairs, mean=between.mean, kept_apart=_kept_apart(reading, entity, between))


def _everybody(reading: Reading, *who: Identified) -> list[list[uuid.UUID]]:
    return [[record.record_id for record in _records_of(reading, each)] for each in who]


def _kept_apart(reading: Reading, entity: str, between: Between) -> KeptApart | None:
    if between.refusal is None:
        return None
    if between.worst is None:
        return KeptApart(between.refusal)
    worst = between.worst
    ids = worst.fingerprint_a, worst.fingerprint_b
    names = addresses_of(reading, entity, ids)
    (explanation,) = explain_fingerprints(
        reading.lake.connection,
        lake=CATALOG,
        entity=entity,
        model_entity=reading.settings.model.entities[entity],
        pairs=[ids],
    )
    against = [each for each in _loudest(explanation) if each[2] < 0]
    first, second = (names[each] for each in ids)
    return KeptApart(between.refusal, first, second, worst.weight, worst.contradiction, against)


def explain_group(reading: Reading, entity: str, who: str) -> GroupExplained:
    """
    Return how each record of *who* came to it.

    Raises:
        NotFound: that is nobody.
    """
    found = identify(reading, entity, who)
    names = {record.record_id: record.address for record in _records_of(reading, found)}
    links = explain_membership(
        reading.lake.connection,
        lake=CATALOG,
        entity=entity,
        model_entity=reading.settings.model.entities[entity],
        golden_id=found.golden_id,
    )
    founder = found.golden_id if found.golden_id in names else min(names)
    shown = links[: EXPLAINED_RECORDS - 1]
    words = words_by_pair(reading, entity, [link.judged for link in shown if link.judged is not None])
    weighed = [(link.record, link.nearer) for link in shown if link.how != "description"]
    explanations = dict(zip(weighed, _explain(reading, entity, weighed), strict=True))
    explained = [RecordExplained(names[founder], 0, None)]
    explained += [
        RecordExplained(names[link.record], link.depth, _step(link, names[link.nearer], explanations, words))
        for link in shown
    ]
    contradictions = contradictions_inside(reading, entity, found.golden_id)
    return GroupExplained(found.golden_id, names[founder], explained, len(links) - len(shown), contradictions)


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
    between = find_between(reading, entity, [(pair.first.id, pair.second.id) for pair in pairs])
    explained = []
    for pair, explanation, found in zip(pairs, explanations, between, strict=True):
        reasons = _loudest(explanation)
        speaks_for, against = ([each for each in reasons if each[2] * sign > 0] for sign in (1, -1))
        explained.append(PossibleExplained(pair, speaks_for, against, found.refusal))
    return explained, total


def _loudest(explanation: Explanation) -> list[Reason]:
    """Return what weighs most, either way."""
    loudest = sorted(explanation.contributions, key=lambda each: -abs(each.weight))
    return [(each.field, each.level, each.weight) for each in loudest if abs(each.weight) >= TELLING_WEIGHT]


def _step(
    link: MemberLink,
    other: str,
    explanations: Mapping[tuple[uuid.UUID, uuid.UUID], Explanation],
    words: Mapping[frozenset[uuid.UUID], Word],
) -> Step:
    if link.how == "description":
        return Step(other, link.how)
    explanation = explanations[link.record, link.nearer]
    weighed = sorted(explanation.contributions, key=lambda each: -abs(each.weight))
    return Step(
        other,
        link.how,
        explanation.total,
        link.probability,
        explanation.prior,
        [(each.field, each.level, each.weight) for each in weighed if each.level != "missing"],
        words.get(frozenset(link.judged)) if link.judged else None,
    )


def _explain(reading: Reading, entity: str, pairs: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> list[Explanation]:
    return explain_records(
        reading.lake.connection,
        lake=CATALOG,
        entity=entity,
        model_entity=reading.settings.model.entities[entity],
        pairs=pairs,
    )


def _records_of(reading: Reading, who: Identified) -> list[NamedRecord]:
    """Return the records of *who*, the founding one first."""
    rows = linked_records(
        reading, who.entity, who.golden_id, "record.record_id, record.source, record.entity, record.key"
    )
    if not rows:
        raise NotFound(f"The {who.entity} {who.golden_id} has no records.")
    ordered = sorted(
        rows, key=lambda row: (row["record_id"] != who.golden_id, row["source"], row["entity"], row["key"])
    )
    return [
        NamedRecord(row["record_id"], f"{row['source']}/{row['entity']}/{row['key']}", who.golden_id) for row in ordered
    ]


def _members(reading: Reading, one: Identified, other: Identified) -> tuple[list[NamedRecord], list[NamedRecord]]:
    """Return the records that each of the two means: the one that was named, or all."""
    if one.golden_id == other.golden_id and None in (one.record_id, other.record_id):
        raise NotFound(
            f"Both are the same {one.entity} {one.golden_id}. Name two of its records as SOURCE/ENTITY/KEY, or ask about"
            f" all of them: rddm {one.entity} why {str(one.golden_id)[:8]}"
        )
    if one.record_id is not None and one.record_id == other.record_id:
        raise NotFound("Both are one and the same record. Name two.")
    first, second = (
        [record for record in _records_of(reading, each) if each.record_id in (None, record.record_id)]
        for each in (one, other)
    )
    return first, second


def _most_alike(
    reading: Reading, entity: str, members: Sequence[Sequence[NamedRecord]], between: Between | None
) -> tuple[NamedRecord, NamedRecord]:
    """Return the two of *members* that are most alike, one of each; where all of two people are asked for, *between* tells."""
    first, second = members
    if len(first) == len(second) == 1:
        return first[0], second[0]
    records = [record.record_id for record in (*first, *second)]
    links = reading.of_ids("identity", f"{entity}__link", "record_id", records)
    says = {
        row["record_id"]: row["fingerprint_id"]
        for row in reading.rows(f"SELECT record_id, fingerprint_id FROM {links}")
    }
    ones, others = ({says[record.record_id]: record for record in reversed(each)} for each in members)
    if between is not None:
        return ones[between.best.fingerprint_a], others[between.best.fingerprint_b]
    a, b = most_alike(reading, entity, ones, others)
    return ones[a], others[b]
