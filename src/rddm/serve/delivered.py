"""What a source delivered: one raw version of one record, and what its mapping made of it before cleaning."""

from __future__ import annotations

from collections.abc import Mapping

from rddm.conform.mapping import MappedEntity, mapped_sql
from rddm.contracts.tables import literal
from rddm.contracts.tables.raw import ENVELOPE_NAMES, newest_first_sql
from rddm.serve.reading import Reading, Row


def delivered_versions(reading: Reading, source: str, entity: str, key: str) -> list[Row]:
    """Return every raw version of a record, newest first: the delivered columns and the envelope."""
    settings = reading.settings.sources.get(source)
    mapped = settings.entities.get(entity) if settings else None
    order = newest_first_sql(by_arrival=mapped is not None and mapped.newest_by_arrival)
    return reading.rows(
        f"SELECT * FROM {reading.table('raw', f'{source}__{entity}')} WHERE _key = ? ORDER BY {order}",
        [key],
    )


def delivered_columns(version: Row) -> dict[str, str | None]:
    """Return the source's own columns of a raw version."""
    return {name: value for name, value in version.items() if name not in ENVELOPE_NAMES}


def mapped_entity(reading: Reading, source: str, entity: str) -> MappedEntity | None:
    """Return how an entity of a source is mapped; None when the project has it no more."""
    settings = reading.settings.sources.get(source)
    found = settings.entities.get(entity) if settings else None
    if found is None:
        return None
    return MappedEntity(source, entity, found, reading.settings.model.entities[found.model or entity])


def mapped_texts(reading: Reading, mapped: MappedEntity, key: str, batch: int, seq: int) -> Mapping[str, str | None]:
    """Return the fields of the model as one raw version delivers them, before cleaning."""
    table = reading.table("raw", f"{mapped.source}__{mapped.entity}")
    names = [
        row["column_name"] for row in reading.rows(f"DESCRIBE {table}") if row["column_name"] not in ENVELOPE_NAMES
    ]
    version = f"(SELECT * FROM {table} WHERE _key = {literal(key)} AND _batch = {batch} AND _seq = {seq})"
    rows = reading.rows(mapped_sql(mapped, version, names))
    return {name: rows[0][name] for name in mapped.value_fields()} if rows else {}
