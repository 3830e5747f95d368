"""The conformed layer: the newest valid version of each record in the unified model; what waits; what is gone."""

from __future__ import annotations

from collections.abc import Iterable

from rddm.contracts.tables.table import Column, Table

SCHEMA = "conformed"

RECORD = (
    Column("record_id", "UUID", "Derived from source, entity and key; see rddm.contracts.ids"),
    Column("source", "VARCHAR", "The source that delivered it"),
    Column("entity", "VARCHAR", "The source's own entity"),
    Column("key", "VARCHAR", "What the source calls it"),
    Column("source_time", "TIMESTAMP", "When the source last changed it, UTC; null when it does not say"),
    Column("batch", "BIGINT", "The raw version it was made from: batch"),
    Column("seq", "BIGINT", "The raw version it was made from: place in the batch"),
    Column("repairs", "VARCHAR[]", "What cleaning mended, as field:rule, in order; null when nothing"),
)


def told_column(birth_date: str) -> str:
    """Return the column for what was told of the field *birth_date* where that cannot be: 1987-02-30, 1987-05-00."""
    return f"{birth_date}__told"


def entity_table(entity: str, fields: Iterable[Column]) -> Table:
    """Return the conformed table of the model's *entity*; grain: one record of one source."""
    columns = (*RECORD, *fields)
    return Table(SCHEMA, entity, "one record of one source, its newest valid version", columns, found_by=("record_id",))


TOMBSTONE = Table(
    SCHEMA,
    "tombstone",
    "one record whose newest version says that it is gone",
    (
        Column("record_id", "UUID", "Derived from source, entity and key"),
        Column("source", "VARCHAR", "Source"),
        Column("entity", "VARCHAR", "The source's entity"),
        Column("model_entity", "VARCHAR", "Entity of the model"),
        Column("key", "VARCHAR", "What the source calls it"),
        Column("source_time", "TIMESTAMP", "When the source deleted it, UTC"),
        Column("batch", "BIGINT", "The raw version that says so: batch"),
        Column("seq", "BIGINT", "The raw version that says so: place in the batch"),
    ),
)

PROGRESS = Table(
    SCHEMA,
    "progress",
    "one entity of one source",
    (
        Column("source", "VARCHAR", "Source"),
        Column("entity", "VARCHAR", "The source's entity"),
        Column("last_batch", "BIGINT", "Batches up to this one are conformed"),
        Column("conforming_hash", "VARCHAR", "Of the mapping, the model and the rules they were conformed with"),
        Column("superseded", "BIGINT", "Raw versions that a newer one has replaced"),
    ),
)

QUARANTINE = Table(
    "quarantine",
    "record",
    "one record that waits",
    (
        Column("record_id", "UUID", "Derived from source, entity and key"),
        Column("source", "VARCHAR", "Source"),
        Column("entity", "VARCHAR", "The source's entity"),
        Column("model_entity", "VARCHAR", "Entity of the model"),
        Column("key", "VARCHAR", "What the source calls it"),
        Column("kind", "VARCHAR", "technical, invalid, incomplete or missing_parent: the first that holds"),
        Column("rules", "VARCHAR[]", "Every rule that it breaks, as kind:field:rule"),
        Column("repairs", "VARCHAR[]", "What cleaning mended and left out, as field:rule"),
        Column("waits_for", "UUID[]", "Record ids of the parents whose arrival lets a version of the record stand"),
        Column("waits_for_keys", "VARCHAR[]", "The parents that the newest version misses, as source/entity/key"),
        Column("source_time", "TIMESTAMP", "When the source last changed it, UTC"),
        Column("batch", "BIGINT", "The raw version: batch"),
        Column("seq", "BIGINT", "The raw version: place in the batch"),
        Column("attempts", "BIGINT", "How often it was tried"),
        Column("first_seen", "TIMESTAMP", "UTC"),
        Column("last_seen", "TIMESTAMP", "UTC"),
    ),
)

LEDGERS = (TOMBSTONE, PROGRESS, QUARANTINE)


def entities_of(tables: Iterable[str]) -> list[str]:
    """Return, of the *tables* of this schema, those of entities of the model, also such as it has no more."""
    ledgers = {table.name for table in LEDGERS if table.schema == SCHEMA}
    return [name for name in tables if name not in ledgers]
