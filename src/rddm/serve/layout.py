"""
How the tables of the shop window are laid out, and what of it must follow the model.

What refers to rows that are published no more goes before any row is written, and new foreign keys come when all rows are there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import psycopg
from psycopg import sql

from rddm.contracts.errors import StoreError
from rddm.contracts.tables import Table

SCHEMA = "warehouse"
_SPELT_OUT = {"timestamptz": "timestamp with time zone"}
_TYPES = {"VARCHAR": "text", "TIMESTAMP": "timestamptz", "VARCHAR[]": "text[]"}


class ForeignKey(NamedTuple):
    """Column ``name`` of table ``child`` has values of column ``key`` of table ``parent``."""

    child: str
    name: str
    parent: str
    key: str


@dataclass(frozen=True)
class Layout:
    """
    What is in the shop window: ``columns`` of each table with their types, the columns of each ``primary`` key, and ``foreign``
    keys; keys by (table, constraint).
    """

    columns: Mapping[str, Mapping[str, str]]
    primary: Mapping[tuple[str, str], tuple[str, ...]]
    foreign: Mapping[tuple[str, str], ForeignKey]


@dataclass(frozen=True)
class Changes:
    """
    What must change for the shop window to be laid out as the model has it.

    ``new``: tables to load. ``altered``: tables whose columns differ. ``gone``: tables to drop. ``unlinked``: keys to drop, by
    (table, constraint). ``keyed``: tables whose primary key is to be added. ``linked``: foreign keys to add.
    """

    new: Collection[str]
    altered: Collection[str]
    gone: Sequence[str]
    unlinked: Sequence[tuple[str, str]]
    keyed: Mapping[str, tuple[str, ...]]
    linked: Sequence[ForeignKey]

    @property
    def are_any(self) -> bool:
        return bool(self.new or self.altered or self.gone or self.unlinked or self.keyed or self.linked)


def read_layout(connection: psycopg.Connection) -> Layout:
    """Return how the shop window is laid out now."""
    columns: dict[str, dict[str, str]] = defaultdict(dict)
    for table, column, kind in connection.execute(
        "SELECT relname, attname, format_type(atttypid, NULL) FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE relnamespace = %s::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped",
        (SCHEMA,),
    ):
        columns[table][column] = kind
    foreign = connection.execute(
        "SELECT conname, child.relname, mine.attname, parent.relname, theirs.attname FROM pg_constraint"
        " JOIN pg_class AS child ON child.oid = conrelid JOIN pg_class AS parent ON parent.oid = confrelid"
        " JOIN pg_attribute AS mine ON mine.attrelid = conrelid AND mine.attnum = conkey[1]"
        " JOIN pg_attribute AS theirs ON theirs.attrelid = confrelid AND theirs.attnum = confkey[1]"
        " WHERE contype = 'f' AND cardinality(conkey) = 1"
        " AND child.relnamespace = %(schema)s::regnamespace AND parent.relnamespace = child.relnamespace",
        {"schema": SCHEMA},
    ).fetchall()
    primary = connection.execute(
        "SELECT relname, conname, array_agg(attname ORDER BY place) FROM pg_constraint"
        " JOIN pg_class ON pg_class.oid = conrelid CROSS JOIN unnest(conkey) WITH ORDINALITY AS part (attnum, place)"
        " JOIN pg_attribute USING (attnum) WHERE contype = 'p' AND attrelid = conrelid AND relnamespace = %s::regnamespace"
        " GROUP BY relname, conname",
        (SCHEMA,),
    ).fetchall()
    return Layout(
        dict(columns),
        {(table, name): tuple(key) for table, name, key in primary},
        {(child, name): ForeignKey(child, *rest) for name, child, *rest in foreign},
    )


def changes_to(
    layout: Layout,
    tables: Sequence[Table],
    primary: Mapping[str, tuple[str, ...]],
    foreign: Collection[ForeignKey],
    is_ours: Callable[[str], bool],
) -> Changes:
    """
    Return what must change for *tables* to be there, with *primary* and *foreign* keys, and no others that we made.

    *is_ours* says whether a table that is not among them was one.
    """
    wanted = {each.name for each in tables}
    there = [each for each in tables if each.name in layout.columns]
    has_key = {table for (table, _), key in layout.primary.items() if primary.get(table) == key}
    return Changes(
        new=wanted - layout.columns.keys(),
        altered=[each.name for each in there if _alterations(each, layout.columns[each.name])],
        gone=sorted(name for name in layout.columns.keys() - wanted if is_ours(name)),
        unlinked=[
            *(place for place, each in layout.foreign.items() if each.child in wanted and each not in foreign),
            *(place for place in layout.primary if place[0] in wanted and place[0] not in has_key),
        ],
        keyed={each.name: primary[each.name] for each in there if each.name not in has_key},
        linked=sorted(set(foreign) - set(layout.foreign.values())),
    )


def clear_away(connection: psycopg.Connection, changes: Changes) -> None:
    """
    Drop keys and tables that are no more, before any row is written, and add the primary keys that rows are written by.

    Raises:
        StoreError: a view of somebody's uses a table that must go.
    """
    for table, constraint in changes.unlinked:
        statement = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
        connection.execute(statement.format(sql.Identifier(SCHEMA, table), sql.Identifier(constraint)))
    if changes.gone:
        tables = sql.SQL(", ").join(sql.Identifier(SCHEMA, name) for name in changes.gone)
        with _used_by_nobody(", ".join(changes.gone), "what was removed"):
            connection.execute(sql.SQL("DROP TABLE {}").format(tables))
    for table, key in changes.keyed.items():
        columns = sql.SQL(", ").join(map(sql.Identifier, key))
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(sql.Identifier(SCHEMA, table), columns)
        )


def alter(connection: psycopg.Connection, table: Table, existing: Mapping[str, str]) -> None:
    """
    Add, retype and drop columns as the model did; *existing* ones with their types.

    A retyped column begins empty: every row of it has changed and is written anew. One that the model no longer has goes,
    with what was in it.

    Raises:
        StoreError: a view of somebody's uses a column that must change.
    """
    gone = ", ".join(sorted(existing.keys() - set(table.column_names))) or "see model.yaml"
    alterations = sql.SQL(", ").join(_alterations(table, existing))
    with _used_by_nobody(table.name, f"a column that was removed or retyped ({gone})"):
        connection.execute(sql.SQL("ALTER TABLE {} {}").format(sql.Identifier(SCHEMA, table.name), alterations))


def link(connection: psycopg.Connection, foreign: Sequence[ForeignKey]) -> None:
    """Add *foreign* keys; all rows are written."""
    if foreign:
        # A table that still has rows to be checked cannot be altered.
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for each in foreign:
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD FOREIGN KEY ({}) REFERENCES {} ({}) DEFERRABLE INITIALLY DEFERRED").format(
                sql.Identifier(SCHEMA, each.child),
                sql.Identifier(each.name),
                sql.Identifier(SCHEMA, each.parent),
                sql.Identifier(each.key),
            )
        )


def definition(table: Table) -> sql.Composed:
    """Return the columns of *table* as PostgreSQL declares them."""
    return sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(_postgres_type(column.type)))
        for column in table.columns
    )


def _alterations(table: Table, existing: Mapping[str, str]) -> list[sql.Composed]:
    wanted = {column.name: _postgres_type(column.type) for column in table.columns}
    alterations = []
    for name, kind in wanted.items():
        parts = {"name": sql.Identifier(name), "kind": sql.SQL(kind)}
        if name not in existing:
            alterations.append(sql.SQL("ADD COLUMN {name} {kind}").format(**parts))
        elif existing[name] != _SPELT_OUT.get(kind, kind):
            alterations.append(sql.SQL("ALTER COLUMN {name} TYPE {kind} USING NULL::{kind}").format(**parts))
    gone = [name for name in existing if name not in wanted]
    return alterations + [sql.SQL("DROP COLUMN {}").format(sql.Identifier(name)) for name in gone]


@contextmanager
def _used_by_nobody(tables: str, what: str) -> Iterator[None]:
    try:
        yield
    except (psycopg.errors.DependentObjectsStillExist, psycopg.errors.FeatureNotSupported) as error:
        raise StoreError(
            f"{SCHEMA}.{tables} cannot follow the model: a view uses {what}. Drop or change the view, then run again."
        ) from error


def _postgres_type(duckdb_type: str) -> str:
    return _TYPES.get(duckdb_type, "double precision" if duckdb_type == "DOUBLE" else duckdb_type.lower())
