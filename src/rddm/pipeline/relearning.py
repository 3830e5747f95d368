"""
Learn an entity's model anew, and say what that changes: before it does, or after it has.

A preview does all of the matching inside a transaction that is rolled back, so what it tells of matching is what would be
committed, and not an estimate; a run conforms what waits for it besides, patches and changed mappings. What was before is
remembered beforehand: inside the transaction, looking back would show what is new.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import duckdb

from rddm.conform.fields import conformed_table
from rddm.contracts.errors import NotFound
from rddm.contracts.tables import quote
from rddm.pipeline.engine import HumanWord, resolve_one
from rddm.pipeline.erasing import finish_erasures
from rddm.pipeline.run import Reporter, Task, Warehouse, run_locked
from rddm.pipeline.stamp import RunStamp
from rddm.resolve.keys import kinds_from_json
from rddm.resolve.models import weighing_model_sql
from rddm.resolve.told import FieldTold, tell_fields
from rddm.resolve.weights import CLASSES, Mixture
from rddm.store.lake import CATALOG, Lake

SHOWN_EVENTS = 20
NO_RUN = 0
"""The number of a run that never was: what a preview stamps is rolled back."""


@dataclass(frozen=True)
class Regrouping:
    """An id that merged into another or split off from one: *kind*, *before*, *after*."""

    kind: str
    before: uuid.UUID
    after: uuid.UUID


@dataclass(frozen=True)
class LearntAnew:
    """
    What learning anew changes.

    ``fields``: what agreements weigh now, with ``shipped_bits`` what they weighed before; ``shares_before`` and ``shares_now``:
    of candidate pairs per class; ``kinds_before`` and ``kinds_now``: kinds of match keys in use; ``crossing``: pairs by outcome
    before and now (none, possible, match), those whose outcome stays included; ``regroupings``: some of the merges and splits.
    ``run`` is None while nothing was committed.
    """

    entity: str
    applied: bool
    run: int | None
    version_before: int
    version_now: int
    is_learnt: bool
    pairs: int
    shares_before: Mapping[str, float]
    shares_now: Mapping[str, float]
    kinds_before: Sequence[str]
    kinds_now: Sequence[str]
    fields: Sequence[FieldTold]
    crossing: Mapping[str, Mapping[str, int]]
    people_before: int
    people_now: int
    merged: int
    split: int
    moved: int
    regroupings: Sequence[Regrouping]


class _RolledBack(Exception):
    def __init__(self, told: LearntAnew) -> None:
        super().__init__()
        self.told = told


def preview_learning(warehouse: Warehouse, entity: str, progress: Callable[[str], None]) -> LearntAnew:
    """
    Return what learning the model of *entity* anew would change; nothing is changed.

    Raises:
        NotFound: nothing of the entity was matched by weights yet.
        RunInProgress: someone writes to the warehouse.
    """
    with warehouse.database.writer_lock():
        patches, patch_changed, _ = warehouse.control.patches()
        judgements, _ = warehouse.control.judgements()
        human = HumanWord(patches, patch_changed, judgements, (entity,))
        stamp = RunStamp(NO_RUN, warehouse.now())
        with _remembered(warehouse.lake, entity) as before:
            try:
                with warehouse.lake.transaction("preview") as connection:
                    connection.execute(f"CREATE OR REPLACE TEMP TABLE changed_{entity} (record_id UUID)")
                    connection.execute(f"CREATE OR REPLACE TEMP TABLE touched_{entity} (golden_id UUID)")
                    # An older version's conformed records may lack columns that a run would add.
                    warehouse.lake.add_columns(conformed_table(entity, warehouse.settings.model.entities[entity]))
                    resolve_one(warehouse.lake, warehouse.settings, entity, human, stamp, progress)
                    raise _RolledBack(_told(warehouse.lake, entity, before, NO_RUN))  # noqa: TRY301 - it rolls back
            except _RolledBack as done:
                return done.told


def learn_anew(warehouse: Warehouse, entity: str, reporter: Reporter) -> LearntAnew:
    """
    Learn the model of *entity* anew and match everything with it, in a run that reads no source; return what changed.

    Raises:
        NotFound: nothing of the entity was matched by weights yet.
        RunInProgress, StoreError, ConservationError: see `rddm.pipeline.run.run`.
    """
    with warehouse.database.writer_lock() as still_held, warehouse.lake.only_while(still_held):
        finish_erasures(warehouse, reporter)
        with _remembered(warehouse.lake, entity) as before:
            report = run_locked(warehouse, reporter, Task(relearn=(entity,)))
            return _told(warehouse.lake, entity, before, report.run_id)


@dataclass(frozen=True)
class _Model:
    version: int
    learnt: bool
    pairs: int
    kinds: Sequence[str]
    mixture: Mixture

    @property
    def shares(self) -> dict[str, float]:
        return {name: float(self.mixture.shares[place]) for place, name in enumerate(CLASSES)}


@dataclass(frozen=True)
class _Before:
    """What was in use before; pairs and their outcomes are in the temporary table `PAIR_BEFORE`."""

    model: _Model
    people: int


PAIR_BEFORE = "relearning_pair_before"


@contextmanager
def _remembered(lake: Lake, entity: str) -> Iterator[_Before]:
    """
    Yield what is in use now, for as long as it is compared with what comes.

    Raises:
        NotFound: nothing of the entity was matched by weights yet.
    """
    model = _model(lake, entity) if lake.has("identity", "model") else None
    if model is None:
        raise NotFound(
            f"Entity {entity}: nothing was matched by weights yet, so there is nothing to learn anew. Start with `rddm run`."
        )
    lake.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {PAIR_BEFORE} AS SELECT fingerprint_a, fingerprint_b, outcome FROM {_pair(entity)}"
    )
    try:
        yield _Before(model, _people(lake, entity))
    finally:
        with suppress(duckdb.Error):  # where PostgreSQL is gone, the connection goes too
            lake.connection.execute(f"DROP TABLE IF EXISTS {PAIR_BEFORE}")


def _told(lake: Lake, entity: str, before: _Before, run_id: int) -> LearntAnew:
    then, now = before.model, _model(lake, entity) or before.model
    events = _events(lake, entity, run_id)
    return LearntAnew(
        entity=entity,
        applied=run_id != NO_RUN,
        run=run_id if run_id != NO_RUN else None,
        version_before=then.version,
        version_now=now.version,
        is_learnt=now.learnt,
        pairs=now.pairs,
        shares_before=then.shares,
        shares_now=now.shares,
        kinds_before=then.kinds,
        kinds_now=now.kinds,
        fields=tell_fields(now.mixture, then.mixture),
        crossing=_crossing(lake, entity),
        people_before=before.people,
        people_now=_people(lake, entity),
        merged=events.get("merged", 0),
        split=events.get("split", 0),
        moved=events.get("moved", 0),
        regroupings=_regroupings(lake, entity, run_id),
    )


def _model(lake: Lake, entity: str) -> _Model | None:
    row = lake.connection.execute(
        "SELECT version, learnt, pairs, kinds, parameters"
        f" FROM ({weighing_model_sql(f'{CATALOG}.identity.model', entity)})"
    ).fetchone()
    if row is None:
        return None
    version, learnt, pairs, kinds, parameters = row
    return _Model(version, learnt, pairs, [str(kind) for kind in kinds_from_json(kinds)], Mixture.from_json(parameters))


def _pair(entity: str) -> str:
    return f"{CATALOG}.identity.{quote(f'{entity}__pair')}"


def _crossing(lake: Lake, entity: str) -> dict[str, dict[str, int]]:
    rows = lake.connection.execute(
        f"""
        SELECT coalesce(b.outcome, 'none'), coalesce(a.outcome, 'none'), count(*)
        FROM {PAIR_BEFORE} AS b
        FULL JOIN {_pair(entity)} AS a ON a.fingerprint_a = b.fingerprint_a AND a.fingerprint_b = b.fingerprint_b
        GROUP BY b.outcome, a.outcome ORDER BY 1, 2"""
    ).fetchall()
    crossing: dict[str, dict[str, int]] = {}
    for then, now, count in rows:
        crossing.setdefault(then, {})[now] = count
    return crossing


def _people(lake: Lake, entity: str) -> int:
    return lake.number(f"SELECT count(DISTINCT golden_id) FROM {CATALOG}.identity.{quote(f'{entity}__link')}")


def _events(lake: Lake, entity: str, run_id: int) -> dict[str, int]:
    return dict(
        lake.connection.execute(
            f"SELECT kind, count(*) FROM {CATALOG}.identity.event WHERE entity = ? AND run_id = ? GROUP BY kind",
            [entity, run_id],
        ).fetchall()
    )


def _regroupings(lake: Lake, entity: str, run_id: int) -> list[Regrouping]:
    rows = lake.connection.execute(
        "SELECT kind, CASE kind WHEN 'merged' THEN golden_id ELSE other_id END, CASE kind WHEN 'merged' THEN other_id ELSE"
        f" golden_id END FROM {CATALOG}.identity.event WHERE entity = ? AND run_id = ? AND kind IN ('merged', 'split')"
        f" ORDER BY kind, golden_id LIMIT {SHOWN_EVENTS}",
        [entity, run_id],
    ).fetchall()
    return [Regrouping(*row) for row in rows]
