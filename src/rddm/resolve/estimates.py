"""
How right the links are, reckoned without known answers: from the match probabilities of the pairs themselves.

Expected precision and recall are sums of posteriors, as in record linkage without a clerical review (Belin and Rubin 1995;
Herzog, Scheuren and Winkler 2007, chapter 12). What match keys miss is reckoned by capture and recapture (Petersen 1896,
in Chapman's form of 1951). All of it is as good as the model that the probabilities come from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby

from rddm.resolve.keys import COUNTED_KINDS, Found, KeyKind

FIELD_OF_PART: Mapping[str, str] = {
    **dict.fromkeys(("last", "sound", "last_word"), "last_name"),
    **dict.fromkeys(("given", "first_word"), "first_name"),
    "middle": "middle_name",
    **dict.fromkeys(("birth", "day", "year"), "birth_date"),
    "mailbox": "email",
    **dict.fromkeys(("region", "city", "postcode", "school"), "place"),
}
"""Which comparison a part of a match key is of; parts that are not listed are called as theirs."""
LEAST_RECAPTURED = 100.0
"""Fewer matches than this that both sides find tell nothing of those that neither does."""


@dataclass(frozen=True)
class WeighedPairs:
    """Candidate pairs that weigh *weight* bits or up to a bin more. ``matches``: the sum of their match probabilities."""

    weight: float
    pairs: float
    matches: float


@dataclass(frozen=True)
class CurvePoint:
    """What a threshold would give. ``precision`` and ``recall`` are expected values; None where there is nothing to divide by."""

    threshold: float
    pairs: float
    precision: float | None
    recall: float | None


def threshold_curve(weighed: Iterable[WeighedPairs]) -> list[CurvePoint]:
    """
    Return what each weight of *weighed* would give as the threshold, the lowest first.

    With p the match probability of a pair: precision(t) is the mean of p over the pairs that weigh t or more; recall(t) is
    the sum of p over those, divided by the sum of p over all candidate pairs.

    >>> for point in threshold_curve([WeighedPairs(-2.0, 90.0, 1.0), WeighedPairs(5.0, 10.0, 9.0)]):
    ...     print(point.threshold, point.precision, point.recall)
    -2.0 0.1 1.0
    5.0 0.9 0.9
    """
    ordered = sorted(weighed, key=lambda each: -each.weight)
    whole = sum(each.matches for each in ordered)
    points: list[CurvePoint] = []
    pairs = matches = 0.0
    for weight, group in groupby(ordered, lambda each: each.weight):
        for each in group:
            pairs, matches = pairs + each.pairs, matches + each.matches
        points.append(CurvePoint(weight, pairs, share_of(matches, pairs), share_of(matches, whole)))
    return points[::-1]


def share_of(part: float, whole: float) -> float | None:
    """Return *part* of *whole*, at most 1; None of nothing."""
    return min(1.0, part / whole) if whole > 0 else None


@dataclass(frozen=True)
class KindFindings:
    """What a kind of match key finds: ``matches`` expected among its ``pairs``; ``alone``: matches that no other kind finds."""

    kind: str
    matches: float
    alone: float
    pairs: float


def kind_findings(found: Sequence[Found], kinds: Iterable[KeyKind]) -> list[KindFindings]:
    """
    Return what each of *kinds* finds, in their order; those that are only counted find nothing and are left out.

    >>> from rddm.resolve.keys import KEY_KINDS
    >>> document, phone = KEY_KINDS[1], KEY_KINDS[3]
    >>> both = [Found(1 << 2 | 1 << 4, 80.0, 0.0), Found(1 << 4, 20.0, 5.0)]
    >>> [(each.matches, each.alone, each.pairs) for each in kind_findings(both, (document, phone))]
    [(80.0, 0.0, 80.0), (100.0, 20.0, 105.0)]
    """
    findings = []
    for kind in kinds:
        if kind.name in COUNTED_KINDS:
            continue
        mine = [each for each in found if each.kinds & (1 << kind.number)]
        findings.append(
            KindFindings(
                kind.name,
                matches=sum((each.matches for each in mine), 0.0),
                alone=sum((each.matches for each in mine if each.kinds == 1 << kind.number), 0.0),
                pairs=sum((each.matches + each.others for each in mine), 0.0),
            )
        )
    return findings


@dataclass(frozen=True)
class FoundWith:
    """Matches expected among pairs that the kinds of a mask find and that have values in all of ``fields`` on both sides."""

    kinds: int
    fields: frozenset[str]
    matches: float


@dataclass(frozen=True)
class KeyRecall:
    """
    Which share of the matches the keys find, by capture and recapture between two sides that share no field.

    ``first`` and ``second``: the kinds of either side; ``first_found``, ``second_found``, ``both_found``: matches expected;
    ``recall``: of all kinds in use, among matches that have the fields for both sides; ``covered``: which share of all matches
    found those are. Of the others nothing is known, but that they are harder to find.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    first_found: float
    second_found: float
    both_found: float
    recall: float
    covered: float


def key_recall(found: Sequence[FoundWith], kinds: Sequence[KeyKind]) -> KeyRecall | None:
    """
    Return which share of the matches *kinds* find; None where no two sides of them are independent enough to tell.

    Two sides share no field, so that one slip cannot hide a match from both. Of the matches that have the fields for
    both, the share that side one finds among those that side two found stands for its share of all (Chapman: N =
    (a+1)(b+1)/(c+1) - 1). Of all ways to make two sides, the one with most matches found by both is taken.
    """
    finding = [kind for kind in kinds if kind.name not in COUNTED_KINDS]
    best: KeyRecall | None = None
    for first, second in _sides(finding):
        estimate = _recaptured(found, first, second)
        if estimate is not None and (best is None or estimate.both_found > best.both_found):
            best = estimate
    return best


def fields_of(kind: KeyKind) -> frozenset[str]:
    """Return the comparisons whose values make a key of *kind*."""
    return frozenset(FIELD_OF_PART.get(part, part) for part in kind.parts)


def _sides(kinds: Sequence[KeyKind]) -> Iterable[tuple[tuple[KeyKind, ...], tuple[KeyKind, ...]]]:
    fields = sorted(frozenset().union(*map(fields_of, kinds)))
    seen = set()
    for size in range(1, len(fields)):
        for chosen in combinations(fields, size):
            first = tuple(kind for kind in kinds if fields_of(kind) <= set(chosen))
            second = tuple(kind for kind in kinds if not fields_of(kind) & set(chosen))
            if first and second and (second, first) not in seen and (first, second) not in seen:
                seen.add((first, second))
                yield first, second


def _recaptured(
    found: Sequence[FoundWith], first: Collection[KeyKind], second: Collection[KeyKind]
) -> KeyRecall | None:
    masks = [sum(1 << kind.number for kind in side) for side in (first, second)]
    whole = one = other = both = 0.0
    for each in found:
        if all(any(fields_of(kind) <= each.fields for kind in side) for side in (first, second)):
            in_first, in_second = (bool(each.kinds & mask) for mask in masks)
            whole += each.matches
            one += each.matches * in_first
            other += each.matches * in_second
            both += each.matches * (in_first and in_second)
    if both < LEAST_RECAPTURED:
        return None
    everything = max(whole, (one + 1) * (other + 1) / (both + 1) - 1)
    names = [tuple(kind.name for kind in side) for side in (first, second)]
    covered = whole / sum(each.matches for each in found)
    return KeyRecall(names[0], names[1], one, other, both, whole / everything, covered)
