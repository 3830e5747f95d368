"""A portrait: one golden record with all that stands behind it, as data."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rddm.contracts.errors import NotFound
from rddm.contracts.tables import quote
from rddm.contracts.tables.golden import ORIGIN_SUFFIX, golden_id
from rddm.curate.golden import golden_column
from rddm.project.settings import FactIdentity, ModelEntity, SemanticType
from rddm.serve.between import Inside, contradictions_inside
from rddm.serve.history import Happening, history
from rddm.serve.linked import linked_records
from rddm.serve.lookup import Identified
from rddm.serve.reading import Reading, Row
from rddm.serve.repairs import NAME_PARTS, Repair, repairs_of

FACTS_LIMIT = 200


@dataclass(frozen=True)
class OtherValue:
    """A value that records deliver and the golden record does not keep."""

    value: Any
    sources: Sequence[str]
    records: int


@dataclass(frozen=True)
class PortraitField:
    """A golden value with the record it came from. For references ``value`` is what the parent is called, ``leads_to`` its id."""

    name: str
    value: Any
    leads_to: uuid.UUID | None
    source: str | None
    record: str | None
    source_time: dt.datetime | None
    others: Sequence[OtherValue]


@dataclass(frozen=True)
class PortraitRecord:
    """A record behind the golden one. ``how`` it was linked: one of `rddm.contracts.tables.identity.LINKED_HOW`."""

    record_id: uuid.UUID
    source: str
    entity: str
    key: str
    source_time: dt.datetime | None
    how: str
    probability: float | None
    values: Mapping[str, Any]
    repairs: Sequence[Repair]

    @property
    def address(self) -> str:
        return f"{self.source}/{self.entity}/{self.key}"


@dataclass(frozen=True)
class PortraitFact:
    """Something this golden record takes part in: participation in an event, say. ``what``: the parents' names by field."""

    entity: str
    fact_id: uuid.UUID
    at: dt.datetime | dt.date | None
    what: Mapping[str, str]
    details: Mapping[str, Any]
    sources: Sequence[str]


@dataclass(frozen=True)
class Portrait:
    """
    One golden record with everything behind it; ``title`` is what it is called, ``contradictions`` are between its records as
    they are now.
    """

    entity: str
    id: uuid.UUID
    redirected: Sequence[uuid.UUID]
    snapshot: int | None
    title: str
    fields: Sequence[PortraitField]
    above: Mapping[str, Sequence[str]]
    records: Sequence[PortraitRecord]
    facts: Sequence[PortraitFact]
    history: Sequence[Happening]
    contradictions: Sequence[Inside]


def portrait(reading: Reading, who: Identified) -> Portrait:
    """
    Return the portrait of *who*.

    Raises:
        NotFound: there is no such golden record (at the reading's snapshot).
    """
    entity = reading.settings.model.entities[who.entity]
    rows = reading.rows(
        f"SELECT * FROM {reading.table('golden', who.entity)} WHERE {quote(golden_id(who.entity))} = ?", [who.golden_id]
    )
    if not rows:
        raise NotFound(
            f"There is no {who.entity} {who.golden_id} here. `rddm person history` tells what became of an id."
        )
    golden = rows[0]
    records = _records(reading, who, entity)
    fields = [_field(reading, name, entity, golden, records) for name in entity.fields]
    return Portrait(
        entity=who.entity,
        id=who.golden_id,
        redirected=who.redirected,
        snapshot=reading.snapshot,
        title=title_of(entity, golden),
        fields=fields,
        above=_above(reading, entity, fields),
        records=records,
        facts=_facts(reading, who),
        history=history(reading, who.entity, who.golden_id),
        contradictions=contradictions_inside(reading, who.entity, who.golden_id),
    )


def title_of(entity: ModelEntity, golden: Row) -> str:
    """Return what a golden record is called: its name, or the parts of it in order."""
    parts = [golden.get(name) for kind in NAME_PARTS for name, field in entity.fields.items() if field.type is kind]
    if any(parts):
        return " ".join(part for part in parts if part)
    return str(golden.get("name") or golden.get(next(iter(entity.fields))) or "without a name")


def _records(reading: Reading, who: Identified, entity: ModelEntity) -> list[PortraitRecord]:
    rows = linked_records(reading, who.entity, who.golden_id, "record.*, link.how, link.probability")
    return [_record(reading, row, entity) for row in sorted(rows, key=_place_in_portrait)]


def _place_in_portrait(row: Row) -> tuple[Any, ...]:
    return row["source"], row["entity"], row["source_time"] is None, row["source_time"] or 0, row["key"]


def _record(reading: Reading, row: Row, entity: ModelEntity) -> PortraitRecord:
    values = {
        name: row[name]
        for name, field in entity.fields.items()
        if row.get(name) is not None and field.type is not SemanticType.REFERENCE
    }
    address = f"{row['source']}/{row['entity']}/{row['key']}"
    return PortraitRecord(
        row["record_id"], row["source"], row["entity"], row["key"], row["source_time"], row["how"], row["probability"],
        values, repairs_of(reading, row, address),
    )  # fmt: skip


