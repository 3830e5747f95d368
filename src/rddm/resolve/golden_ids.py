"""
Ids that stay: which golden id each group of records gets, and what happened to the ids there were.

An id goes on with the group that holds most of its records (a tie: with its founding record, then the lowest record
id). Where several ids go on in one group, the oldest stays - the one created in the earliest run, then the one whose
founding record is earliest by its source's time, then the lowest id - and the others redirect to it. A group where no
id goes on gets the id of its founding record: the earliest by source time, then the lowest, whose id no living or
redirected golden id has. Is there none (its record founded an id that now lies elsewhere), the id is the md5 of that
record's id and the run. An id that ended because all of its records were deleted lives again when its founding record
comes back; one that was merged lives again when the group that its founding record is in splits off, and where the id it
leads to is gone and does not come back itself. A redirect leads to where the old id's founding record is. The id of somebody
who was erased is not given again.
"""

from __future__ import annotations

from dataclasses import dataclass

from rddm.contracts.tables.table import literal

LIVING = "sum(CASE WHEN kind IN ('created', 'split') THEN 1 WHEN kind IN ('merged', 'ended') THEN -1 ELSE 0 END)"
"""Over what happened to ids: how many of them live."""


@dataclass(frozen=True)
class IdTables:
    """
    Tables that the queries here read.

    ``now``: record_id, grp (BIGINT), source_time: every record of the groups to name. ``before``: record_id, golden_id:
    the links that these records, and removed ones, had. ``events``: `identity.event`. ``redirects``: `identity.redirect`.
    ``judged``: record_id, given: the records that a human's word was given on since, or else taken back from. The rest are made
    from these queries, in the order of the functions below.
    """

    now: str
    before: str
    events: str
    redirects: str
    judged: str
    went: str
    claims: str
    survivors: str
    names: str


def went_sql(tables: IdTables) -> str:
    """
    Return where the records that had an id are now. Columns: record_id, golden_id (the one it had), grp. Grain: a record that
    had an id and has a group.
    """
    return f"SELECT b.record_id, b.golden_id, n.grp FROM {tables.before} b JOIN {tables.now} n ON n.record_id = b.record_id"


def claims_sql(tables: IdTables) -> str:
    """
    Return which group each old id goes on with. Columns: golden_id, grp, records. Grain: an old id that still has
    records.
    """
    return f"""
SELECT golden_id, grp, records FROM (
  SELECT golden_id, grp, records,
    row_number() OVER (PARTITION BY golden_id ORDER BY records DESC, founder DESC, lowest) AS place
  FROM (
    SELECT golden_id, grp, count(*) AS records, max((record_id = golden_id)::TINYINT) AS founder, min(record_id) AS lowest
    FROM {tables.went} GROUP BY golden_id, grp
  )
) WHERE place = 1"""


def survivors_sql(tables: IdTables, entity: str) -> str:
    """
    Return the oldest of the ids that go on in one group. Columns: grp, golden_id. Grain: a group that has an old
    id.
    """
    return f"""
WITH contested AS (SELECT grp FROM {tables.claims} GROUP BY grp HAVING count(*) > 1),
contenders AS (SELECT golden_id, grp FROM {tables.claims} WHERE grp IN (SELECT grp FROM contested)),
births AS (
  SELECT golden_id, min(run_id) AS run_id FROM {tables.events}
  WHERE entity = {literal(entity)} AND kind IN ('created', 'split') AND golden_id IN (SELECT golden_id FROM contenders)
  GROUP BY golden_id
)
SELECT grp, golden_id FROM (
  SELECT c.grp, c.golden_id,
    row_number() OVER (PARTITION BY c.grp ORDER BY b.run_id NULLS LAST, n.source_time NULLS LAST, c.golden_id) AS place
  FROM contenders c
  LEFT JOIN births b ON b.golden_id = c.golden_id
  LEFT JOIN {tables.now} n ON n.record_id = c.golden_id
) WHERE place = 1
UNION ALL
SELECT grp, golden_id FROM {tables.claims} WHERE grp NOT IN (SELECT grp FROM contested)"""


