"""What a run did to golden ids: the table of ids before and after, and the proof that none was merely renamed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rddm.contracts.errors import NotFound
from rddm.contracts.tables import quote
from rddm.contracts.tables.identity import EVENT_KINDS
from rddm.serve.history import REASONS
from rddm.serve.reading import Reading
from rddm.store.lake import CATALOG

KINDS_IN_ORDER = ("merged", "split", "moved", "ended", "created")
"""What a reader looks for first comes first; new ids are many."""


@dataclass(frozen=True)
class IdChange:
    """
    One thing that happened to an id in a run. ``before`` is None for what is new, ``after`` for what has ended; of a record
    that moved, ``before`` and ``after`` are where it belonged and belongs. In
    `rddm.contracts.tables.identity.KINDS_OF_TWO` None is an id that was erased.
    """

    kind: str
    before: uuid.UUID | None
    after: uuid.UUID | None
    record: uuid.UUID | None
    reason: str | None
    words: str


@dataclass(frozen=True)
class Proof:
    """
    What the links before and after the run say themselves, without the events.

    ``people_before`` and ``people_after``: living ids; ``changed_records``: records that belong to another id than before;
    ``relabels``: ids that were replaced though no record left or joined but new ones; ``unexplained``: ids that came or went
    without an event.
    """

    people_before: int
    people_after: int
    changed_records: int
    relabels: int
    unexplained: int


@dataclass(frozen=True)
class Changes:
    """A run's changes of ids. ``counts`` by kind; ``total`` of all; ``proof`` is None where the snapshots are not kept."""

    entity: str
    run: int
    at: dt.datetime | None
    counts: Mapping[str, int]
    changes: Sequence[IdChange]
    total: int
    proof: Proof | None


def identity_changes(
    reading: Reading, entity: str, run: int | None, limit: int, *, kinds: Sequence[str] = EVENT_KINDS
) -> Changes:
    """
    Return what *run* (the last that touched ids, when None) did to the ids of *entity*: *limit* changes of these *kinds*,
    merges and splits first.

    Raises:
        NotFound: there has been no such run.
    """
    event = reading.table("identity", "event")
    number = _run_number(reading, entity, run)
    counted = reading.rows(
        f"SELECT kind, count(*) AS n, max(event.at) AS happened_at FROM {event} AS event"
        " WHERE entity = ? AND run_id = ? GROUP BY kind",
        [entity, number],
    )
    wanted = [each for each in EVENT_KINDS if each in kinds]
    rows = reading.rows(
        f"SELECT * FROM {event} WHERE entity = ? AND run_id = ? AND kind IN (SELECT unnest(?::VARCHAR[]))"
        f" ORDER BY list_position({list(KINDS_IN_ORDER)!r}, kind), golden_id, other_id, record_id LIMIT {int(limit)}",
        [entity, number, wanted],
    )
    counts = {row["kind"]: row["n"] for row in counted}
    return Changes(
        entity=entity,
        run=number,
        at=max((row["happened_at"] for row in counted), default=None),
        counts={kind: counts.get(kind, 0) for kind in EVENT_KINDS},
        changes=[_change(row) for row in rows],
        total=sum(counts.get(kind, 0) for kind in wanted),
        proof=_prove(reading, entity, number),
    )


def _run_number(reading: Reading, entity: str, run: int | None) -> int:
    if run is None:
        rows = reading.rows(
            f"SELECT max(run_id) AS run FROM {reading.table('identity', 'event')} WHERE entity = ?", [entity]
        )
        if not rows or rows[0]["run"] is None:
            raise NotFound(f"No run has given a {entity} an id yet. Start with `rddm run`.")
        return int(rows[0]["run"])
    with reading.database.connect() as connection:
        first, last, found = connection.execute(
            "SELECT min(run_id), max(run_id), count(*) FILTER (WHERE run_id = %s) FROM control.run", (run,)
        ).fetchone() or (None, None, 0)
    if not found:
        kept = f"There are {first} to {last}: `rddm status`." if first is not None else "None has run yet: `rddm run`."
        raise NotFound(f"There is no run {run}. {kept}")
    return run


def _change(row: Mapping[str, object]) -> IdChange:
    golden, other = row["golden_id"], row["other_id"]
    before, after = {
        "created": (None, golden),
        "merged": (golden, other),
        "split": (other, golden),
        "moved": (other, golden),
        "ended": (golden, None),
    }.get(str(row["kind"]), (golden, other))
    reason = str(row["reason"] or "")
    words = REASONS.get(reason, reason.replace("_", " ")) or "new records"
    return IdChange(str(row["kind"]), before, after, row["record_id"], reason or None, words)  # type: ignore[arg-type]


def _prove(reading: Reading, entity: str, run: int) -> Proof | None:
    """Compare the links of the snapshot that the run's engine committed with those of the snapshot before it."""
    snapshots = reading.lake.snapshots()
    place = next(
        (
            number
            for number, each in enumerate(snapshots)
            if each.info.get("run") == run and each.message == f"run {run}"
        ),
        None,
    )
    name = f"{entity}__link"
    if place is None or not reading.lake.has("identity", name):
        return None
    after = _links(name, snapshots[place].number)
    if place == 0 or snapshots[place - 1].number != snapshots[place].number - 1:
        return None  # the snapshot before was expired
    before = _links(name, snapshots[place - 1].number)
    if not _was_there(reading, before):
        before = f"(SELECT * FROM {after} LIMIT 0)"
    (row,) = reading.rows(
        f"""
        WITH both_now AS (
            SELECT b.golden_id AS old, a.golden_id AS new FROM {before} AS b JOIN {after} AS a USING (record_id)),
        moved AS (SELECT DISTINCT old, new FROM both_now WHERE old <> new),
        old_size AS (SELECT old, count(DISTINCT new) AS parts FROM both_now
            WHERE old IN (SELECT old FROM moved) GROUP BY old),
        new_size AS (SELECT new, count(DISTINCT old) AS parts FROM both_now
            WHERE new IN (SELECT new FROM moved) GROUP BY new),
        came AS (SELECT golden_id AS id FROM {after} EXCEPT SELECT golden_id FROM {before}),
        went AS (SELECT golden_id AS id FROM {before} EXCEPT SELECT golden_id FROM {after}),
        told AS (SELECT golden_id AS id, kind FROM {reading.table("identity", "event")} WHERE entity = ? AND run_id = ?)
        SELECT (SELECT count(DISTINCT golden_id) FROM {before}) AS people_before,
            (SELECT count(DISTINCT golden_id) FROM {after}) AS people_after,
            (SELECT count(*) FROM both_now WHERE old <> new) AS changed_records,
            (SELECT count(*) FROM moved JOIN old_size USING (old) JOIN new_size USING (new)
                WHERE old_size.parts = 1 AND new_size.parts = 1) AS relabels,
            (SELECT count(*) FROM came WHERE id NOT IN (SELECT id FROM told WHERE kind IN ('created', 'split')))
            + (SELECT count(*) FROM went WHERE id NOT IN (SELECT id FROM told WHERE kind IN ('merged', 'ended'))) AS unexplained
        """,
        [entity, run],
    )
    return Proof(**row)


def _links(name: str, snapshot: int) -> str:
    return f"(SELECT record_id, golden_id FROM {CATALOG}.identity.{quote(name)} AT (VERSION => {snapshot}))"


def _was_there(reading: Reading, links: str) -> bool:
    return bool(reading.rows(f"SELECT count(*) AS n FROM {links}"))
