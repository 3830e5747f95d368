"""
What a look-up needs, published to PostgreSQL: schema ``matching``, which only we read.

Per entity that is matched by weights: what each person's records say in the forms that are compared (``<entity>_print``), the
match keys that lead there (``<entity>_drawer``; see `rddm.resolve.drawers`) and the identifiers that too many share
(``<entity>_common``); for all of them the learnt ``model`` and its ``term`` weights.

Follows the lake's change feed, in the transaction of the rest of the publication: the people whose records changed are written
anew, and in the drawers the entries of the keys that changed. Keys, fingerprints and the links of fingerprints are found by
their order in the lake; of links the ids of people are read whole, and of keys the fingerprints, when one of these changed
hands. When the model was learnt anew, or a good part of the people changed, the tables are made anew beside the old ones and
take their place. Common values that went, because somebody was erased, go here too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import psycopg
import pyarrow as pa
from psycopg import sql

from rddm.contracts.tables import Table, literal, quote
from rddm.contracts.tables.identity import MODEL, TERM
from rddm.project.settings import ProbabilisticIdentity
from rddm.resolve.asked import print_sql
from rddm.resolve.drawers import NOBODY, drawer_sql, drawers_sql, entry_sql, number_sql
from rddm.resolve.fingerprints import FORM_COLUMNS
from rddm.resolve.keys import common_values_sql, is_identifier_sql, kind_number_sql, without_shared_sql
from rddm.resolve.models import weighing_model_sql
from rddm.serve.copying import copy_rows
from rddm.serve.loading import SCHEMA as LOADING_SCHEMA
from rddm.serve.loading import NewTable, load
from rddm.store.database import Database
from rddm.store.lake import CATALOG, Lake, among_sql, load_table

SCHEMA = "matching"
DESCRIPTION_SEPARATOR = "\x1e"
"""Stands between the descriptions of one person in ``<entity>_print``."""
PUBLISHED_FORMS = ("a person a row, entries in drawers, crowded keys too", *FORM_COLUMNS)
"""How what is published is laid out; a reader or a publication of another version sees that it is not its own."""
_KEYS_AT_ONCE = 10_000_000
"""Keys that are put into drawers at a time: a drawer is made in memory."""
_DESCRIPTIONS_AT_ONCE = 10_000_000
"""Descriptions that are put into prints at a time: so is a print."""
_ANEW_FROM = 0.25
"""Share of the people from which on making all tables anew is faster than mending them..."""
_ALWAYS_MENDED = 1_000
"""... and so many are mended whatever their share."""


_SHARED_TABLES = (
    f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
    f"""CREATE TABLE IF NOT EXISTS {SCHEMA}.model (entity text PRIMARY KEY, version bigint NOT NULL,
        parameters text NOT NULL, kinds text NOT NULL, forms text[] NOT NULL)""",
    f"""CREATE TABLE IF NOT EXISTS {SCHEMA}.term (entity text NOT NULL, field text NOT NULL, value text NOT NULL,
        bits real NOT NULL, PRIMARY KEY (entity, field, value))""",
    f"COMMENT ON SCHEMA {SCHEMA} IS 'What looking people up needs. Not for users: it holds what all records say'",
    f"COMMENT ON TABLE {SCHEMA}.model IS 'The learnt model in use. Grain: one entity.'",
    f"COMMENT ON TABLE {SCHEMA}.term IS 'Common values and what they weigh. Grain: one value; empty: all others.'",
)


@dataclass(frozen=True)
class _Kept:
    """A table of schema ``matching``: its columns in PostgreSQL, the one it is found by, what it is."""

    name: str
    columns: str
    found_by: str
    grain: str


def _kept(entity: str) -> tuple[_Kept, _Kept, _Kept]:
    return (
        _Kept(
            f"{entity}_print",
            "number integer NOT NULL, golden_id uuid NOT NULL, print text NOT NULL",
            "number",
            f"What the records of a {entity} say, in the forms that are compared. Grain: one {entity}.",
        ),
        _Kept(
            f"{entity}_drawer",
            "drawer integer NOT NULL, entries bigint[] NOT NULL",
            "drawer",
            f"Match keys, and the {entity} each leads to. Grain: one drawer of some dozens of keys.",
        ),
        _Kept(
            f"{entity}_common",
            "key bigint NOT NULL",
            "key",
            "Match keys of identifiers that too many share to tell anything. Grain: one key.",
        ),
    )


_MEND_DRAWERS = """
UPDATE {drawer} AS kept SET entries = coalesce(fresh.entries, '{{}}') || ARRAY(
    SELECT entry FROM unnest(kept.entries) AS entry WHERE entry <> ALL (changed.entries))
