"""The control schema: runs and their counts, a steward's patches and judgements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from rddm.contracts.errors import StoreError
from rddm.store.database import Database


@dataclass(frozen=True)
class RunRecord:
    """A run as it stands in ``control.run``; times are aware UTC."""

    run_id: int
    started_at: datetime
    ended_at: datetime | None
    status: str
    lake_snapshot: int | None
    problems: Sequence[str]
    resolution: Mapping[str, Any]
    stage_seconds: Mapping[str, float]
    counts: Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Patch:
    """A steward's repair of one delivered value of one record."""

    record_id: str
    source: str
    entity: str
    key: str
    column_name: str
    before: str | None
    after: str | None
    reason: str
    made_by: str
    made_at: datetime


@dataclass(frozen=True)
class Judgement:
    """
    A human's word on two records, the lower id first. Who took it back and why is None while it holds, and of words taken back
    before this was noted.
    """

    judgement_id: int
    model_entity: str
    record_a: UUID
    record_b: UUID
    verdict: str
    reason: str
    made_by: str
    made_at: datetime
    applied_run: int | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None = None
    withdrawn_reason: str | None = None


@dataclass(frozen=True)
class StoredPatch:
    """A steward's patch as it stands in ``control.patch``."""

    patch: Patch
    applied_run: int | None
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class Unapplied:
    """Numbers of the patches, or judgements, that no run had taken when they were read: which held, and which were withdrawn."""

    holding: tuple[int, ...]
    withdrawn: tuple[int, ...]


