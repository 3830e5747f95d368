"""
Resolve, step 3: fingerprints that came and went, and the nodes that take part in this run.

A fingerprint that takes part is a *node* with a number of this run: numbers are what pairs are made of.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from rddm.contracts.tables import quote
from rddm.contracts.tables.identity import fingerprint_table
from rddm.pipeline.identity_compare import part_of_node_sql, threshold_of, weighed
from rddm.pipeline.identity_work import Work
from rddm.resolve.comparisons import self_sql
from rddm.resolve.fingerprints import PART_COLUMNS, with_terms_sql
from rddm.resolve.keys import (
    common_values_sql,
    identifier_keys_sql,
    is_identifier_sql,
    kind_number_sql,
    without_common_sql,
    without_shared_sql,
)
from rddm.resolve.weights import Mixture
from rddm.store.lake import among_sql

_NEAR = "ORDER BY given_part, birth_part"
"""Most pairs share the given name, and most of them the birth date: numbered like this, their nodes are near each other."""


def make_fingerprints(work: Work, mixture: Mixture, common: Sequence[int]) -> None:
    """
    Make ``record_now`` (record_id, description_id, fingerprint_id), ``change`` (fingerprint_id, description_id: null where the
    fingerprint goes; before, after: records, where they differ or the fingerprint is new), ``known`` (those of them that are
    stored, as they were) and the view ``weighed``: descriptions with term weights.

    A description that would not prove a match with its own equal does not collapse records: each of them is its own
    fingerprint. Identifiers whose keys are *common* prove nothing.
    """
    distinct = work.table("distinct")
    if work.method == "probabilistic":
        terms = work.view("weighed", with_terms_sql(distinct, work.table("terms")))
        keys = work.load("common_in_model", pa.table({"key": pa.array(common, pa.int64())}))
        telling = f"({without_common_sql(terms, keys)})" if common else terms
        with weighed(work, self_sql(telling, "description_id"), mixture, "description_id") as proof:
            least = threshold_of(work, mixture)
            weak = work.make("weak", f"SELECT description_id FROM ({proof}) WHERE weight < {least!r}")
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
    of_delta = among_sql("fingerprint_id", f"SELECT fingerprint_id FROM {delta}")
    known = work.make("known", f"SELECT * FROM {work.past('fingerprint')} WHERE {of_delta}")
    work.make(
        "change",
        f"""
SELECT d.fingerprint_id, d.description_id, coalesce(f.records, 0) AS before, coalesce(f.records, 0) + d.step AS after
FROM {delta} d LEFT JOIN {known} f ON f.fingerprint_id = d.fingerprint_id""",
    )
    work.drop("delta")


def make_nodes(work: Work) -> None:
    """
    Make ``removed`` (fingerprint_id: those that are gone) and ``node`` (n, the fingerprint with its forms and the parts of its
    keys) of those that are new; their numbers are in an order that lets most pairs be compared one part of them at a time.
    """
    change = work.table("change")
    work.make("removed", f"SELECT fingerprint_id FROM {change} WHERE before > 0 AND after = 0")
    parts = PART_COLUMNS if work.method == "probabilistic" else ()
    forms = ", ".join(f"w.{column}" for column in (*_form_columns(work), *parts))
    new = work.make(
        "numbered",
        f"SELECT (row_number() OVER ({_NEAR if parts else ''}) - 1)::INTEGER AS n, fingerprint_id, description_id, after"
        f" FROM {change} JOIN {work.table('distinct')} USING (description_id) WHERE before = 0 AND after > 0",
    )
    node = work.make(
        "node",
        f"SELECT c.n, c.fingerprint_id, {forms}, c.after AS records FROM {new} c"
        f" JOIN {work.table('weighed')} w ON w.description_id = c.description_id",
        part_of_node_sql("n"),
    )
    work.drop("numbered")
    work.execute(f"DROP VIEW {work.table('weighed')}")
    work.drop("distinct")
    work.counts["fingerprints"] = work.count(node)


def _form_columns(work: Work) -> list[str]:
    """The columns of a fingerprint beside its id and its number of records."""
    names = fingerprint_table(work.entity, work.method).column_names
    return [quote(name) for name in names if name not in ("fingerprint_id", "records")]


def write_fingerprints(work: Work) -> None:
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
    gone = among_sql("fingerprint_id", f"SELECT fingerprint_id FROM {known}") if work.count(known) else None
    work.replace("fingerprint", gone, f"SELECT {columns} FROM ({kept}) UNION ALL {new}", table)


def fetch_nodes(work: Work, wanted: str) -> None:
    """Put the stored fingerprints that query *wanted* names into ``node``, those that are not there yet."""
    if work.fresh:
        return
    node = work.table("node")
    missing = work.make("missing", f"{wanted} EXCEPT SELECT fingerprint_id FROM {node}")
    first = work.count(node)
    columns = ", ".join(_form_columns(work))
    work.add(
        "node",
        f"SELECT ({first} + row_number() OVER () - 1)::INTEGER AS n, fingerprint_id, {columns} FROM {work.past('fingerprint')}"
        f" WHERE {among_sql('fingerprint_id', f'SELECT fingerprint_id FROM {missing}')}",
    )
    note_common(work, first)


def make_told(work: Work) -> None:
    """
    Make the view ``told``: ``node`` without the identifiers that too many share, which are in ``common_of_node`` (n, kind: the
    number of its kind of key), as they are found.
    """
    node = work.table("node")
    if work.method == "exact":
        work.view("told", f"SELECT * FROM {node}")
        return
    shared = work.begin("common_of_node", "(n INTEGER, kind BIGINT)")
    work.view("told", without_shared_sql(node, shared, "n"))


def note_common(work: Work, first: int) -> None:
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
