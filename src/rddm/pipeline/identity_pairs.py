"""
Resolve, step 3: fingerprints that came and went, the keys they share, the pairs that those find, and their
weights.

A fingerprint that takes part is a *node* with a number of this run: numbers are what pairs are made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from rddm.contracts.tables import quote
from rddm.contracts.tables.identity import component_table, fingerprint_table, key_table, pair_table
from rddm.pipeline.identity_describe import with_parts
from rddm.pipeline.identity_work import Work
from rddm.project.settings import ProbabilisticIdentity
from rddm.resolve.comparisons import compare_sql, self_sql
from rddm.resolve.exact import exact_compare_sql, exact_keys_sql
from rddm.resolve.fingerprints import PART_COLUMNS, weighed_sql
from rddm.resolve.keys import (
    IDENTIFIERS,
    KIND_NUMBERS,
    KeyKind,
    common_values_sql,
    identifier_keys_sql,
    is_identifier_sql,
    keys_sql,
    kind_number_sql,
    limit_sql,
    pairs_sql,
    usable_sql,
)
from rddm.resolve.weights import Mixture, match_probability_of, pattern_bits, weight_of, weight_sql

COMPARED_NODES = 10_000_000
"""How many nodes the first, and the second, ends of pairs that are compared at a time may be: they are held in memory."""


def threshold_of(work: Work, mixture: Mixture) -> float:
    """The match weight from which two fingerprints match."""
    if not isinstance(work.identity, ProbabilisticIdentity):
        return 0.5
    return weight_of(match_probability_of(work.identity, mixture))


def possible_threshold_of(work: Work) -> float:
    return weight_of(work.identity.possible_probability) if work.identity.method == "probabilistic" else 0.5


def _weighed(work: Work, compared: str, mixture: Mixture, columns: str) -> str:
    """Return the query for *columns* and weight of *compared* (a query, see `compare_sql`), which it makes a table of."""
    table = work.make("compared", compared)
    patterns = [
        int(row[0]) for row in work.connection.execute(f"SELECT DISTINCT pattern FROM {table} ORDER BY 1").fetchall()
    ]
    match, family, chance = pattern_bits(mixture, patterns)
    bits = {"pattern": pa.array(patterns, type=pa.int32())}
    bits |= {name: pa.array(found) for name, found in (("match", match), ("family", family), ("chance", chance))}
    work.load("pattern", pa.table(bits))
    return f"SELECT {columns}, round({weight_sql()}, 6) AS weight FROM {table} JOIN {work.table('pattern')} USING (pattern)"


def compare(work: Work, name: str, pairs: str, mixture: Mixture, least: float | None = None) -> str:
    """
    Make table *name*: *pairs* (a table: a, b) of nodes, with pattern, weight and contradiction; those that weigh *least* or more.
    """
    condition = "true" if least is None else f"weight >= {least!r}"
    fill = work.make
    for part, first, second in _parts(work, pairs):
        if work.method == "exact":
            query = exact_compare_sql(part, first)
        else:
            compared = compare_sql(part, first, second, families=mixture.families)
            query = _weighed(work, compared, mixture, "a, b, pattern, contradiction")
        fill(name, f"SELECT * FROM ({query}) WHERE {condition}")
        fill = work.add
        work.drop("compared")
    return work.table(name)


def _parts(work: Work, pairs: str) -> Iterator[tuple[str, str, str]]:
    """Yield *pairs* (a table: a, b) in parts, each with the nodes that its first and its second ends are."""
    nodes = work.table("told")
    if work.count(work.table("node")) <= COMPARED_NODES or work.method == "exact":
        yield pairs, nodes, nodes
        return
    blocks = f"SELECT DISTINCT a // {COMPARED_NODES}, b // {COMPARED_NODES} FROM {pairs} ORDER BY ALL"
    for block in work.connection.execute(blocks).fetchall():
        a, b = (f"BETWEEN {COMPARED_NODES * each} AND {COMPARED_NODES * (each + 1) - 1}" for each in block)
        yield (
            f"(SELECT a, b FROM {pairs} WHERE a {a} AND b {b})",
            f"(SELECT * FROM {nodes} WHERE n {a})",
            f"(SELECT * FROM {nodes} WHERE n {b})",
        )


def make_fingerprints(work: Work, mixture: Mixture) -> None:
    """
    Make ``record_now`` (record_id, description_id, fingerprint_id), ``change`` (fingerprint_id, description_id: null where the
    fingerprint goes; before, after: records, where they differ or the fingerprint is new), ``known`` (those of them that are
    stored, as they were) and the view ``weighed``: descriptions with term weights.

    A description that would not prove a match with its own equal does not collapse records: each of them is its own
    fingerprint.
    """
    distinct = work.table("distinct")
    if work.method == "probabilistic":
        weighed = work.view("weighed", weighed_sql(distinct, work.table("terms")))
        proof = _weighed(work, self_sql(weighed, "description_id"), mixture, "description_id")
        weak = work.make("weak", f"SELECT description_id FROM ({proof}) WHERE weight < {threshold_of(work, mixture)!r}")
        work.drop("compared")
    else:
        work.view("weighed", f"SELECT * FROM {distinct}")
        weak = work.make("weak", f"SELECT description_id FROM {distinct} LIMIT 0")
    work.make(
        "record_now",
        f"""
