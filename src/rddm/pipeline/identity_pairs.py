"""
Resolve, step 3: fingerprints that came and went, the keys they share, the pairs that those find, and their
weights.
"""

from __future__ import annotations

import pyarrow as pa

from rddm.contracts.tables import quote
from rddm.contracts.tables.identity import fingerprint_table, key_table, pair_table
from rddm.pipeline.identity_work import Work
from rddm.resolve.comparisons import compare_sql, self_sql
from rddm.resolve.exact import exact_compare_sql
from rddm.resolve.fingerprints import weighed_sql
from rddm.resolve.keys import common_values_sql, pairs_sql, usable_sql, without_common_sql
from rddm.resolve.weights import CLASSES, Mixture, class_bits, weight_of, weight_sql


def threshold_of(work: Work) -> float:
    """The match weight from which two fingerprints match."""
    return weight_of(work.identity.match_probability) if work.identity.method == "probabilistic" else 0.5


def possible_threshold_of(work: Work) -> float:
    return weight_of(work.identity.possible_probability) if work.identity.method == "probabilistic" else 0.5


def weigh(work: Work, name: str, compared: str, mixture: Mixture) -> str:
    """Make table *name*: *compared* (a query, see `compare_sql`) with the column weight in place of term weights."""
    table = work.make("compared", compared)
    patterns = [
        int(row[0]) for row in work.connection.execute(f"SELECT DISTINCT pattern FROM {table} ORDER BY 1").fetchall()
    ]
    bits = class_bits(mixture, patterns)
    columns = {"pattern": pa.array(patterns, type=pa.int32())}
    columns |= {name: pa.array(bits[:, place]) for place, name in enumerate(CLASSES)}
    work.load_arrow("pattern", pa.table(columns))
    kept = "* EXCLUDE (" + ", ".join(CLASSES) + ")"
    weighed = work.make(
        name,
        f"SELECT {kept}, round({weight_sql()}, 6) AS weight FROM (SELECT c.*, p.* EXCLUDE (pattern)"
        f" FROM {table} c JOIN {work.table('pattern')} p ON p.pattern = c.pattern)",
    )
    work.execute(f"DROP TABLE {table}")
    return weighed


def compare(work: Work, name: str, pairs: str, mixture: Mixture) -> str:
    """Make table *name*: *pairs* of fingerprints in ``node``, with pattern, weight and contradiction."""
    nodes = work.table("node")
    if work.method == "exact":
        return work.make(name, exact_compare_sql(pairs, nodes))
    return weigh(work, name, compare_sql(pairs, nodes), mixture)


def make_fingerprints(work: Work, mixture: Mixture) -> None:
    """
    Make ``record_now`` (record_id, description_id, fingerprint_id), ``change`` (fingerprint_id, description_id, before,
    after: records, where they differ or the fingerprint is new) and ``weighed``: descriptions with term weights.

    A description that would not prove a match with its own equal does not collapse records: each of them is its own
    fingerprint.
    """
    probabilistic = work.method == "probabilistic"
    if probabilistic:
        weighed = work.make("weighed", weighed_sql(work.table("distinct"), work.table("terms")))
        weigh(work, "self", self_sql(weighed, "description_id"), mixture)
        weak = work.make(
            "weak", f"SELECT description_id FROM {work.table('self')} WHERE weight < {threshold_of(work)!r}"
        )
    else:
        work.make("weighed", f"SELECT * FROM {work.table('distinct')}")
        weak = work.make("weak", f"SELECT description_id FROM {work.table('distinct')} LIMIT 0")
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
    work.make(
        "change",
        f"""
WITH delta AS (
  SELECT fingerprint_id, any_value(description_id) AS description_id, sum(step)::BIGINT AS step FROM (
    SELECT fingerprint_id, description_id, 1 AS step FROM {work.table("record_now")}
    UNION ALL
    SELECT fingerprint_id, NULL, -1 FROM {work.table("link_before")} WHERE NOT {work.fresh}
  ) GROUP BY fingerprint_id
)
SELECT d.fingerprint_id, coalesce(d.description_id, f.description_id) AS description_id, coalesce(f.records, 0) AS
before,
  coalesce(f.records, 0) + d.step AS after
FROM delta d LEFT JOIN (
  SELECT fingerprint_id, description_id, records FROM {work.past("fingerprint")} WHERE fingerprint_id IN (SELECT
  fingerprint_id FROM delta)
) f ON f.fingerprint_id = d.fingerprint_id
WHERE d.step <> 0""",
    )


