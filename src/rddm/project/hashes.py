"""Hashes of settings, by which the pipeline knows what to do again after a change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from rddm.project.references import reference_target
from rddm.project.settings import FieldMapping, ModelEntity, ModelField, ProjectSettings, SourceEntity

READING = frozenset({"connector", "mode", "model", "fields"})
"""Of a source's entity: how it is read, which is over once raw holds it, and what is hashed in a form of its own."""
NOT_CONFORMING = frozenset({"description", "survivorship"})
"""Of a model's field: what later stages and readers use."""


NOT_PARSING = {
    "file": frozenset({"path", "s3_endpoint", "s3_region", "s3_access_key", "s3_secret_key"}),
    "sql": frozenset({"url", "look_back_seconds"}),
    "rest": frozenset({"url", "headers", "bearer_token", "page_size", "limit_parameter", "timeout_seconds", "retries"}),
    "python": frozenset[str](),
}
"""Of a connector: where it reads and how gently, not what comes out."""


def reading_fingerprint(entity: SourceEntity) -> str:
    """
    Return a hash (md5, hexadecimal) of the connector's settings that decide what is read out of what is there.

    When it changes - another encoding, another query - what was read must be read again. Addresses and secrets have no
    part in it.
    """
    connector = entity.connector
    written = connector.model_dump(mode="json", exclude=set(NOT_PARSING[connector.type]), exclude_defaults=True)
    text = json.dumps({**written, "type": connector.type}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def envelope_settings(entity: SourceEntity) -> str:
    """Return, as JSON, the settings by which a delivered record's key and time, and whether it is deleted, are read."""
    written = entity.model_dump(mode="json", include={"key", "source_time", "source_time_format", "deleted"})
    return json.dumps(written, ensure_ascii=False, sort_keys=True)


def conforming_hash(settings: ProjectSettings, source: str, entity: str, *, rules_version: str) -> str:
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
    # Where records have times, whether they come as snapshots says which version is the newest.
    reading = READING if mapped.source_time is None else READING - {"mode"}
    content = {
        "rules": rules_version,
        "mapping": mapped.model_dump(mode="json", exclude=set(reading), exclude_defaults=True),
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
