"""What a field of the model is as a column."""

from __future__ import annotations

from rddm.contracts.tables import Column, Table, quote
from rddm.contracts.tables.conformed import RECORD, entity_table, told_column
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
    columns = []
    for field, settings in entity.fields.items():
        columns.append(Column(field, column_type(settings), settings.description))
        if settings.type is SemanticType.BIRTH_DATE:
            said = (
                f"What was told of {field} where that cannot be, as YYYY-MM-DD with 00 for what is not there; else null"
            )
            columns.append(Column(told_column(field), "VARCHAR", said))
    return entity_table(name, columns)


def value_columns(entity: ModelEntity) -> tuple[str, ...]:
    """Return the columns of *entity*'s conformed table that hold what a record says: its fields, and what was told of dates."""
    return conformed_table("any", entity).column_names[len(RECORD) :]


def content_hash_sql(entity: ModelEntity, relation: str) -> str:
    """
    Return the SQL of a hash to tell whether two conformed rows say the same.

    md5 of U+001F name=value of every column that is not null, by name, so that a field the model gains changes no hash.
    """
    parts = ", ".join(
        f"CASE WHEN {relation}.{quote(name)} IS NOT NULL THEN chr(31) || '{name}=' END, {relation}.{quote(name)}"
        for name in sorted(value_columns(entity))
    )
    return f"md5(concat({parts}))::UUID"
