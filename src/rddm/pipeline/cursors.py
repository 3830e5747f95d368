"""
Where the reading of each entity of a source goes on, kept in the raw layer and moved in the transaction that lands a batch.

A cursor's mappings, such as what is known of each file, are kept entry by entry: to move one of thousands writes one row.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from rddm.contracts.batches import Cursor, Json
from rddm.contracts.tables.raw import CURSOR, CURSOR_ENTRY, SCHEMA
from rddm.project.hashes import envelope_settings, reading_fingerprint
from rddm.project.settings import SourceEntity
from rddm.store.lake import CATALOG, Lake

_CURSORS, _ENTRIES = (f"{CATALOG}.{SCHEMA}.{table.name}" for table in (CURSOR, CURSOR_ENTRY))
_MINE = "source = ? AND entity = ?"


@dataclass(frozen=True)
class SavedCursor:
    """
    A cursor as it is kept: ``rest`` is JSON with its mappings empty, ``entries`` is JSON by a mapping's name and a key in it.

    ``reading`` and ``envelope``: the settings that it was read with.
    """

    rest: str
    entries: Mapping[tuple[str, str], str]
    reading: str
    envelope: str | None

    @classmethod
    def of(cls, cursor: Cursor, settings: SourceEntity) -> SavedCursor:
        state = json.loads(_json(dict(cursor)))  # as it will be read again: keys are text
        entries = {
            (name, key): _json(value)
            for name, mapping in state.items()
            if isinstance(mapping, dict)
            for key, value in mapping.items()
        }
        rest = _json({name: {} if isinstance(value, dict) else value for name, value in state.items()})
        return cls(rest, entries, reading_fingerprint(settings), envelope_settings(settings))

    def beginning(self, settings: SourceEntity) -> Cursor | None:
        """Return where to go on from; None for the beginning, as the connector would read otherwise than it did."""
        if self.reading != reading_fingerprint(settings):
            return None
        state: dict[str, Any] = json.loads(self.rest)
        for (name, key), value in self.entries.items():
            state[name][key] = json.loads(value)
        return state

    def with_envelope(self, settings: SourceEntity) -> SavedCursor:
        """
        Return it with the envelope of now.

        By arrival, a value that came back counts, which by time was a version that was there already: all is read again.
        """
        reading = "" if settings.newest_by_arrival else self.reading
        return replace(self, envelope=envelope_settings(settings), reading=reading)


def read_cursors(lake: Lake) -> dict[tuple[str, str], SavedCursor]:
    """Return the cursors of all sources, by source and entity."""
    entries: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    rows = lake.connection.execute(f"SELECT source, entity, name, key, value FROM {_ENTRIES}").fetchall()
    for source, entity, name, key, value in rows:
        entries.setdefault((source, entity), {})[name, key] = value
    cursors = lake.connection.execute(f"SELECT source, entity, cursor, reading, envelope FROM {_CURSORS}").fetchall()
    return {
        (source, entity): SavedCursor(rest, entries.get((source, entity), {}), reading, envelope)
        for source, entity, rest, reading, envelope in cursors
    }


def save_cursor(
    connection: duckdb.DuckDBPyConnection,
    place: tuple[str, str],
    before: SavedCursor | None,
    after: SavedCursor,
    batch: int,
) -> None:
    """Write what differs between *before*, which is what is kept of *place* (source and entity), and *after*."""
    if before is None or replace(before, entries=after.entries) != after:
        connection.execute(f"DELETE FROM {_CURSORS} WHERE {_MINE}", place)
        connection.execute(
            f"INSERT INTO {_CURSORS} (source, entity, cursor, batch, reading, envelope) VALUES (?, ?, ?, ?, ?, ?)",
            [*place, after.rest, batch, after.reading, after.envelope],
        )
    known = before.entries if before is not None else {}
    old = [entry for entry, value in known.items() if after.entries.get(entry) != value]
    new = {entry: value for entry, value in after.entries.items() if known.get(entry) != value}
    if old:
        connection.execute(
            f"DELETE FROM {_ENTRIES} WHERE {_MINE} AND (name, key) IN (SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[]))",
            [*place, *_columns(old)],
        )
    if new:
        connection.execute(
            f"INSERT INTO {_ENTRIES} (source, entity, name, key, value, batch)"
            " SELECT ?, ?, unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), ?",
            [*place, *_columns(new), [*new.values()], batch],
        )


def forget_cursors(lake: Lake, source: str) -> None:
    """Let the next reading of every entity of *source* begin anew."""
    if not lake.has(SCHEMA, CURSOR.name):
        return  # nothing was ever read
    with lake.transaction(f"begin {source} anew") as connection:
        connection.execute(f"UPDATE {_CURSORS} SET reading = '' WHERE source = ?", [source])


def _columns(entries: Collection[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [name for name, _ in entries], [key for _, key in entries]


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
