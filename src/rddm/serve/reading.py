"""
Reading a warehouse: the lake read-only, now or as it was, without the writer's lock.

A run may be active meanwhile: every statement sees one committed snapshot.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from rddm.contracts.errors import NotFound, StoreError
from rddm.contracts.tables import quote
from rddm.project.settings import ProjectSettings
from rddm.store.control import Control
from rddm.store.database import Database
from rddm.store.lake import CATALOG, Lake

Row = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """What reading functions take. ``snapshot`` is the lake's state to read; the newest when None."""

    settings: ProjectSettings
    lake: Lake
    database: Database
    control: Control
    state_folder: Path
    snapshot: int | None = None

    def table(self, schema: str, name: str) -> str:
        """Return the SQL that names a table of the lake at this reading's snapshot; it takes an alias."""
        at = f" AT (VERSION => {self.snapshot})" if self.snapshot is not None else ""
        return f"(SELECT * FROM {CATALOG}.{quote(schema)}.{quote(name)}{at})"

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """
        Return the rows of a query on the lake; none when a table of it was not there (yet).

        Raises:
            StoreError: the lake cannot be read.
        """
        try:
            cursor = self.lake.connection.execute(sql, list(parameters))
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        except duckdb.CatalogException:
            return []
        except (duckdb.IOException, duckdb.HTTPException) as error:
            raise StoreError(
                f"The lake cannot be read ({type(error).__name__}). Is PostgreSQL up, and are the lake's files where they were?"
            ) from error

    def as_of(self, when: str | None) -> Reading:
        """
        Return a reading of the state at *when*: a snapshot's number, or a time (ISO 8601, UTC unless it says otherwise).

        Raises:
            NotFound: there is no such state (any more).
        """
        if when is None:
            return self
        snapshots = self.lake.snapshots()
        if not snapshots:
            raise NotFound("The lake has no snapshots.")
        first, last = snapshots[0], snapshots[-1]
        kept = f"Kept are {first.number} ({first.at:%Y-%m-%d %H:%M}) to {last.number} ({last.at:%Y-%m-%d %H:%M}), UTC."
        if when.isdecimal():
            if not any(each.number == int(when) for each in snapshots):
                raise NotFound(f"There is no snapshot {when}. {kept}")
            return replace(self, snapshot=int(when))
        at = _moment(when)
        before = [each.number for each in snapshots if each.at <= at]
        if not before:
            raise NotFound(f"Nothing is kept from {at:%Y-%m-%d %H:%M} UTC. {kept}")
        return replace(self, snapshot=before[-1])


def _moment(text: str) -> dt.datetime:
    try:
        parsed = dt.datetime.fromisoformat(text)
    except ValueError:
        raise NotFound(f"{text!r} is neither a snapshot's number nor a time such as 2026-03-01T12:00.") from None
    # A day means its end: what was known on that day.
    if len(text) <= len("2026-03-01"):
        parsed = parsed.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return parsed.replace(tzinfo=dt.UTC) if parsed.tzinfo is None else parsed
