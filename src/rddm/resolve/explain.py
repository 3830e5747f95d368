"""
Why two records are one person, or are not: what each field weighed, so that the parts add up to the whole.

Fields are not independent - once the surname agrees, the patronymic of the same family says less. So a field's weight
here is what it adds to the fields before it: the match weight with it less the match weight without. The first is the
prior, the sum is the total.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rddm.resolve.comparisons import COMPARISONS, MISSING, SAME, levels_of
from rddm.resolve.weights import CLASSES, TERMS_BY_CLASS, Mixture, probability_of, total_bits


@dataclass(frozen=True)
class Contribution:
    """What one comparison adds. ``level`` in words; ``weight`` in bits. The values are as conformed, for the reader."""

    field: str
    value_a: str | None
    value_b: str | None
    level: str
    weight: float


@dataclass(frozen=True)
class Explanation:
    """
    ``prior`` plus the weights of ``contributions`` is ``total``, a match weight; ``contradiction`` is a code or
    None.
    """

    prior: float
    contributions: tuple[Contribution, ...]
    total: float
    probability: float
    contradiction: str | None = None


def explain_pair(
    mixture: Mixture,
    pattern: int,
    terms: Mapping[str, float],
    values: Mapping[str, tuple[str | None, str | None]],
    contradiction: str | None = None,
) -> Explanation:
    """
    Return what each field of a pair weighed.

    *terms* gives the term weight per comparison, *values* the two values to show; both may leave comparisons out.

    >>> from rddm.resolve.weights import shipped_mixture
    >>> from rddm.resolve.comparisons import pattern_of
    >>> found = explain_pair(shipped_mixture(), pattern_of((1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0)), {}, {})
    >>> abs(found.prior + sum(one.weight for one in found.contributions) - found.total) < 1e-9
    True
    """
    bits = {name: float(np.log2(mixture.shares[place])) for place, name in enumerate(CLASSES)}
    prior = running = total_bits(bits)
    contributions = []
    for place, (comparison, level) in enumerate(zip(COMPARISONS, levels_of(pattern), strict=True)):
        a, b = values.get(comparison.name, (None, None))
        if level == MISSING:
            contributions.append(Contribution(comparison.name, a, b, "missing", 0.0))
            continue
        for number, name in enumerate(CLASSES):
            bits[name] += float(np.log2(mixture.levels[number, place, level]))
            if level == SAME and comparison.name in TERMS_BY_CLASS[name]:
                bits[name] += terms.get(comparison.name, 0.0)
        total = total_bits(bits)
        contributions.append(Contribution(comparison.name, a, b, comparison.words[level], total - running))
        running = total
    return Explanation(prior, tuple(contributions), running, probability_of(running), contradiction)


@dataclass(frozen=True)
class Strand:
    """A link that holds a group together, between two nodes."""

    a: str
    b: str
    weight: float


@dataclass(frozen=True)
class Branch:
    """How a *node* hangs on the tree: by ``strand`` on the one that is ``nearer`` to the root, ``depth`` links from it."""

    node: str
    nearer: str
    depth: int
    strand: Strand


class StrongestForest:
    """
    The strands that hold nodes together when weaker ones are not needed: between any two that are joined there is one path, and
    its weakest strand is as strong as can be. ``weakest``: the weight of the weakest of all; None of none.

    >>> forest = StrongestForest([Strand("a", "b", 9.0), Strand("b", "c", 8.0), Strand("a", "c", 7.0)])
    >>> [(one.a, one.b) for one in forest.path("a", "c")], forest.weakest
    ([('a', 'b'), ('b', 'c')], 8.0)
    """

    def __init__(self, strands: Iterable[Strand]) -> None:
        self._links: dict[str, list[tuple[str, Strand]]] = defaultdict(list)
        joined: dict[str, str] = {}

        def find(node: str) -> str:
            while joined.setdefault(node, node) != node:
                joined[node] = joined[joined[node]]
                node = joined[node]
            return node

        self.weakest: float | None = None
        for strand in sorted(strands, key=lambda one: (-one.weight, one.a, one.b)):
            a, b = find(strand.a), find(strand.b)
            if a != b:
                joined[a] = b
                self.weakest = strand.weight
                self._links[strand.a].append((strand.b, strand))
                self._links[strand.b].append((strand.a, strand))
        self._above: dict[str, tuple[str, Strand] | None] = {}
        self._depth: dict[str, int] = {}
        for top in self._links:
            if top not in self._above:
                self._above[top], self._depth[top] = None, 0
                for branch in self.tree(top):
                    self._above[branch.node] = branch.nearer, branch.strand
                    self._depth[branch.node] = branch.depth

    def tree(self, root: str) -> list[Branch]:
        """
        Return how every other node that is joined to *root* is, each by one link. Whatever hangs on a node follows it.

        >>> strands = [Strand("a", "b", 9.0), Strand("b", "c", 8.0), Strand("a", "c", 7.0)]
        >>> [(one.node, one.nearer, one.depth) for one in StrongestForest(strands).tree("a")]
        [('b', 'a', 1), ('c', 'b', 2)]
        """
        found: list[Branch] = []
        seen = {root}
        stack = [Branch(other, root, 1, strand) for other, strand in reversed(self._links.get(root, ()))]
        while stack:
            branch = stack.pop()
            if branch.node in seen:
                continue
            seen.add(branch.node)
            found.append(branch)
            stack += [
                Branch(other, branch.node, branch.depth + 1, strand)
                for other, strand in reversed(self._links[branch.node])
            ]
        return found

    def path(self, start: str, goal: str) -> Sequence[Strand]:
        """Return the strands from *start* to *goal*; empty if they are one, or not joined."""
        up: list[Strand] = []
        down: list[Strand] = []
        while start != goal:
            way = up if self._depth.get(start, 0) >= self._depth.get(goal, 0) else down
            above = self._above.get(start if way is up else goal)
            if above is None:
                return []
            way.append(above[1])
            start, goal = (above[0], goal) if way is up else (start, above[0])
        return [*up, *reversed(down)]
