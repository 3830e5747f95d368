"""
Tables that one step of a run leaves for the next, and that nobody needs after it.

A run is one transaction, and before a transaction ends the engine gives back nothing of a temporary table that is dropped,
replaced or emptied (measured with DuckDB 1.5.5). So what is large is kept in Parquet files instead, each behind a view: a file
that is deleted is gone. What is small stays a temporary table, which costs less to make.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import duckdb
import pyarrow as pa

from rddm.contracts.tables import literal, quote
from rddm.store.folders import make_private
from rddm.store.lake import run_with

LARGE_ROWS = 100_000
"""From so many rows on, whoever makes tables in a `Scratch` has them in files."""


@dataclass
class Scratch:
    """
    Tables by name, in one connection. ``in_files`` says how those made from now on are kept; they are read alike.

    *folder* belongs to one scratch alone, is made when the first file is, and removed by `clear`.
    """

    connection: duckdb.DuckDBPyConnection
    folder: Path
    in_files: bool = False
    _files: dict[str, list[Path]] = field(default_factory=dict)
    """The files of each table; none for a temporary one."""

    def make(self, name: str, query: str, part: str | None = None, incoming: pa.Table | None = None) -> None:
        """
        Make table *name* of what *query* gives; in place of one of that name, which *query* may read.

        In files, those with one value of *part* (an expression over the query's columns) lie together: who asks for them opens no
        others. The query may read *incoming* by that name.
        """
        before = self._files.get(name)
        if not self.in_files:
            if before:
                self.drop(name)
            run_with(self.connection, f"CREATE OR REPLACE TEMP TABLE {quote(name)} AS {query}", incoming)
            self._files[name] = []
            return
        files = self._write(query, incoming, part)
        if before is not None:
            self.drop(name)
        self._show(name, files)

    def begin(self, name: str, columns: str) -> None:
        """Make table *name* of *columns* (their names and types, as SQL has them), without rows."""
        if not self.in_files:
            self.drop(name)
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {quote(name)} {columns}")
            self._files[name] = []
            return
        shape = quote(f"{name}_shape")
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {shape} {columns}")
        self.make(name, f"SELECT * FROM {shape}")
        self.connection.execute(f"DROP TABLE {shape}")

    def load(self, name: str, data: pa.Table) -> None:
        """Make table *name* of *data*."""
        self.make(name, "SELECT * FROM incoming", incoming=data)

    def append(self, name: str, data: pa.Table) -> None:
        """Add *data* to table *name*, by the names of the columns."""
        self.add(name, "SELECT * FROM incoming", data)

    def add(self, name: str, query: str, incoming: pa.Table | None = None) -> None:
        """Add the rows of *query*, which may read *incoming* by that name, to table *name*, by the names of the columns."""
        files = self._files[name]
        if not files:
            run_with(self.connection, f"INSERT INTO {quote(name)} BY NAME {query}", incoming)
            return
        # The empty half gives the columns, and their types.
        added = self._write(f"SELECT * FROM {quote(name)} WHERE false UNION ALL BY NAME ({query})", incoming)
        self._show(name, [*files, *added])

    def drop(self, *names: str) -> None:
        """Give back the tables *names*, those that are there."""
        for name in names:
            files = self._files.pop(name, None)
            if files is not None:
                self.connection.execute(f"DROP {'VIEW' if files else 'TABLE'} {quote(name)}")
                for file in files:
                    file.unlink()

    def clear(self) -> None:
        """Give back all tables."""
        with suppress(duckdb.Error):  # a transaction that failed takes its tables with it
            self.drop(*self._files)
        self._files.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, query: str, incoming: pa.Table | None, part: str | None = None) -> list[Path]:
        make_private(self.folder)
        # None is named as an earlier one was, of this scratch or another, whose metadata the engine may remember.
        place = self.folder / (str(uuid4()) if part else f"{uuid4()}.parquet")
        rows, options = (f"SELECT *, {part} AS part FROM ({query})", ", PARTITION_BY (part)") if part else (query, "")
        run_with(self.connection, f"COPY ({rows}) TO {literal(str(place))} (FORMAT parquet{options})", incoming)
        # Of no rows there are no parts, and so no file to say what the columns are.
        return (sorted(place.rglob("*.parquet")) or self._write(query, incoming)) if part else [place]

    def _show(self, name: str, files: list[Path]) -> None:
        listed = ", ".join(literal(str(file)) for file in files)
        self.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {quote(name)} AS SELECT * FROM read_parquet([{listed}], hive_partitioning => false)"
        )
        self._files[name] = files
