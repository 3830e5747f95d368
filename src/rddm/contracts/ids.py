"""
Ids are derived, never drawn: the same data gives the same ids on every machine and engine.

A record id is the md5 (RFC 1321) of ``source``, ``entity`` and ``key`` joined by U+001F, read as a UUID. A golden id
is the record id of the founding record, so it looks the same and means something else.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import NewType

RecordId = NewType("RecordId", uuid.UUID)

SEPARATOR = "\x1f"


def derive_record_id(source: str, entity: str, key: str) -> RecordId:
    """
    Return the id of the record that *source* calls *key* in its *entity*.

    >>> derive_record_id("camps", "person", "17")
    UUID('489d3d54-8abe-266c-b8d6-e7fbe532ff1b')
    """
    text = SEPARATOR.join((source, entity, key))
    return RecordId(uuid.UUID(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()))


def id_order_sql(identifier: str) -> str:
    """Return the SQL expression for the order of *identifier* (an expression, UUID) among all: its first 32 bits, UINTEGER."""
    return f"('0x' || left({identifier}::VARCHAR, 8))::UINTEGER"


def record_id_sql(source: str, entity: str, key: str) -> str:
    """Return the SQL expression for `derive_record_id`; the arguments are SQL expressions of type VARCHAR, not null."""
    return f"md5({source} || chr(31) || {entity} || chr(31) || {key})::UUID"
