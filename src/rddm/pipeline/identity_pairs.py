"""Resolve, step 5: the pairs that shared keys find, and their weights; what is stored of keys, pairs and components."""

from __future__ import annotations

from collections.abc import Sequence

from rddm.contracts.tables.identity import apart_table, component_table, key_table, pair_table
from rddm.pipeline.identity_compare import compare, possible_threshold_of, threshold_of
from rddm.pipeline.identity_keys import find_members, make_keys
from rddm.pipeline.identity_nodes import make_told, note_common
from rddm.pipeline.identity_work import Work
from rddm.resolve.keys import KeyKind, pairs_sql
from rddm.resolve.weights import Mixture
from rddm.store.lake import among_sql


def find_pairs(work: Work, mixture: Mixture, kinds: Sequence[KeyKind]) -> None:
    """
    Make ``key_new`` (key, n) of *kinds*, ``gone`` and ``affected`` (see `find_members`) and ``pair_new`` (a, b: nodes; pattern,
    weight, contradiction, outcome).
    """
    make_keys(work, "key_new", work.table("node"), kinds)
    make_told(work)
    note_common(work, 0)
    find_members(work, kinds)
    work.make("pair_found", pairs_sql(work.table("key_look"), work.table("member")))
    work.counts["pairs"] = work.count(work.table("pair_found"))
    outcome = f"CASE WHEN weight >= {threshold_of(work, mixture)!r} THEN 'match' ELSE 'possible' END"
    weighed = compare(work, "pair_weighed", work.table("pair_found"), mixture, possible_threshold_of(work))
    work.view("pair_new", f"SELECT *, {outcome} AS outcome FROM {weighed}")
    work.drop("pair_found")


def write_pairs(work: Work) -> None:
    """Bring the lake's keys, pairs, components and pairs that are apart up to date."""
    node = work.table("node")
    everything = {
        name: "true" if work.count(work.stored(name)) else None for name in ("key", "pair", "component", "apart")
    }
    work.replace(
        "key",
        everything["key"] if work.fresh else _keys_of_removed(work),
        f"SELECT k.key, x.fingerprint_id FROM {work.table('key_new')} k JOIN {node} x ON x.n = k.n",
        key_table(work.entity),
    )
    first, second = "least(x.fingerprint_id, y.fingerprint_id)", "greatest(x.fingerprint_id, y.fingerprint_id)"
    work.replace(
        "pair",
        everything["pair"] if work.fresh else _pairs_of_gone(work),
        f"SELECT {first} AS fingerprint_a, {second} AS fingerprint_b, p.pattern, p.weight, p.outcome, p.contradiction"
        f" FROM {work.table('pair_new')} p JOIN {node} x ON x.n = p.a JOIN {node} y ON y.n = p.b",
        pair_table(work.entity),
    )
    was, now = work.table("component_before"), work.table("component_now")
    work.replace(
        "component",
        everything["component"]
        if work.fresh
        else f"{among_sql('component', f'SELECT component FROM {was}')}"
        f" AND (fingerprint_id, component) IN (SELECT * FROM {was} EXCEPT SELECT * FROM {now})",
        f"SELECT * FROM {now} EXCEPT SELECT * FROM {was}",
        component_table(work.entity),
    )
    # Whoever matches another is in a component with it, and these are whole.
    mine = f"fingerprint_a IN (SELECT fingerprint_id FROM {was})"
    work.replace(
        "apart",
        everything["apart"] if work.fresh else mine if work.count(work.stored("apart"), mine) else None,
        f"SELECT * FROM {work.table('apart_now')}",
        apart_table(work.entity),
    )


def _pairs_of_gone(work: Work) -> str | None:
    """Return the condition on stored pairs that are to go, if there can be any: fingerprints that are new have none."""
    stored = work.make(
        "gone_stored",
        " UNION ".join(f"SELECT fingerprint_id FROM {work.table(name)}" for name in ("removed", "affected_stored")),
    )
    if not work.count(stored):
        return None
    # Whoever has a stored pair with one of these shares a key with it, so it is among those whose keys were read.
    first = work.make(
        "pair_first",
        " UNION ".join(
            f"SELECT fingerprint_id FROM {table}"
            for table in (stored, work.table("key_near"), work.table("member_stored"))
        ),
    )
    of_first = among_sql("fingerprint_a", f"SELECT fingerprint_id FROM {first}")
    ends = " OR ".join(f"fingerprint_{end} IN (SELECT fingerprint_id FROM {stored})" for end in "ab")
    near = f"SELECT fingerprint_a, fingerprint_b FROM {work.past('pair')} WHERE {of_first}"
    stale = work.make("pair_stale", f"SELECT * FROM ({near}) WHERE {ends}")
    if not work.count(stale):
        return None
    of_stale = among_sql("fingerprint_a", f"SELECT fingerprint_a FROM {stale}")
    return f"{of_stale} AND (fingerprint_a, fingerprint_b) IN (FROM {stale})"


def _keys_of_removed(work: Work) -> str | None:
    """Return the condition on stored keys that are to go, if any are."""
    removed = work.table("removed")
    if not work.count(removed):
        return None
    return f"key IN (SELECT key FROM {work.table('key_gone')}) AND fingerprint_id IN (SELECT fingerprint_id FROM {removed})"
