"""The desk that resolving one entity works at: a scratch's tables for what is new, the lake's for what was."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from rddm.contracts.tables import Table, columns_sql, create_table_sql, quote
from rddm.contracts.tables.identity import Method, apart_table, identity_tables, link_table
from rddm.pipeline.stamp import RunStamp
from rddm.project.settings import ExactIdentity, ModelEntity, ProbabilisticIdentity
from rddm.store.lake import (
    add_orders,
    columns_of_tables,
    found_by_sql,
    is_few,
    keep_in_order,
    with_orders_sql,
)
from rddm.store.scratch import Scratch

PREFIX = "identity_"
_NO_LIMIT = 2**31
_MADE_ANEW = ("fingerprint", "key", "pair", "component", "apart", "term")


@dataclass
class Work:
    """
    What every step needs. ``fresh``: everything is made anew (`begin_anew`).

    ``counts`` collects figures for the report, ``views`` what is to be dropped at the end.
    """

    connection: duckdb.DuckDBPyConnection
    scratch: Scratch
    lake: str
    entity: str
    model_entity: ModelEntity
    identity: ProbabilisticIdentity | ExactIdentity
    exclusive_sources: Collection[tuple[str, str]]
    run: RunStamp
    progress: Callable[[str, float], None]
    fresh: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    views: set[str] = field(default_factory=set)

    @property
    def method(self) -> Method:
        return self.identity.method

    @property
    def key_limit(self) -> int:
        return self.identity.key_limit if isinstance(self.identity, ProbabilisticIdentity) else _NO_LIMIT

    @property
    def conformed(self) -> str:
        return f"{self.lake}.conformed.{quote(self.entity)}"

    def stored(self, name: str) -> str:
        """The lake's table: ``link`` of this entity, or one of all entities (``event``)."""
        shared = name in ("event", "redirect", "model", "term")
        return f"{self.lake}.identity.{quote(name if shared else f'{self.entity}__{name}')}"

    def past(self, name: str) -> str:
        """What the lake's table, one that is `_MADE_ANEW`, counts for: all of it, or, when everything is made anew, nothing."""
        return f"{PREFIX}no_{name}" if self.fresh else self.stored(name)

    def table(self, name: str) -> str:
        """The scratch's table of that name."""
        return f"{PREFIX}{name}"

    def make(self, name: str, query: str, part: str | None = None) -> str:
        """Make table *name* from *query*, in files by *part* (see `Scratch.make`); return its full name."""
        self.scratch.make(self.table(name), query, part)
        return self.table(name)

    def begin(self, name: str, columns: str) -> str:
        """Make table *name* of *columns* (names and types) without rows; return its full name."""
        self.scratch.begin(self.table(name), columns)
        return self.table(name)

    def add(self, name: str, query: str) -> str:
        """Add the rows of *query* to table *name*, by the names of its columns; return its full name."""
        self.scratch.add(self.table(name), query)
        return self.table(name)

    def drop(self, *names: str) -> None:
        """Give back tables that are needed no more."""
        self.scratch.drop(*map(self.table, names))

    def view(self, name: str, query: str) -> str:
        """Make the temporary view *name* of *query*; return its full name."""
        view = self.table(name)
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {query}")
        self.views.add(view)
        return view

    def load(self, name: str, data: pa.Table) -> str:
        """Make table *name* of *data*; return its full name."""
        self.scratch.load(self.table(name), data)
        return self.table(name)

    def found(self, table: str, column: str, wanted: str, columns: str) -> str:
        """
        Return the query for *columns* of the rows of *table* in the lake whose *column* is among the ids of query *wanted*;
        the table has the order of these (see `Table.order_columns`).
        """
        few = is_few(self.connection, f"({wanted})")
        return found_by_sql(table, column, wanted, columns, few=few)

    def count(self, table: str, condition: str = "true") -> int:
        return int(self.value(f"SELECT count(*) FROM {table} WHERE {condition}") or 0)

    def value(self, query: str) -> Any:  # noqa: ANN401 - a cell of any type
        row = self.connection.execute(query).fetchone()
        return row[0] if row else None

    def execute(self, statement: str) -> None:
        self.connection.execute(statement)

    def replace(self, name: str, gone: str | None, new: str, table: Table) -> None:
        """Take rows for which *gone* (a condition) holds out of the lake's table and put those of query *new* in."""
        if gone is not None:
            self.connection.execute(f"DELETE FROM {self.stored(name)} WHERE {gone}")
        self.connection.execute(f"INSERT INTO {self.stored(name)} BY NAME {with_orders_sql(table, new)}")

    def prepare(self) -> None:
        """See that the lake's tables are there, with all their columns, and what is apart in what an older version made."""
        there = columns_of_tables(self.connection, self.lake, "identity")
        if not there:
            self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {self.lake}.identity")
        for table in identity_tables(self.entity, self.method):
            if table.name not in there:
                self.connection.execute(create_table_sql(self.lake, table))
                if table.name == apart_table(self.entity).name and link_table(self.entity).name in there:
                    self.execute(f"INSERT INTO {self.stored('apart')} {self._apart_sql()}")
                continue
            for column in table.columns:
                if column.name not in there[table.name]:  # made by an older version
                    place = f"{self.lake}.{quote(table.schema)}.{quote(table.name)}"
                    self.connection.execute(f"ALTER TABLE {place} ADD COLUMN {quote(column.name)} {column.type}")
            add_orders(self.connection, self.lake, table, there[table.name])

    def _apart_sql(self) -> str:
        """Return the query for all stored pairs that match and are apart, from pairs and links."""
        owner = f"(SELECT DISTINCT fingerprint_id, golden_id FROM {self.stored('link')})"
        return (
            f"SELECT fingerprint_a, fingerprint_b FROM {self.stored('pair')}"
            f" JOIN {owner} AS a ON a.fingerprint_id = fingerprint_a JOIN {owner} AS b ON b.fingerprint_id = fingerprint_b"
            " WHERE outcome = 'match' AND a.golden_id <> b.golden_id"
        )

    def begin_anew(self) -> None:
        """
        Make everything anew: of what is stored, fingerprints, keys, pairs, components and terms count no more (`past`). Links and
        events do, so that ids stay, and judgements, models and redirects.
        """
        self.fresh = True
        for table in identity_tables(self.entity, self.method):
            keep_in_order(self.connection, self.lake, table)
            name = table.name.removeprefix(f"{self.entity}__")
            if name in _MADE_ANEW:
                self.begin(f"no_{name}", f"({columns_sql(table)})")

    def clear(self) -> None:
        """Give everything back that was made beside the lake's tables."""
        with suppress(duckdb.TransactionException):  # one that failed takes its views with it
            for view in self.views:
                self.connection.execute(f"DROP VIEW IF EXISTS {view}")
        self.scratch.clear()
