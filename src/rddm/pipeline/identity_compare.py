"""
How much pairs of nodes weigh.

A fingerprint that takes part is a *node* with a number of this run: numbers are what pairs are made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa

from rddm.pipeline.identity_work import Work
from rddm.project.settings import ProbabilisticIdentity
from rddm.resolve.comparisons import compare_sql
from rddm.resolve.exact import exact_compare_sql
from rddm.resolve.weights import Mixture, match_probability_of, pattern_bits, weight_of, weight_sql

COMPARED_NODES = 4_000_000
"""How many nodes the first, and the second, ends of pairs that are compared at a time may be: they are held in memory."""


def part_of_node_sql(number: str) -> str:
    """Return the SQL expression for the part of the nodes that the one with *number* is in."""
    return f"({number} // {COMPARED_NODES})"


def threshold_of(work: Work, mixture: Mixture) -> float:
    """The match weight from which two fingerprints match."""
    if not isinstance(work.identity, ProbabilisticIdentity):
        return 0.5
    return weight_of(match_probability_of(work.identity, mixture))


def possible_threshold_of(work: Work) -> float:
    return weight_of(work.identity.possible_probability) if work.identity.method == "probabilistic" else 0.5


@contextmanager
def weighed(work: Work, compared: str, mixture: Mixture, columns: str) -> Iterator[str]:
    """
    For the length of the block, give the query for *columns* and weight of *compared* (a query, see `compare_sql`), of which
    there is a table as long.
    """
    table = work.make("compared", compared)
    patterns = [
        int(row[0]) for row in work.connection.execute(f"SELECT DISTINCT pattern FROM {table} ORDER BY 1").fetchall()
    ]
    match, family, chance = pattern_bits(mixture, patterns)
    bits = {"pattern": pa.array(patterns, type=pa.int32())}
    bits |= {name: pa.array(found) for name, found in (("match", match), ("family", family), ("chance", chance))}
    work.load("pattern", pa.table(bits))
    yield f"SELECT {columns}, round({weight_sql()}, 6) AS weight FROM {table} JOIN {work.table('pattern')} USING (pattern)"
    work.drop("compared", "pattern")


def compare(work: Work, name: str, pairs: str, mixture: Mixture, least: float | None = None) -> str:
    """
    Make table *name*: *pairs* (a table: a, b) of nodes, with pattern, weight and contradiction; those that weigh *least* or more.
    """
    condition = "true" if least is None else f"weight >= {least!r}"
    fill: Callable[[str, str], str] = work.make
    for part, first, second in _parts(work, pairs):
        if work.method == "exact":
            fill(name, f"SELECT * FROM ({exact_compare_sql(part, first)}) WHERE {condition}")
        else:
            compared = compare_sql(part, first, second, families=mixture.families)
            with weighed(work, compared, mixture, "a, b, pattern, contradiction") as query:
                fill(name, f"SELECT * FROM ({query}) WHERE {condition}")
        fill = work.add
    return work.table(name)


def _parts(work: Work, pairs: str) -> Iterator[tuple[str, str, str]]:
    """
    Yield *pairs* (a table: a, b) in parts, each with the nodes that its first and its second ends are.

    Most pairs are of nodes near each other (`make_nodes`): these come first, one part of the nodes after the other.
    """
    nodes, count = work.table("told"), work.count(work.table("node"))
    if work.method == "exact":
        yield pairs, nodes, nodes
        return
    if count <= COMPARED_NODES:
        is_few = work.count(pairs) < count / 2
        yield pairs, _ends(work, pairs, "a") if is_few else nodes, _ends(work, pairs, "b") if is_few else nodes
        return
    a, b = map(part_of_node_sql, "ab")
    for first in range(0, count, COMPARED_NODES):
        inside = f"BETWEEN {first} AND {first + COMPARED_NODES - 1}"
        near = f"(SELECT * FROM {nodes} WHERE n {inside})"
        yield f"(SELECT a, b FROM {pairs} WHERE a {inside} AND b {inside})", near, near
    far = work.count(pairs, f"{a} <> {b}")
    parts = -(-far // COMPARED_NODES)
    for part in range(parts):
        some = work.make("compared_far", f"SELECT a, b FROM {pairs} WHERE {a} <> {b} AND a % {parts} = {part}")
        yield some, _ends(work, some, "a"), _ends(work, some, "b")
    work.drop("compared_far")


def _ends(work: Work, pairs: str, end: str) -> str:
    return f"(SELECT * FROM {work.table('told')} WHERE n IN (SELECT {end} FROM {pairs}))"
