"""The sources as the warehouse knows them: what came when, how far reading has got, how their columns changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rddm.conform.words import repair_field, repair_in_words
from rddm.project.settings import FieldMapping, SourceEntity
from rddm.serve.places import known_places, require_source
from rddm.serve.reading import Reading, Row


@dataclass(frozen=True)
class ColumnChange:
    """A change of a delivered column; ``at`` is when the batch that showed it arrived."""

    column: str
    change: str
    type: str | None
    at: dt.datetime | None


@dataclass(frozen=True)
class SourceEntityState:
    """
    One entity of one source. Counts are of everything that it ever delivered; ``is_forgotten`` and without a ``connector`` when
    no file of the project names it any more, though records of it are still here.
    """

    source: str
    entity: str
    model: str
    connector: str
    batches: int
    received: int
    unreadable: int
    duplicate: int
    landed: int
    conformed: int
    quarantined: int
    last_batch_at: dt.datetime | None
    last_origin: str | None
    changes: Sequence[ColumnChange]
    is_forgotten: bool = False


@dataclass(frozen=True)
class BatchLine:
    batch: int
    run: int
    received_at: dt.datetime
    origin: str
    received: int
    unreadable: int
    duplicate: int
    landed: int


@dataclass(frozen=True)
class UnreadablePiece:
    """Where something unreadable lay and why it is no record; its content stays in raw.unreadable."""

    entity: str
    place: str
    reason: str
    received_at: dt.datetime


@dataclass(frozen=True)
class MappedField:
    field: str
    type: str
    comes_from: str


@dataclass(frozen=True)
class EntitySettings:
    """What makes a record of an entity: its ``key``, and what it says of its time and its end; None where nothing is said."""

    mode: str
    key: Sequence[str]
    source_time: str | None
    source_time_format: str | None
    deleted: str | None
    one_record_per_person: bool


@dataclass(frozen=True)
class RepairCount:
    """What cleaning mended, or left out, of so many of the records that stand; ``field`` is empty where names changed places."""

    field: str
    rule: str
    words: str
    records: int


@dataclass(frozen=True)
class SourcePortrait:
    """
    Everything about one source; without ``settings`` and ``mapping`` when no file of the project names it any more. ``repairs``:
    by entity, the most frequent first.
    """

    name: str
    description: str
    trust: int | None
    entities: Sequence[SourceEntityState]
    settings: Mapping[str, EntitySettings]
    mapping: Mapping[str, Sequence[MappedField]]
    repairs: Mapping[str, Sequence[RepairCount]]
    batches: Mapping[str, Sequence[BatchLine]]
    unreadable: Sequence[UnreadablePiece]


def list_sources(reading: Reading, only: str | None = None) -> list[SourceEntityState]:
    """
    Return every entity of every source of the project (of *only* that one), in the order of names; then those of which records
    stand or wait, though no file of the project names them any more.
    """
    ledger = {
        (row["source"], row["entity"]): row
        for row in reading.rows(
            "SELECT source, entity, count(*) AS batches, sum(received) AS received, sum(unreadable) AS unreadable,"
            " sum(duplicate) AS duplicate, sum(landed) AS landed, max(received_at) AS last_at, arg_max(origin, batch) AS origin"
            f" FROM {reading.table('raw', 'batch')} GROUP BY source, entity"
        )
    }
    waiting = _counts(
        reading,
        f"SELECT source, entity, count(*) AS n FROM {reading.table('quarantine', 'record')} GROUP BY source, entity",
    )
    changes = _changes(reading)
    conformed: dict[tuple[str, str], int] = {}
    for name in reading.conformed_entities():
        conformed |= _counts(
            reading,
            f"SELECT source, entity, count(*) AS n FROM {reading.table('conformed', name)} GROUP BY source, entity",
        )
    states = []
    for each in known_places(reading):
        place = (each.source, each.entity)
        in_force = conformed.get(place, 0) + waiting.get(place, 0)
        if only not in (None, each.source) or (each.is_forgotten and not in_force and only is None):
            continue
        row = ledger.get(place, {})
        connector = (
            "" if each.is_forgotten else reading.settings.sources[each.source].entities[each.entity].connector.type
        )
        states.append(
            SourceEntityState(
                *place, each.model, connector,
                int(row.get("batches") or 0), int(row.get("received") or 0), int(row.get("unreadable") or 0),
                int(row.get("duplicate") or 0), int(row.get("landed") or 0), conformed.get(place, 0),
                waiting.get(place, 0), row.get("last_at"), row.get("origin"), changes.get(place, []), each.is_forgotten,
            )
        )  # fmt: skip
    return states


def show_source(reading: Reading, name: str, batches: int = 5) -> SourcePortrait:
    """
    Return everything about source *name*, with the last *batches* of each entity.

    Raises:
        NotFound: neither the project nor the warehouse knows such a source.
    """
    places = require_source(reading, name)
    source = reading.settings.sources.get(name)
    entities = source.entities if source is not None else {}
    return SourcePortrait(
        name, source.description if source else "", source.trust if source else None, list_sources(reading, name),
        {each: _settings(entity) for each, entity in entities.items()},
        {each: _mapping(reading, entity.model or each, entity) for each, entity in entities.items()},
        {each.entity: _repairs(reading, each.model, name, each.entity) for each in places},
        {each.entity: _batches(reading, name, each.entity, batches) for each in places},
        _unreadable(reading, name),
    )  # fmt: skip


def _settings(entity: SourceEntity) -> EntitySettings:
    return EntitySettings(
        entity.mode,
        entity.key,
        entity.source_time,
        entity.source_time_format,
        entity.deleted,
        entity.one_record_per_person,
    )


def _mapping(reading: Reading, model: str, entity: SourceEntity) -> list[MappedField]:
    fields = reading.settings.model.entities[model].fields
    return [MappedField(name, fields[name].type.value, _comes_from(each)) for name, each in entity.fields.items()]


def _comes_from(mapping: FieldMapping) -> str:
    """Return in words where a field's value comes from."""
    if mapping.column is not None:
        place = f"column {mapping.column}"
    else:
        place = f"sql {mapping.sql}" if mapping.sql is not None else f"always {mapping.value}"
    refers = "/".join(each for each in (mapping.source, mapping.entity) if each is not None)
    return place + "".join(
        f", {what} {each}"
        for what, each in (("part", mapping.part), ("format", mapping.format), ("key of", refers))
        if each
    )