SELECT record_id, description_id,
  CASE WHEN alone THEN md5(description_id::VARCHAR || chr(31) || record_id::VARCHAR)::UUID ELSE description_id END AS
  fingerprint_id
FROM (
  SELECT d.record_id, d.description_id, w.description_id IS NOT NULL OR d.exclusive IS NOT NULL OR j.record_id IS NOT
  NULL AS alone
  FROM {work.table("described")} d
  LEFT JOIN {weak} w ON w.description_id = d.description_id
  LEFT JOIN {work.table("told_apart")} j ON j.record_id = d.record_id
)""",
    )
    delta = work.make(
        "delta",
        f"""
SELECT fingerprint_id, any_value(description_id) AS description_id, sum(step)::BIGINT AS step FROM (
  SELECT fingerprint_id, description_id, 1 AS step FROM {work.table("record_now")}
  UNION ALL
  SELECT fingerprint_id, NULL, -1 FROM {work.table("link_before")} WHERE NOT {work.fresh}
) GROUP BY fingerprint_id HAVING sum(step) <> 0""",
    )
    known = work.make(
        "known",
        f"SELECT * FROM {work.past('fingerprint')} WHERE fingerprint_id IN (SELECT fingerprint_id FROM {delta})",
    )
    work.make(
        "change",
        f"""