def names_sql(tables: IdTables, entity: str, run_id: int) -> str:
    """
    Return the golden id of every group. Columns: grp, golden_id, founder (record id; null where the id is an old one).

    Grain: a group.
    """
    return f"""
WITH unnamed AS (
  SELECT n.record_id, n.grp, n.source_time FROM {tables.now} n WHERE n.grp NOT IN (SELECT grp FROM {tables.survivors})
),
past AS (
  SELECT golden_id, max(run_id) FILTER (WHERE kind = 'ended') AS ended, max(run_id) FILTER (WHERE kind <> 'ended') AS
  active
  FROM {tables.events}
  WHERE entity = {literal(entity)} AND kind IN ('created', 'split', 'merged', 'ended')
    AND golden_id IN (SELECT record_id FROM unnamed)
  GROUP BY golden_id
),
redirected AS (
  SELECT old_id, golden_id FROM {tables.redirects} WHERE entity = {literal(entity)} AND old_id IN (SELECT record_id FROM unnamed)
),
living AS (
  SELECT golden_id FROM {tables.events} WHERE entity = {literal(entity)} AND golden_id IN (SELECT golden_id FROM redirected)
  GROUP BY golden_id HAVING {LIVING} > 0
  EXCEPT (SELECT golden_id FROM {tables.before} EXCEPT SELECT golden_id FROM {tables.claims})
),
used AS (
  SELECT golden_id FROM past WHERE (ended IS NULL OR active > ended) AND golden_id NOT IN (SELECT old_id FROM redirected)
  UNION
  SELECT golden_id FROM {tables.before} WHERE golden_id IN (SELECT record_id FROM unnamed)
  UNION
  -- It left somebody who was erased, whose id may be its own: see `rddm.pipeline.erasing_remove`.
  SELECT record_id FROM {tables.events}
  WHERE entity = {literal(entity)} AND kind IN ('moved', 'split') AND other_id IS NULL
    AND record_id IN (SELECT record_id FROM unnamed)
),
ranked AS (
  SELECT u.grp, u.record_id, x.golden_id IS NOT NULL AS taken,
    row_number() OVER (
      PARTITION BY u.grp ORDER BY (x.golden_id IS NOT NULL)::TINYINT,
        CASE WHEN r.old_id IS NULL THEN 1 WHEN r.golden_id IN (SELECT golden_id FROM living) THEN 0 ELSE 2 END,
        u.source_time NULLS LAST, u.record_id
    ) AS place
  FROM unnamed u LEFT JOIN used x ON x.golden_id = u.record_id LEFT JOIN redirected r ON r.old_id = u.record_id
)
SELECT grp, CASE WHEN taken THEN md5(record_id::VARCHAR || chr(31) || '{run_id}')::UUID ELSE record_id END AS
golden_id, record_id AS founder
FROM ranked WHERE place = 1
UNION ALL
SELECT grp, golden_id, CAST(NULL AS UUID) AS founder FROM {tables.survivors}"""


def events_sql(tables: IdTables) -> str:
    """
    Return what happened. Columns: golden_id, kind, other_id, record_id, reason. See
    `rddm.contracts.tables.identity.EVENT`.

    The reason is ``judgement`` where a record that a word was given on is among those that went from the one id to the other
    group, ``judgement_withdrawn`` where words were only taken back from such records.
    """
    return f"""
WITH origins AS (
  SELECT grp, golden_id FROM (
    SELECT grp, golden_id, row_number() OVER (PARTITION BY grp ORDER BY count(*) DESC, golden_id) AS place
    FROM {tables.went} WHERE grp NOT IN (SELECT grp FROM {tables.survivors})
    GROUP BY grp, golden_id
  ) WHERE place = 1
),
judged AS (
  SELECT w.golden_id, w.grp, CASE WHEN bool_or(j.given) THEN 'judgement' ELSE 'judgement_withdrawn' END AS reason
  FROM {tables.judged} j JOIN {tables.went} w ON w.record_id = j.record_id GROUP BY w.golden_id, w.grp
)
SELECT i.golden_id, CASE WHEN o.golden_id IS NULL THEN 'created' ELSE 'split' END AS kind, o.golden_id AS other_id,
i.founder AS record_id,
  CASE WHEN o.golden_id IS NULL THEN 'new_records' ELSE coalesce(j.reason, 'records_no_longer_match') END AS reason
FROM {tables.names} i LEFT JOIN origins o ON o.grp = i.grp
LEFT JOIN judged j ON j.golden_id = o.golden_id AND j.grp = o.grp
WHERE i.founder IS NOT NULL
UNION ALL
SELECT c.golden_id, 'merged', i.golden_id, NULL,
  coalesce(j.reason, 'records_match')
FROM {tables.claims} c JOIN {tables.names} i ON i.grp = c.grp
LEFT JOIN judged j ON j.golden_id = c.golden_id AND j.grp = c.grp
WHERE c.golden_id <> i.golden_id
UNION ALL
SELECT i.golden_id, 'moved', w.golden_id, w.record_id,
  coalesce(j.reason, 'matches_better')
FROM {tables.went} w
JOIN {tables.claims} c ON c.golden_id = w.golden_id AND c.grp <> w.grp
JOIN {tables.names} i ON i.grp = w.grp
LEFT JOIN origins o ON o.grp = w.grp
LEFT JOIN judged j ON j.golden_id = w.golden_id AND j.grp = w.grp
WHERE o.golden_id IS NULL OR o.golden_id <> w.golden_id
UNION ALL
SELECT DISTINCT b.golden_id, 'ended', CAST(NULL AS UUID), CAST(NULL AS UUID), 'no_records'
FROM {tables.before} b WHERE b.golden_id NOT IN (SELECT golden_id FROM {tables.claims})"""


def untold_sql(tables: IdTables, entity: str) -> str:
    """
    Return which ids came and went while the entity was not matched, which tells nothing. Columns: as `events_sql`.

    For ``before`` that holds all links.
    """
    return f"""
WITH told AS (
  SELECT golden_id FROM {tables.events} WHERE entity = {literal(entity)} GROUP BY golden_id HAVING {LIVING} > 0
)
SELECT DISTINCT b.golden_id, 'created' AS kind, CAST(NULL AS UUID) AS other_id, CAST(NULL AS UUID) AS record_id,
  'not_matched' AS reason
FROM {tables.before} b WHERE b.golden_id NOT IN (SELECT golden_id FROM told)
UNION ALL
SELECT golden_id, 'ended', CAST(NULL AS UUID), CAST(NULL AS UUID), 'not_matched'
FROM told WHERE golden_id NOT IN (SELECT golden_id FROM {tables.before})"""