def find_pairs(work: Work, mixture: Mixture) -> None:
    """
    Make ``key_new``, ``gone`` and ``affected`` (fingerprint_id), ``node`` (fingerprints with their forms) and
    ``pair_new``.

    Affected is a fingerprint that is new, or that has a key which began or ceased to be too common; all of its pairs
    are found anew. Gone or affected: no stored pair of it counts.
    """
    change = work.table("change")
    work.make("added", f"SELECT fingerprint_id, description_id FROM {change} WHERE before = 0 AND after > 0")
    work.make("removed", f"SELECT fingerprint_id FROM {change} WHERE before > 0 AND after = 0")
    work.make(
        "key_new",
        f"SELECT k.key, k.kind, a.fingerprint_id FROM {work.table('description_key')} k"
        f" JOIN {work.table('added')} a ON a.description_id = k.description_id",
    )
    if work.fresh:
        _members_of_everything(work)
    else:
        _members_of_changes(work)
    work.make("pair_found", pairs_sql(work.table("key_look"), work.table("member")))
    work.counts["pairs"] = work.count(work.table("pair_found"))
    columns = ", ".join(
        quote(c)
        for c in fingerprint_table(work.entity, work.method).column_names
        if c not in ("fingerprint_id", "records")
    )
    work.make(
        "node",
        f"SELECT a.fingerprint_id, {', '.join('w.' + c for c in columns.split(', '))} FROM {work.table('added')} a"
        f" JOIN {work.table('weighed')} w ON w.description_id = a.description_id",
    )
    fetch_nodes(
        work,
        f"SELECT fingerprint_a FROM {work.table('pair_found')} UNION SELECT fingerprint_b FROM"
        f" {work.table('pair_found')}",
    )
    compared = compare(work, "pair_weighed", work.table("pair_found"), mixture)
    work.make(
        "pair_new",
        f"SELECT fingerprint_a, fingerprint_b, pattern, weight, contradiction,"
        f" CASE WHEN weight >= {threshold_of(work)!r} THEN 'match' ELSE 'possible' END AS outcome"
        f" FROM {compared} WHERE weight >= {possible_threshold_of(work)!r}",
    )


def fetch_nodes(work: Work, wanted: str) -> None:
    """
    Put the stored fingerprints that query *wanted* names into ``node``, those that are not there yet.

    Identifiers that too many share are taken out of ``node``: they tell nothing.
    """
    node = work.table("node")
    if not work.fresh:
        columns = ", ".join(
            quote(c) for c in fingerprint_table(work.entity, work.method).column_names if c != "records"
        )
        work.execute(
            f"INSERT INTO {node} ({columns}) SELECT {columns} FROM {work.past('fingerprint')}"
            f" WHERE fingerprint_id IN ({wanted}) AND fingerprint_id NOT IN (SELECT fingerprint_id FROM {node})"
        )
    if work.method == "probabilistic":
        keys = (
            f"(SELECT key, kind FROM {work.past('key')} WHERE fingerprint_id NOT IN (SELECT fingerprint_id FROM"
            f" {work.table('removed')})"
            f" UNION ALL SELECT key, kind FROM {work.table('key_new')})"
        )
        common = work.make("common", common_values_sql(node, keys, work.key_limit))
        if work.count(common):
            work.make("node", without_common_sql(node, common))


def _members_of_everything(work: Work) -> None:
    keys = work.table("key_new")
    work.make(
        "member",
        f"SELECT key, fingerprint_id, true AS looked_at FROM {keys} WHERE key IN ({usable_sql(keys, work.key_limit)})",
    )
    work.execute(
        f"CREATE OR REPLACE TEMP VIEW {work.table('key_look')} AS SELECT key, fingerprint_id FROM"
        f" {work.table('member')}"
    )
    work.make("affected", f"SELECT fingerprint_id FROM {work.table('added')}")
    work.make("gone", f"SELECT fingerprint_id FROM {work.table('added')} LIMIT 0")


