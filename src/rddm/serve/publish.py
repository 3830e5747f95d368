"""
Publish: what changed in the golden tables since the last publication goes to PostgreSQL in one transaction.

What changed is read from the lake's own change feed between two snapshots, so a publication that was missed or killed is
made up for by the next one. Readers see the state before or the state after, never half of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from rddm.contracts.errors import NotFound
from rddm.contracts.tables import Column, Table, literal, quote
from rddm.contracts.tables.golden import ORIGIN_SUFFIX, golden_id
from rddm.contracts.tables.identity import HOW_SAID
from rddm.curate.golden import golden_contract, references
from rddm.project.settings import Model, ModelEntity, ProbabilisticIdentity, SemanticType
from rddm.serve.copying import copy_rows
from rddm.serve.layout import SCHEMA, ForeignKey, alter, changes_to, clear_away, definition, link, read_layout
from rddm.serve.loading import SCHEMA as LOADING_SCHEMA
from rddm.serve.loading import NewTable, begin_loading, forget_loading, load_all
from rddm.serve.matching import Feed, MatchingPublication, ensure_shared_tables, forget_others, is_laid_out
from rddm.store.database import Database
from rddm.store.lake import CATALOG, Lake, found_sql, is_few, near_sql

_SEARCHED = frozenset({SemanticType.PHONE, SemanticType.EMAIL, SemanticType.SNILS, SemanticType.BIRTH_DATE})


@dataclass(frozen=True)
class PublishedTable:
    """
    A table of the shop window and the query that fills it from the lake.

    ``key``: what its rows are found by, and what the lake's tables behind it call it too; ``beside``: what else its primary key
    has. ``feeds``: the lake's tables whose changes are its changes. ``reads``: the lake's tables that ``query`` reads, by what it
    calls them; ``has_order``: they have the order of the key (see `Table.order_columns`).
    """

    table: Table
    key: str
    feeds: tuple[tuple[str, str], ...]
    reads: Mapping[str, str]
    query: str
    has_order: bool = False
    beside: tuple[str, ...] = ()
    foreign: tuple[ForeignKey, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()

    @property
    def primary(self) -> tuple[str, ...]:
        return (self.key, *self.beside)


@dataclass(frozen=True)
class Publication:
    """What one publication wrote: per table (rows written, rows removed)."""

    snapshot: int
    rows: dict[str, tuple[int, int]]


def published_tables(model: Model, order: Sequence[str]) -> list[PublishedTable]:
    """Return the tables of the shop window, parents first: golden rows and the records behind them."""
    tables: list[PublishedTable] = []
    for name in order:
        entity = model.entities[name]
        tables += [_golden(name, entity), _records(name)]
    tables.append(_redirects())
    return tables


def _golden(name: str, entity: ModelEntity) -> PublishedTable:
    contract = golden_contract(name, entity)
    columns = tuple(
        column for column in contract.columns if not column.name.endswith(ORIGIN_SUFFIX) and column.name != "row_hash"
    )
    refers = references(entity)
    names = [
        field
        for field, settings in entity.fields.items()
        if settings.type in (SemanticType.FAMILY_NAME, SemanticType.GIVEN_NAME)
    ]
    searched = [(field,) for field, settings in entity.fields.items() if settings.type in _SEARCHED]
    return PublishedTable(
        Table(SCHEMA, name, f"{entity.description} Grain: {contract.grain}.", columns),
        key=golden_id(name),
        feeds=(("golden", name),),
        reads={"golden": f"{CATALOG}.golden.{quote(name)}"},
        query=f"SELECT {', '.join(quote(column.name) for column in columns)} FROM golden",
        foreign=tuple(ForeignKey(name, f"{field}_id", parent, golden_id(parent)) for field, parent in refers.items()),
        indexes=(*([tuple(names)] if names else []), *searched, *((f"{field}_id",) for field in refers)),
    )


def _records(name: str) -> PublishedTable:
    key = golden_id(name)
    columns = (
        Column("record_id", "UUID", "Derived from source, entity and key"),
        Column(key, "UUID", f"The {name} it belongs to"),
        Column("source", "VARCHAR", "The service that delivered it"),
        Column("entity", "VARCHAR", "The service's own name for this kind of record"),
        Column("key", "VARCHAR", "What the service calls it"),
        Column("how", "VARCHAR", HOW_SAID),
        Column("probability", "DOUBLE", "Of its best match inside the group, 0 to 1"),
    )
    return PublishedTable(
        Table(
            SCHEMA,
            f"{name}_record",
            f"Which record of which service belongs to which {name}. Grain: one record.",
            columns,
        ),
        key="record_id",
        feeds=(("identity", f"{name}__link"),),
        reads={
            "link": f"{CATALOG}.identity.{quote(name + '__link')}",
            "record": f"{CATALOG}.conformed.{quote(name)}",
        },
        query=f"SELECT record_id, link.golden_id AS {quote(key)}, record.source, record.entity, record.key, link.how,"
        " link.probability FROM link JOIN record USING (record_id)",
        has_order=True,
        foreign=(ForeignKey(f"{name}_record", key, name, key),),
        indexes=((key,), ("key", "source")),
    )


def _redirects() -> PublishedTable:
    columns = (
        Column("old_id", "UUID", "An id that is no longer in use"),
        Column("entity", "VARCHAR", "Of what"),
        Column("golden_id", "UUID", "The id to use instead"),
    )
    return PublishedTable(
        Table(
            SCHEMA, "redirect", "Where ids went that were merged into others. Grain: one old id of one entity.", columns
        ),
        key="old_id",
        beside=("entity",),
        feeds=(("identity", "redirect"),),
        reads={"redirect": f"{CATALOG}.identity.redirect"},
        query="SELECT old_id, entity, golden_id FROM redirect",
    )


def publish(
    lake: Lake, database: Database, model: Model, order: Sequence[str], at: datetime, progress: Callable[[str], None]
) -> Publication:
    """
    Bring schema ``warehouse``, and ``matching``, up to the lake's current snapshot.

    What is missing there, or was laid out by another version, is made anew, also when the lake has nothing new.
    """
    snapshot = lake.current_snapshot()
    tables = published_tables(model, order)
    with database.connect() as connection:
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA)))
        _ensure_publication_table(connection)
        row = connection.execute("SELECT max(lake_snapshot) FROM warehouse.publication").fetchone()
        published = row[0] if row else None
        changed = _changed_tables(lake, published, snapshot)
        layout = read_layout(connection)
        foreign = {key for each in tables for key in each.foreign}
        primary = {each.table.name: each.primary for each in tables}
        changes = changes_to(
            layout, [each.table for each in tables], primary, foreign, lambda name: _is_ours(lake, name)
        )
        new = [each for each in tables if each.table.name in changes.new]
        # This transaction waits meanwhile, longer than some servers let one wait.
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        feed = None if changed is None or published is None else Feed(published + 1, snapshot, changed)
        matching = _matching(lake, connection, model, order, feed)
        if published == snapshot and not changes.are_any and not matching:
            return Publication(snapshot, {})
        anew = {name: work for name, work in matching.items() if work.is_made_anew}
        if new or anew:
            begin_loading(database)
        loaded = load_all(lake, database, [_new_table(each) for each in new], progress) if new else {}
        for name, work in anew.items():
            progress(f"publish matching of {name}")
            work.load(database)
        rows = {name: (count, 0) for name, count in loaded.items()}
        clear_away(connection, changes)
        for each in tables:
            if each in new:
                _move_in(connection, each)
            elif each.table.name in changes.altered:
                alter(connection, each.table, layout.columns[each.table.name])
            _comment(connection, each)
            if each not in new and (changed is None or changed.intersection(each.feeds)):
                progress(f"publish {each.table.name}")
                since = None if changed is None else published
                rows[each.table.name] = _publish_table(lake, connection, each, since, snapshot)
        link(connection, changes.linked)
        for name, work in matching.items():
            progress(f"publish matching of {name}")
            work.publish()
        forget_loading(connection)
        connection.execute(
            "INSERT INTO warehouse.publication (lake_snapshot, published_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (snapshot, at),
        )
    return Publication(snapshot, rows)


def _matching(
    lake: Lake, connection: psycopg.Connection, model: Model, order: Sequence[str], feed: Feed | None
) -> dict[str, MatchingPublication]:
    """
    Return what is to be published for look-ups of each entity that is matched by weights; take out what is there of others.

    Of a *feed* without a snapshot, of those alone whose tables are missing or laid out in another way.
    """
    are_shared = ensure_shared_tables(connection)
    has_news = feed is None or feed.first <= feed.last
    identities = {name: model.entities[name].identity for name in order}
    weighed = {name: each for name, each in identities.items() if isinstance(each, ProbabilisticIdentity)}
    forget_others(connection, weighed)
    found = {}
    for name, identity in weighed.items():
        is_there = are_shared and is_laid_out(connection, name)
        if has_news or not is_there:
            found[name] = MatchingPublication(lake, connection, name, identity, feed if is_there else None)
    return found


def note_published(lake: Lake, database: Database, at: datetime) -> None:
    """Note that the lake's current snapshot is what is shown: since the last publication files changed, and no row."""
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO warehouse.publication (lake_snapshot, published_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (lake.current_snapshot(), at),
        )


