"""The configuration reference, made from the settings themselves, so that it cannot say anything else than they do."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from rddm.project import settings as s
from rddm.project.load import WRITTEN_IN_PROJECT

Row = tuple[str, str, str, str]

INTRODUCTION = """\
# Configuration reference

Generated from the settings' own definitions; do not edit it. Every file is YAML in UTF-8. `${NAME}` and
`${NAME:-default}` in a value are replaced from the environment; secrets are written in no other way (`$${` stands for
the characters themselves). `rddm check` names every problem with its file, line, key and fix.
"""

FILES: Mapping[str, tuple[str, tuple[type[BaseModel], ...]]] = {
    "rddm.yaml": (
        "The project itself. Only `name` must be there.",
        (s.ProjectSettings, s.Storage, s.Database, s.Engine),
    ),
    "model.yaml": (
        (
            "Optional. Laid over the default model: what is named here is added or changed, and a field or entity set"
            " to `null` is taken out. A list replaces the list below it."
        ),
        (s.Model, s.ModelEntity, s.ModelField, s.ProbabilisticIdentity, s.ExactIdentity, s.FactIdentity),
    ),
    "sources/<name>.yaml": (
        (
            "One file per service; the file's name is the source's name. The connector is written once, and each"
            " entity's `read` is laid over it."
        ),
        (
            s.SourceSettings,
            s.SourceEntity,
            s.FieldMapping,
            s.FileConnector,
            s.SqlConnector,
            s.RestConnector,
            s.CustomConnector,
        ),
    ),
}
TITLES: Mapping[type[BaseModel], str] = {
    s.ProjectSettings: "The project",
    s.Storage: "storage",
    s.Database: "database",
    s.Engine: "engine",
    s.Model: "The model",
    s.ModelEntity: "entities.*",
    s.ModelField: "entities.*.fields.*",
    s.ProbabilisticIdentity: "entities.*.identity, method: probabilistic",
    s.ExactIdentity: "entities.*.identity, method: exact",
    s.FactIdentity: "entities.*.identity, method: fact",
    s.SourceSettings: "The source",
    s.SourceEntity: "entities.*",
    s.FieldMapping: "entities.*.fields.*",
    s.FileConnector: "connector, type: file",
    s.SqlConnector: "connector, type: sql",
    s.RestConnector: "connector, type: rest",
    s.CustomConnector: "connector, type: python",
}
NOT_WRITTEN: Mapping[type[BaseModel], frozenset[str]] = {
    s.ProjectSettings: frozenset(s.ProjectSettings.model_fields) - WRITTEN_IN_PROJECT,
    s.SourceSettings: frozenset({"name"}),
    s.SourceEntity: frozenset({"connector"}),
}
"""What the parser fills in."""
ONLY_WRITTEN: Mapping[type[BaseModel], tuple[Row, ...]] = {
    s.SourceSettings: (
        (
            "connector",
            "mapping",
            "required unless every entity has its `read`",
            "How the source is reached; see below.",
        ),
    ),
    s.SourceEntity: (
        ("read", "mapping", "", "Keys of the connector that differ for this entity: its path, table, records, ..."),
    ),
}
"""What the parser takes apart."""


def configuration_reference() -> str:
    """Return the reference as Markdown: one section per file, one table per settings class. Always the same text."""
    return INTRODUCTION + "".join(_file_section(file) for file in FILES)


def _file_section(file: str) -> str:
    said, classes = FILES[file]
    return f"\n## `{file}`\n\n{said}\n" + "".join(_class_section(settings) for settings in classes)


def _class_section(settings: type[BaseModel]) -> str:
    said = " ".join((settings.__doc__ or "").split()).replace("``", "`")
    rows = [*_rows(settings), *ONLY_WRITTEN.get(settings, ())]
    lines = "".join(f"| {' | '.join(_cell(cell) for cell in (f'`{row[0]}`', *row[1:]))} |\n" for row in rows)
    return f"\n### {TITLES[settings]}\n\n{said}\n\n| key | value | default | meaning |\n|---|---|---|---|\n{lines}"


def _rows(settings: type[BaseModel]) -> Iterator[Row]:
    for name, field in settings.model_fields.items():
        if name not in NOT_WRITTEN.get(settings, frozenset()):
            values = WRITTEN_VALUES.get((settings, name)) or _values(field)
            yield name, values, _default(field), " ".join((field.description or "").split()).replace("``", "`")


WRITTEN_VALUES: Mapping[tuple[type[BaseModel], str], str] = {
    (s.SourceEntity, "key"): "text or list of text",
    (s.SourceEntity, "fields"): "mapping of name: column or mapping",
}
"""Where the parser takes more than the settings have."""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _default(field: FieldInfo) -> str:
    tells_apart = get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1
    if field.is_required() or tells_apart:
        return "required"
    value = field.get_default(call_default_factory=True)
    if value in (None, "", (), {}) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value.value if isinstance(value, Enum) else value}`"


def _values(field: FieldInfo) -> str:
    limits = [
        f"{words} {getattr(limit, name)}"
        for limit in field.metadata
        for name, words in (("gt", "more than"), ("ge", "at least"), ("lt", "less than"), ("le", "at most"))
        if getattr(limit, name, None) is not None
    ]
    return ", ".join([_type(field.annotation), *limits])


PLAIN_TYPES: Mapping[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true`, `false`",
    Path: "file",
    SecretStr: "text, secret",
}


def _type(annotation: Any) -> str:  # noqa: ANN401, PLR0911 - any type expression; one return for each kind
    origin: object = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in arguments)
    if origin is Union or origin is types.UnionType:
        return " or ".join(dict.fromkeys(_type(argument) for argument in arguments if argument is not type(None)))
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"mapping of name: {_type(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ", ".join(f"`{member.value}`" for member in annotation)
    return PLAIN_TYPES.get(annotation, "mapping")