FROM changed_drawer AS changed LEFT JOIN fresh_drawer AS fresh ON fresh.drawer = changed.drawer
WHERE kept.drawer = changed.drawer;
INSERT INTO {drawer} (drawer, entries) SELECT fresh.drawer, fresh.entries FROM fresh_drawer AS fresh
WHERE NOT EXISTS (SELECT FROM {drawer} AS kept WHERE kept.drawer = fresh.drawer);
DELETE FROM {drawer} AS kept USING changed_drawer AS changed WHERE kept.drawer = changed.drawer AND kept.entries = '{{}}'
"""


@dataclass(frozen=True)
class Feed:
    """What of the lake is not published yet: the snapshots ``first`` to ``last``, and the ``tables`` that changed in them."""

    first: int
    last: int
    tables: frozenset[tuple[str, str]]


def ensure_shared_tables(connection: psycopg.Connection) -> bool:
    """See that the schema and the tables for all entities are there; return whether they were."""
    row = connection.execute(
        f"SELECT to_regclass('{SCHEMA}.model') IS NOT NULL AND to_regclass('{SCHEMA}.term') IS NOT NULL"
    ).fetchone()
    are_there = row is not None and row[0]
    for statement in () if are_there else _SHARED_TABLES:
        connection.execute(statement.encode())
    return are_there


def is_laid_out(connection: psycopg.Connection, entity: str) -> bool:
    """Return whether the tables of *entity* are there, laid out as they are now; those for all are."""
    row = connection.execute(
        "SELECT (SELECT bool_and(to_regclass(name) IS NOT NULL) FROM unnest(%s::text[]) AS wanted(name))"
        f" AND NOT EXISTS (SELECT FROM {SCHEMA}.model WHERE entity = %s AND forms <> %s)".encode(),
        ([f"{SCHEMA}.{quote(each.name)}" for each in _kept(entity)], entity, list(PUBLISHED_FORMS)),
    ).fetchone()
    return row is not None and row[0]


def forget_others(connection: psycopg.Connection, weighed: Collection[str]) -> None:
    """Take out what is published of entities that are not among those *weighed*: they are not matched by weights any more."""
    end = "_drawer"
    found = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s AND right(tablename, length(%s)) = %s",
        (SCHEMA, end, end),
    )
    for entity in sorted({name.removesuffix(end) for (name,) in found}.difference(weighed)):
        prints, drawers, common = _kept(entity)
        for kept in (drawers, prints, common):  # in the order in which a look-up names them
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(SCHEMA, kept.name)))
        for table in ("model", "term"):
            connection.execute(
                sql.SQL("DELETE FROM {} WHERE entity = %s").format(sql.Identifier(SCHEMA, table)), (entity,)
            )


class MatchingPublication:
    """
    The publication of what a look-up of one entity needs, up to the lake's current snapshot.

    *feed*: what is not published yet; None when nobody can tell, or the entity's tables are not as they should be
    (`is_laid_out`). Where it ``is_made_anew``, `load` comes before `publish`.
    *connection* is in the publication's transaction.
    """

    def __init__(
        self,
        lake: Lake,
        connection: psycopg.Connection,
        entity: str,
        identity: ProbabilisticIdentity,
        feed: Feed | None,
    ) -> None:
        self._lake, self._connection, self._entity, self._limit = lake, connection, entity, identity.key_limit
        self._link, self._fingerprint, self._key = (
            f"{CATALOG}.identity.{quote(f'{entity}__{name}')}" for name in ("link", "fingerprint", "key")
        )
        self._print, self._drawer, self._common = _kept(entity)
        self._made: list[str] = []
        self._feed = feed if feed is not None and not self._has_changed(MODEL, feed) else None
        if self._feed is not None:
            self._find_people(self._feed)
            people = lake.number(f"SELECT count(*) FROM {CATALOG}.golden.{quote(entity)}")
            if self._count("person") > max(_ANEW_FROM * people, _ALWAYS_MENDED):
                self._feed = None

    @property
    def is_made_anew(self) -> bool:
        return self._feed is None

    def load(self, database: Database) -> None:
        """Make all tables anew beside the old ones, which readers keep until all is committed."""
        self._make("said", f"SELECT DISTINCT golden_id, fingerprint_id FROM {self._link}")
        common = self._make("common", common_values_sql(self._key, self._limit))
        self._make_holders()
        owned = self._make_owned(self._key, "said")
        drawers = [
            drawers_sql(f"(FROM {owned} WHERE {part})", self._limit)
            for part in _parts(drawer_sql(), self._count("owned"), _KEYS_AT_ONCE)
        ]
        prints = [
            self._prints(self._fingerprint, part)
            for part in _parts(number_sql("golden_id"), self._count("said"), _DESCRIPTIONS_AT_ONCE)
        ]
        for kept, queries in (
            (self._drawer, drawers),
            (self._print, prints),
            (self._common, [f"FROM {common}"]),
        ):
            table = NewTable(_beside(kept), sql.SQL(kept.columns), queries, ((kept.found_by,),), is_keyed=False)
            load(self._lake.connection, database, table)

    def publish(self) -> None:
        """Bring the tables up to date, in the publication's transaction."""
        if self._feed is None:
            self._swap_in()
            self._publish_model()
        else:
            self._follow(self._feed)
        for name in self._made:
            self._lake.connection.execute(f"DROP TABLE IF EXISTS {name}")

    def _changes(self, name: str, feed: Feed, columns: str) -> str:
        """The query for *columns* of the rows that came to and went from a table of the lake, with step: 1 or -1."""
        table = name if name in (MODEL.name, TERM.name) else f"{self._entity}__{name}"
        return (
            f"SELECT {columns}, CASE WHEN change_type IN ('insert', 'update_postimage') THEN 1 ELSE -1 END AS step"
            f" FROM ducklake_table_changes('{CATALOG}', 'identity', {literal(table)}, {feed.first}, {feed.last})"
        )

    def _has_changed(self, table: Table, feed: Feed) -> bool:
        """Whether rows of the entity came to or went from *table*, one of those for all entities."""
        if (table.schema, table.name) not in feed.tables:
            return False
        changes = self._changes(table.name, feed, "entity")
        return self._lake.number(f"SELECT count(*) FROM ({changes}) WHERE entity = {literal(self._entity)}") > 0

    def _find_people(self, feed: Feed) -> None:
        """Make ``moved`` (fingerprint_id, golden_id, step: links that came or went) and ``person`` (golden_id: to write)."""
        columns = "fingerprint_id, golden_id"
        moved = self._make(
            "moved",
            f"SELECT {columns}, sum(step) AS step FROM ({self._changes('link', feed, columns)})"
            f" GROUP BY {columns} HAVING sum(step) <> 0",
        )
        self._make("person", f"SELECT DISTINCT golden_id FROM {moved}")

    def _follow(self, feed: Feed) -> None:
        """Write anew the people that changed, and in their drawers the keys that did; and common values, when some did."""
        if self._has_changed(TERM, feed):
            self._publish_model()
        if not self._find_keys(feed) and not self._count("person"):
            return
        self._find_turned()
        self._rewrite_common()
        self._rewrite_prints()
        self._mend_drawers()

    def _find_keys(self, feed: Feed) -> int:
        """
        Make ``arrived`` (key, fingerprint_id, step: keys that came or went), ``step`` (key, step: how many more fingerprints
        have it now), ``changed`` (key: of which that is so, or whose owner changed) and ``near`` (key, fingerprint_id: all that
        have those now); return how many keys changed.
        """
        columns = "key, fingerprint_id"
        arrived = self._make(
            "arrived",
            f"SELECT {columns}, sum(step) AS step FROM ({self._changes('key', feed, columns)})"
            f" GROUP BY {columns} HAVING sum(step) <> 0",
        )
        step = self._make("step", f"SELECT key, sum(step) AS step FROM {arrived} GROUP BY key")
        # Who only came or only went has all their keys in the feed; of who changed hands they must be looked for.
        handed = self._make(
            "handed",
            f"SELECT fingerprint_id FROM {self._named('moved')}"
            " GROUP BY fingerprint_id HAVING count(DISTINCT golden_id) > 1",
        )
        kept = f"SELECT key FROM {self._key} WHERE fingerprint_id IN (FROM {handed})"
        changed = self._make("changed", f"SELECT key FROM {step}" + (f" UNION {kept}" if self._count("handed") else ""))
        self._make("near", f"SELECT {columns} FROM {self._key} WHERE key IN (FROM {changed})")
        return self._count("changed")

    def _find_turned(self) -> None:
        """
        Make ``turned`` (key, is_common: identifiers that began or ceased to be common) and ``owner`` (fingerprint_id, golden_id:
        whose the fingerprints of ``near`` are); who has an identifier that turned is a ``person`` to write anew.
        """
        near = self._named("near")
        turned = self._make(
            "turned",
            "SELECT key, after > {0} AS is_common FROM (SELECT s.key, any_value(s.step) AS step, count(n.key) AS after"
            f" FROM {self._named('step')} s LEFT JOIN {near} n ON n.key = s.key WHERE {is_identifier_sql('s.key')}"
            " GROUP BY s.key) WHERE (after > {0}) <> (after - step > {0})".format(self._limit),
        )
        owner = self._make(
            "owner",
            f"SELECT DISTINCT fingerprint_id, golden_id FROM {self._link}"
            f" WHERE {among_sql('fingerprint_id', f'SELECT fingerprint_id FROM {near}')}",
        )
        holders = f"SELECT fingerprint_id FROM {near} WHERE key IN (SELECT key FROM {turned})"
        self._make(
            "person",
            f"FROM {self._named('person')} UNION SELECT golden_id FROM {owner} WHERE fingerprint_id IN ({holders})",
        )

    def _rewrite_common(self) -> None:
        """Write anew the keys that turned; make ``common`` (key) of those that are."""
        turned = self._named("turned")
        self._rewrite(
            self._common, f"SELECT key FROM {turned}", f"SELECT key FROM {turned} WHERE is_common", "key bigint"
        )
        place = sql.Identifier(SCHEMA, self._common.name)
        keys = [key for (key,) in self._connection.execute(sql.SQL("SELECT key FROM {}").format(place))]
        load_table(self._lake.connection, self._named("common"), pa.table({"key": pa.array(keys, pa.int64())}))
        self._made.append(self._named("common"))

    def _rewrite_prints(self) -> None:
        person = self._named("person")
        self._make(
            "said",
            f"SELECT DISTINCT golden_id, fingerprint_id FROM {self._link} WHERE golden_id IN (FROM {person})",
        )
        self._make_holders()
        changed = f"SELECT {number_sql('golden_id')} AS number, golden_id FROM {person}"
        of_said = among_sql("fingerprint_id", f"SELECT fingerprint_id FROM {self._named('said')}")
        prints = self._prints(f"(FROM {self._fingerprint} WHERE {of_said})")
        self._rewrite(self._print, changed, prints, "number integer, golden_id uuid")

    def _mend_drawers(self) -> None:
        """Take out the entries that anybody had or has under a key that changed, and put in those of who has it now."""
        changed, near, arrived, owner, moved = map(self._named, ("changed", "near", "arrived", "owner", "moved"))
        touched = (
            f"SELECT DISTINCT key, {number_sql('golden_id')} AS number"
            f" FROM (SELECT key, fingerprint_id FROM {near} UNION SELECT key, fingerprint_id FROM {arrived})"
            f" JOIN (FROM {owner} UNION SELECT fingerprint_id, golden_id FROM {moved}) USING (fingerprint_id)"
            f" UNION ALL SELECT key, {NOBODY} FROM {changed}"
        )
        taken = (
            f"SELECT {drawer_sql()} AS drawer, list({entry_sql('key', 'number')}) AS entries FROM ({touched})"
            " GROUP BY drawer"
        )
        owned = self._make_owned(near, "owner")
        for name, columns, query in (
            ("changed_drawer", "drawer integer, entries bigint[]", taken),
            ("fresh_drawer", "drawer integer, entries bigint[]", drawers_sql(owned, self._limit)),
        ):
            self._copy_aside(name, columns, query)
        statements = sql.SQL(_MEND_DRAWERS).format(drawer=sql.Identifier(SCHEMA, self._drawer.name))
        self._connection.execute(statements)
        self._connection.execute("DROP TABLE changed_drawer, fresh_drawer")

    def _named(self, name: str) -> str:
        return quote(f"matching_{self._entity}_{name}")

    def _make(self, name: str, query: str) -> str:
        """Make a temporary table of the engine; return what it is called."""
        table = self._named(name)
        self._lake.connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")
        self._made.append(table)
        return table

    def _make_owned(self, keys: str, owners: str) -> str:
        """Make ``owned`` (key, number; one row per fingerprint) of *keys*."""
        return self._make(
            "owned",
            f"SELECT key, number FROM {keys} JOIN (SELECT fingerprint_id, {number_sql('golden_id')} AS number"
            f" FROM {self._named(owners)}) USING (fingerprint_id)",
        )

    def _count(self, name: str) -> int:
        return self._lake.number(f"SELECT count(*) FROM {self._named(name)}")

    def _make_holders(self) -> None:
        """Make ``holder`` (fingerprint_id, kind: the number of its kind of key): who has an identifier that is common."""
        self._make(
            "holder",
            f"SELECT fingerprint_id, {kind_number_sql()} AS kind FROM {self._key}"
            f" WHERE key IN (FROM {self._named('common')})",
        )

    def _prints(self, fingerprints: str, part: str = "true") -> str:
        """
        The query for the rows of ``<entity>_print`` of whom ``said`` holds and the condition *part*, by their *fingerprints* (a
        table), without identifiers that are common.
        """
        said = f"SELECT * FROM (FROM {self._named('said')} WHERE {part}) JOIN {fingerprints} USING (fingerprint_id)"
        return (
            f"SELECT {number_sql('golden_id')} AS number, golden_id,"
            f" string_agg({print_sql()}, chr({ord(DESCRIPTION_SEPARATOR)})) AS print"
            f" FROM ({without_shared_sql(f'({said})', self._named('holder'), 'fingerprint_id')}) GROUP BY golden_id"
        )

    def _swap_in(self) -> None:
        """
        Let the tables that `load` made take the places of the old ones.

        They are locked in the order in which a look-up names them, so that neither waits for the other for ever.
        """
        for kept in (self._drawer, self._print, self._common):
            place, loaded = sql.Identifier(SCHEMA, kept.name), sql.Identifier(LOADING_SCHEMA, _beside(kept))
            moved = sql.Identifier(SCHEMA, _beside(kept))
            for statement in (
                sql.SQL("DROP TABLE IF EXISTS {}").format(place),
                sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(loaded, sql.Identifier(SCHEMA)),
                sql.SQL("ALTER TABLE {} RENAME TO {}").format(moved, sql.Identifier(kept.name)),
                sql.SQL("COMMENT ON TABLE {} IS {}").format(place, sql.Literal(kept.grain)),
            ):
                self._connection.execute(statement)

    def _rewrite(self, kept: _Kept, changed: str, query: str, columns: str) -> None:
        """Take the rows that query *changed* (of *columns*) names out of the table and put those of *query* in."""
        place = sql.Identifier(SCHEMA, kept.name)
        self._copy_aside("changed_row", columns, changed)
        names = [each.split()[0] for each in columns.split(", ")]
        same = sql.SQL(" AND ").join(
            sql.SQL("kept.{0} = changed_row.{0}").format(sql.Identifier(each)) for each in names
        )
        self._connection.execute(sql.SQL("DELETE FROM {} AS kept USING changed_row WHERE {}").format(place, same))
        self._connection.execute("DROP TABLE changed_row")
        copy_rows(self._lake.connection, self._connection, query, place)

    def _copy_aside(self, name: str, columns: str, query: str) -> None:
        """Make PostgreSQL's temporary table *name* of the lake's *query*, known to its planner."""
        place = sql.Identifier(name)
        self._connection.execute(sql.SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DROP").format(place, sql.SQL(columns)))
        copy_rows(self._lake.connection, self._connection, query, place)
        self._connection.execute(sql.SQL("ANALYZE {}").format(place))

    def _publish_model(self) -> None:
        mine = f"entity = {literal(self._entity)}"
        model = self._lake.connection.execute(
            f"SELECT version, parameters, kinds FROM ({weighing_model_sql(f'{CATALOG}.identity.model', self._entity)})"
        ).fetchone()
        self._connection.execute(f"DELETE FROM {SCHEMA}.model WHERE {mine}".encode())
        self._connection.execute(f"DELETE FROM {SCHEMA}.term WHERE {mine}".encode())
        if model is None:
            return
        self._connection.execute(
            f"INSERT INTO {SCHEMA}.model (entity, version, parameters, kinds, forms) VALUES (%s, %s, %s, %s, %s)",
            (self._entity, *model, list(PUBLISHED_FORMS)),
        )
        terms = (
            f"SELECT entity, field, coalesce(value, '') AS value, bits::FLOAT AS bits FROM {CATALOG}.identity.term"
            f" WHERE {mine} AND version = {model[0]}"
        )
        copy_rows(self._lake.connection, self._connection, terms, sql.Identifier(SCHEMA, "term"))


def _parts(number: str, rows: int, at_once: int) -> list[str]:
    """Return conditions that part so many *rows* evenly by the whole *number* (an expression), *at_once* at most in each."""
    count = max(1, -(-rows // at_once))
    return [f"abs({number}::BIGINT) % {count} = {part}" for part in range(count)]


def _beside(kept: _Kept) -> str:
    """What a table is called while it waits beside those of the shop window, none of which has a dot in its name."""
    return f"{SCHEMA}.{kept.name}"
