"""
A run: read every source, run the engine, publish.

Every step commits by itself, so a run killed anywhere is finished by the next one: landed batches stay, the engine's
transaction is done again, a publication is made up for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from rddm.contracts.errors import SourceError
from rddm.pipeline.cursors import SavedCursor, read_cursors
from rddm.pipeline.engine import EngineResult, HumanWord, prepare_lake, run_engine
from rddm.pipeline.envelope import envelope_changes
from rddm.pipeline.erasing_remove import Removal
from rddm.pipeline.ingesting import Clock, Ingested, ingest
from rddm.pipeline.landing import Place
from rddm.pipeline.stamp import RunStamp, timed
from rddm.pipeline.suppressing import Suppression, load_suppression
from rddm.project.settings import ProjectSettings, SourceEntity
from rddm.sources.protocol import Source
from rddm.store.control import Control, RunRecord
from rddm.store.database import Database
from rddm.store.erasures import Erasures
from rddm.store.lake import Lake
from rddm.store.maintenance import rewrite_dead_files
from rddm.store.spill import clear_dead
from rddm.store.trouble import told_in_words


class Reporter(Protocol):
    """Is told how a run goes; the command line draws progress bars from it."""

    def reading(self, source: str, entity: str, pieces: int) -> None:
        """*pieces* more of an entity have been landed."""

    def read(self, result: Ingested) -> None:
        """An entity has been read to its end."""

    def working(self, what: str) -> None:
        """The engine or the publication does *what* now."""


@dataclass(frozen=True)
class Warehouse:
    """
    Everything a run works on; built by ``rddm.app.wire``.

    ``publish`` returns rows written and removed per table; ``last_published`` the snapshot that is shown, None before the first;
    ``note_published`` is told, when files were rewritten and no row changed, that the newest snapshot is what is shown.
    """

    settings: ProjectSettings
    conforming_hashes: Mapping[tuple[str, str], str]
    lake: Lake
    database: Database
    control: Control
    erasures: Erasures
    open_source: Callable[[str, str, SourceEntity], Source]
    publish: Callable[[datetime, Callable[[str], None]], Mapping[str, tuple[int, int]]]
    last_published: Callable[[], int | None]
    note_published: Callable[[datetime], None]
    now: Clock


@dataclass
class RunReport:
    """What a run did; ``status`` as in ``control.run``."""

    run_id: int
    status: str
    ingested: list[Ingested] = field(default_factory=list)
    engine: EngineResult = field(default_factory=EngineResult)
    published: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    stage_seconds: dict[str, float] = field(default_factory=dict)

    @property
    def problems(self) -> list[SourceError]:
        """What kept a source from being read or conformed."""
        return [each.error for each in self.ingested if each.error is not None] + self.engine.problems


@dataclass(frozen=True)
class Task:
    """
    What a run is to do beside bringing every layer up to date: sources ``to_read``, entities whose models to ``relearn``,
    somebody to take out of the lake.
    """

    to_read: Collection[str] = ()
    relearn: Collection[str] = ()
    removal: Removal | None = None


def run(
    warehouse: Warehouse,
    reporter: Reporter,
    only: Collection[str] = (),
    *,
    read: bool = True,
) -> RunReport:
    """
    Read the sources (*only* these, when any are named; none without *read*), bring every layer up to date and publish.

    An erasure that was killed is brought to its end first.

    Raises:
        RunInProgress: someone else writes to the warehouse.
        StoreError, ConservationError: nothing of the failing step was committed.
    """
    from rddm.pipeline.erasing import finish_erasures  # noqa: PLC0415 - an erasure is a run too, so it imports this module

    with warehouse.database.writer_lock() as still_held, warehouse.lake.only_while(still_held):
        finish_erasures(warehouse, reporter)
        return run_locked(warehouse, reporter, Task(_to_read(warehouse, only) if read else ()))


def run_locked(warehouse: Warehouse, reporter: Reporter, task: Task) -> RunReport:
    """As `run`, for who holds the writer lock."""
    started_at = warehouse.now()
    run_id = warehouse.control.start_run(started_at.replace(tzinfo=UTC))
    report = RunReport(run_id, "running")
    try:
        with told_in_words():
            _steps(warehouse, reporter, task, report, started_at)
    except Exception:
        report.status = "failed"
        with suppress(Exception):  # what failed first matters; the next run marks this one as killed
            _finish(warehouse, report, started_at)
        raise
    report.status = "source_failed" if report.problems else "succeeded"
    _finish(warehouse, report, started_at)
    return report


def _steps(warehouse: Warehouse, reporter: Reporter, task: Task, report: RunReport, started_at: datetime) -> None:
    lake, control = warehouse.lake, warehouse.control
    clear_dead(lake.spill)
    prepare_lake(lake)
    suppression = load_suppression(lake, warehouse.erasures, warehouse.settings.model)
    with timed(report.stage_seconds, "ingest"):
        saved = read_cursors(lake) if task.to_read else {}
        for source in (warehouse.settings.sources[name] for name in task.to_read):
            for name, entity in source.entities.items():
                place, cursor = Place(source.name, name, entity), saved.get((source.name, name))
                report.ingested.append(_ingest(warehouse, reporter, place, cursor, report.run_id, suppression))
    patches, patch_changed, patches_read = control.patches()
    judgements, judgements_read = control.judgements()
    human = HumanWord(patches, patch_changed, judgements, task.relearn)
    if task.removal is not None:
        human = replace(human, patch_changed=task.removal.judged_anew(human.patch_changed))
    stamp = RunStamp(report.run_id, started_at)
    report.engine = run_engine(
        lake, warehouse.settings, warehouse.conforming_hashes, human, stamp, reporter.working, task.removal
    )
    report.engine.warnings += _changes_to_come(warehouse, task.to_read)
    report.stage_seconds |= report.engine.stage_seconds
    control.mark_applied(report.run_id, patches_read, judgements_read)
    with timed(report.stage_seconds, "publish"):
        report.published = warehouse.publish(warehouse.now().replace(tzinfo=UTC), reporter.working)
        if warehouse.last_published() == lake.current_snapshot() and rewrite_dead_files(lake):
            warehouse.note_published(warehouse.now().replace(tzinfo=UTC))


def _changes_to_come(warehouse: Warehouse, read: Collection[str]) -> list[str]:
    """Return what the next run will do about envelopes that were changed, of sources that this one did not read."""
    changes = envelope_changes(warehouse.lake, warehouse.settings)
    return [str(change) for change in changes if change.source not in read]


def _to_read(warehouse: Warehouse, only: Collection[str]) -> Collection[str]:
    return [name for name in warehouse.settings.sources if not only or name in only]


def _ingest(
    warehouse: Warehouse,
    reporter: Reporter,
    place: Place,
    saved: SavedCursor | None,
    run_id: int,
    suppression: Suppression | None,
) -> Ingested:
    result = ingest(
        warehouse.lake,
        place,
        lambda: warehouse.open_source(place.source, place.entity, place.settings),
        run_id,
        warehouse.now,
        lambda pieces: reporter.reading(place.source, place.entity, pieces),
        saved,
        suppression,
    )
    reporter.read(result)
    return result


def _finish(warehouse: Warehouse, report: RunReport, started_at: datetime) -> None:
    totals = {(each.source, each.entity): asdict(each) for each in report.engine.balances}
    arrivals = {
        (each.source, each.entity): {
            "received": each.received, "unreadable": each.unreadable, "duplicate": each.duplicate,
            "landed": each.landed, "erased": each.erased, "deletions": each.deletions,
        }
        for each in report.ingested
    }  # fmt: skip
    warehouse.control.finish_run(
        RunRecord(
            run_id=report.run_id,
            started_at=started_at.replace(tzinfo=UTC),
            ended_at=warehouse.now().replace(tzinfo=UTC),
            status=report.status,
            lake_snapshot=warehouse.lake.current_snapshot(),
            problems=[str(problem) for problem in report.problems],
            resolution={name: asdict(each) for name, each in report.engine.resolutions.items()},
            stage_seconds=report.stage_seconds,
            counts={
                place: {"run": arrivals.get(place, {}), "total": totals.get(place, {})}
                for place in arrivals.keys() | totals.keys()
            },
        )
    )
