"""What the golden table of an entity looks like, and which references it carries."""

from __future__ import annotations

from rddm.contracts.tables import Column, Table
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
