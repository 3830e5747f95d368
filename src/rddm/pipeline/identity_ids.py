"""Resolve, step 7: groups to golden ids, links, events and redirects."""

from __future__ import annotations

from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.identity import EVENT, LINK_COLUMNS, link_table
from rddm.pipeline.identity_work import Work
from rddm.resolve.golden_ids import (
    LIVING,
    IdTables,
    claims_sql,
    events_sql,
    names_sql,
    survivors_sql,
    untold_sql,
    went_sql,
)
from rddm.resolve.weights import probability_sql
from rddm.store.lake import among_sql

_PROBABILITY_DIGITS = 12
"""DuckLake keeps fifteen digits of a number that comes in a small batch, seventeen in a large one (measured, DuckDB 1.5.5)."""


def name_groups(work: Work, changed: str, touched: str) -> None:
    """Give every record of ``grouped`` its golden id; write links, events and redirects; fill *touched*."""
    _make_now(work)
    changed_words = work.table("judgement_changed")
    tables = IdTables(
        now=work.table("now"),
        before=work.table("before"),
        events=work.stored("event"),
        redirects=work.stored("redirect"),
        judged=f"(SELECT unnest([record_a, record_b]) AS record_id, given FROM {changed_words})",
        went=work.table("went"),
        claims=work.table("claim"),
        survivors=work.table("survivor"),
        names=work.table("name"),
    )
    work.make("went", went_sql(tables))
    work.make("claim", claims_sql(tables))
    work.make("survivor", survivors_sql(tables, work.entity))
    work.make("name", names_sql(tables, work.entity, work.run.run_id))
    happened = [events_sql(tables), *([untold_sql(tables, work.entity)] if work.fresh else [])]
    work.make("happened", " UNION ALL ".join(f"({each})" for each in happened))
    _make_links(work)
    _fill_touched(work, changed, touched)
    _write(work)
    _count(work)


def _make_now(work: Work) -> None:
    """Make ``before`` (record_id, golden_id) and ``now`` (record_id, fingerprint_id, grp, best, source_time)."""
    grouped, before = work.table("grouped"), work.table("link_before")
    rest = (
        f"SELECT {LINK_COLUMNS} FROM {work.stored('link')}"
        f" WHERE {among_sql('fingerprint_id', f'SELECT fingerprint_id FROM {grouped}')}"
        f" AND record_id NOT IN (SELECT record_id FROM {work.table('reconsidered')})"
    )
    rest = work.make("link_rest", rest if not work.fresh else f"SELECT * FROM {before} LIMIT 0")
    work.make("before", f"SELECT record_id, golden_id FROM {before} UNION ALL SELECT record_id, golden_id FROM {rest}")
    records = (
        f"SELECT record_id, fingerprint_id FROM {work.table('record_now')}"
        f" UNION ALL SELECT record_id, fingerprint_id FROM {rest}"
    )
    times = work.conformed
    if not work.fresh:
        of_records = f"SELECT record_id FROM {work.make('record_of_group', records)}"
        times = f"({work.found(times, 'record_id', of_records, 'record_id, source_time')})"
    work.make(
        "now",
        f"""
SELECT r.record_id, r.fingerprint_id, g.grp, g.best, c.source_time
FROM ({records}) r
JOIN {grouped} g ON g.fingerprint_id = r.fingerprint_id
JOIN {times} c ON c.record_id = r.record_id""",
    )


def _make_links(work: Work) -> None:
    """Make ``link_now``: the links of all records of the groups, as `link_table`."""
    work.make(
        "link_now",
        f"""
WITH size AS (
  SELECT grp, count(*) AS records, min(fingerprint_id) AS first, max(fingerprint_id) AS last FROM {work.table("now")}
  GROUP BY grp
)
SELECT n.record_id, i.golden_id, n.fingerprint_id,
  CASE WHEN s.records = 1 THEN 'alone' WHEN s.first = s.last THEN 'description' WHEN n.best IS NOT NULL THEN 'match'
    ELSE 'judgement' END AS how,
  round({probability_sql("n.best")}, {_PROBABILITY_DIGITS}) AS probability
FROM {work.table("now")} n
JOIN {work.table("name")} i ON i.grp = n.grp
JOIN size s ON s.grp = n.grp""",
    )