SELECT d.fingerprint_id, d.description_id, coalesce(f.records, 0) AS before, coalesce(f.records, 0) + d.step AS after
FROM {delta} d LEFT JOIN {known} f ON f.fingerprint_id = d.fingerprint_id""",
    )
    work.drop("delta")


def find_pairs(work: Work, mixture: Mixture, kinds: Sequence[KeyKind]) -> None:
    """
    Make ``node`` (n, the fingerprint with its forms), ``key_new`` (key, n) of *kinds*, ``removed``, ``gone`` and ``affected``
    (fingerprint_id) and ``pair_new`` (a, b: nodes; pattern, weight, contradiction, outcome); store the fingerprints.

    Affected is a fingerprint that is new, or that has a key which began or ceased to be too common; all of its pairs
    are found anew. Gone or affected: no stored pair of it counts.
    """
    change = work.table("change")
    work.make("removed", f"SELECT fingerprint_id FROM {change} WHERE before > 0 AND after = 0")
    parts = PART_COLUMNS if work.method == "probabilistic" else ()
    forms = ", ".join(f"w.{column}" for column in (*_form_columns(work), *parts))
    node = work.make(
        "node",
        f"SELECT c.n, c.fingerprint_id, {forms}, c.after AS records"
        f" FROM (SELECT (row_number() OVER () - 1)::INTEGER AS n, * FROM {change} WHERE before = 0 AND after > 0) c"
        f" JOIN {work.table('weighed')} w ON w.description_id = c.description_id",
    )
    work.execute(f"DROP VIEW {work.table('weighed')}")
    work.drop("distinct")
    work.counts["fingerprints"] = work.count(node)
    _write_fingerprints(work)
    work.make("key_new", exact_keys_sql(node) if work.method == "exact" else keys_sql(node, kinds))
    _make_told(work)
    _forget_common(work, 0)
    if work.fresh:
        _members_of_everything(work)
    else:
        _members_of_changes(work, kinds)
    work.make("pair_found", pairs_sql(work.table("key_look"), work.table("member")))
    work.counts["pairs"] = work.count(work.table("pair_found"))
    outcome = f"CASE WHEN weight >= {threshold_of(work, mixture)!r} THEN 'match' ELSE 'possible' END"
    weighed = compare(work, "pair_weighed", work.table("pair_found"), mixture, possible_threshold_of(work))
    work.view("pair_new", f"SELECT *, {outcome} AS outcome FROM {weighed}")
    work.drop("pair_found")


def _form_columns(work: Work) -> list[str]:
    """The columns of a fingerprint beside its id and its number of records."""
    names = fingerprint_table(work.entity, work.method).column_names
    return [quote(name) for name in names if name not in ("fingerprint_id", "records")]


def fetch_nodes(work: Work, wanted: str) -> None:
    """Put the stored fingerprints that query *wanted* names into ``node``, those that are not there yet."""
    if work.fresh:
        return
    node, columns = work.table("node"), ", ".join(_form_columns(work))
    first = work.count(node)
    work.add(
        "node",
        f"SELECT ({first} + row_number() OVER () - 1)::INTEGER AS n, fingerprint_id, {columns} FROM {work.past('fingerprint')}"
        f" WHERE fingerprint_id IN ({wanted}) AND fingerprint_id NOT IN (SELECT fingerprint_id FROM {node})",
    )
    _forget_common(work, first)


def _make_told(work: Work) -> None:
    """
    Make the view ``told``: ``node`` without the identifiers that too many share, which are in ``common_of_node`` (n, kind: the
    number of its kind of key), as they are found.
    """
    node = work.table("node")
    if work.method == "exact":
        work.view("told", f"SELECT * FROM {node}")
        return
    shared = work.begin("common_of_node", "(n INTEGER, kind BIGINT)")
    told = ", ".join(
        f"CASE WHEN n NOT IN (SELECT n FROM {shared} WHERE kind = {KIND_NUMBERS[name]}) THEN {column} END AS {column}"
        for column, name in IDENTIFIERS.items()
    )
    work.view("told", f"SELECT * REPLACE ({told}) FROM {node}")


def _forget_common(work: Work, first: int) -> None:
    """Note which nodes from number *first* on have identifiers that too many share: these tell nothing."""
    if work.method == "exact":
        return
    node, new, identifies = work.table("node"), work.table("key_new"), is_identifier_sql()
    keys = f"SELECT key, n FROM {new} WHERE {identifies}"
    counted = new
    if not work.fresh:
        mine = work.make("identifier_key", identifier_keys_sql(f"(SELECT * FROM {node} WHERE n >= {first})"))
        keys = f"SELECT key, n FROM {mine}"
        counted = (
            f"(SELECT key FROM {work.past('key')} WHERE key IN (SELECT key FROM {mine}) AND fingerprint_id NOT IN"
            f" (SELECT fingerprint_id FROM {work.table('removed')}) UNION ALL SELECT key FROM {new})"
        )
    common = work.make("common", common_values_sql(counted, work.key_limit))
    if work.count(common):
        shared = f"SELECT n, {kind_number_sql()} AS kind FROM ({keys}) WHERE key IN (SELECT key FROM {common})"
        work.add("common_of_node", shared)


def _members_of_everything(work: Work) -> None:
    keys = work.table("key_new")
    member = work.make(
        "member", f"SELECT key, n, true AS looked_at FROM {keys} WHERE key IN ({usable_sql(keys, work.key_limit)})"
    )
    work.view("key_look", f"SELECT key, n FROM {member}")
    work.make("affected", f"SELECT fingerprint_id FROM {work.table('node')}")
    work.make("gone", f"SELECT fingerprint_id FROM {work.table('node')} LIMIT 0")


def _members_of_changes(work: Work, kinds: Sequence[KeyKind]) -> None:
    removed, node, new = work.table("removed"), work.table("node"), work.table("key_new")
    known = f"SELECT * FROM {work.table('known')} WHERE fingerprint_id IN (SELECT fingerprint_id FROM {removed})"
    gone = _keys_of_stored(work, "key_gone", known, kinds)
    near = work.make("key_near", _stored_keys(work, f"SELECT key FROM {new} UNION SELECT key FROM {gone}"))
    _find_affected(work)
    far = work.make(
        "affected_stored",
        f"SELECT * FROM {work.past('fingerprint')} WHERE fingerprint_id IN (SELECT fingerprint_id FROM"
        f" {work.table('affected')}) AND fingerprint_id NOT IN (SELECT fingerprint_id FROM {node})",
    )
    looked_at = f"SELECT key FROM {new}"
    stored_members = work.make("member_stored", f"SELECT * FROM {near} WHERE key IN ({looked_at})")
    if work.count(far):
        others = _keys_of_stored(work, "key_of_affected", f"SELECT * FROM {far}", kinds)
        work.add("member_stored", _stored_keys(work, f"SELECT key FROM {others} EXCEPT {looked_at}"))
    every_key = f"(SELECT key FROM {stored_members} UNION ALL SELECT key FROM {new})"
    usable = work.make("usable", usable_sql(every_key, work.key_limit))
    fetch_nodes(work, f"SELECT fingerprint_id FROM {stored_members} WHERE key IN (SELECT key FROM {usable})")
    member = work.make(
        "member",
        f"""
