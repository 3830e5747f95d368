"""A real warehouse - real lake, real PostgreSQL - over sources whose records a test writes."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pyarrow as pa
from psycopg import sql

from rddm.app.wire import DATABASE_URL, open_warehouse
from rddm.contracts.batches import Batch, Cursor, Unreadable
from rddm.contracts.errors import SourceError
from rddm.pipeline.cursors import read_cursors
from rddm.pipeline.engine import prepare_lake
from rddm.pipeline.ingesting import Ingested, ingest
from rddm.pipeline.landing import Place
from rddm.pipeline.run import RunReport, Warehouse, run
from rddm.project.settings import SourceEntity
from rddm.store.embedded import ensure_database

Row = Mapping[str, str | None]
Made = TypeVar("Made")

SMALL_MODEL = """
entities:
  organisation: null
  location: null
  event: {fields: {organisation: null}}
  person: {fields: {organisation: null}}
"""
"""People, events and who took part: for tests that run often, as every entity takes its time."""
PEOPLE_ALONE = """
entities:
  organisation: null
  location: null
  event: null
  participation: null
  person: {fields: {organisation: null}}
"""

PERSON = """
connector: {type: file}
entities:
  person:
    read: {path: unused.csv}
    key: id
    source_time: changed
    deleted: "gone = 'yes'"
    fields: {last_name: last, first_name: first, birth_date: born, phone: phone, email: email}
"""


class Quiet:
    """A reporter that says nothing."""

    def reading(self, source: str, entity: str, pieces: int) -> None: ...

    def read(self, result: Ingested) -> None: ...

    def working(self, what: str) -> None: ...


class ListSource:
    """Yields what a list holds beyond the cursor, *size* records a batch; fails after *fails_after* batches if told to."""

    def __init__(self, deliveries: Sequence[Row | Unreadable], size: int, fails_after: int | None = None) -> None:
        self._deliveries, self._size, self._fails_after = deliveries, size, fails_after

    def read(self, cursor: Cursor | None) -> Iterator[Batch]:
        done = int(str(cursor["done"])) if cursor else 0
        for count, start in enumerate(range(done, len(self._deliveries), self._size)):
            if count == self._fails_after:
                raise SourceError("a", "person", "the connection broke.", "Run again.")
            pieces = self._deliveries[start : start + self._size]
            rows = [piece for piece in pieces if not isinstance(piece, Unreadable)]
            names = list(dict.fromkeys(name for row in rows for name in row))
            yield Batch(
                pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}),
                origin="list",
                cursor={"done": min(start + self._size, len(self._deliveries))},
                unreadable=tuple(piece for piece in pieces if isinstance(piece, Unreadable)),
            )

    def probe(self) -> None: ...

    def sample(self, rows: int) -> pa.Table:
        raise NotImplementedError


def copy_project(folder: Path, target: Path, database_url: str) -> None:
    """Copy the project in *folder* to *target*; *database_url* is a copy of its database."""
    shutil.copytree(folder, target)
    move_lake(database_url, folder, target)


def move_lake(database_url: str, folder: Path, target: Path) -> None:
    """Tell a copy of the database of the project in *folder* that it is one of the project in *target*."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE lake.ducklake_metadata SET value = replace(value, %s, %s) WHERE key = 'data_path'",
            (str(folder.resolve()), str(target.resolve())),
        )


class MadeOnce:
    """What several tests begin with: made when the first of them asks for it, on a database of its own; each takes a copy."""

    def __init__(self, server_url: str, folder: Path) -> None:
        self._server_url, self._folder = server_url, folder
        self._made: dict[Hashable, tuple[Any, str]] = {}

    def get(self, what: Hashable, make: Callable[[Path, str], Made]) -> tuple[Made, str]:
        """Return what *make* makes in a folder and on a database, given by URL, and the name of that database."""
        if what not in self._made:
            name = f"made_once_{len(self._made)}"
            self._made[what] = make(self._folder / name, ensure_database(self._server_url, name)), name
        return self._made[what]