class Control:
    """Reads and writes the control tables, each call in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start_run(self, at: datetime) -> int:
        """Return the number of a new run. Runs that were killed before are marked so: the caller holds the writer lock."""
        with self._database.connect() as connection:
            connection.execute(
                "UPDATE control.run SET status = 'killed', ended_at = %s WHERE status = 'running'", (at,)
            )
            row = connection.execute(
                "INSERT INTO control.run (started_at, status) VALUES (%s, 'running') RETURNING run_id", (at,)
            ).fetchone()
        if row is None:
            raise StoreError(
                "PostgreSQL gave no number for a new run; control.run was changed by hand. Restore it from a backup."
            )
        return int(row[0])

    def finish_run(self, run: RunRecord) -> None:
        """Write down how a run ended."""
        with self._database.connect() as connection:
            connection.execute(
                "UPDATE control.run SET ended_at = %s, status = %s, lake_snapshot = %s, problems = %s, resolution = %s,"
                " stage_seconds = %s WHERE run_id = %s",
                (run.ended_at, run.status, run.lake_snapshot, Jsonb(list(run.problems)), Jsonb(dict(run.resolution)),
                 Jsonb(dict(run.stage_seconds)), run.run_id),
            )  # fmt: skip
            for (source, entity), counts in run.counts.items():
                connection.execute(
                    "INSERT INTO control.run_count VALUES (%s, %s, %s, %s)",
                    (run.run_id, source, entity, Jsonb(dict(counts))),
                )

    def runs(self, limit: int = 20) -> list[RunRecord]:
        """Return the newest runs, newest first."""
        with self._database.connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute("SELECT * FROM control.run ORDER BY run_id DESC LIMIT %s", (limit,)).fetchall()
            counts = cursor.execute(
                "SELECT * FROM control.run_count WHERE run_id = ANY(%s) ORDER BY source, entity",
                ([row["run_id"] for row in rows],),
            ).fetchall()
        return [
            RunRecord(
                **row,
                counts={
                    (each["source"], each["entity"]): each["counts"]
                    for each in counts
                    if each["run_id"] == row["run_id"]
                },
            )
            for row in rows
        ]

    def patches(self) -> tuple[pa.Table, pa.Table, Unapplied]:
        """
        Return active patches, the (source, entity, key) whose patches changed since they were last applied, and which those are.
        """
        columns = ("record_id", "source", "entity", "key", "column_name", "before", "after")
        with self._database.connect() as connection:
            rows = connection.execute(
                f"SELECT patch_id, withdrawn_at IS NULL, applied_run IS NULL, {', '.join(columns)} FROM control.patch"
                " WHERE withdrawn_at IS NULL OR applied_run IS NULL ORDER BY patch_id"
            ).fetchall()
        active = [values for _, holds, _, *values in rows if holds]
        changed = sorted({(source, entity, key) for _, _, is_new, _, source, entity, key, *_ in rows if is_new})
        return _texts(columns, active), _texts(("source", "entity", "key"), changed), _unapplied(rows)

    def judgements(self) -> tuple[pa.Table, Unapplied]:
        """Return active judgements: model_entity, record_a, record_b, verdict; and which changed since they were last applied."""
        columns = ("model_entity", "record_a", "record_b", "verdict")
        with self._database.connect() as connection:
            rows = connection.execute(
                f"SELECT judgement_id, withdrawn_at IS NULL, applied_run IS NULL, {', '.join(columns)} FROM control.judgement"
                " WHERE withdrawn_at IS NULL OR applied_run IS NULL ORDER BY judgement_id"
            ).fetchall()
        return _texts(columns, [values for _, holds, _, *values in rows if holds]), _unapplied(rows)

    def mark_applied(self, run_id: int, patches: Unapplied, judgements: Unapplied) -> None:
        """Note that a run has taken the *patches* and *judgements* that it read. What was withdrawn since waits for the next."""
        with self._database.connect() as connection:
            for table, read in (("patch", patches), ("judgement", judgements)):
                connection.execute(
                    f"UPDATE control.{table} SET applied_run = %s WHERE applied_run IS NULL"
                    f" AND ({table}_id = ANY(%s) OR ({table}_id = ANY(%s) AND withdrawn_at IS NULL))",
                    (run_id, list(read.withdrawn), list(read.holding)),
                )

    def add_patches(self, patches: Sequence[Patch]) -> None:
        """Keep all of *patches*, or none; an earlier one for the same value is withdrawn."""
        with self._database.connect() as connection:
            for patch in patches:
                connection.execute(
                    "UPDATE control.patch SET withdrawn_at = %s, applied_run = NULL"
                    " WHERE record_id = %s AND column_name = %s AND withdrawn_at IS NULL",
                    (patch.made_at, patch.record_id, patch.column_name),
                )
                connection.execute(
                    "INSERT INTO control.patch (record_id, source, entity, key, column_name, before, after, reason, made_by,"
                    " made_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                    (patch.record_id, patch.source, patch.entity, patch.key, patch.column_name, patch.before, patch.after,
                     patch.reason, patch.made_by, patch.made_at),
                )  # fmt: skip

    def patches_made(self) -> list[StoredPatch]:
        """Return every patch ever made, newest first."""
        columns = "source, entity, key, column_name, before, after, reason, made_by, made_at"
        with self._database.connect() as connection:
            rows = connection.execute(
                f"SELECT record_id::text, {columns}, applied_run, withdrawn_at FROM control.patch ORDER BY patch_id DESC"
            ).fetchall()
        return [StoredPatch(Patch(*row[:-2]), row[-2], row[-1]) for row in rows]

    def withdraw_patches(self, record_id: str, column: str | None, at: datetime) -> list[str]:
        """Take back what holds of a record's patches, *column*'s alone when given; return the columns."""
        with self._database.connect() as connection:
            rows = connection.execute(
                "UPDATE control.patch SET withdrawn_at = %s, applied_run = NULL WHERE record_id = %s AND withdrawn_at IS NULL"
                " AND (%s::text IS NULL OR lower(column_name) = lower(%s)) RETURNING column_name",
                (at, record_id, column, column),
            ).fetchall()
        return [row[0] for row in rows]

    def judgements_made(self, model_entity: str) -> list[Judgement]:
        """Return every judgement ever made on records of *model_entity*, newest first."""
        with self._database.connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(
                "SELECT * FROM control.judgement WHERE model_entity = %s ORDER BY judgement_id DESC", (model_entity,)
            ).fetchall()
        return [Judgement(**row) for row in rows]

    def add_judgements(  # noqa: PLR0913 - the row, column by column
        self,
        model_entity: str,
        pairs: Sequence[tuple[UUID, UUID]],
        verdict: str,
        reason: str,
        made_by: str,
        at: datetime,
        instead_of: Sequence[int] = (),
    ) -> None:
        """
        Keep one human's word on *pairs* of records; earlier ones on the same two, and those numbered in *instead_of*, are
        withdrawn, by who gives it and for its reason.
        """
        withdrawn = (at, made_by, reason)
        with self._database.connect() as connection:
            connection.execute(
                f"{_WITHDRAW} WHERE judgement_id = ANY(%s) AND withdrawn_at IS NULL", (*withdrawn, list(instead_of))
            )
            for record_a, record_b in pairs:
                low, high = sorted((record_a, record_b))
                connection.execute(
                    f"{_WITHDRAW} WHERE record_a = %s AND record_b = %s AND withdrawn_at IS NULL",
                    (*withdrawn, low, high),
                )
                connection.execute(
                    "INSERT INTO control.judgement (model_entity, record_a, record_b, verdict, reason, made_by, made_at)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                    (model_entity, low, high, verdict, reason, made_by, at),
                )

    def withdraw_judgements(self, numbers: Sequence[int], reason: str, made_by: str, at: datetime) -> None:
        """Take back the judgements with these *numbers*; the next run goes by what is left."""
        with self._database.connect() as connection:
            connection.execute(
                f"{_WITHDRAW} WHERE judgement_id = ANY(%s) AND withdrawn_at IS NULL",
                (at, made_by, reason, list(numbers)),
            )


_WITHDRAW = (
    "UPDATE control.judgement SET withdrawn_at = %s, withdrawn_by = %s, withdrawn_reason = %s, applied_run = NULL"
)


def _unapplied(rows: Sequence[Sequence[Any]]) -> Unapplied:
    """Of *rows* that begin with a number, whether it holds, and whether no run has taken it."""
    new = [(number, holds) for number, holds, is_new, *_ in rows if is_new]
    return Unapplied(
        tuple(number for number, holds in new if holds), tuple(number for number, holds in new if not holds)
    )


def _texts(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> pa.Table:
    return pa.table(
        {
            column: pa.array([None if row[index] is None else str(row[index]) for row in rows], pa.string())
            for index, column in enumerate(columns)
        }
    )
