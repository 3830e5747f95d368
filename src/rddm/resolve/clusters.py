"""
From pairs to groups: connected components, taken apart where they contradict themselves.

A component is put together pair by pair, the surest first. A step is refused where it would join two fingerprints that
cannot be one, or two groups whose members, taken all together, speak against it: there, a contradiction weighs heavily.
Two who were born a generation apart keep their groups apart, too, unless others in them agree in a birth date or a number:
records without a birth date are as like the father as the son of his name, so any number of them says nothing.
Nor does such a record join either of them: what speaks for one of two who cannot both be meant speaks against the other.
"Same" judgements come first and need no evidence. Every decision depends on one component alone and on nothing's order,
so a new batch decides as a full run would.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Integers = npt.NDArray[np.int64] | npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

COMPONENTS_VERSION = 1
"""Changes whenever what is stored of components does, so that it is made anew."""

COMPONENT_LIMIT = 200
"""A component of more fingerprints than this that are not all alike is first cut at its weakest pairs."""
JUDGED_WEIGHT = 1e6
"""An edge that a person's "same" made has this weight, which no evidence reaches."""
WEIGHT_LIMIT = 20.0
"""A single pair speaks for or against joining two groups with at most this many bits..."""
CONTRADICTION_BITS = 20.0
"""... and a pair that contradicts itself with this many less: all that one other pair can say for it."""
_CUT_STEP = 3.0
_CUT_STEPS = 12


def component_labels(count: int, a: Integers, b: Integers) -> Integers:
    """
    Return for each of *count* nodes the number of its connected component, given edges *a*-*b* (node numbers from
    0).
    """
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def cut_component(count: int, a: Integers, b: Integers, weights: Floats, limit: int = COMPONENT_LIMIT) -> Integers:
    """
    Return labels for one component that is too large to be judged: its weakest edges go until every part is within
    *limit*.

    What is still too large at the strictest threshold falls apart into single nodes: better none than a wrong giant. Only
    edges of judgements (`JUDGED_WEIGHT`) hold whatever they make.
    """
    labels: Integers = np.zeros(count, dtype=np.int64)
    threshold = float(np.min(weights, initial=np.inf))
    for _ in range(_CUT_STEPS):
        threshold += _CUT_STEP
        sizes = np.bincount(labels, minlength=count)
        large = sizes[labels] > limit
        if not large.any():
            return labels
        kept = (weights >= min(threshold, JUDGED_WEIGHT)) | ~large[a]
        kept &= labels[a] == labels[b]
        labels = component_labels(count, a[kept], b[kept])
    large = np.bincount(labels, minlength=count)[labels] > limit
    judged = (weights >= JUDGED_WEIGHT) & large[a]
    labels[large] = labels.max() + 1 + component_labels(count, a[judged], b[judged])[large]
    return labels


@dataclass(frozen=True)
class CrossPair:
    """
    Two members of a component, by their place in it. ``forbidden``: they cannot be one; ``contradicting``: they hardly can,
    only where their groups' other members say so; ``apart``: born a generation apart, and only where others in their groups
    ``agree`` in a birth date or a number they can be one.
    """

    a: int
    b: int
    weight: float
    forbidden: bool
    contradicting: bool = False
    apart: bool = False
    agree: bool = False

    @property
    def is_contradiction(self) -> bool:
        return self.forbidden or self.contradicting or self.apart


def agglomerate(
    count: int,
    pairs: Sequence[CrossPair],
    threshold: float,
    same: Sequence[tuple[int, int]] = (),
    different: Sequence[tuple[int, int]] = (),
) -> list[int]:
    """
    Return for each of *count* members the lowest member of its group.

    *pairs* are all pairs of the component, those at or above *threshold* (a match weight) are reasons to join, unless what
    they say is said of somebody else, too (`_torn`). *same* and *different* are judgements; where they contradict each
    other, "different" stands.

    >>> pairs = [CrossPair(0, 1, 12.0, False), CrossPair(1, 2, 9.0, False), CrossPair(0, 2, 1.0, True)]
    >>> agglomerate(3, pairs, threshold=6.6)
    [0, 1, 2]
    >>> agglomerate(3, pairs, threshold=2.0)
    [0, 0, 2]
    """
    likely = {(pair.a, pair.b): pair.weight for pair in pairs if pair.weight >= threshold and not pair.is_contradiction}
    groups = _Agglomeration(count, pairs, different).run(likely, same)
    torn = _torn(
        likely, groups, {(pair.a, pair.b) for pair in pairs if pair.is_contradiction} | set(different), threshold
    )
    torn -= {place for pair in same for place in pair}
    if not torn:
        return groups
    kept = {(a, b): w for (a, b), w in likely.items() if groups[a] == groups[b] and (a in torn) == (b in torn)}
    return _Agglomeration(count, pairs, different).run(kept, same)


