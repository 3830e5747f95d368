"""
``sources/<name>.yaml`` as a user writes it -> the tree that `SourceSettings` reads.

A user writes the connector once and, per entity, only what differs (``read``); a single key column and a bare column
name stay bare. Every value keeps the place it was written at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rddm.contracts.errors import ConfigurationProblem
from rddm.project.document import Node, laid_over, without_nulls
from rddm.project.settings import SourceEntity, SourceSettings
from rddm.project.suggestions import did_you_mean

WRITTEN_IN_SOURCE = frozenset(SourceSettings.model_fields) - {"name"} | {"connector"}
WRITTEN_IN_ENTITY = frozenset(SourceEntity.model_fields) - {"connector"} | {"read"}


def as_settings(source: Node) -> tuple[Node, list[ConfigurationProblem]]:
    """Return the tree for `SourceSettings` (without its name) and what is wrong with the way it is written."""
    if not isinstance(source.value, Mapping):
        return source, []
    problems = _unknown_keys(source, WRITTEN_IN_SOURCE)
    if "name" in source.entries:
        name = source.entries["name"]
        problems = [problem for problem in problems if problem.key != "name"]
        problems.append(name.problem("a source has the name of its file.", "Take this line out, or rename the file."))
    kept = {key: entry for key, entry in source.entries.items() if key in WRITTEN_IN_SOURCE}
    connector = kept.pop("connector", None)
    entities = kept.get("entities")
    if entities is not None and isinstance(entities.value, Mapping):
        if not entities.value:
            problems.append(entities.problem("a source needs at least one entity."))
        shaped: dict[str, Node] = {}
        for entity_name, entity in entities.entries.items():
            if entity.value is None:
                problems.append(entity.problem("nothing is said about this entity.", "Give it `key` and `fields`."))
                continue
            shaped[entity_name], more = _shaped_entity(entity, connector, source)
            problems += more
        kept["entities"] = replace(entities, value=shaped)
    return without_nulls(replace(source, value=kept)), problems


def _shaped_entity(entity: Node, connector: Node | None, source: Node) -> tuple[Node, list[ConfigurationProblem]]:
    if not isinstance(entity.value, Mapping):
        return entity, []
    problems = _unknown_keys(entity, WRITTEN_IN_ENTITY)
    kept = {key: entry for key, entry in entity.value.items() if key in WRITTEN_IN_ENTITY and key != "read"}
    read = entity.value.get("read")
    if "connector" in entity.value:
        problems = [problem for problem in problems if problem.key != f"{entity.key}.connector"]
        problems.append(
            entity.value["connector"].problem(
                "the connector is written once, for the whole source.", "Put what differs here under `read`."
            )
        )
    merged = _merged(connector, read)
    if merged is None:
        problems.append(source.problem("this key is missing.", "Say how the source is reached.", "connector"))
        kept["connector"] = replace(source, value="", unknown=True)  # said already
    else:
        kept["connector"] = merged
    key = kept.get("key")
    if key is not None and not isinstance(key.value, tuple) and key.value is not None:
        kept["key"] = replace(key, value=(key,))
    fields = kept.get("fields")
    if fields is not None and isinstance(fields.value, Mapping):
        kept["fields"], more = _shaped_fields(fields)
        problems += more
    return replace(entity, value=kept), problems


def _merged(connector: Node | None, read: Node | None) -> Node | None:
    """Return the connector with *read* laid over it, standing where the connector stands."""
    given = [node for node in (connector, read) if node is not None and node.value is not None]
    if len(given) < 2:
        return given[0] if given else None
    below, above = given
    if not isinstance(above.value, Mapping) or not isinstance(below.value, Mapping):
        return above if not isinstance(above.value, Mapping) else below
    return replace(laid_over(below, above), line=below.line, key=below.key)


def _shaped_fields(fields: Node) -> tuple[Node, list[ConfigurationProblem]]:
    problems: list[ConfigurationProblem] = []
    shaped: dict[str, Node] = {}
    for name, mapping in fields.entries.items():
        if mapping.value is None:
            problems.append(mapping.problem("nothing is mapped here.", "Name a column, or take this line out."))
        elif isinstance(mapping.value, Mapping | tuple):
            shaped[name] = mapping
        else:
            shaped[name] = replace(mapping, value={"column": mapping})
    return replace(fields, value=shaped), problems


def _unknown_keys(node: Node, known: frozenset[str]) -> list[ConfigurationProblem]:
    return [
        entry.problem("there is no such key.", did_you_mean(key, known))
        for key, entry in node.entries.items()
        if key not in known
    ]
