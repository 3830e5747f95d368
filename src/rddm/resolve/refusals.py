"""
Why two groups stayed two although a pair between them matches: what grouping asks, asked of the groups as they are now.

`rddm.resolve.clusters` decides while the groups grow; what it saw then is kept nowhere. So this is what stands between them
when they have grown, in the order in which it is asked there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rddm.resolve.comparisons import FORBIDDING, GENERATION_APART

Code = Literal["told_apart", "not_compared", "cut", "contradiction", "forbidden", "apart", "outweighed", "earlier"]


@dataclass(frozen=True)
class Crossing:
    """
    All pairs between two groups. ``matching``: those at or above the threshold; ``joining``: those of them that do not contradict
    themselves; ``best_contradiction``: that of the best pair; ``contradictions``: how many pairs, by code; ``agree``: one of them
    does in a birth date or a number; ``evidence``: what they sum up to as `rddm.resolve.clusters` counts it; ``several``: both
    groups have several members.
    """

    pairs: int
    matching: int
    joining: int
    evidence: float
    best_contradiction: str | None = None
    contradictions: Mapping[str, int] = field(default_factory=dict)
    agree: bool = False
    several: bool = False


@dataclass(frozen=True)
class Standing:
    """
    What else is known of two groups: whether a human told them apart, whether matches hold them in one component, and whether
    that was too large and cut between them.
    """

    told_apart: bool = False
    connected: bool = True
    cut: bool = False


@dataclass(frozen=True)
class Refusal:
    """
    Why two groups that have a matching pair are two. ``contradiction``: its code, where it is one, on so many ``pairs`` of all
    ``of_pairs``; ``evidence``: what all of these sum up to, in bits.
    """

    code: Code
    pairs: int
    of_pairs: int
    evidence: float
    contradiction: str | None = None


def refusal_of(found: Crossing, standing: Standing) -> Refusal | None:
    """
    Return what keeps two groups apart; None if no pair between them matches and nobody told them apart.

    >>> refusal_of(Crossing(pairs=4, matching=1, joining=1, evidence=-7.5, several=True), Standing())
    Refusal(code='outweighed', pairs=4, of_pairs=4, evidence=-7.5, contradiction=None)
    >>> refusal_of(Crossing(pairs=4, matching=0, joining=0, evidence=-7.5, several=True), Standing()) is None
    True
    """
    if not found.matching and not standing.told_apart:
        return None
    counts = found.contradictions
    forbidding = next((code for code in FORBIDDING if code in counts), None)
    is_asked = found.several or any(code != GENERATION_APART for code in counts)
    rules: tuple[tuple[bool, Code, int, str | None], ...] = (
        (standing.told_apart, "told_apart", found.pairs, None),
        (not standing.connected, "not_compared", found.matching, None),
        (standing.cut, "cut", found.matching, None),
        (not found.joining, "contradiction", found.matching, found.best_contradiction),
        (forbidding is not None, "forbidden", counts.get(forbidding or "", 0), forbidding),
        (GENERATION_APART in counts and not found.agree, "apart", counts.get(GENERATION_APART, 0), GENERATION_APART),
        (is_asked and found.evidence < 0, "outweighed", found.pairs, None),
        (True, "earlier", found.pairs, None),
    )
    code, pairs, contradiction = next((code, pairs, what) for holds, code, pairs, what in rules if holds)
    return Refusal(code, pairs, found.pairs, found.evidence, contradiction)