def _changed_tables(lake: Lake, published: int | None, snapshot: int) -> frozenset[tuple[str, str]] | None:
    """Return the lake's tables that changed since *published*; None when everything must be compared."""
    if published is None:
        return None
    if published == snapshot:
        return frozenset()
    try:
        return lake.tables_changed(published, snapshot)
    except NotFound:
        return None


def last_published(database: Database) -> int | None:
    """Return the snapshot that was published last; None before the first publication."""
    with database.connect() as connection:
        row = connection.execute("SELECT to_regclass('warehouse.publication')").fetchone()
        if row is None or row[0] is None:
            return None
        row = connection.execute("SELECT max(lake_snapshot) FROM warehouse.publication").fetchone()
    return row[0] if row else None


def _is_ours(lake: Lake, table: str) -> bool:
    """Whether a table of the shop window, of no entity that the model has, is of one that it had."""
    return any(lake.has("identity", f"{name}__link") for name in (table, table.removesuffix("_record")))


def _new_table(each: PublishedTable) -> NewTable:
    return NewTable(each.table.name, definition(each.table), [_rows_sql(each)], (each.primary, *each.indexes))


def _rows_sql(each: PublishedTable, changed: str | None = None, *, few: bool = False) -> str:
    """Return the query for the rows of the published table, in its types; of the keys in query *changed*, *few* or many."""
    condition = "true" if changed is None else f"{quote(each.key)} IN ({changed})"
    near = near_sql(each.key, changed) if changed is not None and each.has_order else None
    rows = {name: found_sql(table, condition, few=few, near=near) for name, table in each.reads.items()}
    columns = ", ".join(f"{quote(column.name)}::{column.type} AS {quote(column.name)}" for column in each.table.columns)
    read = ", ".join(f"{name} AS ({query})" for name, query in rows.items())
    return f"WITH {read} SELECT {columns} FROM ({each.query})"


