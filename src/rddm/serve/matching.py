"""
What a look-up needs, published to PostgreSQL: schema ``matching``, which only we read.

Per entity that is matched by weights: what each person's records say in the forms that are compared (``<entity>_print``), the
match keys that lead there (``<entity>_drawer``; see `rddm.resolve.drawers`) and the identifiers that too many share
(``<entity>_common``); for all of them the learnt ``model`` and its ``term`` weights.

Follows the lake's change feed, in the transaction of the rest of the publication. When the model was learnt anew, or a good
part of the people changed, the tables are made anew beside the old ones and take their place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from rddm.contracts.tables import literal, quote
from rddm.project.settings import ProbabilisticIdentity
from rddm.resolve.asked import print_sql
from rddm.resolve.drawers import drawer_sql, findable_sql, label_sql, number_sql
from rddm.resolve.fingerprints import FORM_COLUMNS
from rddm.resolve.keys import common_values_sql, is_identifier_sql, without_common_sql
from rddm.serve.copying import copy_rows
from rddm.store.lake import CATALOG, Lake

SCHEMA = "matching"
_KEYS_AT_ONCE = 10_000_000
"""Keys that are put into drawers at a time: a drawer is made in memory."""
_FEW = 1_000
_ANEW_FROM = 0.25
"""Share of the people from which on making all tables anew is faster than mending them; never for `_FEW`."""


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
            f"What the records of a {entity} say, in the forms that are compared. Grain: one distinct description.",
        ),
        _Kept(
            f"{entity}_drawer",
            "drawer integer NOT NULL, labels integer[] NOT NULL, numbers integer[] NOT NULL",
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


def publish_matching(
    lake: Lake,
    connection: psycopg.Connection,
    entity: str,
    identity: ProbabilisticIdentity,
    feed: tuple[int, int] | None,
) -> None:
    """
    Bring what a look-up of *entity* needs up to the lake's current snapshot.

    *feed*: the first and the last snapshot whose changes are not published yet; None when nobody can tell which they are.
    """
    work = _Publishing(lake, connection, entity, identity)
    is_new = work.ensure()
    if feed is None or is_new or lake.number(work.changes("model", feed, "count(*)", f"entity = {literal(entity)}")):
        work.fill()
    else:
        work.follow(feed)


class _Publishing:
    def __init__(
        self, lake: Lake, connection: psycopg.Connection, entity: str, identity: ProbabilisticIdentity
    ) -> None:
        self.lake, self.connection, self.entity, self.limit = lake, connection, entity, identity.key_limit
        self.link, self.fingerprint, self.key = (
            f"{CATALOG}.identity.{quote(f'{entity}__{name}')}" for name in ("link", "fingerprint", "key")
        )
        self.print, self.drawer, self.common = _kept(entity)

    def changes(self, name: str, feed: tuple[int, int], columns: str, condition: str = "true") -> str:
        table = name if name == "model" else f"{self.entity}__{name}"
        found = f"ducklake_table_changes('{CATALOG}', 'identity', {literal(table)}, {feed[0]}, {feed[1]})"
        return f"SELECT {columns} FROM {found} WHERE {condition}"

    def ensure(self) -> bool:
        """See that the schema and its tables are there; return whether any was not."""
        for statement in _SHARED_TABLES:
            self.connection.execute(statement.encode())
        row = self.connection.execute(
            "SELECT count(*) FROM unnest(%s::text[]) AS wanted(name) WHERE to_regclass(name) IS NULL",
            ([f"{SCHEMA}.{quote(each.name)}" for each in (self.print, self.drawer, self.common)],),
        ).fetchone()
        return row is None or row[0] > 0

    def fill(self) -> None:
        """Make all tables anew beside the old ones, which readers keep until all is committed."""
        self._make("said", f"SELECT DISTINCT golden_id, fingerprint_id FROM {self.link}")
        self._make("common", common_values_sql(self.key, self.limit))
        self._refill(self.common, ["SELECT key::VARCHAR AS key FROM matching_common"])
        self._refill(self.print, [f"{self._prints()} ORDER BY number::INTEGER"])
        parts = max(1, -(-self.lake.number(f"SELECT count(*) FROM {self.key}") // _KEYS_AT_ONCE))
        each = [self._drawers(f"{drawer_sql()} % {parts} = {part}") for part in range(parts)]
        self._refill(self.drawer, each)
        self._swap_in()
        self._publish_model()
        self._clear()

    def follow(self, feed: tuple[int, int]) -> None:
        """Write anew the people and the drawers that changed."""
        self._find_changed(feed)
        if not any(self.lake.number(f"SELECT count(*) FROM matching_{name}") for name in ("number", "drawer")):
            self._clear()
            return
        people = self.lake.number(f"SELECT approx_count_distinct(golden_id) FROM {self.link}")
        if self.lake.number("SELECT count(*) FROM matching_number") > max(_ANEW_FROM * people, _FEW):
            self.fill()
            return
        changed = f"{number_sql('golden_id')} IN (SELECT number FROM matching_number)"
        self._make("said", f"SELECT DISTINCT golden_id, fingerprint_id FROM {self.link} WHERE {changed}")
        mine = f"SELECT key FROM {self.key} WHERE fingerprint_id IN (SELECT fingerprint_id FROM matching_said)"
        shared = f"(SELECT key FROM {self.key} WHERE {is_identifier_sql()} AND key IN ({mine}))"
        self._make("common", common_values_sql(shared, self.limit))
        self._rewrite(
            self.common,
            "SELECT key::VARCHAR AS key FROM matching_turned",
            "SELECT key::VARCHAR AS key FROM matching_turned WHERE is_common",
        )
        self._rewrite(self.print, "SELECT number::VARCHAR AS number FROM matching_number", self._prints())
        inside = f"{drawer_sql()} IN (SELECT drawer FROM matching_drawer)"
        members = f"SELECT fingerprint_id FROM {self.key} WHERE {inside}"
        self._make(
            "said", f"SELECT DISTINCT golden_id, fingerprint_id FROM {self.link} WHERE fingerprint_id IN ({members})"
        )
        gone = "SELECT drawer::VARCHAR AS drawer FROM matching_drawer"
        self._rewrite(self.drawer, gone, self._drawers(inside))
        self._clear()

    def _find_changed(self, feed: tuple[int, int]) -> None:
        """
        Make ``matching_turned`` (key, is_common: identifiers that began or ceased to be common), ``matching_number`` (people to
        write anew) and ``matching_drawer`` (drawers to write anew).
        """
        added = "CASE WHEN change_type IN ('insert', 'update_postimage') THEN 1 ELSE -1 END"
        self._make(
            "step",
            f"SELECT key, sum(step) AS step FROM ({self.changes('key', feed, f'key, {added} AS step')}) GROUP BY key",
        )
        self._make(
            "turned",
            "SELECT key, after > {0} AS is_common FROM (SELECT s.key, any_value(s.step) AS step, count(k.key) AS after"
            f" FROM matching_step s LEFT JOIN {self.key} k ON k.key = s.key WHERE {is_identifier_sql('s.key')} GROUP BY s.key)"
            " WHERE (after > {0}) <> (after - step > {0})".format(self.limit),
        )
        self._make(
            "touched",
            f"{self.changes('link', feed, 'fingerprint_id')} UNION {self.changes('fingerprint', feed, 'fingerprint_id')}"
            f" UNION SELECT fingerprint_id FROM {self.key} WHERE key IN (SELECT key FROM matching_turned)",
        )
        number = number_sql("golden_id")
        self._make(
            "number",
            f"SELECT {number} AS number FROM {self.link} WHERE fingerprint_id IN (SELECT fingerprint_id FROM matching_touched)"
            f" UNION {self.changes('link', feed, number)}",
        )
        self._make(
            "drawer",
            f"SELECT {drawer_sql()} AS drawer FROM matching_step UNION SELECT {drawer_sql()} FROM {self.key}"
            " WHERE fingerprint_id IN (SELECT fingerprint_id FROM matching_touched)",
        )

    def _make(self, name: str, query: str) -> None:
        self.lake.connection.execute(f"CREATE OR REPLACE TEMP TABLE matching_{name} AS {query}")

    def _clear(self) -> None:
        for name in ("said", "common", "step", "turned", "touched", "number", "drawer"):
            self.lake.connection.execute(f"DROP TABLE IF EXISTS matching_{name}")

    def _prints(self) -> str:
        """The query for the rows of ``<entity>_print`` of what ``matching_said`` holds."""
        return (
            f"SELECT {number_sql('golden_id')}::VARCHAR AS number, golden_id::VARCHAR AS golden_id, {print_sql()} AS print"
            f" FROM matching_said JOIN ({without_common_sql(self.fingerprint, 'matching_common')}) USING (fingerprint_id)"
        )

    def _drawers(self, condition: str) -> str:
        """The query for the rows of ``<entity>_drawer`` for which *condition*, over a key, holds."""
        array = "'{{' || array_to_string(list({0} ORDER BY label, number), ',') || '}}' AS {0}s".format
        return f"""
            WITH mine AS MATERIALIZED (SELECT key, fingerprint_id FROM {self.key} WHERE {condition}),
            entry AS (
                SELECT DISTINCT {drawer_sql()} AS drawer, {label_sql()} AS label, {number_sql("golden_id")} AS number
                FROM mine JOIN matching_said USING (fingerprint_id) WHERE key IN ({findable_sql("mine", self.limit)})
            )
            SELECT drawer::VARCHAR AS drawer, {array("label")}, {array("number")} FROM entry GROUP BY drawer"""

    def _refill(self, kept: _Kept, queries: Sequence[str]) -> None:
        fresh = sql.Identifier(SCHEMA, f"{kept.name}_new")
        self.connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(fresh))
        self.connection.execute(sql.SQL("CREATE TABLE {} ({})").format(fresh, sql.SQL(kept.columns)))
        for query in queries:
            copy_rows(self.lake, self.connection, query, fresh)
        column = sql.Identifier(kept.found_by)
        self.connection.execute(sql.SQL("CREATE INDEX ON {} ({})").format(fresh, column))
        self.connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(fresh, sql.Literal(kept.grain)))
        self.connection.execute(sql.SQL("ANALYZE {}").format(fresh))

    def _swap_in(self) -> None:
        """
        Let the tables that `_refill` made take the places of the old ones.

        They are locked in the order in which a look-up names them, so that neither waits for the other for ever.
        """
        tables = (self.drawer, self.print, self.common)
        for kept in tables:
            place, fresh = sql.Identifier(SCHEMA, kept.name), sql.Identifier(SCHEMA, f"{kept.name}_new")
            self.connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(place))
            self.connection.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(fresh, sql.Identifier(kept.name)))

    def _rewrite(self, kept: _Kept, changed: str, query: str) -> None:
        """Take the rows that query *changed* names out of the table and put those of *query* in."""
        place, column = sql.Identifier(SCHEMA, kept.name), sql.Identifier(kept.found_by)
        self.connection.execute(
            sql.SQL("CREATE TEMP TABLE matching_changed ON COMMIT DROP AS SELECT {} FROM {} LIMIT 0").format(
                column, place
            )
        )
        copy_rows(self.lake, self.connection, changed, sql.Identifier("matching_changed"))
        self.connection.execute("ANALYZE matching_changed")
        self.connection.execute(
            sql.SQL("DELETE FROM {0} USING matching_changed WHERE {0}.{1} = matching_changed.{1}").format(place, column)
        )
        self.connection.execute("DROP TABLE matching_changed")
        copy_rows(self.lake, self.connection, query, place)

    def _publish_model(self) -> None:
        mine = f"entity = {literal(self.entity)}"
        model = self.lake.connection.execute(
            f"SELECT version, parameters, kinds FROM {CATALOG}.identity.model WHERE {mine} ORDER BY version DESC LIMIT 1"
        ).fetchone()
        self.connection.execute(f"DELETE FROM {SCHEMA}.model WHERE {mine}".encode())
        self.connection.execute(f"DELETE FROM {SCHEMA}.term WHERE {mine}".encode())
        if model is None:
            return
        self.connection.execute(
            f"INSERT INTO {SCHEMA}.model (entity, version, parameters, kinds, forms) VALUES (%s, %s, %s, %s, %s)",
            (self.entity, *model, list(FORM_COLUMNS)),
        )
        terms = (
            f"SELECT entity, field, coalesce(value, '') AS value, bits::VARCHAR AS bits FROM {CATALOG}.identity.term"
        )
        copy_rows(
            self.lake, self.connection, f"{terms} WHERE {mine} AND version = {model[0]}", sql.Identifier(SCHEMA, "term")
        )
