"""
The engine: conform, resolve and curate in one lake transaction.

What a stage changed reaches the next one in temporary tables, named after the entity of the model:
``changed_<entity>`` (record_id: conformed rows that came, went or differ), ``touched_<entity>`` (golden_id: golden rows to
make anew), ``regrouped_<entity>`` (golden_id: ids that were created, merged, split or ended; of what is not matched, those that
may have been).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from rddm.conform.fields import conformed_table
from rddm.conform.mapping import MappedEntity
from rddm.contracts.errors import SourceError
from rddm.contracts.tables import conformed, golden, literal, quote, raw
from rddm.contracts.tables.identity import SHARED_TABLES
from rddm.curate.golden import golden_contract, references
from rddm.pipeline.column_warnings import column_warnings
from rddm.pipeline.conforming import conform_entity
from rddm.pipeline.conforming_remapped import take_out_remapped
from rddm.pipeline.conforming_work import Conforming, prepare
from rddm.pipeline.conservation import Balance, balances
from rddm.pipeline.curating import curate_entity, prepare_curation, touch_referring
from rddm.pipeline.forgetting import forget_entities
from rddm.pipeline.identity import Resolution, resolve_entity
from rddm.pipeline.recurating import touch_recurated
from rddm.pipeline.stamp import RunStamp, timed
from rddm.pipeline.unmatched import link_unmatched
from rddm.project.order import entities_in_parent_order
from rddm.project.settings import ExactIdentity, ModelEntity, ProbabilisticIdentity, ProjectSettings
from rddm.project.suggestions import listed
from rddm.store.lake import CATALOG, Lake, load_table
from rddm.store.scratch import Scratch

Progress = Callable[[str], None]
FEWEST_READ_ANEW = 20
MANY_READ_ANEW = 0.05
"""So many records of an entity, and this share of them, must a change make say something else for its weights to be doubted."""


@dataclass(frozen=True)
class HumanWord:
    """What people have decided, as tables.

    ``patches``: record_id, source, entity, key, column_name, before, after (active ones); ``patch_changed``: source, entity,
    key (touched since they were last applied); ``judgements``: model_entity, record_a, record_b, verdict. Ids as VARCHAR.
    ``relearn``: entities whose model is to be learnt anew.
    """

    patches: pa.Table
    patch_changed: pa.Table
    judgements: pa.Table
    relearn: Collection[str] = ()


class Removing(Protocol):
    """Takes records out of the lake in the engine's transaction; `rddm.pipeline.erasing_remove` is the one there is."""

    def first(self, lake: Lake) -> None:
        """Before any stage: take them out of the raw and the conformed layer."""

    def changed(self, lake: Lake, name: str) -> None:
        """After the model's entity *name* was conformed: add them to ``changed_<name>``."""

    def last(self, lake: Lake) -> None:
        """After all stages."""