def _move_in(connection: psycopg.Connection, each: PublishedTable) -> None:
    """Put a loaded table into the shop window."""
    loaded = sql.Identifier(LOADING_SCHEMA, each.table.name)
    connection.execute(sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(loaded, sql.Identifier(SCHEMA)))


def _publish_table(
    lake: Lake, connection: psycopg.Connection, each: PublishedTable, published: int | None, snapshot: int
) -> tuple[int, int]:
    target = sql.Identifier(SCHEMA, each.table.name)
    staged = sql.Identifier(f"staged_{each.table.name}")
    if published is not None:
        _find_changed_keys(lake, each, published, snapshot)
    connection.execute(
        sql.SQL("CREATE TEMP TABLE {} (LIKE {} INCLUDING DEFAULTS) ON COMMIT DROP").format(staged, target)
    )
    rows = _rows_sql(each)
    if published is not None:
        rows = _rows_sql(each, "SELECT key FROM changed_key", few=is_few(lake.connection, "changed_key"))
    copy_rows(lake.connection, connection, rows, staged)
    same = sql.SQL(" AND ").join(sql.SQL("new.{0} = old.{0}").format(sql.Identifier(name)) for name in each.primary)
    if published is None:
        gone = sql.SQL("DELETE FROM {} AS old WHERE NOT EXISTS (SELECT FROM {} AS new WHERE {})")
        removed = connection.execute(gone.format(target, staged, same)).rowcount
    else:
        connection.execute("CREATE TEMP TABLE changed_key (key uuid) ON COMMIT DROP")
        copy_rows(lake.connection, connection, "SELECT key FROM changed_key", sql.Identifier("changed_key"))
        gone = sql.SQL(
            "DELETE FROM {} AS old USING changed_key WHERE old.{} = changed_key.key"
            " AND NOT EXISTS (SELECT FROM {} AS new WHERE {})"
        )
        removed = connection.execute(gone.format(target, sql.Identifier(each.key), staged, same)).rowcount
        connection.execute("DROP TABLE changed_key")
    values = [sql.Identifier(name) for name in each.table.column_names if name not in each.primary]
    upsert = sql.SQL("INSERT INTO {target} ({columns}) SELECT {columns} FROM {staged} ON CONFLICT ({key}) DO UPDATE SET {sets}"
                     " WHERE ({old}) IS DISTINCT FROM ({new})")  # fmt: skip
    written = connection.execute(
        upsert.format(
            target=target,
            staged=staged,
            key=sql.SQL(", ").join(map(sql.Identifier, each.primary)),
            columns=sql.SQL(", ").join(map(sql.Identifier, each.table.column_names)),
            sets=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(column) for column in values),
            old=sql.SQL(", ").join(sql.SQL("{}.{}").format(target, column) for column in values),
            new=sql.SQL(", ").join(sql.SQL("excluded.{}").format(column) for column in values),
        )
    ).rowcount
    return written, removed


