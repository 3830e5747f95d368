"""Resolve, step 4: the fingerprints that may be grouped otherwise than before, and their groups."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pyarrow as pa

from rddm.pipeline.identity_pairs import compare, fetch_nodes, threshold_of
from rddm.pipeline.identity_work import Work
from rddm.resolve.clusters import COMPONENT_LIMIT, CrossPair, Integers, agglomerate, component_labels, cut_component
from rddm.resolve.weights import Mixture

_JUDGED_WEIGHT = 1e6


def group_fingerprints(work: Work, mixture: Mixture) -> None:
    """
    Make ``grouped``: fingerprint_id, grp (BIGINT). Grain: a fingerprint of a component that a change can have reached.

    Needs ``judged``: fingerprint_a, fingerprint_b, verdict of the judgements that hold now.
    """
    _make_closure(work)
    _make_edges(work)
    labels = _label_components(work)
    doubtful = _find_doubtful(work, labels)
    labels = _cut_giants(work, labels)
    if work.count(doubtful):
        labels = _settle(work, labels, _find_doubtful(work, labels), mixture)
    _make_component(work, "grouped", "grp", labels)


def _make_closure(work: Work) -> None:
    """Make ``closure``: fingerprint_id, n (its place from 0, by id): whole components."""
    if work.fresh:
        work.make("reached", f"SELECT fingerprint_id FROM {work.table('added')}")
    else:
        _reach(work)
    work.make(
        "closure",
        f"SELECT fingerprint_id, row_number() OVER (ORDER BY fingerprint_id) - 1 AS n FROM {work.table('reached')}",
    )
    fetch_nodes(work, f"SELECT fingerprint_id FROM {work.table('closure')}")


def _reach(work: Work) -> None:
    gone, removed, stored = work.table("gone"), work.table("removed"), work.past("pair")
    reached = work.make(
        "reached",
        f"""
SELECT fingerprint_id FROM (
  SELECT fingerprint_id FROM {work.table("affected")}
  UNION
  SELECT fingerprint_b FROM {stored} WHERE fingerprint_a IN (SELECT fingerprint_id FROM {gone})
  UNION
  SELECT fingerprint_a FROM {stored} WHERE fingerprint_b IN (SELECT fingerprint_id FROM {gone})
  UNION
  SELECT fingerprint_id FROM {work.table("record_now")}
  UNION
  SELECT fingerprint_id FROM {work.table("link_before")}
  UNION
  SELECT fingerprint_id FROM {work.table("rejudged")}
) WHERE fingerprint_id NOT IN (SELECT fingerprint_id FROM {removed})""",
    )
    frontier = work.make("frontier", f"SELECT fingerprint_id FROM {reached}")
    near = f"SELECT fingerprint_id FROM {frontier}"
    while work.count(frontier):
        edges = "".join(
            f" UNION SELECT {there} FROM {table} WHERE {here} IN ({near}) AND {condition}"
            for here, there in (("fingerprint_a", "fingerprint_b"), ("fingerprint_b", "fingerprint_a"))
            for table, condition in (
                (stored, f"outcome = 'match' AND {there} NOT IN (SELECT fingerprint_id FROM {gone})"),
                (work.table("pair_new"), "outcome = 'match'"),
                (work.table("judged"), "verdict = 'same'"),
            )
        ).removeprefix(" UNION ")
        found = work.make(
            "found",
            f"SELECT * FROM ({edges}) t(fingerprint_id) WHERE fingerprint_id NOT IN (SELECT fingerprint_id FROM"
            f" {reached})",
        )
        work.execute(f"INSERT INTO {reached} SELECT fingerprint_id FROM {found}")
        work.make("frontier", f"SELECT fingerprint_id FROM {found}")


def _make_edges(work: Work) -> None:
    """Make ``edge``: a, b (places in ``closure``), weight: what holds components together."""
    closure, gone = work.table("closure"), work.table("gone")
    inside = f"SELECT fingerprint_id FROM {closure}"
    work.make(
        "edge",
        f"""