def _fill_touched(work: Work, changed: str, touched: str) -> None:
    now, before = work.table("link_now"), work.table("before")
    work.execute(
        f"""
INSERT INTO {touched}
SELECT n.golden_id FROM {now} n LEFT JOIN {before} b ON b.record_id = n.record_id
WHERE b.golden_id IS DISTINCT FROM n.golden_id OR n.record_id IN (SELECT record_id FROM {changed})
UNION
SELECT b.golden_id FROM {before} b LEFT JOIN {now} n ON n.record_id = b.record_id
WHERE b.golden_id IS DISTINCT FROM n.golden_id"""
    )


def _write(work: Work) -> None:
    link, now = work.stored("link"), work.table("link_now")
    if work.fresh:
        fresh_links = None if not work.count(link) else "true"
        work.replace("link", fresh_links, f"SELECT {LINK_COLUMNS} FROM {now}", link_table(work.entity))
    else:
        old = f"(SELECT * FROM {work.table('link_before')} UNION ALL SELECT * FROM {work.table('link_rest')})"
        new = work.make("link_new", f"SELECT {LINK_COLUMNS} FROM {now} EXCEPT SELECT * FROM {old}")
        work.replace(
            "link",
            f"{among_sql('fingerprint_id', f'SELECT fingerprint_id FROM {old}')} AND record_id IN (SELECT record_id FROM {new}"
            f" UNION ALL SELECT record_id FROM {old} WHERE record_id NOT IN (SELECT record_id FROM {now}))",
            f"SELECT * FROM {new}",
            link_table(work.entity),
        )
    work.execute(
        f"INSERT INTO {work.stored('event')} ({', '.join(map(quote, EVENT.column_names))})"
        f" SELECT {literal(work.entity)}, golden_id, kind, other_id, record_id, {work.run.run_id},"
        f" {literal(work.run.at.isoformat(sep=' '))}::TIMESTAMP, reason FROM {work.table('happened')} ORDER BY"
        f" golden_id, kind, record_id"
    )
    _write_redirects(work)


def _write_redirects(work: Work) -> None:
    """
    Lead ids that were merged to the id they were merged into, and older ones on: an id that was merged into one that is
    merged now, and one whose founding record has left the group that it led to, or was gone and is back. One that lives again
    leads nowhere.
    """
    happened, redirect, entity = work.table("happened"), work.stored("redirect"), literal(work.entity)
    leading = work.make(
        "redirect_now",
        f"""
WITH merged AS (SELECT golden_id AS old_id, other_id AS golden_id FROM {happened} WHERE kind = 'merged'),
old AS (SELECT old_id, golden_id FROM {redirect} WHERE entity = {entity}),
revived AS (SELECT golden_id AS old_id FROM {work.table("name")} WHERE golden_id IN (SELECT old_id FROM old)),
followed AS (
  SELECT old.old_id, n.golden_id FROM old
  JOIN {work.table("link_now")} n ON n.record_id = old.old_id
  LEFT JOIN {work.table("before")} b ON b.record_id = old.old_id
  WHERE (b.record_id IS NULL OR b.golden_id = old.golden_id) AND old.old_id NOT IN (SELECT old_id FROM revived)
)
SELECT old_id, golden_id FROM merged
UNION ALL
SELECT old_id, golden_id FROM followed
UNION ALL
SELECT old_id, old_id FROM revived
UNION ALL
SELECT old.old_id, m.golden_id FROM old JOIN merged m ON m.old_id = old.golden_id
WHERE old.old_id NOT IN (SELECT old_id FROM followed UNION ALL SELECT old_id FROM revived)""",
    )
    if not work.count(leading):
        return
    stale = work.make(
        "redirect_stale",
        f"SELECT r.old_id FROM {redirect} r JOIN {leading} f ON f.old_id = r.old_id"
        f" WHERE r.entity = {entity} AND r.golden_id <> f.golden_id",
    )
    if work.count(stale):
        work.execute(f"DELETE FROM {redirect} WHERE entity = {entity} AND old_id IN (SELECT old_id FROM {stale})")
    work.execute(
        f"INSERT INTO {redirect} (entity, old_id, golden_id) SELECT {entity}, old_id, golden_id FROM {leading}"
        f" WHERE old_id <> golden_id AND old_id NOT IN (SELECT old_id FROM {redirect} WHERE entity = {entity})"
    )


def _count(work: Work) -> None:
    found = work.connection.execute(f"SELECT kind, count(*) FROM {work.table('happened')} GROUP BY kind").fetchall()
    work.counts |= {str(kind): int(count) for kind, count in found}
    living = f"SELECT coalesce({LIVING}, 0) FROM {work.stored('event')} WHERE entity = {literal(work.entity)}"
    work.counts["living"] = int(work.value(living))
