"""A draft of ``sources/<name>.yaml`` for a source that was looked at: what is recognised is mapped, the rest listed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from rddm.project.document import plain_scalar

Option = str | int | bool
"""A value of a connector's key."""


@dataclass(frozen=True)
class DraftField:
    """
    A delivered column and the field of the model that it seems to be; None when nothing was recognised.

    ``why`` is a few words for the comment (``by its name``, ``98 % look like phones``), never a value of the data.
    """

    column: str
    model_field: str | None
    why: str = ""
    part: str | None = None
    format: str | None = None
    reference_source: str | None = None
    reference_entity: str | None = None


@dataclass(frozen=True)
class DraftEntity:
    """
    One kind of record. ``read`` is laid over the connector; an empty ``key`` is left for the engineer to fill in, and
    ``key_seen`` says in counts what is to be known of one that is not. ``notes`` become comments, a line each.
    """

    name: str
    model: str
    fields: tuple[DraftField, ...]
    key: tuple[str, ...] = ()
    key_seen: str = ""
    source_time: str | None = None
    read: Mapping[str, Option] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DraftSource:
    """One service. A secret in ``connector`` or ``read`` is ``${NAME}``: such references stay references."""

    description: str
    connector: Mapping[str, Option]
    entities: tuple[DraftEntity, ...]


def source_yaml(draft: DraftSource) -> str:
    """
    Return the text of the source's file, with a comment on each line that was guessed.

    Of two columns recognised as the same field the first is mapped; the other becomes a comment, as do columns that
    nothing was recognised for. `load_project` accepts the text once every key and required field is there.
    """
    lines = [
        "# Drafted from a look at the source: check what is mapped, and map or drop the columns in comments.",
        f"description: {yaml_text(draft.description)}",
        f"connector: {_inline(draft.connector)}",
        "entities:",
    ]
    for entity in draft.entities:
        lines += _entity_lines(entity)
    return "\n".join(lines) + "\n"


def yaml_text(text: str) -> str:
    """
    Return *text* as a YAML scalar that reads back as exactly it, bare where that is safe.

    >>> yaml_text("дата рождения"), yaml_text("no: 1"), yaml_text("007"), yaml_text("a${b}")
    ('дата рождения', '"no: 1"', '"007"', '"a$${b}"')
    """
    return _scalar(text.replace("${", "$${"))


def _scalar(text: str) -> str:
    bare = re.fullmatch(r"[^\W_](?:[\w ./-]*\w)?|_\w+", text)
    if bare and isinstance(plain_scalar(text), str) and text.lower() not in {"yes", "no", "on", "off", "y", "n"}:
        return text
    # JSON's strings are YAML's; what JSON leaves bare and YAML forbids or folds (U+0085, U+2028, ...) is escaped too.
    return re.sub(r"[^\w\x20-\x7e]", lambda match: _escaped(match[0]), json.dumps(text, ensure_ascii=False))


def _escaped(character: str) -> str:
    code = ord(character)
    return character if character.isprintable() and code < 0x10000 else f"\\U{code:08x}"


def _inline(options: Mapping[str, Option]) -> str:
    return "{" + ", ".join(f"{key}: {_option(value)}" for key, value in options.items()) + "}"


def _option(value: Option) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    return _scalar(value)  # with references to the environment as they are


def _entity_lines(entity: DraftEntity) -> list[str]:
    lines = [f"  {entity.name}:", *(f"    # {note}" for note in entity.notes)]
    if entity.model != entity.name:
        lines.append(f"    model: {entity.model}")
    if entity.read:
        lines.append(f"    read: {_inline(entity.read)}")
    lines.append(_key_line(entity.key, entity.key_seen))
    if entity.source_time is not None:
        lines.append(f"    source_time: {yaml_text(entity.source_time)}")
    mapped = {field.model_field: field for field in reversed(entity.fields) if field.model_field is not None}
    chosen = [field for field in entity.fields if field.model_field is not None and mapped[field.model_field] is field]
    left = [field for field in entity.fields if field not in chosen]
    lines.append("    fields:" if chosen else "    fields: {}" + "  # nothing was recognised")
    lines += _aligned([(f"      {field.model_field}: {_mapping(field)}", field.why) for field in chosen])
    if left:
        lines.append("      # Columns that are not mapped:")
        lines += _aligned([(f"      # {field.model_field or '?'}: {_mapping(field)}", field.why) for field in left])
    return lines


def _key_line(key: tuple[str, ...], seen: str) -> str:
    if not key:
        return "    key:  # which column or columns identify a record? None was found that is unique and never empty"
    columns = [yaml_text(column) for column in key]
    line = f"    key: {columns[0] if len(columns) == 1 else '[' + ', '.join(columns) + ']'}"
    return f"{line}  # {' '.join(seen.split())}" if seen else line


def _mapping(field: DraftField) -> str:
    more = {
        "part": field.part,
        "format": field.format,
        "source": field.reference_source,
        "entity": field.reference_entity,
    }
    written = {key: value for key, value in more.items() if value is not None}
    pairs = ({"column": field.column} | written).items()
    return (
        "{" + ", ".join(f"{key}: {yaml_text(text)}" for key, text in pairs) + "}"
        if written
        else yaml_text(field.column)
    )


def _aligned(lines: list[tuple[str, str]]) -> list[str]:
    width = min(max((len(text) for text, why in lines if why), default=0), 60)
    return [f"{text:<{width}}  # {' '.join(why.split())}" if why else text for text, why in lines]
