"""How people write what they ask for - an id or its beginning, a record, a state of the lake - read into values."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from rddm.contracts.errors import Malformed
from rddm.contracts.ids import derive_record_id

SHORTEST = 4
"""Hexadecimal digits that an abbreviated id needs at least."""
RECORD_FORM = "SOURCE/ENTITY/KEY"


@dataclass(frozen=True)
class IdRange:
    """The ids that begin as somebody wrote, from ``low`` to ``high``."""

    low: uuid.UUID
    high: uuid.UUID


@dataclass(frozen=True)
class RecordAddress:
    """A record as its source names it."""

    source: str
    entity: str
    key: str

    @property
    def record_id(self) -> uuid.UUID:
        return derive_record_id(self.source, self.entity, self.key)

    def __str__(self) -> str:
        return f"{self.source}/{self.entity}/{self.key}"


def read_who(text: str, entity: str) -> IdRange | RecordAddress:
    """
    Return what *text* names of *entity*: the ids that begin so, or a record.

    >>> str(read_who("camps/camper/11/78", "person"))
    'camps/camper/11/78'
    >>> str(read_who("489D3d54", "person").low)
    '489d3d54-0000-0000-0000-000000000000'

    Raises:
        Malformed: it is neither an id nor the address of a record.
    """
    if "/" in text:
        return read_record(text)
    digits = text.replace("-", "").lower()
    if not re.fullmatch(rf"[0-9a-f]{{{SHORTEST},32}}", digits):
        raise Malformed(
            f"That is no id: write at least its first {SHORTEST} digits (0-9, a-f), or {RECORD_FORM}."
            f" To look for a name, phone or e-mail: `rddm {entity} find TEXT`."
        )
    return IdRange(uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f")))


def read_record(text: str) -> RecordAddress:
    """
    Return the record that *text* is the address of. The key is all after the second slash.

    Raises:
        Malformed: one of the three is not there.
    """
    source, _, rest = text.partition("/")
    entity, _, key = rest.partition("/")
    if not (source and entity and key):
        raise Malformed(f"{text} is no address of a record: write {RECORD_FORM}.")
    return RecordAddress(source, entity, key)


def read_record_words(words: Sequence[str]) -> RecordAddress | uuid.UUID:
    """
    Return the record that *words* name: source, entity and key; the three in one; or a record's whole id.

    Raises:
        Malformed: they are none of these.
    """
    if len(words) == 3:
        return RecordAddress(*words)
    if len(words) == 1 and "/" in words[0]:
        return read_record(words[0])
    digits = words[0].replace("-", "").lower() if len(words) == 1 else ""
    if re.fullmatch(r"[0-9a-f]{32}", digits):
        return uuid.UUID(digits)
    raise Malformed(f"That is no record: write SOURCE ENTITY KEY, {RECORD_FORM}, or a record's whole id (32 digits).")


def read_state(text: str) -> int | dt.datetime:
    """
    Return which state of the lake *text* means: a snapshot's number, or a time; UTC unless it says otherwise.

    A day means its end: what was known on that day.

    >>> read_state("12"), read_state("2026-03-01").isoformat()
    (12, '2026-03-01T23:59:59.999999+00:00')

    Raises:
        Malformed: it is neither.
    """
    if text.isdecimal():
        return int(text)
    with suppress(ValueError):
        return dt.datetime.combine(dt.date.fromisoformat(text), dt.time.max, dt.UTC)
    try:
        parsed = dt.datetime.fromisoformat(text)
        return parsed.replace(tzinfo=dt.UTC) if parsed.tzinfo is None else parsed.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise Malformed(
            f"{text!r} is neither a snapshot's number (12) nor a day (2026-03-01: its end, UTC) nor a time"
            " (2026-03-01T12:00, in UTC unless it says otherwise: 2026-03-01T12:00+03:00)."
        ) from None
