"""
Erasing somebody: every step is kept and can be done again, so an erasure that was killed is finished by the next run.

    begun      their records are suppressed, and what people have said of them is gone;
               then: out of every table of the lake in one transaction, out of the shop window, files written anew
    removed    no table and no file of the lake holds anything; then: PostgreSQL's free space and log are cleared
    done
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC
from importlib.metadata import version
from typing import Any
from uuid import UUID

from rddm.contracts.errors import NotFound
from rddm.contracts.tables import literal
from rddm.contracts.tables.identity import KINDS_OF_TWO
from rddm.pipeline.erasing_find import Leaving, LeavingRecord, find_leaving
from rddm.pipeline.erasing_remove import Removal
from rddm.pipeline.patching import Author
from rddm.pipeline.run import Reporter, Task, Warehouse, run_locked
from rddm.store.erasures import Erasure, Erasures, check_of, digest
from rddm.store.lake import CATALOG, Lake
from rddm.store.scrubbing import Recycling, clear_database, clear_history, clear_spill, recycling_of
from rddm.store.spill import clear_dead
from rddm.store.trouble import told_in_words

LAKE_SCHEMAS = ("raw", "conformed", "quarantine", "identity", "golden")
SHOP_WINDOW = "warehouse"
DATABASE_SCHEMAS = ("control", "lake", SHOP_WINDOW, "matching")
RECYCLING = "wal_recycle"
"""Of the work of an erasure, as long as the log is being cleared: how PostgreSQL was set before."""
REGROUPED = "ids"
"""Of the work of an erasure: what its runs did to ids of others."""
LAST_RUN = "last_run"
"""Beside what is still to be removed: the last run before the erasure, so that after a kill all runs of its own are known."""

Step = Callable[[str], None]


def _say_nothing(step: str) -> None:
    del step


@dataclass(frozen=True)
class Wanted:
    """Whom to erase: a golden id of *entity*, or a *record* of it that belongs to nobody."""

    entity: str
    golden_id: UUID | None
    record: LeavingRecord | None = None

    @property
    def subject(self) -> UUID:
        if self.golden_id is not None:
            return self.golden_id
        if self.record is not None:
            return self.record.record_id
        raise ValueError("neither an id nor a record")


def find(warehouse: Warehouse, wanted: Wanted) -> Leaving:
    """
    Return what goes with *wanted*, and what people have said of it; see `rddm.pipeline.erasing_find.find_leaving`.

    Raises:
        NotFound: no record of theirs is here.
    """
    found = find_leaving(warehouse.lake, warehouse.settings, wanted.entity, wanted.golden_id, wanted.record)
    if not found.records:
        raise NotFound(f"No record of this {wanted.entity} is here any more, so there is nothing to erase.")
    said = warehouse.erasures.count_said([each.record_id for each in found.records])
    return replace(found, counts={**(found.counts or {}), **said})


def erase(
    warehouse: Warehouse,
    reporter: Reporter,
    wanted: Wanted,
    shown: Leaving,
    author: Author,
    after: Step = _say_nothing,
) -> Erasure:
    """
    Erase *wanted* from every layer and return the proof. *after* is told the name of each step that is done.

    Of an erasure of theirs that was killed, the rest is done.

    Raises:
        RunInProgress: someone else writes to the warehouse.
        NotFound: it is not what was *shown* any more; nothing was erased.
        StoreError: a step failed; the next run goes on from there.
    """
    with warehouse.database.writer_lock() as still_held, warehouse.lake.only_while(still_held):
        secret = warehouse.erasures.secret()
        subject = digest(secret, wanted.subject)
        for finished in finish_erasures(warehouse, reporter):
            if finished.subject == subject:
                return warehouse.erasures.get(finished.erasure_id)
        leaving = find(warehouse, wanted)
        if leaving.records != shown.records:
            raise NotFound("Their records have changed since they were shown. Look again, and decide anew.")
        warehouse.erasures.suppressed()  # refuses before anything is done when an earlier list has another secret
        proof = Erasure(
            erasure_id=0, state="begun", model_entity=wanted.entity, subject=subject,
            reason=author.reason, made_by=author.name, made_at=author.at, done_at=None,
            places=[asdict(each) for each in leaving.places], counts=leaving.counts or {}, work={},
            version=version("rddm-warehouse"), secret_check=check_of(secret),
            unfinished=leaving.as_json() | {LAST_RUN: _last_run(warehouse)}, lifted_at=None, lifted_by=None,
            lifted_reason=None,
        )  # fmt: skip
        number = warehouse.erasures.begin(
            proof, [(each.source, each.entity, each.record_id) for each in leaving.records]
        )
        after("begun")
        _carry_on(warehouse, reporter, warehouse.erasures.get(number), after)
        return warehouse.erasures.get(number)


def finish_erasures(warehouse: Warehouse, reporter: Reporter, after: Step = _say_nothing) -> list[Erasure]:
    """
    Bring erasures to their end that were begun and killed, and return them; the caller holds the writer lock.

    *after* as for `erase`.
    """
    begun = warehouse.erasures.unfinished()
    for each in begun:
        _carry_on(warehouse, reporter, each, after)
    return begun


def _carry_on(warehouse: Warehouse, reporter: Reporter, erasure: Erasure, after: Step) -> None:
    if erasure.unfinished is not None:
        _remove(warehouse, reporter, erasure, erasure.unfinished, after)
    reporter.working("clear the database")
    with told_in_words():
        recycling = _recycling_before(warehouse, erasure)
        cleared = clear_database(warehouse.database, DATABASE_SCHEMAS, _untouched(warehouse, erasure), recycling)
        warehouse.erasures.note(erasure.erasure_id, RECYCLING, None)
        is_clear = clear_spill(warehouse.lake)
        after("cleared")
        if cleared.in_use or not is_clear:
            return  # nothing of them can be read any more, so no run need wait; the next one tries again
        done_at = warehouse.now().replace(tzinfo=UTC)
        warehouse.erasures.mark_done(erasure.erasure_id, done_at, {"database": asdict(cleared)})
    after("done")


def _recycling_before(warehouse: Warehouse, erasure: Erasure) -> Recycling | None:
    """
    Return how the server was set before this erasure began to clear its log, and note it first: killed while it is set
    otherwise, its next attempt still knows.
    """
    noted = erasure.work.get(RECYCLING)
    if noted is not None:
        return Recycling(**noted)
    recycling = recycling_of(warehouse.database)
    if recycling is not None:
        warehouse.erasures.note(erasure.erasure_id, RECYCLING, asdict(recycling))
    return recycling


def _remove(
    warehouse: Warehouse, reporter: Reporter, erasure: Erasure, unfinished: Mapping[str, Any], after: Step
) -> None:
    last_run = unfinished.get(LAST_RUN, _last_run(warehouse))  # not noted by earlier versions
    run_locked(warehouse, _Telling(reporter, after), Task(removal=Removal(Leaving.from_json(unfinished))))
    after("published")
    reporter.working("clear the lake's history")
    with told_in_words():
        cleared = clear_history(warehouse.lake, LAKE_SCHEMAS)
        warehouse.note_published(warehouse.now().replace(tzinfo=UTC))
        spilled = clear_dead(warehouse.lake.spill)
        after("rewritten")
        work = {
            "lake": {**asdict(cleared), "spill_files_deleted": spilled},
            REGROUPED: _regrouped(warehouse.lake, erasure.model_entity, last_run),
        }
        warehouse.erasures.mark_removed(erasure.erasure_id, work)
    after("removed")


def _last_run(warehouse: Warehouse) -> int:
    return next((each.run_id for each in warehouse.control.runs(1)), 0)


def _regrouped(lake: Lake, entity: str, last_run: int) -> list[dict[str, int]]:
    """Return how many ids of *entity* merged and split off, and records moved, by run after *last_run*; only runs with any."""
    counts = ", ".join(f"count(*) FILTER (kind = {literal(kind)})" for kind in KINDS_OF_TWO)
    rows = lake.connection.execute(
        f"SELECT run_id, {counts} FROM {CATALOG}.identity.event WHERE entity = ? AND run_id > ?"
        " AND kind IN (SELECT unnest(?::VARCHAR[])) GROUP BY run_id ORDER BY run_id",
        [entity, last_run, list(KINDS_OF_TWO)],
    ).fetchall()
    return [dict(zip(("run", *KINDS_OF_TWO), row, strict=True)) for row in rows]


class _Telling:
    """A reporter that also tells when the lake's transaction is done and the publication begins."""

    def __init__(self, reporter: Reporter, after: Step) -> None:
        self.reading, self.read = reporter.reading, reporter.read
        self._reporter, self._after, self._is_told = reporter, after, False

    def working(self, what: str) -> None:
        if what.startswith("publish") and not self._is_told:
            self._is_told = True
            self._after("engine")
        self._reporter.working(what)


def _untouched(warehouse: Warehouse, erasure: Erasure) -> list[tuple[str, str]]:
    """Return the tables of the shop window that show entities of which nothing went."""
    touched = {erasure.model_entity, *(each["model_entity"] for each in erasure.places)}
    names = [name for name in warehouse.settings.model.entities if name not in touched]
    return [(SHOP_WINDOW, table) for name in names for table in (name, f"{name}_record")]


def allow_again(erasures: Erasures, number: int, author: Author) -> Erasure:
    """
    Let the records of erasure *number* come again with the next delivery; return the proof.

    Raises:
        NotFound: there is no such proof, or it was lifted already.
    """
    proof = erasures.get(number)
    if proof.lifted_at is not None:
        raise NotFound(f"Proof {number} was lifted already, by {proof.lifted_by} on {proof.lifted_at:%Y-%m-%d}.")
    erasures.lift(number, author.name, author.reason, author.at)
    return replace(proof, lifted_at=author.at, lifted_by=author.name, lifted_reason=author.reason)
