"""What conforming one entity of the model works with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import pyarrow as pa

from rddm.conform.lookup import Memory
from rddm.conform.mapping import MappedEntity
from rddm.conform.split import waiting_references
from rddm.contracts.errors import SourceError
from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.conformed import PROGRESS, QUARANTINE, SCHEMA, TOMBSTONE, entities_of
from rddm.pipeline.landing import Place
from rddm.project.settings import ModelEntity
from rddm.store.lake import CATALOG, Lake, load_table
from rddm.store.scratch import Scratch

CONFORMED = f"{CATALOG}.conformed"
LIVING_QUARANTINE = f"{CATALOG}.{QUARANTINE.schema}.{QUARANTINE.name}"
LIVING_TOMBSTONE = f"{CATALOG}.{TOMBSTONE.schema}.{TOMBSTONE.name}"
LIVING_PROGRESS = f"{CATALOG}.{PROGRESS.schema}.{PROGRESS.name}"


@dataclass(frozen=True)
class Conforming:
    """
    What conforming an entity of the model works with and leaves behind in temporary tables; what it needs no longer than for
    one source is in ``scratch``.

    ``awaited`` (column record_id) holds the parents that records wait for in quarantine; ``arrived`` and ``departed``
    (record_id) gather, over all entities of a run, the awaited ones that came to the conformed layer and all that went
    from it; ``taken_out`` (record_id, model_entity) holds those that went before any was conformed, as their source's entity is
    mapped to another one now. ``patch`` holds active patches (record_id, source, entity, key, column_name, before, after) and
    ``patch_changed`` the (source, entity, key) that a patch newly touches.

    ``repaired`` gathers, by (source, entity), on how many of the records that were conformed now each note stands; ``read_anew``,
    by entity of the model, how many of those that stood before a changed mapping reads otherwise.
    """

    lake: Lake
    scratch: Scratch
    at: datetime
    hashes: Mapping[tuple[str, str], str]
    awaited: str = "awaited"
    arrived: str = "arrived"
    departed: str = "departed"
    taken_out: str = "taken_out"
    patch: str = "patch"
    patch_changed: str = "patch_changed"
    problems: list[SourceError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    repaired: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    read_anew: Counter[str] = field(default_factory=Counter)
    memory: Memory = field(default_factory=dict)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        return self.lake.connection

    def has_rows(self, table: str) -> bool:
        return self.connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None


@dataclass(frozen=True)
class Target:
    """An entity of the model, and the tables by which its records are conformed."""

    name: str
    entity: ModelEntity

    @property
    def conformed(self) -> str:
        return f"{CONFORMED}.{quote(self.name)}"

    @property
    def evaluated(self) -> str:
        return f"evaluated_{self.name}"

    @property
    def judged(self) -> str:
        return f"judged_{self.name}"

    @property
    def changed(self) -> str:
        return f"changed_{self.name}"

    def living(self) -> dict[str, str]:
        """Return, for each reference whose parent must be there, the table of those that are."""
        return {
            reference: f"{CONFORMED}.{quote(self.entity.fields[reference].references or '')}"
            for reference in waiting_references(self.entity)
        }

    def is_tree(self) -> bool:
        return any(
            self.entity.fields[reference].references == self.name for reference in waiting_references(self.entity)
        )


@dataclass(frozen=True)
class Affected:
    """
    The records of one source's entity to judge anew: all of them, or those in ``affected_key`` (source, entity, key).

    ``last_batch`` and ``superseded`` are where conforming stood before, ``newest_batch`` is what it will have reached.
    """

    mapped: MappedEntity
    is_all: bool
    last_batch: int
    newest_batch: int
    superseded: int
    raw_columns: Sequence[str]

    @property
    def place(self) -> Place:
        return Place(self.mapped.source, self.mapped.entity, self.mapped.settings)

    @property
    def where(self) -> str:
        """The condition on (source, entity) that holds for its records in every table."""
        return f"source = {literal(self.mapped.source)} AND entity = {literal(self.mapped.entity)}"

    @property
    def conformed_now(self) -> str:
        """The condition that holds for its rows of the conformed table which new versions, or all of them, made."""
        return self.where if self.is_all else f"{self.where} AND batch > {self.last_batch}"

    @property
    def is_new(self) -> bool:
        """No batch of it was conformed before, so no table behind the raw one knows any of its records."""
        return self.last_batch == 0


def prepare(lake: Lake, patches: pa.Table, patch_changed: pa.Table) -> None:
    """Make the temporary tables that a run's `Conforming` shares."""
    connection = lake.connection
    for name in ("arrived", "departed"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} (record_id UUID)")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE awaited AS"
        f" SELECT DISTINCT record_id FROM (SELECT unnest(waits_for) AS record_id FROM {LIVING_QUARANTINE})"
    )
    load_table(connection, "patch", patches)
    load_table(connection, "patch_changed", patch_changed)


def conformed_entities(lake: Lake) -> list[str]:
    """Return the entities that have a conformed table, also such as the model has no more."""
    return entities_of(lake.columns(SCHEMA))


def became(lake: Lake, condition: str = "true") -> list[tuple[str, str, str]]:
    """Return, once each, (source, entity, model_entity) of what is conformed, waits or is deleted and meets *condition*."""
    selects = [
        f"SELECT DISTINCT source, entity, {literal(name)} FROM {CONFORMED}.{quote(name)} WHERE {condition}"
        for name in conformed_entities(lake)
    ]
    selects += [
        f"SELECT DISTINCT source, entity, model_entity FROM {ledger} WHERE {condition}"
        for ledger in (LIVING_QUARANTINE, LIVING_TOMBSTONE)
    ]
    return sorted(set(lake.connection.execute(" UNION ALL ".join(selects)).fetchall()))
