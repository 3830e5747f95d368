"""
Whether somebody who is asked about is known: from compared candidates to people, each with a probability, and a verdict.

A person is as probable as the most alike of what their records say. The one who is asked about is one of the people found or
nobody of them, so with odds o the probability of a person is o / (1 + the sum of all o): two who are equally alike have half
each, however much speaks for both. What cannot be one with any of a person's records is never taken for that person; as in a
run, who was born a generation apart from one of them and agrees in a birth date or a number with another may be.

That nobody was found says only that nobody is known where something could be looked for: what gives no match key, or only
keys that too many share, is too little to tell.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import numpy as np

from rddm.resolve.asked import Compared, Description
from rddm.resolve.comparisons import COMPARISONS, GENERATION_APART, NAMES, SAME, do_agree
from rddm.resolve.explain import Explanation, explain_pair
from rddm.resolve.weights import CLASSES, TERMS_BY_CLASS, Mixture, pattern_bits

Verdict = Literal["known", "possible", "unknown", "too_little"]

LEAST_PROBABILITY = 0.01
"""Who is less probable than this is not worth a reader's time."""
SUGGESTIONS = 3
NEAREST = 10
"""So many of the people found tell what would help to choose among them."""
LEAST_HELP = 3.0
"""Bits that a field's agreement must be worth to be asked for."""


@dataclass(frozen=True)
class Candidate:
    """What one fingerprint of a person says, and how it compares with what was asked."""

    person: UUID
    description: Description
    compared: Compared


@dataclass(frozen=True)
class KnownPerson:
    """
    A person who may be the one. ``probability`` among all that were found and nobody; ``explanation``: of the most alike of
    what their records say; ``contradiction``: why it cannot be them in spite of their weight, as a code, or None.
    """

    id: UUID
    probability: float
    explanation: Explanation
    contradiction: str | None


@dataclass(frozen=True)
class Recognised:
    """
    ``people``, the most probable first; ``probability`` that it is one of them; ``would_help``: comparisons, the most telling
    first, that were not possible and would make the answer clearer.
    """

    verdict: Verdict
    probability: float
    people: Sequence[KnownPerson]
    would_help: Sequence[str]


@dataclass(frozen=True)
class Thresholds:
    match_probability: float
    possible_probability: float


@dataclass(frozen=True)
class Asked:
    """
    Who is asked about. ``common``: columns that were given and ``description`` lacks, as too many share their value;
    ``can_find``: they are looked for by a key that finds whoever has it; ``nobody_has``: roles of which no record has a value.
    """

    description: Description
    common: Collection[str] = ()
    can_find: bool = True
    nobody_has: Collection[str] = ()


def recognise(
    mixture: Mixture, asked: Asked, candidates: Sequence[Candidate], thresholds: Thresholds, limit: int
) -> Recognised:
    """Return who of the *candidates* is the one *asked* about, at most *limit* of them explained."""
    best, contradictions = _by_person(mixture, candidates)
    ranked = sorted(best.values(), key=lambda one: (-one.weight, str(one.candidate.person)))
    odds = np.exp2(np.clip([one.weight for one in ranked], -200.0, 200.0)) if ranked else np.zeros(0)
    whole = 1.0 + float(odds.sum())
    shares = (odds / whole).tolist()
    probability = float(odds.sum()) / whole
    people = [
        KnownPerson(
            one.candidate.person,
            share,
            explain_pair(mixture, one.candidate.compared.pattern, one.candidate.compared.terms, {}),
            contradictions.get(one.candidate.person),
        )
        for one, share in list(zip(ranked, shares, strict=True))[:limit]
        if share >= LEAST_PROBABILITY
    ]
    verdict: Verdict = "possible" if probability >= thresholds.possible_probability else "unknown"
    if people and people[0].probability >= thresholds.match_probability and people[0].contradiction is None:
        verdict = "known"
    if not candidates and not asked.can_find:
        verdict = "too_little"
    near = {one.candidate.person for one in ranked[:NEAREST]}
    nearest = [each for each in candidates if each.person in near]
    return Recognised(verdict, probability, people, _would_help(mixture, asked, nearest, verdict))


@dataclass(frozen=True)
class _Weighed:
    candidate: Candidate
    weight: float


def _by_person(mixture: Mixture, candidates: Sequence[Candidate]) -> tuple[dict[UUID, _Weighed], dict[UUID, str]]:
    """Return each person's most alike candidate, and the contradictions of those who have any."""
    patterns = list(dict.fromkeys(each.compared.pattern for each in candidates))
    bits = dict(zip(patterns, zip(*pattern_bits(mixture, patterns), strict=True), strict=True)) if patterns else {}
    best: dict[UUID, _Weighed] = {}
    contradictions: dict[UUID, str] = {}
    agreeing = {
        each.person
        for each in candidates
        if do_agree(each.compared.pattern) and each.compared.contradiction != GENERATION_APART
    }
    for each in candidates:
        weight = _weight(bits[each.compared.pattern], each.compared.terms)
        if each.person not in best or weight > best[each.person].weight:
            best[each.person] = _Weighed(each, weight)
        contradiction = each.compared.contradiction
        if contradiction is not None and not (contradiction == GENERATION_APART and each.person in agreeing):
            contradictions.setdefault(each.person, contradiction)
    return best, contradictions


def _weight(bits: tuple[float, float, float], terms: Mapping[str, float]) -> float:
    """The match weight, as `rddm.resolve.weights.weight_sql` has it."""
    match, family, chance = bits
    in_family = sum(value for name, value in terms.items() if name in TERMS_BY_CLASS["family"])
    return float(match - np.logaddexp2(family + in_family, chance + sum(terms.values())))


def _would_help(mixture: Mixture, asked: Asked, nearest: Collection[Candidate], verdict: Verdict) -> tuple[str, ...]:
    """
    Return the comparisons that nothing was given for, worth most first: those in which the people found differ, if there are
    several; that any of them has, if there is one; all that anybody has, if there is none.
    """
    if verdict == "known":
        return ()
    several = len({each.person for each in nearest}) > 1
    worth = _worth(mixture)
    helpful = []
    for comparison in COMPARISONS:
        if any(asked.description[column] is not None or column in asked.common for column in comparison.columns):
            continue
        values = {
            tuple(each.description[column] for column in comparison.columns)
            for each in nearest
            if any(each.description[column] is not None for column in comparison.columns)
        }
        if nearest:
            tells = len(values) > int(several)
        else:
            tells = comparison.name not in asked.nobody_has and not set(asked.nobody_has) >= set(comparison.columns)
        if tells and worth[comparison.name] >= LEAST_HELP:
            helpful.append(comparison.name)
    return tuple(sorted(helpful, key=lambda name: -worth[name])[:SUGGESTIONS])


def _worth(mixture: Mixture) -> dict[str, float]:
    """Return how many bits it is worth that two agree on a field rather than it being chance."""
    match, random = CLASSES.index("match"), CLASSES.index("random")
    return {
        name: float(np.log2(mixture.levels[match, place, SAME] / max(mixture.levels[random, place, SAME], 1e-12)))
        for place, name in enumerate(NAMES)
    }


def is_comparable(asked: Description) -> bool:
    """Whether *asked* says anything that is compared."""
    return any(asked[column] is not None for comparison in COMPARISONS for column in comparison.columns)
