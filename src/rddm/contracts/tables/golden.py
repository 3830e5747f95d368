"""The golden layer: one row per current person, organisation, event, fact; each value with the record it came from."""

from __future__ import annotations

from collections.abc import Iterable

from rddm.contracts.tables.table import Column, Table

SCHEMA = "golden"
ORIGIN_SUFFIX = "__origin"


def golden_id(entity: str) -> str:
    """Return the name of the id column of the golden *entity*."""
    return f"{entity}_id"


def golden_table(entity: str, fields: Iterable[Column]) -> Table:
    """Return the golden table of *entity*; references among *fields* are golden ids, named as the field with ``_id``."""
    fields = tuple(fields)
    return Table(
        SCHEMA,
        entity,
        f"one current {entity}",
        (
            Column(golden_id(entity), "UUID", "Stable id; see identity.event for its history"),
            *fields,
            *(
                Column(f"{field.name}{ORIGIN_SUFFIX}", "UUID", f"Record that {field.name} came from")
                for field in fields
            ),
            Column("records", "BIGINT", "How many records of sources stand behind it"),
            Column("sources", "VARCHAR[]", "The sources that know it, sorted"),
            Column("row_hash", "UUID", "md5 of everything before"),
        ),
    )


NONE_KEPT = ""
PROGRESS = Table(
    SCHEMA,
    "progress",
    "one entity of the model",
    (
        Column("entity", "VARCHAR", "Entity of the model"),
        Column(
            "curated_by",
            "VARCHAR",
            "JSON: the fields' types and survivorship, and the trust, that the golden rows were made with; empty: none are kept,"
            " as the model had no such entity",
        ),
    ),
)
LEDGERS = (PROGRESS,)
