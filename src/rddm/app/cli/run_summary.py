"""What a run did, as one value to print: from the run's report and the tables it left behind."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rddm.app.cli.next_steps import next_steps
from rddm.project.settings import ProbabilisticIdentity
from rddm.serve.overview import count_golden
from rddm.serve.possible import count_possible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rddm.pipeline.conservation import Balance
    from rddm.pipeline.ingesting import Ingested
    from rddm.pipeline.run import RunReport, Warehouse

PLACES = ("unreadable", "duplicate", "erased", "superseded", "deleted", "conformed", "pending")


@dataclass(frozen=True)
class Counts:
    """Where records are. ``quarantined`` is by kind; received is the sum of everything else but ``this_run``."""

    received: int
    unreadable: int
    duplicate: int
    erased: int
    superseded: int
    deleted: int
    quarantined: Mapping[str, int]
    conformed: int
    pending: int

    @property
    def found(self) -> int:
        places = (self.unreadable, self.duplicate, self.erased, self.superseded, self.deleted)
        return sum(places) + self.conformed + self.pending + sum(self.quarantined.values())


@dataclass(frozen=True)
class SourceLine:
    """
    One entity of one source: what this run received from it, and where all that it ever delivered is.

    ``repaired``: on how many of the records that this run conformed cleaning noted each repair (``field:rule``).
    ``is_forgotten`` when no file of the project names the source any more.
    """

    source: str
    entity: str
    this_run: Mapping[str, int] | None
    in_all: Counts
    repaired: Mapping[str, int]
    problem: str | None
    is_forgotten: bool = False


@dataclass(frozen=True)
class RunSummary:
    """
    A run, ready to be printed. ``people``: conformed records and golden rows of the entity matched by weights;
    ``to_review``: pairs of those golden rows that may be one and wait for a human's word; ``next_steps``: what helps where a
    source of a demo failed.
    """

    run: int
    status: str
    sources: Sequence[SourceLine]
    totals: Counts
    balances: bool
    people: Mapping[str, Any]
    to_review: int
    golden: Mapping[str, int]
    resolved: Mapping[str, Mapping[str, Any]]
    published: Mapping[str, Mapping[str, int]]
    stage_seconds: Mapping[str, float]
    problems: Sequence[str]
    warnings: Sequence[str]
    column_changes: Sequence[Mapping[str, str]]
    next_steps: Sequence[str] = ()


def summarise(report: RunReport, warehouse: Warehouse) -> RunSummary:
    """Return the summary of the run that *report* is of, just ended."""
    ingested = {(each.source, each.entity): each for each in report.ingested}
    troubles: dict[tuple[str, str], str] = {}
    for problem in report.problems:
        troubles.setdefault((problem.source, problem.entity), problem.message)
    lines = [
        SourceLine(
            each.source,
            each.entity,
            _arrivals(ingested.get((each.source, each.entity))),
            _counts(each),
            report.engine.repaired.get((each.source, each.entity), {}),
            troubles.get((each.source, each.entity)),
            each.is_forgotten,
        )
        for each in sorted(report.engine.balances, key=lambda each: (each.source, each.entity))
    ]
    totals = total([line.in_all for line in lines])
    golden = count_golden(warehouse.lake, warehouse.settings.model)
    people = _people(report, warehouse, golden)
    return RunSummary(
        run=report.run_id,
        status=report.status,
        sources=lines,
        totals=totals,
        balances=totals.received == totals.found,
        people=people,
        to_review=count_possible(warehouse.lake, warehouse.control, people["entity"]) if people else 0,
        golden=golden,
        resolved={name: asdict(each) for name, each in report.engine.resolutions.items()},
        published={name: {"written": written, "removed": gone} for name, (written, gone) in report.published.items()},
        stage_seconds={name: round(seconds, 3) for name, seconds in report.stage_seconds.items()},
        problems=[str(each) for each in report.problems],
        warnings=[each.warning for each in report.ingested if each.warning] + report.engine.warnings,
        column_changes=[
            {"source": each.source, "entity": each.entity, "column": column, "change": change}
            for each in report.ingested
            for column, change in dict.fromkeys(each.column_changes)
        ],
        next_steps=next_steps(warehouse.settings, [source for source, _ in troubles]),
    )


def total(counts: Sequence[Counts]) -> Counts:
    """Return the sum of *counts*."""
    kinds = dict.fromkeys(kind for each in counts for kind in each.quarantined)
    return Counts(
        received=sum(each.received for each in counts),
        unreadable=sum(each.unreadable for each in counts),
        duplicate=sum(each.duplicate for each in counts),
        erased=sum(each.erased for each in counts),
        superseded=sum(each.superseded for each in counts),
        deleted=sum(each.deleted for each in counts),
        quarantined={kind: sum(each.quarantined.get(kind, 0) for each in counts) for kind in kinds},
        conformed=sum(each.conformed for each in counts),
        pending=sum(each.pending for each in counts),
    )


def _counts(balance: Balance) -> Counts:
    return Counts(
        received=balance.received,
        unreadable=balance.unreadable,
        duplicate=balance.duplicate,
        erased=balance.erased,
        superseded=balance.superseded,
        deleted=balance.deleted,
        quarantined=dict(balance.quarantined),
        conformed=balance.conformed,
        pending=balance.pending,
    )


def _arrivals(ingested: Ingested | None) -> Mapping[str, int] | None:
    if ingested is None:
        return None
    return {
        "received": ingested.received,
        "unreadable": ingested.unreadable,
        "duplicate": ingested.duplicate,
        "landed": ingested.landed,
        "erased": ingested.erased,
        "deletions": ingested.deletions,
    }


def _people(report: RunReport, warehouse: Warehouse, golden: Mapping[str, int]) -> Mapping[str, Any]:
    entities = warehouse.settings.model.entities
    matched = (each for each, entity in entities.items() if isinstance(entity.identity, ProbabilisticIdentity))
    name = next(matched, None)
    if name is None:
        return {}
    records = sum(each.conformed for each in report.engine.balances if each.model_entity == name)
    return {"entity": name, "records": records, "golden": golden.get(name, 0)}
