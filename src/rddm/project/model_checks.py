"""What types alone cannot say about the unified model: every name it mentions exists, and parents come first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from rddm.contracts.errors import ConfigurationProblem
from rddm.contracts.tables import ROW_NUMBER
from rddm.project.document import Node
from rddm.project.order import reference_cycle
from rddm.project.settings import (
    LEAST_MATCH_PROBABILITY,
    ExactIdentity,
    Model,
    ModelEntity,
    ProbabilisticIdentity,
    SemanticType,
)
from rddm.project.suggestions import did_you_mean_instead

OF_CONFORMED = frozenset(
    {
        "record_id",
        "record_id_order",
        "source",
        "entity",
        "key",
        "source_time",
        "batch",
        "seq",
        "repairs",
        "content_hash",
    }
)
ON_THE_WAY_THERE = frozenset(
    {"is_delete", "contact_repairs", "is_swapped", "repair_notes", "problem_notes", "names_before", "problems"}
    | {"all_problems", "rules", "state", "missing", "waits_for", "waits_for_keys", "parents", "age", "standing_age"}
)
OF_GOLDEN = frozenset({"golden_id", "records", "sources", "row_hash", "trust"})
OWN_COLUMNS = OF_CONFORMED | ON_THE_WAY_THERE | OF_GOLDEN | {ROW_NUMBER}
"""Columns that the warehouse's tables and stages, and the lake's files, have beside the model's fields."""
OWN_TABLES = frozenset({"redirect", "publication", "tombstone", "progress"})
"""Tables of the warehouse that stand beside those of the model's entities."""


def without_removed_fields(node: Node, changes: Node) -> Node:
    """
    Return the joined model without mention of the fields that *changes* takes out.

    Only lists of the default model are shortened (``require_any``, ``identity.fields``): a list that the project itself
    wrote and that names a field it took out is a contradiction, and reported as such.
    """
    entities = node.entries.get("entities", node)
    pruned = dict(entities.entries)
    written = changes.entries.get("entities", changes).entries
    for name, change in written.items():
        fields = change.entries.get("fields")
        removed = {f for f, entry in fields.entries.items() if entry.value is None} if fields else set()
        if removed and name in pruned:
            pruned[name] = _pruned_entity(pruned[name], removed, changes.file)
    if "entities" not in node.entries:
        return node
    return replace(node, value={**node.entries, "entities": replace(entities, value=pruned)})


def _pruned_entity(entity: Node, removed: set[str], own_file: str) -> Node:
    entries = dict(entity.entries)
    if (lists := entries.get("require_any")) is not None:
        shortened = [_pruned_list(one, removed, own_file) for one in lists.items]
        entries["require_any"] = replace(lists, value=tuple(one for one in shortened if one.items))
    identity = entries.get("identity")
    if identity is not None and "fields" in identity.entries:
        fields = _pruned_list(identity.entries["fields"], removed, own_file)
        if fields.items:
            entries["identity"] = replace(identity, value={**identity.entries, "fields": fields})
        else:
            del entries["identity"]
    return replace(entity, value=entries)


def _pruned_list(names: Node, removed: set[str], own_file: str) -> Node:
    if names.file == own_file:
        return names
    return replace(names, value=tuple(item for item in names.items if item.value not in removed))


def model_problems(model: Model, node: Node, changes: Node | None) -> list[ConfigurationProblem]:
    """Return what is wrong with *model*, read from the tree *node*, in which *changes* were laid over the default."""
    entities = node.entries["entities"]
    taken_out = _taken_out(changes)
    problems: list[ConfigurationProblem] = []
    for name, entity in model.entities.items():
        place = entities.entries[name]
        problems += _name_problems(name, entity, place, model.entities.keys() - {name})
        problems += _reference_problems(model, name, place, taken_out)
        problems += _identity_problems(entity, place)
        problems += _require_any_problems(name, entity, place)
    if not model.entities:
        problems.append(entities.problem("a model needs at least one entity."))
    if cycle := reference_cycle(model):
        circle = " → ".join(cycle)
        problems.append(
            _cycle_place(entities, model, cycle).problem(
                f"references go round in a circle: {circle}.", "Take one of them out; parents must come first."
            )
        )
    return problems


