"""
Reading a warehouse: the lake read-only, now or as it was, without the writer's lock.

A run may be active meanwhile: every statement sees one committed snapshot.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from rddm.contracts.errors import NotFound, StoreError
from rddm.contracts.tables import conformed, quote
from rddm.project.settings import ProjectSettings
from rddm.serve.addresses import read_state
from rddm.store.control import Control
from rddm.store.database import Database
from rddm.store.lake import CATALOG, Lake, Snapshot, ids_sql, of_ids_sql

Row = dict[str, Any]
LISTED = 10
"""Spans of snapshots that a message names."""


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

    def of_ids(self, schema: str, name: str, column: str, ids: Collection[uuid.UUID]) -> str:
        """
        Return `table`, but of the rows alone whose *column*, one that they are found by (`rddm.contracts.tables.Table`), is one
        of *ids*: without reading all others, but in a past state, which may have no orders yet.
        """
        if self.snapshot is None and self.lake.has(schema, name):
            table = f"{CATALOG}.{quote(schema)}.{quote(name)}"
            return f"({of_ids_sql(self.lake.connection, table, column, ids)})"
        return f"(SELECT * FROM {self.table(schema, name)} WHERE {quote(column)} IN ({ids_sql(ids)}))"

    def conformed_entities(self) -> list[str]:
        """Return the entities that have a conformed table, also such as the model has no more."""
        return conformed.entities_of(self.lake.columns(conformed.SCHEMA))

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
        Return a reading of the state at *when*: a snapshot's number, a day (its end, UTC) or a time (`read_state`).

        Raises:
            Malformed: it is none of these.
            NotFound: there is no such state (any more).
        """
        if when is None:
            return self
        wanted = read_state(when)
        snapshots = self.lake.snapshots()
        if isinstance(wanted, int):
            if all(each.number != wanted for each in snapshots):
                raise NotFound(f"There is no snapshot {wanted}. {kept_in_words(snapshots)}")
            return self.at(wanted)
        before = [each.number for each in snapshots if each.at <= wanted]
        if not before:
            raise NotFound(f"Nothing is kept from {wanted:%Y-%m-%d %H:%M} UTC. {kept_in_words(snapshots)}")
        return self.at(before[-1])

    def at(self, snapshot: int) -> Reading:
        """
        Return a reading of the state *snapshot*, which is kept.

        From then on the engine no longer leaves out by the lowest and highest values of columns: it knows those of the newest
        state, and where files were written anew the past can hold others (DuckDB 1.5.5).
        """
        self.lake.connection.execute("SET disabled_optimizers = 'statistics_propagation'")
        return replace(self, snapshot=snapshot)


def kept_in_words(snapshots: Sequence[Snapshot]) -> str:
    """Return which *snapshots* can be looked back to, in a sentence or two: their numbers, no other, and since when."""
    if not snapshots:
        return "The lake has no snapshots."
    runs: list[list[int]] = []
    for each in snapshots:
        if runs and each.number == runs[-1][-1] + 1:
            runs[-1].append(each.number)
        else:
            runs.append([each.number])
    numbers = [f"{run[0]} to {run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]
    earlier = f" and {len(numbers) - LISTED} earlier spans" if len(numbers) > LISTED else ""
    first, last = (f"{each.at:%Y-%m-%d %H:%M}" for each in (snapshots[0], snapshots[-1]))
    times = f"committed {first} to {last} UTC" if len(snapshots) > 1 else f"committed {first} UTC"
    return f"Kept: {', '.join(numbers[-LISTED:])}{earlier}, {times}. `rddm lake snapshots` lists them."