SELECT k.key, k.n, true AS looked_at FROM {new} k WHERE k.key IN (SELECT key FROM {usable})
UNION ALL
SELECT k.key, x.n, k.fingerprint_id IN (SELECT fingerprint_id FROM {work.table("affected")})
FROM {stored_members} k JOIN {node} x ON x.fingerprint_id = k.fingerprint_id
WHERE k.key IN (SELECT key FROM {usable})""",
    )
    work.view("key_look", f"SELECT key, n FROM {member} WHERE looked_at")


def _keys_of_stored(work: Work, name: str, fingerprints: str, kinds: Sequence[KeyKind]) -> str:
    """
    Make table *name* (key, n) of the match keys of stored *fingerprints*, without a look at the keys that are stored: these
    lie in the order of the keys, so that to find those of a fingerprint all would have to be read.
    """
    rows = work.make("numbered", f"SELECT (row_number() OVER () - 1)::INTEGER AS n, * FROM ({fingerprints})")
    parts = work.make("numbered_parts", with_parts(work, rows))
    return work.make(name, exact_keys_sql(parts) if work.method == "exact" else keys_sql(parts, kinds))


def _stored_keys(work: Work, keys: str) -> str:
    """Return the query for the stored keys (key, fingerprint_id) among *keys* (a query) of fingerprints that stay."""
    return (
        f"SELECT key, fingerprint_id FROM {work.past('key')} WHERE key IN ({keys})"
        f" AND fingerprint_id NOT IN (SELECT fingerprint_id FROM {work.table('removed')})"
    )


def _find_affected(work: Work) -> None:
    """Make ``affected`` and ``gone`` from the keys that came, went and stayed."""
    new, gone, near = (work.table(name) for name in ("key_new", "key_gone", "key_near"))
    limit = limit_sql(work.key_limit)
    crossing = f"""
