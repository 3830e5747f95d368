"""Hashes of settings, by which the pipeline knows what to do again after a change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from rddm.project.references import reference_target
from rddm.project.settings import FieldMapping, ModelEntity, ModelField, ProjectSettings

READING = frozenset({"connector", "mode", "model", "fields"})
"""Of a source's entity: how it is read, which is over once raw holds it, and what is hashed in a form of its own."""
NOT_CONFORMING = frozenset({"description", "survivorship"})
"""Of a model's field: what later stages and readers use."""


def entity_fingerprint(settings: ProjectSettings, source: str, entity: str, *, rules_version: str) -> str:
    """
    Return a hash (sha256, hexadecimal) of everything that decides how *entity* of *source* is conformed.

    That is its mapping, the entity of the model that it maps to, and *rules_version*, which the cleaning rules raise
    when they change. Connectors, paths, secrets, descriptions, trust, survivorship and identity have no part in it, nor
    has the order in which things are written. A setting at its default counts as not written, so that a new setting
    changes no hash until somebody uses it.
    """
    mapped = settings.sources[source].entities[entity]
    model_name = mapped.model or entity
    model = settings.model.entities[model_name]
    content = {
        "rules": rules_version,
        "mapping": mapped.model_dump(mode="json", exclude=set(READING), exclude_defaults=True),
        "fields": {name: _mapping(source, field, model.fields[name]) for name, field in mapped.fields.items()},
        "model": {"name": model_name, **_model_entity(model)},
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _mapping(source: str, mapping: FieldMapping, field: ModelField) -> Mapping[str, object]:
    written = mapping.model_dump(mode="json", exclude={"source", "entity"}, exclude_defaults=True)
    return {**written, "target": reference_target(source, mapping, field)} if field.references else written


def _model_entity(entity: ModelEntity) -> Mapping[str, object]:
    return {
        "require_any": sorted(sorted(names) for names in entity.require_any),
        "fields": {
            name: field.model_dump(mode="json", exclude=set(NOT_CONFORMING), exclude_defaults=True)
            for name, field in entity.fields.items()
        },
    }