def _field(
    reading: Reading, name: str, entity: ModelEntity, golden: Row, records: Sequence[PortraitRecord]
) -> PortraitField:
    settings = entity.fields[name]
    column = golden_column(name, settings)
    value, origin_id = golden.get(column), golden.get(column + ORIGIN_SUFFIX)
    origin = next((each for each in records if each.record_id == origin_id), None)
    leads_to = None
    others: Sequence[OtherValue] = ()
    if settings.type is SemanticType.REFERENCE:
        leads_to = value
        value = _name_of(reading, settings.references or "", leads_to) if leads_to is not None else None
    else:
        others = _others(name, value, records)
    return PortraitField(
        name, value, leads_to, origin.source if origin else None, origin.address if origin else None,
        origin.source_time if origin else None, others,
    )  # fmt: skip


def _others(name: str, kept: object, records: Sequence[PortraitRecord]) -> list[OtherValue]:
    found: dict[Any, list[str]] = {}
    for record in records:
        value = record.values.get(name)
        if value is not None and value != kept:
            found.setdefault(value, []).append(record.source)
    return [OtherValue(value, sorted(set(sources)), len(sources)) for value, sources in found.items()]


def _name_of(reading: Reading, entity: str, parent: uuid.UUID) -> str | None:
    rows = reading.rows(
        f"SELECT * FROM {reading.table('golden', entity)} WHERE {quote(golden_id(entity))} = ?", [parent]
    )
    return title_of(reading.settings.model.entities[entity], rows[0]) if rows else None


def _above(reading: Reading, entity: ModelEntity, fields: Sequence[PortraitField]) -> dict[str, list[str]]:
    """Return, for each reference into a tree, the names of all that is above, nearest first."""
    above = {}
    for field in fields:
        parent_entity = entity.fields[field.name].references
        if field.leads_to is None or parent_entity is None:
            continue
        settings = reading.settings.model.entities[parent_entity]
        up = next((name for name, each in settings.fields.items() if each.references == parent_entity), None)
        if up is None:
            continue
        names: list[str] = []
        seen = {field.leads_to}
        current = field.leads_to
        while True:
            rows = reading.rows(
                f"SELECT {quote(up + '_id')} AS up FROM {reading.table('golden', parent_entity)}"
                f" WHERE {quote(golden_id(parent_entity))} = ?",
                [current],
            )
            if not rows or rows[0]["up"] is None or rows[0]["up"] in seen:
                break
            current = rows[0]["up"]
            seen.add(current)
            names.append(_name_of(reading, parent_entity, current) or "")
        above[field.name] = names
    return above


def _facts(reading: Reading, who: Identified) -> list[PortraitFact]:
    facts = []
    for name, entity in reading.settings.model.entities.items():
        if not isinstance(entity.identity, FactIdentity):
            continue
        for own, each in entity.fields.items():
            if each.references == who.entity:
                facts += _facts_of(reading, who, name, entity, own)
    return sorted(facts, key=lambda fact: (fact.at is None, str(fact.at or "")))


def _facts_of(reading: Reading, who: Identified, name: str, entity: ModelEntity, own: str) -> list[PortraitFact]:
    parents = {field: each.references for field, each in entity.fields.items() if each.references and field != own}
    joins, selects = [], []
    for index, (field, parent) in enumerate(parents.items()):
        joins.append(
            f"LEFT JOIN {reading.table('golden', parent)} AS parent_{index}"
            f" ON parent_{index}.{quote(golden_id(parent))} = fact.{quote(field + '_id')}"
        )
        selects.append(f", parent_{index} AS {quote('parent ' + field)}")
    rows = reading.rows(
        f"SELECT fact.*{''.join(selects)} FROM {reading.table('golden', name)} AS fact {' '.join(joins)}"
        f" WHERE fact.{quote(own + '_id')} = ?"
        f" ORDER BY fact.{quote(golden_id(name))} LIMIT {FACTS_LIMIT}",
        [who.golden_id],
    )
    facts = []
    for row in rows:
        found = {field: row["parent " + field] for field in parents if row["parent " + field]}
        facts.append(
            PortraitFact(
                entity=name,
                fact_id=row[golden_id(name)],
                at=_when(reading, entity, row, {parents[field]: each for field, each in found.items()}),
                what={
                    field: title_of(reading.settings.model.entities[parents[field]], each)
                    for field, each in found.items()
                },
                details={
                    field: row[field]
                    for field, each in entity.fields.items()
                    if each.type is not SemanticType.REFERENCE and row.get(field) is not None
                },
                sources=row["sources"],
            )
        )
    return facts


def _when(reading: Reading, entity: ModelEntity, fact: Row, parents: Mapping[str, Row]) -> dt.datetime | dt.date | None:
    """When it was: the first date of what it was part in, or else its own first moment."""
    dates = (SemanticType.DATE, SemanticType.TIMESTAMP)
    for parent, row in parents.items():
        for name, field in reading.settings.model.entities[parent].fields.items():
            if field.type in dates and row.get(name) is not None:
                return row[name]  # type: ignore[no-any-return]
    return next((fact[name] for name, field in entity.fields.items() if field.type in dates and fact.get(name)), None)
