"""One record that somebody types: cleaned as a source's records are, by the same functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from rddm.conform.cleaning import NOTE_SEPARATOR, TOLD, name_fields, swapped_contacts_sql
from rddm.conform.lookup import cleaner
from rddm.conform.mapping import MappedEntity
from rddm.conform.values.record import repair_names
from rddm.contracts.expression import Evaluator, compile_projections
from rddm.contracts.tables.conformed import told_column
from rddm.project.settings import FieldMapping, FileConnector, ModelEntity, SemanticType, SourceEntity

LONGEST_TEXT = 500
"""Characters; nothing that tells people apart is longer, and what cleaning takes must be bounded."""
TOO_LONG = "too_long"


@dataclass(frozen=True)
class TypedRecord:
    """
    ``values``: per column of the conformed record that says something its normalised text. ``repairs`` are notes
    ``field:rule``, ``problems`` notes ``kind:field:reason``, as `rddm.conform.cleaning` has them.
    """

    values: Mapping[str, str]
    repairs: tuple[str, ...]
    problems: tuple[str, ...]


def typed_entity(entity: ModelEntity) -> MappedEntity:
    """Return *entity* as a source would be mapped to it whose columns are named like the model's fields."""
    fields = {
        name: FieldMapping(column=name)
        for name, field in entity.fields.items()
        if field.type is not SemanticType.REFERENCE
    }
    settings = SourceEntity(connector=FileConnector(path="typed"), key=("key",), fields=fields)
    return MappedEntity("typed", "record", settings, entity)


def clean_typed(mapped: MappedEntity, texts: Mapping[str, str], latest: date) -> TypedRecord:
    """
    Return *texts* (field: what was typed) as conforming would: normalised, names and contacts put in their right places.

    *mapped* is a `typed_entity`; fields that it does not have are left out. *latest* is the last possible birth date.
    """
    repairs: list[str] = []
    problems: list[str] = []
    delivered: dict[str, str] = {}
    for name in mapped.value_fields():
        text = texts.get(name)
        if text is not None and len(text) > LONGEST_TEXT:
            problems.append(f"invalid:{name}:{TOO_LONG}")
        elif text is not None:
            delivered[name] = text
    repairs += _put_contacts_right(mapped, delivered)
    values: dict[str, str] = {}
    is_doubtful = False
    for name, text in delivered.items():
        cleaned = cleaner(mapped, name, latest, {})(text)
        if cleaned.value is not None:
            is_told = cleaned.value.startswith(TOLD)
            values[told_column(name) if is_told else name] = cleaned.value.removeprefix(TOLD)
        repairs += cleaned.repairs.split(NOTE_SEPARATOR) if cleaned.repairs else []
        problems += [cleaned.problem] if cleaned.problem else []
        is_doubtful |= cleaned.is_doubtful
    if is_doubtful:
        repairs += _put_names_right(mapped, values)
    return TypedRecord(values, tuple(repairs), tuple(problems))


def _put_contacts_right(mapped: MappedEntity, delivered: dict[str, str]) -> list[str]:
    """Exchange phone and e-mail where each was typed in the other's place; return the notes."""
    kinds = {field.type: name for name, field in reversed(mapped.model_entity.fields.items())}
    phone, email = kinds.get(SemanticType.PHONE), kinds.get(SemanticType.EMAIL)
    if phone is None or email is None or not {phone, email} & delivered.keys():
        return []
    row = {phone: delivered.get(phone), email: delivered.get(email)}
    if not _is_swapped(swapped_contacts_sql(mapped, "typed"))(row, row):
        return []
    for name in (phone, email):
        delivered.pop(name, None)
    delivered |= {name: text for name, text in ((phone, row[email]), (email, row[phone])) if text is not None}
    return [f"{phone}:phone_email_swapped", f"{email}:phone_email_swapped"]


@lru_cache(maxsize=16)
def _is_swapped(sql: str) -> Evaluator:
    return compile_projections(sql)["is_swapped"]


def _put_names_right(mapped: MappedEntity, values: dict[str, str]) -> list[str]:
    fields = name_fields(mapped.model_entity)
    last, first, middle = (values.get(name) if name else None for name in fields)
    *right, repairs = repair_names(last, first, middle)
    if not repairs:
        return []
    for name, value in zip(fields, right, strict=True):
        if name is not None:
            values.pop(name, None)
            if value is not None:
                values[name] = str(value)
    return list(repairs)
