"""The sources as the warehouse knows them: what came when, how far reading has got, how their columns changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rddm.contracts.errors import NotFound
from rddm.project.suggestions import did_you_mean
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
    """One entity of one source. Counts are of everything that it ever delivered."""

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
class SourcePortrait:
    """Everything about one source."""

    name: str
    description: str
    trust: int
    entities: Sequence[SourceEntityState]
    mapping: Mapping[str, Sequence[MappedField]]
    batches: Mapping[str, Sequence[BatchLine]]
    unreadable: Sequence[UnreadablePiece]


def list_sources(reading: Reading, only: str | None = None) -> list[SourceEntityState]:
    """Return every entity of every source of the project (of *only* that one), in the order of names."""
    ledger = {
        (row["source"], row["entity"]): row
        for row in reading.rows(
            "SELECT source, entity, count(*) AS batches, sum(received) AS received, sum(unreadable) AS unreadable,"
            " sum(duplicate) AS duplicate, sum(landed) AS landed, max(received_at) AS last_at, arg_max(origin, batch) AS origin"
            f" FROM {reading.table('raw', 'batch')} GROUP BY ALL"
        )
    }
    waiting = _counts(
        reading, f"SELECT source, entity, count(*) AS n FROM {reading.table('quarantine', 'record')} GROUP BY ALL"
    )
    changes = _changes(reading)
    conformed: dict[tuple[str, str], int] = {}
    for name in reading.settings.model.entities:
        conformed |= _counts(
            reading, f"SELECT source, entity, count(*) AS n FROM {reading.table('conformed', name)} GROUP BY ALL"
        )
    states = []
    for source in reading.settings.sources.values():
        if only is not None and source.name != only:
            continue
        for name, entity in source.entities.items():
            place = (source.name, name)
            row = ledger.get(place, {})
            states.append(
                SourceEntityState(
                    source.name, name, entity.model or name, entity.connector.type,
                    int(row.get("batches") or 0), int(row.get("received") or 0), int(row.get("unreadable") or 0),
                    int(row.get("duplicate") or 0), int(row.get("landed") or 0), conformed.get(place, 0),
                    waiting.get(place, 0), row.get("last_at"), row.get("origin"), changes.get(place, []),
                )
            )  # fmt: skip
    return states


def show_source(reading: Reading, name: str, batches: int = 5) -> SourcePortrait:
    """
    Return everything about source *name*, with the last *batches* of each entity.

    Raises:
        NotFound: the project has no such source.
    """
    source = reading.settings.sources.get(name)
    if source is None:
        raise NotFound(f'There is no source "{name}". {did_you_mean(name, reading.settings.sources)}')
    mapping = {}
    for entity_name, entity in source.entities.items():
        fields = reading.settings.model.entities[entity.model or entity_name].fields
        mapping[entity_name] = [
            MappedField(field, fields[field].type.value, _comes_from(each.column, each.sql, each.value))
            for field, each in entity.fields.items()
        ]
    return SourcePortrait(
        name, source.description, source.trust, list_sources(reading, name), mapping,
        {each: _batches(reading, name, each, batches) for each in source.entities},
        _unreadable(reading, name),
    )  # fmt: skip


def _comes_from(column: str | None, sql: str | None, value: str | None) -> str:
    if column is not None:
        return f"column {column}"
    return f"sql {sql}" if sql is not None else f"always {value}"


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
