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


def strongest_path(strands: Iterable[Strand], start: str, goal: str) -> Sequence[Strand]:
    """
    Return the links from *start* to *goal* whose weakest is as strong as can be; empty if they are one, or not joined.

    >>> strands = [Strand("a", "b", 9.0), Strand("b", "c", 8.0), Strand("a", "c", 7.0)]
    >>> [(one.a, one.b) for one in strongest_path(strands, "a", "c")]
    [('a', 'b'), ('b', 'c')]
    """
    nearer = {branch.node: branch for branch in strongest_tree(strands, goal)}
    path: list[Strand] = []
    while start in nearer:
        path.append(nearer[start].strand)
        start = nearer[start].nearer
    return path


@dataclass(frozen=True)
class Branch:
    """How a *node* hangs on the tree: by ``strand`` on the one that is ``nearer`` to the root, ``depth`` links from it."""

    node: str
    nearer: str
    depth: int
    strand: Strand


def strongest_tree(strands: Iterable[Strand], root: str) -> list[Branch]:
    """
    Return how every other node that is joined to *root* is, each by one link: on its way there the weakest link is as strong as
    can be. Whatever hangs on a node follows it.

    >>> strands = [Strand("a", "b", 9.0), Strand("b", "c", 8.0), Strand("a", "c", 7.0)]
    >>> [(one.node, one.nearer, one.depth) for one in strongest_tree(strands, "a")]
    [('b', 'a', 1), ('c', 'b', 2)]
    """
    links: dict[str, list[tuple[str, Strand]]] = defaultdict(list)
    roots: dict[str, str] = {}

    def find(node: str) -> str:
        while roots.setdefault(node, node) != node:
            roots[node] = roots[roots[node]]
            node = roots[node]
        return node

    for strand in sorted(strands, key=lambda one: (-one.weight, one.a, one.b)):
        if find(strand.a) != find(strand.b):
            roots[find(strand.a)] = find(strand.b)
            links[strand.a].append((strand.b, strand))
            links[strand.b].append((strand.a, strand))
    found: list[Branch] = []
    seen = {root}
    stack = [Branch(other, root, 1, strand) for other, strand in reversed(links[root])]
    while stack:
        branch = stack.pop()
        if branch.node in seen:
            continue
        seen.add(branch.node)
        found.append(branch)
        stack += [
            Branch(other, branch.node, branch.depth + 1, strand) for other, strand in reversed(links[branch.node])
        ]
    return found


def weakest_link(strands: Iterable[Strand]) -> float | None:
    """
    Return the weight of the link that a group falls apart without, the others being as strong as can be; None of none.

    >>> weakest_link([Strand("a", "b", 9.0), Strand("b", "c", 8.0), Strand("a", "c", 7.0)])
    8.0
    """
    root: dict[str, str] = {}

    def find(node: str) -> str:
        while root.setdefault(node, node) != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    weakest = None
    for strand in sorted(strands, key=lambda one: -one.weight):
        a, b = find(strand.a), find(strand.b)
        if a != b:
            root[a] = b
            weakest = strand.weight
    return weakest
