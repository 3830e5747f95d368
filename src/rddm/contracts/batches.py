"""What a source yields: batches of records, what could not be read, and where to go on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Cursor: TypeAlias = Mapping[str, Json]
"""Where a source goes on from, as JSON. Opaque to everyone but the connector that wrote it; holds no secret."""

UNREADABLE_TEXT_LIMIT_BYTES = 1_048_576
"""How much of an unreadable piece is kept; a longer one is cut, and its reason gives its size and sha256."""


@dataclass(frozen=True)
class Unreadable:
    """
    A piece of a source that is no record: kept as delivered, counted, never in the way of the rest.

    ``place`` finds it again (``users.csv, line 17``); ``reason`` is a sentence without any of its content. ``is_cut_off``
    when more is missing than a piece: a whole file, or all that follows in it, so that its source needs looking after.
    ``is_no_loss`` when it surely never was a record, a header in the middle of a file say, so that nothing is missing.
    """

    place: str
    reason: str
    content: bytes
    is_cut_off: bool = False
    is_no_loss: bool = False


@dataclass(frozen=True)
class Batch:
    """
    Some records of one entity of one source, in the order of delivery.

    ``records`` has the source's own column names and values. Formats without types (CSV, JSON, XML, XLSX) give VARCHAR
    columns to the letter, with null only for what was not there; typed ones (Parquet, SQL) give their native types.
    Nested objects are flattened to dotted names (``name.first``), lists stay as JSON text. ``cursor`` is the state
    *after* this batch: reading again from it yields what comes next and nothing that was yielded before.
    """

    records: pa.Table
    origin: str
    cursor: Cursor
    unreadable: tuple[Unreadable, ...] = ()