def _find_changed_keys(lake: Lake, each: PublishedTable, published: int, snapshot: int) -> None:
    """Make the lake's table ``changed_key`` (key) from its change feed."""
    selects = " UNION ".join(
        f"SELECT {quote(each.key)} AS key FROM ducklake_table_changes('{CATALOG}', {literal(schema)}, {literal(table)},"
        f" {published + 1}, {snapshot})"
        for schema, table in each.feeds
    )
    lake.connection.execute(f"CREATE OR REPLACE TEMP TABLE changed_key AS {selects}")


def _ensure_publication_table(connection: psycopg.Connection) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS warehouse.publication ("
        " lake_snapshot bigint PRIMARY KEY, published_at timestamptz NOT NULL)"
    )
    connection.execute("COMMENT ON TABLE warehouse.publication IS 'When which state of the lake was published'")
    connection.execute("COMMENT ON COLUMN warehouse.publication.lake_snapshot IS 'The number of the state of the lake'")
    connection.execute("COMMENT ON COLUMN warehouse.publication.published_at IS 'When all its rows could be read here'")


def _comment(connection: psycopg.Connection, each: PublishedTable) -> None:
    target = sql.Identifier(SCHEMA, each.table.name)
    connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(target, sql.Literal(each.table.grain)))
    for column in each.table.columns:
        connection.execute(
            sql.SQL("COMMENT ON COLUMN {} IS {}").format(
                sql.Identifier(SCHEMA, each.table.name, column.name), sql.Literal(column.description)
            )
        )