def _members_of_changes(work: Work) -> None:
    removed, added = work.table("removed"), work.table("added")
    stored = work.past("key")
    work.make(
        "key_gone",
        f"SELECT key, fingerprint_id FROM {stored} WHERE fingerprint_id IN (SELECT fingerprint_id FROM {removed})",
    )
    work.make(
        "key_touched",
        f"""
SELECT t.key, coalesce(s.n, 0) AS before, coalesce(s.n, 0) + t.step AS after FROM (
  SELECT key, sum(step)::BIGINT AS step FROM (
    SELECT key, 1 AS step FROM {work.table("key_new")} UNION ALL SELECT key, -1 FROM {work.table("key_gone")}
  ) GROUP BY key
) t LEFT JOIN (
  SELECT key, count(*) AS n FROM {stored}
  WHERE key IN (SELECT key FROM {work.table("key_new")} UNION ALL SELECT key FROM {work.table("key_gone")})
  GROUP BY key
) s ON s.key = t.key""",
    )
    limit = work.key_limit
    work.make(
        "affected",
        f"""
SELECT fingerprint_id FROM {added}
UNION
SELECT fingerprint_id FROM {stored}
WHERE key IN (SELECT key FROM {work.table("key_touched")} WHERE (before <= {limit}) <> (after <= {limit}))
  AND fingerprint_id NOT IN (SELECT fingerprint_id FROM {removed})""",
    )
    affected = work.table("affected")
    work.make("gone", f"SELECT fingerprint_id FROM {affected} UNION SELECT fingerprint_id FROM {removed}")
    work.make(
        "key_of_affected",
        f"SELECT key, fingerprint_id FROM {stored} WHERE fingerprint_id IN (SELECT fingerprint_id FROM {affected})"
        f" UNION ALL SELECT key, fingerprint_id FROM {work.table('key_new')}",
    )
    work.make(
        "member_all",
        f"SELECT key, kind, fingerprint_id FROM {stored} WHERE key IN (SELECT key FROM {work.table('key_of_affected')})"
        f" AND fingerprint_id NOT IN (SELECT fingerprint_id FROM {removed})"
        f" UNION ALL SELECT key, kind, fingerprint_id FROM {work.table('key_new')}",
    )
    members = work.table("member_all")
    work.make(
        "member",
        f"SELECT key, fingerprint_id, fingerprint_id IN (SELECT fingerprint_id FROM {affected}) AS looked_at FROM"
        f" {members}"
        f" WHERE key IN ({usable_sql(members, limit)})",
    )
    work.execute(
        f"CREATE OR REPLACE TEMP VIEW {work.table('key_look')} AS SELECT key, fingerprint_id FROM"
        f" {work.table('member')} WHERE looked_at"
    )


def write_fingerprints(work: Work) -> None:
    """Bring the lake's fingerprints, keys and pairs up to date."""
    table = fingerprint_table(work.entity, work.method)
    change, removed, gone = work.table("change"), work.table("removed"), work.table("gone")
    forms = [c for c in table.column_names if c not in ("fingerprint_id", "description_id", "records")]
    columns = ", ".join(map(quote, forms))
    kept = work.make(
        "fingerprint_kept",
        f"SELECT f.fingerprint_id, f.description_id, {columns}, c.after AS records FROM {work.past('fingerprint')} f"
        f" JOIN {change} c ON c.fingerprint_id = f.fingerprint_id WHERE c.before > 0 AND c.after > 0",
    )
    everything = None if not work.count(work.stored("fingerprint")) else "true"
    work.replace(
        "fingerprint",
        everything if work.fresh else f"fingerprint_id IN (SELECT fingerprint_id FROM {change} WHERE before > 0)",
        f"SELECT fingerprint_id, description_id, {columns}, records FROM {kept} UNION ALL"
        f" SELECT c.fingerprint_id, c.description_id, {columns}, c.after FROM {change} c"
        f" JOIN {work.table('weighed')} w ON w.description_id = c.description_id WHERE c.before = 0 AND c.after > 0",
        table,
    )
    work.replace(
        "key",
        everything if work.fresh else f"fingerprint_id IN (SELECT fingerprint_id FROM {removed})",
        f"SELECT key, kind, fingerprint_id FROM {work.table('key_new')} ORDER BY key",
        key_table(work.entity),
    )
    work.replace(
        "pair",
        everything
        if work.fresh
        else f"fingerprint_a IN (SELECT fingerprint_id FROM {gone}) OR fingerprint_b IN (SELECT fingerprint_id FROM {gone})",
        f"SELECT * FROM {work.table('pair_new')}",
        pair_table(work.entity),
    )