def copy_database(server_url: str, name: str, copy_of: str) -> str:
    """Make database *name* as a copy of one that nobody uses; return its URL."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(copy_of)))
    return ensure_database(server_url, name)


def drop_database(server_url: str, name: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


class TinyWarehouse:
    """``deliver`` adds to what a source's entity holds; ``run`` reads, conforms, resolves, curates and publishes."""

    def __init__(
        self,
        root: Path,
        database_url: str,
        sources: Mapping[str, str],
        settings: str = "",
        environment: Mapping[str, str] | None = None,
        model: str = "",
    ) -> None:
        (root / "sources").mkdir(parents=True)
        (root / "rddm.yaml").write_text(
            f"name: tiny\nengine: {{memory_limit: 1GB, threads: 1}}\n{settings}", encoding="utf-8"
        )
        (root / "model.yaml").write_text(model, encoding="utf-8")
        self.root, self.environment = root, {DATABASE_URL: database_url, **(environment or {})}
        self.deliveries: dict[tuple[str, str], list[Row | Unreadable]] = defaultdict(list)
        self.batch_size = 1000
        self.fails_after: dict[tuple[str, str], int] = {}
        self.clock = datetime(2026, 1, 1)  # noqa: DTZ001 - the lake's times are naive UTC
        self._stack = ExitStack()
        for name, text in sources.items():
            self.write_source(name, text)
        self.reopen()

    def write_source(self, name: str, text: str) -> None:
        (self.root / "sources" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def reopen(self) -> None:
        """Read the project's files anew."""
        self.close()
        opened = self._stack.enter_context(open_warehouse(self.root, self.environment))
        self.warehouse: Warehouse = replace(opened, open_source=self._open, now=self._now)

    def close(self) -> None:
        self._stack.close()
        self._stack = ExitStack()

    def copied(self, root: Path, database_url: str) -> TinyWarehouse:
        """Return a warehouse in *root* that goes on from where this one, which is closed, ended; on a copy of its database."""
        copy_project(self.root, root, database_url)
        other = copy(self)
        other.root, other.environment = root, {**self.environment, DATABASE_URL: database_url}
        other.deliveries = defaultdict(list, {place: [*rows] for place, rows in self.deliveries.items()})
        other.fails_after = dict(self.fails_after)
        other._stack = ExitStack()
        other.reopen()
        return other

    def deliver(self, place: str, *rows: Row | Unreadable) -> None:
        """Add *rows* to ``source/entity``."""
        source, entity = place.split("/")
        self.deliveries[source, entity] += rows

    def land(self, place: str) -> Ingested:
        """Read ``source/entity`` into the raw layer; nothing more of a run."""
        source, name = place.split("/")
        opened = self.warehouse
        entity = opened.settings.sources[source].entities[name]
        prepare_lake(opened.lake)
        return ingest(
            opened.lake,
            Place(source, name, entity),
            lambda: opened.open_source(source, name, entity),
            1,
            opened.now,
            lambda _: None,
            read_cursors(opened.lake).get((source, name)),
        )

    def run(self) -> RunReport:
        return run(self.warehouse, Quiet())

    def query(self, statement: str) -> list[Any]:
        """Rows of the lake as tuples, or as plain values where there is one column."""
        rows = self.warehouse.lake.connection.execute(statement).fetchall()
        return [row[0] if len(row) == 1 else row for row in rows]

    def published(self, statement: str) -> list[Any]:
        """The same from the shop window."""
        with self.warehouse.database.connect() as connection:
            rows = connection.execute(statement.encode()).fetchall()
        return [row[0] if len(row) == 1 else row for row in rows]

    def _open(self, source: str, name: str, _: SourceEntity) -> ListSource:
        place = (source, name)
        return ListSource(self.deliveries[place], self.batch_size, self.fails_after.get(place))

    def _now(self) -> datetime:
        self.clock += timedelta(seconds=1)
        return self.clock