@dataclass
class EngineResult:
    """
    What the engine did. ``golden``: rows written per entity; ``stage_seconds``: wall time per stage; ``repaired`` and
    ``read_anew``: as in `Conforming`.
    """

    balances: list[Balance] = field(default_factory=list)
    problems: list[SourceError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    resolutions: dict[str, Resolution] = field(default_factory=dict)
    golden: dict[str, int] = field(default_factory=dict)
    repaired: Mapping[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)
    read_anew: Mapping[str, int] = field(default_factory=dict)
    stage_seconds: dict[str, float] = field(default_factory=dict)


def prepare_lake(lake: Lake) -> None:
    """Create the tables that every warehouse has, and say how files are written."""
    lake.set_row_groups()
    with lake.transaction(None):  # every commit that makes a table lets the engine read the whole catalog anew
        lake.ensure(*raw.LEDGERS, *conformed.LEDGERS, *SHARED_TABLES, *golden.LEDGERS)
        for grown in (raw.BATCH, raw.CURSOR, conformed.PROGRESS, conformed.QUARANTINE):
            lake.add_columns(grown)


def mapped_entities(settings: ProjectSettings) -> dict[str, list[MappedEntity]]:
    """Return the sources' entities by the entity of the model that they become."""
    mapped: dict[str, list[MappedEntity]] = {name: [] for name in settings.model.entities}
    for source in settings.sources.values():
        for entity_name, entity in source.entities.items():
            model_name = entity.model or entity_name
            mapped[model_name].append(
                MappedEntity(source.name, entity_name, entity, settings.model.entities[model_name])
            )
    return mapped


def run_engine(  # noqa: PLR0913 - the engine's whole world, named once
    lake: Lake,
    settings: ProjectSettings,
    conforming_hashes: Mapping[tuple[str, str], str],
    human: HumanWord,
    run: RunStamp,
    progress: Progress,
    removing: Removing | None = None,
) -> EngineResult:
    """
    Bring conformed, identity and golden tables up to date with the raw layer; all of it is committed, or nothing.

    *conforming_hashes* says per (source, entity) with what mapping and rules it is conformed. What *removing* takes out
    goes in the same transaction.

    Raises:
        ConservationError: the counts do not balance.
        StoreError: the lake cannot be written.
    """
    left_out: dict[tuple[str, str], SourceError] = {}
    while True:
        try:
            return _run_once(lake, settings, conforming_hashes, human, run, progress, left_out, removing)
        except SourceError as error:
            # The statement that failed has ended the transaction for all: once more, without what it was of.
            left_out[error.source, error.entity] = error


def _run_once(  # noqa: PLR0913 - the engine's whole world, named once
    lake: Lake,
    settings: ProjectSettings,
    conforming_hashes: Mapping[tuple[str, str], str],
    human: HumanWord,
    run: RunStamp,
    progress: Progress,
    left_out: Mapping[tuple[str, str], SourceError],
    removing: Removing | None,
) -> EngineResult:
    result = EngineResult()
    order = entities_in_parent_order(settings.model)
    with lake.transaction(f"run {run.run_id}", {"run": run.run_id}):
        with timed(result.stage_seconds, "conform"):
            _conform(lake, settings, order, conforming_hashes, human, run, progress, result, left_out, removing)
        with timed(result.stage_seconds, "resolve"):
            _resolve(lake, settings, order, human, run, progress, result)
        with timed(result.stage_seconds, "curate"):
            _curate(lake, settings, order, progress, result)
        if removing is not None:
            removing.last(lake)
        places = {
            name: [(each.source, each.entity) for each in entities]
            for name, entities in mapped_entities(settings).items()
        }
        result.balances = balances(lake, places)
        result.warnings += [_forgotten(each) for each in result.balances if each.is_forgotten and each.in_force]
        result.warnings += [_keyless(settings, each) for each in result.balances if each.is_without_keys]
    return result


def _keyless(settings: ProjectSettings, balance: Balance) -> str:
    key = settings.sources[balance.source].entities[balance.entity].key
    return (
        f'source "{balance.source}", entity {balance.entity}: none of its {balance.landed:,} records has a key, so all of them'
        f" wait: {listed(key)} is empty in each, or too long. Name another `key` in sources/{balance.source}.yaml."
    )


def _forgotten(balance: Balance) -> str:
    return (
        f'source "{balance.source}", entity {balance.entity}: no file of the project names it any more. Its'
        f" {balance.in_force:,} records stay as they were. Put sources/{balance.source}.yaml back, under this name, to bring them"
        f" up to date; to take them out, put it back and say `rddm sources remove {balance.source}`."
    )


def _conform(  # noqa: PLR0913 - the stage's whole world, named once
    lake: Lake,
    settings: ProjectSettings,
    order: Sequence[str],
    conforming_hashes: Mapping[tuple[str, str], str],
    human: HumanWord,
    run: RunStamp,
    progress: Progress,
    result: EngineResult,
    left_out: Mapping[tuple[str, str], SourceError],
    removing: Removing | None,
) -> None:
    prepare(lake, human.patches, human.patch_changed)
    work = Conforming(lake, Scratch(lake.connection, lake.spill / "conform"), run.at, conforming_hashes)
    mapped = mapped_entities(settings)
    if removing is not None:
        removing.first(lake)
    take_out_remapped(work, mapped)
    try:
        for name in order:
            usable = [each for each in mapped[name] if (each.source, each.entity) not in left_out]
            conform_entity(work, name, settings.model.entities[name], usable, progress)
            if removing is not None:
                removing.changed(lake, name)
    finally:
        work.scratch.clear()
    result.problems += [*left_out.values(), *work.problems]
    result.warnings += work.warnings
    result.repaired, result.read_anew = work.repaired, work.read_anew
    result.warnings += column_warnings(lake, [each for entities in mapped.values() for each in entities])


def _resolve(  # noqa: PLR0913 - the stage's whole world, named once
    lake: Lake,
    settings: ProjectSettings,
    order: Sequence[str],
    human: HumanWord,
    run: RunStamp,
    progress: Progress,
    result: EngineResult,
) -> None:
    connection = lake.connection
    for name in order:
        entity = settings.model.entities[name]
        connection.execute(f"CREATE OR REPLACE TEMP TABLE touched_{name} (golden_id UUID)")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE regrouped_{name} (golden_id UUID)")
        progress(f"resolve {name}")
        if isinstance(entity.identity, ProbabilisticIdentity | ExactIdentity):
            resolution = result.resolutions[name] = resolve_one(lake, settings, name, human, run, progress)
            if resolution.model_is_outgrown:
                result.warnings.append(_outgrown(name))
            elif resolution.model_was_learnt_otherwise:
                result.warnings.append(_learnt_otherwise(name))
            elif resolution.model_learnt and name not in human.relearn:
                result.warnings += _read_anew(lake, name, result.read_anew.get(name, 0))
            connection.execute(
                f"INSERT INTO regrouped_{name} SELECT unnest([golden_id, other_id]) FROM {CATALOG}.identity.event"
                f" WHERE entity = {literal(name)} AND run_id = {run.run_id}"
            )
        else:
            link_unmatched(lake, name, entity, run)
            if any(name in references(each).values() for each in settings.model.entities.values()):
                connection.execute(f"INSERT INTO regrouped_{name} SELECT golden_id FROM touched_{name}")
    forget_entities(lake, settings.model)


def _outgrown(name: str) -> str:
    return (
        f"There are many more records of entity {name} by now than its weights were learnt from."
        " See what learning them anew would change: `rddm identity learn`."
    )


def _learnt_otherwise(name: str) -> str:
    return (
        f"This version of the program compares records of entity {name} otherwise than the one that learnt its weights."
        " See what learning them anew would change: `rddm identity learn`."
    )


def _read_anew(lake: Lake, name: str, count: int) -> list[str]:
    """Return what to do about weights that were learnt from what many records do not say any more."""
    if count < FEWEST_READ_ANEW:
        return []
    records = lake.number(f"SELECT count(*) FROM {CATALOG}.conformed.{quote(name)}")
    said = (
        f"{count:,} of {records:,} records of entity {name} say something else now, as a mapping, the model or a rule has"
        " changed; its weights were learnt from what they said before. See what learning them anew would change:"
        " `rddm identity learn`."
    )
    return [said] if count >= MANY_READ_ANEW * records else []


def resolve_one(
    lake: Lake, settings: ProjectSettings, name: str, human: HumanWord, run: RunStamp, progress: Progress
) -> Resolution:
    """Group the records of one entity that is matched, from ``changed_<entity>``; fill ``touched_<entity>``."""
    load_table(lake.connection, "every_judgement", human.judgements)
    lake.connection.execute(
        "CREATE OR REPLACE TEMP TABLE judgement AS SELECT record_a::UUID AS record_a, record_b::UUID AS record_b, verdict"
        f" FROM every_judgement WHERE model_entity = {literal(name)}"
    )
    return resolve_entity(
        lake.connection,
        lake=CATALOG,
        entity=name,
        model_entity=settings.model.entities[name],
        changed=f"changed_{name}",
        touched=f"touched_{name}",
        judgements="judgement",
        exclusive_sources=_exclusive(settings, name),
        run=run,
        progress=_named(progress, f"resolve {name}: "),
        relearn=name in human.relearn,
    )


def _named(progress: Progress, prefix: str) -> Callable[[str, float], None]:
    return lambda what, _share: progress(prefix + what)


def _exclusive(settings: ProjectSettings, name: str) -> Collection[tuple[str, str]]:
    return [
        (source.name, entity_name)
        for source in settings.sources.values()
        for entity_name, entity in source.entities.items()
        if (entity.model or entity_name) == name and entity.one_record_per_person
    ]


def _curate(
    lake: Lake, settings: ProjectSettings, order: Sequence[str], progress: Progress, result: EngineResult
) -> None:
    prepare_curation(lake, {source.name: source.trust for source in settings.sources.values()})
    for name in order:
        entity: ModelEntity = settings.model.entities[name]
        lake.ensure(conformed_table(name, entity), golden_contract(name, entity))
        lake.add_columns(golden_contract(name, entity))
        lake.retype_columns(golden_contract(name, entity))
        progress(f"curate {name}")
        touch_referring(lake, settings.model, name, f"touched_{name}")
        touch_recurated(lake, settings, name, f"touched_{name}")
        result.golden[name] = curate_entity(lake, settings.model, name, f"touched_{name}")