def _torn(
    likely: Mapping[tuple[int, int], float],
    groups: Sequence[int],
    contradictions: Collection[tuple[int, int]],
    threshold: float,
) -> set[int]:
    """
    Return those who fit another of the *groups* too well to be in theirs: nobody can be two people.

    Between two groups that contradict each other stand those who contradict somebody in the other. Whoever else is likely to be
    in either is in the first, the second or neither, with odds of 2^weight each to 1: by the strongest chain of *likely* pairs
    to one of those who stand there.
    """
    against: dict[tuple[int, int], set[int]] = {}
    for a, b in contradictions:
        if groups[a] != groups[b]:
            against.setdefault((groups[a], groups[b]), set()).add(a)
            against.setdefault((groups[b], groups[a]), set()).add(b)
    matches: dict[int, dict[int, float]] = {}
    for (a, b), weight in likely.items():
        matches.setdefault(a, {})[b] = matches.setdefault(b, {})[a] = weight
    torn = set()
    for (own, other), standing in against.items():
        here, there = (
            _strengths(matches, groups, group, sure) for group, sure in ((own, standing), (other, against[other, own]))
        )
        for place in here.keys() - standing:
            rival = max((min(w, there.get(to, -math.inf)) for to, w in matches[place].items()), default=-math.inf)
            if here[place] - np.logaddexp2(0.0, rival) < threshold:
                torn.add(place)
    return torn


def _strengths(
    matches: Mapping[int, Mapping[int, float]], groups: Sequence[int], group: int, sure: Collection[int]
) -> dict[int, float]:
    """Return, for members of *group*, the weakest weight of their strongest chain of *matches* in it to one who is *sure*."""
    strengths: dict[int, float] = {}
    waiting = [(-math.inf, place) for place in sure]
    while waiting:
        weakness, place = heappop(waiting)
        if place in strengths:
            continue
        strengths[place] = -weakness
        for other, weight in matches.get(place, {}).items():
            if groups[other] == group and other not in strengths:
                heappush(waiting, (max(weakness, -weight), other))
    return strengths


class _Agglomeration:
    def __init__(self, count: int, pairs: Sequence[CrossPair], different: Sequence[tuple[int, int]]) -> None:
        self.group = list(range(count))
        self.members = [1 << place for place in range(count)]
        self.forbidden = [0] * count
        self.contradicting = [0] * count
        self.apart = [0] * count
        self.agree = [0] * count
        self.judged_different = [0] * count
        self.evidence = [[0.0] * count for _ in range(count)]
        for pair in pairs:
            bounded = max(-WEIGHT_LIMIT, min(WEIGHT_LIMIT, pair.weight))
            if pair.contradicting:
                bounded -= CONTRADICTION_BITS
                self._set(self.contradicting, pair.a, pair.b)
            self.evidence[pair.a][pair.b] = self.evidence[pair.b][pair.a] = bounded
            if pair.forbidden:
                self._set(self.forbidden, pair.a, pair.b)
            if pair.apart or pair.agree:
                self._set(self.apart if pair.apart else self.agree, pair.a, pair.b)
        for a, b in different:
            self._set(self.judged_different, a, b)

    @staticmethod
    def _set(masks: list[int], a: int, b: int) -> None:
        masks[a] |= 1 << b
        masks[b] |= 1 << a

    def run(self, likely: Mapping[tuple[int, int], float], same: Sequence[tuple[int, int]]) -> list[int]:
        """Join the ends of *same* and then, the surest first, those of *likely* pairs (with their weights)."""
        for a, b in sorted((min(pair), max(pair)) for pair in same):
            self._join(self.group[a], self.group[b], judged=True)
        for a, b in sorted(likely, key=lambda pair: (-likely[pair], pair)):
            self._join(self.group[a], self.group[b], judged=False)
        return self.group

    def _join(self, a: int, b: int, *, judged: bool) -> None:
        if a == b or self.members[a] & self.judged_different[b] or (not judged and self._contradict(a, b)):
            return
        keep, drop = min(a, b), max(a, b)
        for place, group in enumerate(self.group):
            if group == drop:
                self.group[place] = keep
        for masks in (self.members, self.forbidden, self.contradicting, self.apart, self.agree, self.judged_different):
            masks[keep] |= masks[drop]
        kept, dropped = self.evidence[keep], self.evidence[drop]
        for place, row in enumerate(self.evidence):
            kept[place] += dropped[place]
            row[keep] += row[drop]

    def _contradict(self, a: int, b: int) -> bool:
        if self.members[a] & self.forbidden[b]:
            return True
        if self.members[a] & self.apart[b] and not self.members[a] & self.agree[b]:
            return True
        both_groups = self.members[a].bit_count() > 1 and self.members[b].bit_count() > 1
        weighed = both_groups or self.members[a] & self.contradicting[b]
        return bool(weighed) and self.evidence[a][b] < 0
