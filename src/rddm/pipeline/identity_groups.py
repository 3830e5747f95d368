"""Resolve, step 6: the fingerprints that may be grouped otherwise than before, and their groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rddm.contracts.tables import literal
from rddm.pipeline.identity_compare import compare, threshold_of
from rddm.pipeline.identity_nodes import fetch_nodes
from rddm.pipeline.identity_work import Work
from rddm.resolve.clusters import (
    COMPONENT_LIMIT,
    JUDGED_WEIGHT,
    CrossPair,
    Floats,
    Integers,
    agglomerate,
    component_labels,
    cut_component,
)
from rddm.resolve.comparisons import FORBIDDING, GENERATION_APART, agree_sql
from rddm.resolve.weights import Mixture
from rddm.store.lake import among_sql


@dataclass(frozen=True)
class Edges:
    """
    What holds components together: nodes *a* and *b*, with the match weight, or `JUDGED_WEIGHT` for a human's word. Those that
    are ``contradicting`` themselves hold a component, but join no two in a group.
    """

    a: Integers
    b: Integers
    weights: Floats
    contradicting: npt.NDArray[np.bool_]


def group_fingerprints(work: Work, mixture: Mixture) -> None:
    """
    Make ``grouped``: n, fingerprint_id, grp (BIGINT), best (weight of its best match inside the group that a match key finds; if
    there is none, of the best that was compared while grouping; null if only a human's word holds it there); and ``apart_now``
    (fingerprint_a, fingerprint_b): which of them match and are in two groups.

    Grain: a fingerprint of a component that a change can have reached. Needs ``judged``: fingerprint_a, fingerprint_b,
    verdict of the judgements that hold now.
    """
    _make_closure(work)
    edges = _edges(work)
    labels = component_labels(work.count(work.table("node")), edges.a, edges.b)
    doubtful = _find_doubtful(work, labels)
    work.make(
        "component_now",
        f"SELECT c.fingerprint_id, l.component FROM {work.table('component')} c JOIN (SELECT component AS label,"
        f" min(fingerprint_id) AS component FROM {work.table('component')} GROUP BY component) l ON l.label = c.component",
    )
    if work.count(doubtful, f"size > {COMPONENT_LIMIT}"):
        labels = _cut_giants(work, labels, edges)
        doubtful = _find_doubtful(work, labels)
    is_settled = work.count(doubtful) > 0
    if is_settled:
        labels = _settle(work, labels, doubtful, mixture)
    _make_apart(work, labels, edges)
    best = _best_weights(labels, edges)
    lonely = np.isneginf(best) & (np.bincount(labels)[labels] > 1)
    if is_settled and lonely.any():
        others = _matches_without_key(work, lonely, threshold_of(work, mixture))
        best[lonely] = _best_weights(labels, others)[lonely]
    found = work.load("label", _labels_table(labels, best))
    work.make(
        "grouped",
        f"SELECT c.fingerprint_id, c.n, l.grp, l.best FROM {work.table('closure')} c JOIN {found} l ON l.n = c.n",
    )


def _make_apart(work: Work, labels: Integers, edges: Edges) -> None:
    apart = (labels[edges.a] != labels[edges.b]) & (edges.weights < JUDGED_WEIGHT)
    found = work.load("label", pa.table({"a": pa.array(edges.a[apart]), "b": pa.array(edges.b[apart])}))
    closure = work.table("closure")
    work.make(
        "apart_now",
        "SELECT least(x.fingerprint_id, y.fingerprint_id) AS fingerprint_a,"
        " greatest(x.fingerprint_id, y.fingerprint_id) AS fingerprint_b"
        f" FROM {found} l JOIN {closure} x ON x.n = l.a JOIN {closure} y ON y.n = l.b",
    )


def _best_weights(labels: Integers, edges: Edges) -> Floats:
    """Return for each node the weight of the best of *edges* that joins it inside its group, minus infinity for none."""
    best = np.full(len(labels), -np.inf)
    inside = (labels[edges.a] == labels[edges.b]) & (edges.weights < JUDGED_WEIGHT) & ~edges.contradicting
    for end in (edges.a, edges.b):
        np.maximum.at(best, end[inside], edges.weights[inside])
    return best


def _matches_without_key(work: Work, lonely: npt.NDArray[np.bool_], threshold: float) -> Edges:
    """Return the matches of *lonely* nodes that `_settle` found when it compared all of a component, match key or not."""
    nodes = work.load("lonely", pa.table({"n": pa.array(np.flatnonzero(lonely).astype(np.int32))}))
    among = f"SELECT n FROM {nodes}"
    return _as_edges(
        work,
        f"SELECT a, b, weight, contradiction FROM {work.table('cross')}"
        f" WHERE weight >= {threshold!r} AND (a IN ({among}) OR b IN ({among}))",
    )


def _labels_table(labels: Integers, best: Floats) -> pa.Table:
    return pa.table(
        {
            "n": pa.array(np.arange(len(labels), dtype=np.int32)),
            "grp": pa.array(labels.astype(np.int64)),
            "best": pa.array(best, mask=np.isneginf(best)),
        }
    )


def _make_closure(work: Work) -> None:
    """
    Make ``closure`` (n, fingerprint_id): the nodes of whole components, and ``component_before``: those that are stored of
    them and of what is removed.

    Whoever a change can have reached is in a component with it, as was or by its new pairs. New judgements have records
    that are reconsidered at both ends.
    """
    node, columns = work.table("node"), "fingerprint_id, component"
    if work.fresh:
        work.view("closure", f"SELECT n, fingerprint_id FROM {node}")
        work.make("component_before", f"SELECT {columns} FROM {work.past('component')} LIMIT 0")
        return
    stored, removed = work.past("component"), f"SELECT fingerprint_id FROM {work.table('removed')}"
    ends = "".join(
        f" UNION SELECT x.fingerprint_id FROM {work.table('pair_new')} p JOIN {node} x ON x.n = p.{end}"
        " WHERE p.outcome = 'match'"
        for end in "ab"
    )
    seed = work.make(
        "seed",
        " UNION ".join(
            f"SELECT fingerprint_id FROM {work.table(name)}"
            for name in ("affected", "removed", "record_now", "link_before", "rejudged")
        )
        + ends,
    )
    found = work.found(stored, "fingerprint_id", f"SELECT fingerprint_id FROM {seed}", "DISTINCT component")
    grown = f"SELECT component FROM {work.make('grown', found)}"
    before = work.make("component_before", f"SELECT {columns} FROM {stored} WHERE {among_sql('component', grown)}")
    reached = work.make(
        "reached",
        f"SELECT fingerprint_id FROM (SELECT fingerprint_id FROM {seed} UNION SELECT fingerprint_id FROM {before})"
        f" WHERE fingerprint_id NOT IN ({removed})",
    )
    fetch_nodes(work, f"SELECT fingerprint_id FROM {reached}")
    work.make(
        "closure",
        f"SELECT n, fingerprint_id FROM {node} WHERE fingerprint_id IN (SELECT fingerprint_id FROM {reached})",
    )


def _edges(work: Work) -> Edges:
    closure, gone = work.table("closure"), work.table("gone")
    inside = f"SELECT fingerprint_id FROM {closure}"
    stored = f"""
  SELECT fingerprint_a, fingerprint_b, weight, contradiction FROM {work.past("pair")}
  WHERE outcome = 'match' AND {among_sql("fingerprint_a", inside)}
    AND fingerprint_a NOT IN (SELECT fingerprint_id FROM {gone}) AND fingerprint_b NOT IN (SELECT fingerprint_id FROM {gone})
  UNION ALL"""
    return _as_edges(
        work,
        f"""
SELECT a, b, weight, contradiction FROM {work.table("pair_new")} WHERE outcome = 'match'
UNION ALL
SELECT x.n AS a, y.n AS b, e.weight, e.contradiction FROM (
  {stored if not work.fresh else ""}
  SELECT fingerprint_a, fingerprint_b, {JUDGED_WEIGHT} AS weight, CAST(NULL AS VARCHAR) AS contradiction
  FROM {work.table("judged")} WHERE verdict = 'same'
) e
JOIN {closure} x ON x.fingerprint_id = e.fingerprint_a
JOIN {closure} y ON y.fingerprint_id = e.fingerprint_b""",
    )


def _as_edges(work: Work, pairs: str) -> Edges:
    """Return *pairs* (a query: a, b, weight, contradiction)."""
    query = f"SELECT a, b, weight, contradiction IS NOT NULL AS contradicting FROM ({pairs})"
    found = work.connection.execute(query).fetchnumpy()
    a, b = (np.asarray(found[end], dtype=np.int32) for end in "ab")
    return Edges(
        a, b, np.asarray(found["weight"], dtype=np.float64), np.asarray(found["contradicting"], dtype=np.bool_)
    )


def _find_doubtful(work: Work, labels: Integers) -> str:
    """
    Make ``component`` (fingerprint_id, n, component) of the nodes that are not alone, and ``doubtful`` (component, size):
    those whose members are not all alike, so that they could contradict each other.
    """
    several = np.flatnonzero(np.bincount(labels)[labels] > 1)
    table = pa.table({"n": pa.array(several.astype(np.int32)), "component": pa.array(labels[several].astype(np.int64))})
    label = work.load("label", table)
    component = work.make(
        "component",
        f"SELECT c.fingerprint_id, c.n, l.component FROM {label} l JOIN {work.table('closure')} c ON c.n = l.n",
    )
    apart = f"""
SELECT x.component FROM {work.table("judged")} j
JOIN {component} x ON x.fingerprint_id = j.fingerprint_a
JOIN {component} y ON y.fingerprint_id = j.fingerprint_b AND y.component = x.component
WHERE j.verdict = 'different'"""
    unlike = " OR ".join(
        f"min(f.{column}) <> max(f.{column})" for column in ("snils", "birth_date", "first_root", "last_root", "gender")
    )
    condition = f"{unlike} OR count(f.exclusive) > 1 OR " if work.method == "probabilistic" else ""
    return work.make(
        "doubtful",
        f"SELECT c.component, count(*) AS size FROM {component} c JOIN {work.table('node')} f ON f.n = c.n"
        f" GROUP BY c.component HAVING {condition}c.component IN ({apart})",
    )


def _cut_giants(work: Work, labels: Integers, edges: Edges) -> Integers:
    giants = [
        row[0]
        for row in work.connection.execute(
            f"SELECT component FROM {work.table('doubtful')} WHERE size > {COMPONENT_LIMIT} ORDER BY component"
        ).fetchall()
    ]
    work.counts["cut_components"] = len(giants)
    labels = labels.copy()
    following = int(labels.max()) + 1
    for giant in giants:
        places = np.flatnonzero(labels == giant)
        inside = labels[edges.a] == giant
        a, b = (np.searchsorted(places, end[inside]) for end in (edges.a, edges.b))
        parts = cut_component(len(places), a, b, edges.weights[inside])
        labels[places] = parts + following
        following += int(parts.max()) + 1
    return labels


def _settle(work: Work, labels: Integers, doubtful: str, mixture: Mixture) -> Integers:
    """Take the doubtful components apart where all of their pairs, compared with each other, say so."""
    component = work.table("component")
    # Places by id, not by the numbers of this run, so that ties are broken alike in every run.
    members = work.make(
        "unsettled",
        f"SELECT n, fingerprint_id, component, row_number() OVER (ORDER BY fingerprint_id) AS place FROM {component}"
        f" WHERE component IN (SELECT component FROM {doubtful})",
    )
    cross = _compare_crossing(work, members, mixture)
    forbidding = ", ".join(map(literal, FORBIDDING))
    rows = work.connection.execute(
        f"""
WITH judged AS (
  SELECT least(fingerprint_a, fingerprint_b) AS fingerprint_a, greatest(fingerprint_a, fingerprint_b) AS fingerprint_b,
    bool_or(verdict = 'same') AS same, bool_or(verdict = 'different') AS different
  FROM {work.table("judged")} GROUP BY least(fingerprint_a, fingerprint_b), greatest(fingerprint_a, fingerprint_b)
),
pair AS (
  SELECT x.component, x.place AS a, y.place AS b, x.n AS n_a, y.n AS n_b, c.weight,
    coalesce(c.contradiction IN ({forbidding}), false) AS forbidden,
    coalesce(c.contradiction <> '{GENERATION_APART}', false) AS contradicting,
    coalesce(c.contradiction = '{GENERATION_APART}', false) AS apart, {agree_sql("c.pattern")} AS agree,
    coalesce(j.same, false) AS same, coalesce(j.different, false) AS different
  FROM {cross} c
  JOIN {members} x ON x.n = c.a
  JOIN {members} y ON y.n = c.b
  LEFT JOIN judged j ON j.fingerprint_a = x.fingerprint_id AND j.fingerprint_b = y.fingerprint_id
)
SELECT component, a, b, weight, forbidden, same, different, n_a, n_b, contradicting, apart, agree FROM pair
WHERE component IN (SELECT component FROM pair WHERE contradicting OR apart OR different OR weight < 0)
ORDER BY component, a, b"""
    )
    labels = labels.copy()
    following = int(labels.max()) + 1
    threshold = threshold_of(work, mixture)
    contradicting = 0
    for _, found in groupby(_each_row(rows), key=lambda row: row[0]):
        pairs = list(found)
        node_of = {row[1]: row[7] for row in pairs} | {row[2]: row[8] for row in pairs}
        places = sorted(node_of)
        inside = {place: number for number, place in enumerate(places)}
        groups = agglomerate(
            len(places),
            [CrossPair(inside[row[1]], inside[row[2]], row[3], row[4], *row[9:]) for row in pairs],
            threshold,
            same=[(inside[row[1]], inside[row[2]]) for row in pairs if row[5]],
            different=[(inside[row[1]], inside[row[2]]) for row in pairs if row[6]],
        )
        contradicting += len(set(groups)) > 1
        for place, group in zip(places, groups, strict=True):
            labels[node_of[place]] = following + group
        following += len(places)
    work.counts["split_components"] = contradicting
    return labels


def _compare_crossing(work: Work, members: str, mixture: Mixture) -> str:
    """Make table ``cross``: all pairs of *members* of one component (a before b in place), as `compare` gives them."""
    crossing = work.make(
        "crossing",
        f"SELECT x.n AS a, y.n AS b FROM {members} x JOIN {members} y ON y.component = x.component AND x.place < y.place",
    )
    cross = work.make(
        "cross",
        f"SELECT c.a, c.b, p.pattern, p.contradiction, p.weight FROM {crossing} c JOIN {work.table('pair_new')} p"
        " ON p.a = least(c.a, c.b) AND p.b = greatest(c.a, c.b)",
    )
    others = work.make("crossing_other", f"SELECT a, b FROM {crossing} ANTI JOIN {cross} USING (a, b)")
    if work.count(others):
        work.add("cross", f"SELECT * FROM {compare(work, 'cross_other', others, mixture)}")
    return cross


def _each_row(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of *result*; Python holds some of them at a time."""
    while rows := result.fetchmany(10_000):
        yield from rows
