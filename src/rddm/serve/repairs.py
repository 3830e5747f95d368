"""What cleaning mended and left out of a record: each value as it was delivered, as it stands, and the rule in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rddm.conform.mapping import MappedEntity
from rddm.conform.words import repair_field, repair_in_words
from rddm.project.settings import SemanticType
from rddm.serve.delivered import mapped_entity, mapped_texts
from rddm.serve.reading import Reading, Row

NAME_PARTS = (SemanticType.FAMILY_NAME, SemanticType.GIVEN_NAME, SemanticType.PATRONYMIC)
CONTACTS = (SemanticType.PHONE, SemanticType.EMAIL)


@dataclass(frozen=True)
class Repair:
    """What cleaning mended: the value as delivered, as it stands, and the rule in words."""

    record: str
    field: str
    rule: str
    words: str
    before: str | None
    after: Any


def repairs_of(reading: Reading, row: Row, address: str) -> list[Repair]:
    """
    Return what cleaning mended and left out of the record at *address*.

    *row* has its columns source, entity, key, batch, seq, repairs (VARCHAR[], may be null) and, where they stand, its fields.
    """
    if not row.get("repairs"):
        return []
    mapped = mapped_entity(reading, row["source"], row["entity"])
    before = mapped_texts(reading, mapped, row["key"], row["batch"], row["seq"]) if mapped else {}
    return [_repair(mapped, repair, row, before, address) for repair in row["repairs"]]


def _repair(
    mapped: MappedEntity | None, repair: str, row: Row, before: Mapping[str, str | None], address: str
) -> Repair:
    field = repair_field(repair)
    rule, words = repair.rpartition(":")[2], repair_in_words(repair)
    if field:
        return Repair(address, field, rule, words, before.get(field), row.get(field))
    kinds = CONTACTS if rule.startswith("phone") else NAME_PARTS
    entity = mapped.model_entity.fields if mapped else {}
    names = [name for kind in kinds for name, settings in entity.items() if settings.type is kind]
    was = " ".join(before.get(name) or "–" for name in names if name in before)
    now = " ".join(str(row.get(name) or "–") for name in names if name in before or row.get(name))
    return Repair(address, ", ".join(names), rule, words, was, now)