def _counts(reading: Reading, sql: str) -> dict[tuple[str, str], int]:
    return {(row["source"], row["entity"]): int(row["n"]) for row in reading.rows(sql)}


def _changes(reading: Reading) -> dict[tuple[str, str], list[ColumnChange]]:
    """Changes after an entity's first batch: before that, every column is new."""
    rows: list[Row] = reading.rows(
        f"""
        SELECT change.*, batch.received_at AS at FROM {reading.table("raw", "column_change")} AS change
        LEFT JOIN {reading.table("raw", "batch")} AS batch USING (source, entity, batch)
        QUALIFY change.batch > min(change.batch) OVER (PARTITION BY change.source, change.entity)
        ORDER BY batch, name"""
    )
    found: dict[tuple[str, str], list[ColumnChange]] = {}
    for row in rows:
        change = ColumnChange(row["name"], row["change"], row["type"], row["at"])
        found.setdefault((row["source"], row["entity"]), []).append(change)
    return found


def _repairs(reading: Reading, model: str, source: str, entity: str) -> list[RepairCount]:
    rows = reading.rows(
        "SELECT note, count(*) AS n FROM (SELECT unnest(repairs) AS note"
        f" FROM {reading.table('conformed', model)} WHERE source = ? AND entity = ?) GROUP BY note ORDER BY n DESC, note",
        [source, entity],
    )
    return [
        RepairCount(repair_field(row["note"]), row["note"].rpartition(":")[2], repair_in_words(row["note"]), row["n"])
        for row in rows
    ]


def _batches(reading: Reading, source: str, entity: str, limit: int) -> list[BatchLine]:
    rows = reading.rows(
        "SELECT batch, run_id AS run, received_at, origin, received, unreadable, duplicate, landed"
        f" FROM {reading.table('raw', 'batch')} WHERE source = ? AND entity = ? ORDER BY batch DESC LIMIT {int(limit)}",
        [source, entity],
    )
    return [BatchLine(**row) for row in rows]


def _unreadable(reading: Reading, source: str) -> list[UnreadablePiece]:
    rows = reading.rows(
        f"SELECT entity, place, reason, received_at FROM {reading.table('raw', 'unreadable')} WHERE source = ?"
        " ORDER BY received_at DESC, entity, place LIMIT 20",
        [source],
    )
    return [UnreadablePiece(**row) for row in rows]
