"""What types alone cannot say about a source: that its mapping fits the model and the other sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rddm.contracts.errors import ConfigurationProblem
from rddm.project.connector_checks import connector_problems
from rddm.project.date_formats import date_format_fault
from rddm.project.document import Node
from rddm.project.expressions import expression_fault
from rddm.project.references import reference_target
from rddm.project.settings import (
    FieldMapping,
    Model,
    ModelEntity,
    ModelField,
    SemanticType,
    SourceEntity,
    SourceSettings,
)
from rddm.project.suggestions import did_you_mean, did_you_mean_instead

NAMES = frozenset({SemanticType.FAMILY_NAME, SemanticType.GIVEN_NAME, SemanticType.PATRONYMIC})
DATES = frozenset({SemanticType.BIRTH_DATE, SemanticType.DATE, SemanticType.TIMESTAMP})


@dataclass(frozen=True)
class Surroundings:
    """
    What a source must fit: the project's folder, its model, all its sources (None for one that is wrong itself).

    ``sql_fault`` says why an SQL expression cannot be used, None when it can.
    """

    root: Path
    model: Model
    sources: Mapping[str, SourceSettings | None]
    sql_fault: Callable[[str], str | None] = expression_fault


def source_problems(source: SourceSettings, node: Node, around: Surroundings) -> Iterator[ConfigurationProblem]:
    """Yield what is wrong with *source*, read from the tree *node*."""
    if "__" in source.name:
        yield ConfigurationProblem(node.file, 0, "", "two `_` in a row separate names in tables.", "Rename the file.")
    for name, entity in source.entities.items():
        place = node.entries["entities"].entries[name]
        if "__" in name:
            yield place.problem("two `_` in a row separate names in tables.", "Write one.")
        yield from connector_problems(entity, place, around.root)
        yield from _entity_problems(entity, place, around)
        model_name = entity.model or name
        model_entity = around.model.entities.get(model_name)
        if model_entity is None:
            where = place.entries.get("model", place)
            if entity.model:
                fix = did_you_mean_instead(where, around.model.entities)
            else:
                fix = f"Say which one is meant with `model:`. {did_you_mean(name, around.model.entities)}"
            yield where.problem(f"the model has no entity {where.shown() if entity.model else name}.", fix)
            continue
        fields = place.entries["fields"]
        yield from _coverage_problems(entity, fields, model_name, model_entity)
        for field_name, mapping in entity.fields.items():
            written = fields.entries[field_name]
            field = model_entity.fields.get(field_name)
            yield from _mapping_problems(mapping, written, around)
            if field is None:
                yield written.problem(
                    f"the model's {model_name} has no such field.", did_you_mean(field_name, model_entity.fields)
                )
                continue
            yield from _type_problems(mapping, field, written)
            if field.type is SemanticType.REFERENCE and field.references is not None:
                yield from _reference_problems(source.name, mapping, field, written, around)


def _entity_problems(entity: SourceEntity, place: Node, around: Surroundings) -> Iterator[ConfigurationProblem]:
    key = place.entries["key"]
    if not entity.key or "" in entity.key:
        yield key.problem("without a key a record cannot be found again.", "Name the column or columns.")
    if len(set(entity.key)) < len(entity.key):
        yield key.problem("a column stands in the key twice.", "Take one out.")
    if entity.source_time_format is not None and entity.source_time is None:
        yield place.entries["source_time_format"].problem(
            "there is no source_time that it could be the format of.", "Name the column under `source_time`."
        )
    if entity.source_time_format is not None:
        yield from _format_problems(place.entries["source_time_format"])
    if entity.deleted is not None:
        yield from _sql_problems(entity.deleted, place.entries["deleted"], around)


def _coverage_problems(
    entity: SourceEntity, fields: Node, model_name: str, model_entity: ModelEntity
) -> Iterator[ConfigurationProblem]:
    """Yield the fields that every record would lack, so that all of them would wait in quarantine."""
    for name, field in model_entity.fields.items():
        if field.required and name not in entity.fields:
            yield fields.problem(
                f"the model's {model_name} requires {name}, and nothing is mapped to it.",
                "Map it, or make it optional in model.yaml.",
            )
    for names in model_entity.require_any:
        if not set(names) & set(entity.fields):
            yield fields.problem(
                f"the model's {model_name} requires one of {', '.join(names)}, and none of them is mapped.",
                "Map one, or change require_any in model.yaml.",
            )


def _mapping_problems(mapping: FieldMapping, written: Node, around: Surroundings) -> Iterator[ConfigurationProblem]:
    given = [key for key in ("column", "sql", "value") if getattr(mapping, key) is not None]
    if not given:
        yield written.problem("it is not said where the value comes from.", "Give one of column, sql and value.")
    if len(given) > 1:
        yield written.problem(f"{' and '.join(given)} are given, and only one of them can be.", "Keep one.")
    if mapping.column is not None and not mapping.column.strip():
        yield written.problem("the column has no name.", "Name a delivered column.")
    if mapping.sql is not None:
        yield from _sql_problems(mapping.sql, written.entries["sql"], around)


def _sql_problems(sql: str, written: Node, around: Surroundings) -> Iterator[ConfigurationProblem]:
    fault = None if written.unknown else around.sql_fault(sql)
    if fault is not None:
        yield written.problem(fault)


def _type_problems(mapping: FieldMapping, field: ModelField, written: Node) -> Iterator[ConfigurationProblem]:
    kind = field.type
    if mapping.part is not None and kind not in NAMES:
        yield written.entries["part"].problem(f"only names have parts, and this field is a {kind}.", "Take `part` out.")
    if mapping.format is not None:
        if kind not in DATES:
            yield written.entries["format"].problem(
                f"only dates have a format, and this field is a {kind}.", "Take `format` out."
            )
        yield from _format_problems(written.entries["format"])
    for key in ("source", "entity"):
        if getattr(mapping, key) is not None and kind is not SemanticType.REFERENCE:
            yield written.entries[key].problem(
                f"only a reference points at another source's entity, and this field is a {kind}.", "Take it out."
            )


def _format_problems(written: Node) -> Iterator[ConfigurationProblem]:
    fault = None if written.unknown else date_format_fault(str(written.value))
    if fault is not None:
        yield written.problem(fault, "For 31.12.2009 it is `%d.%m.%Y`.")


def _reference_problems(
    source: str, mapping: FieldMapping, field: ModelField, written: Node, around: Surroundings
) -> Iterator[ConfigurationProblem]:
    target_source, target_entity = reference_target(source, mapping, field)
    if target_source not in around.sources:
        named = written.entries["source"]
        yield named.problem(f"there is no source {named.shown()}.", did_you_mean_instead(named, around.sources))
        return
    target = around.sources[target_source]
    if target is None:
        return  # it is wrong itself, which is reported where it is wrong
    fitting = [name for name, entity in target.entities.items() if (entity.model or name) == field.references]
    place = written.entries.get("entity", written.entries.get("source", written))
    choice = f" Of that kind it has: {', '.join(fitting)}." if fitting else ""
    if target_entity not in target.entities:
        known = fitting or target.entities
        if mapping.entity:
            yield place.problem(
                f"source {target_source} has no entity {place.shown()}.", did_you_mean_instead(place, known)
            )
        else:
            fix = f"Say which one is meant with `entity:`. {did_you_mean(target_entity, known)}"
            yield place.problem(f"source {target_source} has no entity {target_entity}.", fix)
    elif target_entity not in fitting:
        kind = target.entities[target_entity].model or target_entity
        if kind not in around.model.entities:
            return  # said where that entity is written
        yield place.problem(
            f"{target_source}.{target_entity} is a {kind}, and this field references {field.references}.",
            f"Name another entity.{choice}",
        )
