"""
Resolve, step 4: the match keys that nodes share.

Of everything, they are the nodes' own. Of changes, the stored keys that they share come to them, and the stored fingerprints
behind those.
"""

from __future__ import annotations

from collections.abc import Sequence

from rddm.pipeline.identity_describe import with_parts
from rddm.pipeline.identity_nodes import fetch_nodes
from rddm.pipeline.identity_work import Work
from rddm.resolve.exact import exact_keys_sql
from rddm.resolve.keys import KeyKind, keys_sql, limit_sql, usable_sql
from rddm.store.lake import among_sql


def make_keys(work: Work, name: str, nodes: str, kinds: Sequence[KeyKind]) -> str:
    """Make table *name* (key, n) of the match keys of *nodes*, which have the parts of theirs."""
    return work.make(name, exact_keys_sql(nodes) if work.method == "exact" else keys_sql(nodes, kinds))


def find_members(work: Work, kinds: Sequence[KeyKind]) -> None:
    """
    Make ``member`` (key, n, looked_at: whether its pairs are found anew) of the keys that find anybody, ``key_look`` (key, n) of
    those looked at, and ``affected`` and ``gone`` (fingerprint_id).

    Affected is a fingerprint that is new, or that has a key which began or ceased to be too common; all of its pairs
    are found anew. Gone or affected: no stored pair of it counts.
    """
    if work.fresh:
        _members_of_everything(work, kinds)
    else:
        _members_of_changes(work, kinds)


def _members_of_everything(work: Work, kinds: Sequence[KeyKind]) -> None:
    keys = work.table("key_new")
    usable = f"SELECT key FROM ({usable_sql(keys, work.key_limit, kinds)})"
    member = work.make("member", f"SELECT key, n, true AS looked_at FROM {keys} WHERE key IN ({usable})")
    work.view("key_look", f"SELECT key, n FROM {member}")
    work.make("affected", f"SELECT fingerprint_id FROM {work.table('node')}")
    work.make("gone", f"SELECT fingerprint_id FROM {work.table('node')} LIMIT 0")


def _members_of_changes(work: Work, kinds: Sequence[KeyKind]) -> None:
    removed, node, new = work.table("removed"), work.table("node"), work.table("key_new")
    known = f"SELECT * FROM {work.table('known')} WHERE fingerprint_id IN (SELECT fingerprint_id FROM {removed})"
    gone = _keys_of_stored(work, "key_gone", known, kinds)
    near = work.make("key_near", _stored_keys(work, f"SELECT key FROM {new} UNION SELECT key FROM {gone}"))
    _find_affected(work, kinds)
    old = work.make("affected_old", f"SELECT * FROM {work.table('affected')} EXCEPT SELECT fingerprint_id FROM {node}")
    of_old = among_sql("fingerprint_id", f"SELECT fingerprint_id FROM {old}")
    far = work.make("affected_stored", f"SELECT * FROM {work.past('fingerprint')} WHERE {of_old}")
    looked_at = f"SELECT key FROM {new}"
    stored_members = work.make("member_stored", f"SELECT * FROM {near} WHERE key IN ({looked_at})")
    if work.count(far):
        others = _keys_of_stored(work, "key_of_affected", f"SELECT * FROM {far}", kinds)
        work.add("member_stored", _stored_keys(work, f"SELECT key FROM {others} EXCEPT {looked_at}"))
    every_key = f"(SELECT key FROM {stored_members} UNION ALL SELECT key FROM {new})"
    usable = work.make("usable", usable_sql(every_key, work.key_limit, kinds))
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
    return make_keys(work, name, parts, kinds)


def _stored_keys(work: Work, keys: str) -> str:
    """Return the query for the stored keys (key, fingerprint_id) among *keys* (a query) of fingerprints that stay."""
    return (
        f"SELECT key, fingerprint_id FROM {work.past('key')} WHERE key IN ({keys})"
        f" AND fingerprint_id NOT IN (SELECT fingerprint_id FROM {work.table('removed')})"
    )


def _find_affected(work: Work, kinds: Sequence[KeyKind]) -> None:
    """Make ``affected`` and ``gone`` from the keys that came, went and stayed."""
    new, gone, near = (work.table(name) for name in ("key_new", "key_gone", "key_near"))
    limit = limit_sql(work.key_limit, kinds)
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