SELECT key FROM (
  SELECT key, sum(stays) + sum(goes) AS before, sum(stays) + sum(comes) AS after FROM (
    SELECT key, 1 AS stays, 0 AS goes, 0 AS comes FROM {near}
    UNION ALL SELECT key, 0, 1, 0 FROM {gone} UNION ALL SELECT key, 0, 0, 1 FROM {new}
  ) GROUP BY key
) WHERE (before <= {limit}) <> (after <= {limit})"""
    affected = work.make(
        "affected",
        f"SELECT fingerprint_id FROM {work.table('node')}"
        f" UNION SELECT fingerprint_id FROM {near} WHERE key IN ({crossing})",
    )
    work.make("gone", f"SELECT fingerprint_id FROM {affected} UNION SELECT fingerprint_id FROM {work.table('removed')}")


def _write_fingerprints(work: Work) -> None:
    """Bring the lake's fingerprints up to date; ``node`` holds the new ones, and no others yet."""
    table = fingerprint_table(work.entity, work.method)
    columns = ", ".join(("fingerprint_id", *_form_columns(work), "records"))
    new = f"SELECT {columns} FROM {work.table('node')}"
    if work.fresh:
        work.replace("fingerprint", "true" if work.count(work.stored("fingerprint")) else None, new, table)
        return
    known = work.table("known")
    kept = (
        f"SELECT x.* REPLACE (c.after AS records) FROM {known} x JOIN {work.table('change')} c USING (fingerprint_id)"
        " WHERE c.after > 0"
    )
    gone = f"fingerprint_id IN (SELECT fingerprint_id FROM {known})" if work.count(known) else None
    work.replace("fingerprint", gone, f"SELECT {columns} FROM ({kept}) UNION ALL {new}", table)


def write_pairs(work: Work) -> None:
    """Bring the lake's keys, pairs and components up to date."""
    gone, node = work.table("gone"), work.table("node")
    everything = {name: "true" if work.count(work.stored(name)) else None for name in ("key", "pair", "component")}
    work.replace(
        "key",
        everything["key"] if work.fresh else _keys_of_removed(work),
        f"SELECT k.key, x.fingerprint_id FROM {work.table('key_new')} k JOIN {node} x ON x.n = k.n ORDER BY k.key",
        key_table(work.entity),
    )
    first, second = "least(x.fingerprint_id, y.fingerprint_id)", "greatest(x.fingerprint_id, y.fingerprint_id)"
    work.replace(
        "pair",
        everything["pair"]
        if work.fresh
        else f"fingerprint_a IN (SELECT fingerprint_id FROM {gone}) OR fingerprint_b IN (SELECT fingerprint_id FROM {gone})",
        f"SELECT {first} AS fingerprint_a, {second} AS fingerprint_b, p.pattern, p.weight, p.outcome, p.contradiction"
        f" FROM {work.table('pair_new')} p JOIN {node} x ON x.n = p.a JOIN {node} y ON y.n = p.b",
        pair_table(work.entity),
    )
    was, now = work.table("component_before"), work.table("component_now")
    work.replace(
        "component",
        everything["component"]
        if work.fresh
        else f"fingerprint_id IN (SELECT fingerprint_id FROM (SELECT * FROM {was} EXCEPT SELECT * FROM {now}))",
        f"SELECT * FROM {now} EXCEPT SELECT * FROM {was}",
        component_table(work.entity),
    )


def _keys_of_removed(work: Work) -> str | None:
    """Return the condition on stored keys that are to go, if any are."""
    removed = work.table("removed")
    if not work.count(removed):
        return None
    return f"key IN (SELECT key FROM {work.table('key_gone')}) AND fingerprint_id IN (SELECT fingerprint_id FROM {removed})"