SELECT x.n AS a, y.n AS b, e.weight FROM (
  SELECT fingerprint_a, fingerprint_b, weight FROM {work.table("pair_new")} WHERE outcome = 'match'
  UNION ALL
  SELECT fingerprint_a, fingerprint_b, weight FROM {work.past("pair")}
  WHERE outcome = 'match' AND fingerprint_a IN ({inside}) AND fingerprint_a NOT IN (SELECT fingerprint_id FROM {gone})
    AND fingerprint_b NOT IN (SELECT fingerprint_id FROM {gone})
  UNION ALL
  SELECT fingerprint_a, fingerprint_b, {_JUDGED_WEIGHT} FROM {work.table("judged")} WHERE verdict = 'same'
) e
JOIN {closure} x ON x.fingerprint_id = e.fingerprint_a
JOIN {closure} y ON y.fingerprint_id = e.fingerprint_b""",
    )


def _edges(work: Work) -> tuple[Integers, Integers, np.ndarray]:
    found = work.connection.execute(f"SELECT a, b, weight FROM {work.table('edge')} ORDER BY a, b").fetchnumpy()
    return found["a"].astype(np.int64), found["b"].astype(np.int64), found["weight"].astype(np.float64)


def _label_components(work: Work) -> Integers:
    a, b, _ = _edges(work)
    return component_labels(work.count(work.table("closure")), a, b)


def _make_component(work: Work, name: str, column: str, labels: Integers) -> str:
    work.load_arrow("label", pa.table({"n": pa.array(np.arange(len(labels))), column: pa.array(labels)}))
    return work.make(
        name,
        f"SELECT c.fingerprint_id, c.n, l.{column} FROM {work.table('closure')} c JOIN {work.table('label')} l ON"
        f" l.n = c.n",
    )


def _find_doubtful(work: Work, labels: Integers) -> str:
    """
    Make ``doubtful``: component, size: those whose members are not all alike, so that they could contradict each
    other.
    """
    component = _make_component(work, "component", "component", labels)
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
        f"SELECT c.component, count(*) AS size FROM {component} c JOIN {work.table('node')} f ON f.fingerprint_id ="
        f" c.fingerprint_id"
        f" GROUP BY c.component HAVING count(*) > 1 AND ({condition}c.component IN ({apart}))",
    )


def _cut_giants(work: Work, labels: Integers) -> Integers:
    giants = [
        row[0]
        for row in work.connection.execute(
            f"SELECT component FROM {work.table('doubtful')} WHERE size > {COMPONENT_LIMIT} ORDER BY component"
        ).fetchall()
    ]
    work.counts["cut_components"] = len(giants)
    if not giants:
        return labels
    a, b, weights = _edges(work)
    labels = labels.copy()
    following = int(labels.max()) + 1
    for giant in giants:
        places = np.flatnonzero(labels == giant)
        inside = labels[a] == giant
        parts = cut_component(
            len(places), np.searchsorted(places, a[inside]), np.searchsorted(places, b[inside]), weights[inside]
        )
        labels[places] = parts + following
        following += int(parts.max()) + 1
    return labels


def _settle(work: Work, labels: Integers, doubtful: str, mixture: Mixture) -> Integers:
    """Take the doubtful components apart where all of their pairs, compared with each other, say so."""
    component = work.table("component")
    members = (
        f"SELECT fingerprint_id, n, component FROM {component} WHERE component IN (SELECT component FROM {doubtful})"
    )
    work.make(
        "cross_pair",
        f"WITH m AS ({members}) SELECT x.fingerprint_id AS fingerprint_a, y.fingerprint_id AS fingerprint_b"
        " FROM m x JOIN m y ON y.component = x.component AND x.fingerprint_id < y.fingerprint_id",
    )
    cross = compare(work, "cross", work.table("cross_pair"), mixture)
    rows = work.connection.execute(
        f"""
WITH judged AS (
  SELECT least(fingerprint_a, fingerprint_b) AS fingerprint_a, greatest(fingerprint_a, fingerprint_b) AS fingerprint_b,
    bool_or(verdict = 'same') AS same, bool_or(verdict = 'different') AS different
  FROM {work.table("judged")} GROUP BY 1, 2
),
pair AS (
  SELECT x.component, x.n AS a, y.n AS b, c.weight, c.contradiction IS NOT NULL AS forbidden,
    coalesce(j.same, false) AS same, coalesce(j.different, false) AS different
  FROM {cross} c
  JOIN {component} x ON x.fingerprint_id = c.fingerprint_a
  JOIN {component} y ON y.fingerprint_id = c.fingerprint_b
  LEFT JOIN judged j ON j.fingerprint_a = c.fingerprint_a AND j.fingerprint_b = c.fingerprint_b
)
SELECT component, a, b, weight, forbidden, same, different FROM pair
WHERE component IN (SELECT component FROM pair WHERE forbidden OR different OR weight < 0)
ORDER BY component, a, b"""
    ).fetchall()
    labels = labels.copy()
    following = int(labels.max()) + 1
    threshold = threshold_of(work)
    contradicting = 0
    for _, found in groupby(rows, key=lambda row: row[0]):
        pairs = list(found)
        places = sorted({row[1] for row in pairs} | {row[2] for row in pairs})
        inside = {place: number for number, place in enumerate(places)}
        groups = agglomerate(
            len(places),
            [CrossPair(inside[a], inside[b], weight, forbidden) for _, a, b, weight, forbidden, _, _ in pairs],
            threshold,
            same=[(inside[row[1]], inside[row[2]]) for row in pairs if row[5]],
            different=[(inside[row[1]], inside[row[2]]) for row in pairs if row[6]],
        )
        contradicting += len(set(groups)) > 1
        for place, group in zip(places, groups, strict=True):
            labels[place] = following + group
        following += len(places)
    work.counts["split_components"] = contradicting
    return labels
