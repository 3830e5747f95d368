"""Human words that contradict each other: "same" along a chain, "different" between its ends. "Different" stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rddm.resolve.explain import Strand, StrongestForest

Pair = tuple[str, str]


@dataclass(frozen=True)
class Conflict:
    """Two records that were told apart, and the chain of "same" that leads from the one to the other in spite of it."""

    different: Pair
    chain: Sequence[Pair]


def conflicts(same: Iterable[Pair], different: Iterable[Pair]) -> list[Conflict]:
    """
    Return where *different* contradicts a chain of *same*, in the order of *different*.

    >>> conflicts([("a", "b"), ("b", "c")], [("a", "c"), ("a", "d")])
    [Conflict(different=('a', 'c'), chain=[('a', 'b'), ('b', 'c')])]
    """
    forest = StrongestForest(Strand(a, b, 0.0) for a, b in same)
    chains = (((a, b), forest.path(a, b)) for a, b in different)
    return [Conflict(pair, [(each.a, each.b) for each in chain]) for pair, chain in chains if chain]
