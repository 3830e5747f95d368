"""What the golden table of an entity looks like, and which references it carries."""

from __future__ import annotations

from rddm.contracts.tables import Column, Table, literal, quote
from rddm.contracts.tables.golden import golden_table
from rddm.project.settings import ModelEntity, ModelField, SemanticType

_TYPES = {
    SemanticType.BIRTH_DATE: "DATE",
    SemanticType.DATE: "DATE",
    SemanticType.TIMESTAMP: "TIMESTAMP",
    SemanticType.INTEGER: "BIGINT",
    SemanticType.REFERENCE: "UUID",
}


def golden_column(name: str, field: ModelField) -> str:
    """Return the golden column of a model's field: references carry golden ids, so they are called ``<field>_id``."""
    return f"{name}_id" if field.type is SemanticType.REFERENCE else name


def golden_contract(name: str, entity: ModelEntity) -> Table:
    """Return the golden table of the model's entity *name*."""
    return golden_table(
        name,
        (
            Column(golden_column(field, settings), _TYPES.get(settings.type, "VARCHAR"), settings.description)
            for field, settings in entity.fields.items()
        ),
    )


def references(entity: ModelEntity) -> dict[str, str]:
    """Return the reference fields of *entity*, each with the entity that it points at."""
    return {
        name: field.references
        for name, field in entity.fields.items()
        if field.type is SemanticType.REFERENCE and field.references is not None
    }


def hashed_rows_sql(contract: Table, rows: str) -> str:
    """
    Return the query of the golden *contract* table's columns for *rows*, a relation with all of them but row_hash.

    The hash says nothing of columns that are null, so one that the model got later leaves it as it was.
    """
    columns = [column for column in contract.columns if column.name != "row_hash"]
    hashed = ", ".join(f"{literal(column.name + '=')} || {quote(column.name)}::VARCHAR" for column in columns)
    return f"SELECT *, md5(concat_ws(chr(31), {hashed}))::UUID AS row_hash FROM {rows}"
