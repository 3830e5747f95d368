"""What a field of the model is as a column."""

from __future__ import annotations

from rddm.contracts.tables import Column, Table, quote
from rddm.contracts.tables.conformed import entity_table
from rddm.project.settings import ModelEntity, ModelField, SemanticType

_TYPES = {
    SemanticType.BIRTH_DATE: "DATE",
    SemanticType.DATE: "DATE",
    SemanticType.TIMESTAMP: "TIMESTAMP",
    SemanticType.INTEGER: "BIGINT",
    SemanticType.REFERENCE: "UUID",
}

DATES = frozenset(each for each, kind in _TYPES.items() if kind == "DATE")
"""Types that are a day without a time."""


def column_type(field: ModelField) -> str:
    """Return the DuckDB type that holds a field's conformed value."""
    return _TYPES.get(field.type, "VARCHAR")


def conformed_table(name: str, entity: ModelEntity) -> Table:
    """Return the conformed table of the model's entity *name*."""
    columns = (Column(field, column_type(settings), settings.description) for field, settings in entity.fields.items())
    return entity_table(name, columns)


def content_hash_sql(entity: ModelEntity, relation: str) -> str:
    """
    Return the SQL of a hash to tell whether two conformed rows say the same.

    md5 of U+001F name=value of every field that is not null, by name, so that a field the model gains changes no hash.
    """
    parts = ", ".join(
        f"CASE WHEN {relation}.{quote(name)} IS NOT NULL THEN chr(31) || '{name}=' END, {relation}.{quote(name)}"
        for name in sorted(entity.fields)
    )
    return f"md5(concat({parts}))::UUID"