def _taken_out(changes: Node | None) -> Mapping[str, Node]:
    entities = changes.entries.get("entities") if changes is not None else None
    return {name: entry for name, entry in entities.entries.items() if entry.value is None} if entities else {}


def _name_problems(
    name: str, entity: ModelEntity, place: Node, others: Collection[str]
) -> Iterator[ConfigurationProblem]:
    if "__" in name:
        yield place.problem("two `_` in a row separate names in tables.", "Write one.")
    if name in OWN_TABLES or name.removesuffix("_record") in others:
        yield place.problem("the warehouse has a table of this name.", "Rename it.")
    fields = place.entries["fields"]
    columns = {f"{each}_id" for each, field in entity.fields.items() if field.type is SemanticType.REFERENCE}
    for field in entity.fields:
        if field in OWN_COLUMNS or field == f"{name}_id":
            yield fields.entries[field].problem("the warehouse has a column of this name.", "Rename it.")
        elif "__" in field:
            yield fields.entries[field].problem("two `_` in a row separate names in columns.", "Write one.")
        elif field in columns:
            yield fields.entries[field].problem("the column of a reference has this name.", "Rename it.")
    if not entity.fields:
        yield fields.problem("an entity needs at least one field.")


def _reference_problems(
    model: Model, name: str, place: Node, taken_out: Mapping[str, Node]
) -> Iterator[ConfigurationProblem]:
    for field_name, field in model.entities[name].fields.items():
        written = place.entries["fields"].entries[field_name]
        target = field.references
        if field.type is not SemanticType.REFERENCE:
            if target is not None:
                yield written.entries["references"].problem("only a field of type reference points at an entity.")
        elif target is None:
            yield written.problem(
                "this key is missing.", "Name the entity that is pointed at." + _entities(model), "references"
            )
        elif target in taken_out and target not in model.entities:
            yield taken_out[target].problem(
                f"{name}.{field_name} of the model references it.", f"Take {field_name} of {name} out too (null)."
            )
        elif target not in model.entities:
            named = written.entries["references"]
            yield named.problem(
                f"the model has no entity {named.shown()}.", did_you_mean_instead(named, model.entities)
            )


def _entities(model: Model) -> str:
    return f" There are: {', '.join(sorted(model.entities))}."


def _identity_problems(entity: ModelEntity, place: Node) -> Iterator[ConfigurationProblem]:
    identity = entity.identity
    if isinstance(identity, ExactIdentity):
        fields = place.entries["identity"].entries["fields"]
        if not identity.fields:
            yield fields.problem("identity needs at least one field.")
        yield from _unknown_fields(entity, fields)
    elif isinstance(identity, ProbabilisticIdentity):
        match = identity.match_probability
        if identity.possible_probability >= (LEAST_MATCH_PROBABILITY if match is None else match):
            lowest = f", which is at least {LEAST_MATCH_PROBABILITY} when it is left out" if match is None else ""
            yield place.entries["identity"].problem(
                f"possible_probability must be less than match_probability{lowest}."
            )


def _require_any_problems(name: str, entity: ModelEntity, place: Node) -> Iterator[ConfigurationProblem]:
    for one in place.entries["require_any"].items if entity.require_any else ():
        if not one.items:
            yield one.problem(f"an empty list can never be met, so every {name} would wait.", "Take it out.")
        yield from _unknown_fields(entity, one)


def _unknown_fields(entity: ModelEntity, names: Node) -> Iterator[ConfigurationProblem]:
    for item in names.items:
        if item.value not in entity.fields:
            yield item.problem(f"there is no field {item.shown()}.", did_you_mean_instead(item, entity.fields))


def _cycle_place(entities: Node, model: Model, cycle: tuple[str, ...]) -> Node:
    """Return the reference of the circle that the project itself wrote, if it is one of them; else the first."""
    places = [
        entities.entries[child].entries["fields"].entries[name]
        for child, parent in pairwise(cycle)
        for name, field in model.entities[child].fields.items()
        if field.references == parent
    ]
    default = entities.entries[next(iter(model.entities))].file
    return max(places, key=lambda place: (place.file != default, place.line), default=entities)
