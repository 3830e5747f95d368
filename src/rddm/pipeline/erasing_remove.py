"""Taking somebody's records out of every table of the lake, inside the engine's transaction."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.identity import TERM_FIELDS
from rddm.contracts.tables.raw import BATCH, SCHEMA, UNREADABLE
from rddm.pipeline.conforming_work import LIVING_PROGRESS, LIVING_QUARANTINE, LIVING_TOMBSTONE
from rddm.pipeline.erasing_find import (
    IDS,
    PIECES,
    RECORDS,
    Leaving,
    keys_of,
    load_leaving,
    places_of,
    raw_table,
    their_events_sql,
    their_redirects_sql,
    versions_of,
)
from rddm.store.lake import CATALOG, Lake

_EVENTS = f"{CATALOG}.identity.event"
_REDIRECTS = f"{CATALOG}.identity.redirect"
_TERMS = f"{CATALOG}.identity.term"


@dataclass(frozen=True)
class Removal:
    """
    What the engine does first and last when somebody is erased.

    First their rows go from the raw and the conformed layer, so that the stages see records that were removed and bring
    identity and golden tables up to date as ever; last goes what the stages keep of golden ids that ended.
    """

    leaving: Leaving

    def first(self, lake: Lake) -> None:
        """Take them out of raw, conformed, quarantine and tombstones; the ledger and the counts follow."""
        load_leaving(lake, self.leaving)
        _remember_values(lake, self.leaving.entity)
        lake.connection.execute(
            "CREATE OR REPLACE TEMP TABLE leaving_count (source VARCHAR, entity VARCHAR, batch BIGINT, n BIGINT)"
        )
        _keep_count(lake)
        for source, entity in places_of(self.leaving):
            if lake.has(SCHEMA, f"{source}__{entity}"):
                _remove_versions(lake, source, entity)
        _move_ledger(lake)
        _remove_standing(lake)
        _empty_pieces(lake)

    def changed(self, lake: Lake, name: str) -> None:
        """Tell the next stages which records of the model's entity *name* went."""
        lake.connection.execute(
            f"INSERT INTO changed_{name} SELECT record_id FROM {RECORDS} WHERE model_entity = {literal(name)}"
        )

    def last(self, lake: Lake) -> None:
        """Forget their golden ids: events, redirects, and common values, and keys of such, that nobody else has."""
        ids = f"SELECT golden_id::UUID FROM {IDS}"
        entity = f"entity = {literal(self.leaving.entity)}"
        records = f"SELECT record_id FROM {RECORDS}"
        lake.connection.execute(f"DELETE FROM {_EVENTS} WHERE {their_events_sql(self.leaving.entity)}")
        # Somebody else split off from them: that they came to be stays, whom they were taken for goes.
        lake.connection.execute(f"UPDATE {_EVENTS} SET other_id = NULL WHERE {entity} AND other_id IN ({ids})")
        lake.connection.execute(f"UPDATE {_EVENTS} SET record_id = NULL WHERE {entity} AND record_id IN ({records})")
        lake.connection.execute(f"DELETE FROM {_REDIRECTS} WHERE {their_redirects_sql(self.leaving.entity)}")
        _forget_terms(lake, self.leaving.entity)
        _forget_common_keys(lake, self.leaving.entity)

    def judged_anew(self, changed: pa.Table) -> pa.Table:
        """Return *changed* (source, entity, key) with the facts of others that lose a version."""
        rows = sorted({(each.source, each.entity, each.key) for each in self.leaving.versions})
        names = ("source", "entity", "key")
        more = {name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(names)}
        return pa.concat_tables([changed.select(names), pa.table(more)])


def _remember_values(lake: Lake, entity: str) -> None:
    """Make ``leaving_value`` (field, value): what they are compared by, if it is by weights."""
    prints = f"{CATALOG}.identity.{quote(entity + '__fingerprint')}"
    links = f"{CATALOG}.identity.{quote(entity + '__link')}"
    selects = " UNION ".join(
        f"SELECT {literal(field)} AS field, {field}::VARCHAR AS value FROM {prints} WHERE fingerprint_id IN"
        f" (SELECT fingerprint_id FROM {links} WHERE record_id IN (SELECT record_id FROM {RECORDS}))"
        for field in TERM_FIELDS
    )
    if not lake.columns_of("identity", f"{entity}__fingerprint").keys() >= set(TERM_FIELDS):
        selects = "SELECT '' AS field, '' AS value LIMIT 0"
    lake.connection.execute(f"CREATE OR REPLACE TEMP TABLE leaving_value AS {selects}")


def _keep_count(lake: Lake) -> None:
    """
    Bring the number of superseded versions to what it will be: of the versions that go, those that stood, waited or
    said "deleted" were not superseded.
    """
    standing = " UNION ALL ".join(
        f"SELECT source, entity FROM {table} WHERE record_id IN (SELECT record_id FROM {RECORDS})"
        for table in (
            LIVING_QUARANTINE,
            LIVING_TOMBSTONE,
            *(f"{CATALOG}.conformed.{quote(name)}" for name in _models(lake)),
        )
    )
    lake.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE leaving_standing AS SELECT source, entity, count(*) AS n FROM ({standing})"
        " GROUP BY source, entity"
    )


def _models(lake: Lake) -> list[str]:
    rows = lake.connection.execute(f"SELECT DISTINCT model_entity FROM {RECORDS} ORDER BY ALL").fetchall()
    return [name for (name,) in rows if lake.has("conformed", name)]


def _remove_versions(lake: Lake, source: str, entity: str) -> None:
    raw = raw_table(source, entity)
    theirs = f"_key IN ({keys_of(source, entity)}) OR (_batch, _seq) IN ({versions_of(source, entity)})"
    lake.connection.execute(
        f"INSERT INTO leaving_count SELECT {literal(source)}, {literal(entity)}, _batch, count(*) FROM {raw} WHERE {theirs}"
        " GROUP BY _batch"
    )
    lake.connection.execute(f"DELETE FROM {raw} WHERE {theirs}")


def _move_ledger(lake: Lake) -> None:
    """In the ledger of batches their versions become erased ones, and the counts of superseded ones shrink."""
    batches = f"{CATALOG}.{SCHEMA}.{BATCH.name}"
    connection = lake.connection
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE leaving_batch AS SELECT batch.* REPLACE (landed - n AS landed,"
        f" coalesce(erased, 0) + n AS erased) FROM {batches} AS batch JOIN leaving_count USING (source, entity, batch)"
    )
    connection.execute(
        f"DELETE FROM {batches} WHERE (source, entity, batch) IN (SELECT (source, entity, batch) FROM leaving_count)"
    )
    connection.execute(f"INSERT INTO {batches} BY NAME SELECT * FROM leaving_batch")
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE leaving_progress AS
        SELECT progress.* REPLACE (superseded - known.n + coalesce(standing.n, 0) AS superseded)
        FROM {LIVING_PROGRESS} AS progress JOIN (
            SELECT source, entity, sum(n) FILTER (batch <= last_batch) AS n
            FROM leaving_count JOIN {LIVING_PROGRESS} USING (source, entity) GROUP BY source, entity
        ) AS known USING (source, entity) LEFT JOIN leaving_standing AS standing USING (source, entity)
        WHERE known.n IS NOT NULL"""
    )
    connection.execute(
        f"DELETE FROM {LIVING_PROGRESS} WHERE (source, entity) IN (SELECT (source, entity) FROM leaving_progress)"
    )
    connection.execute(f"INSERT INTO {LIVING_PROGRESS} BY NAME SELECT * FROM leaving_progress")


def _remove_standing(lake: Lake) -> None:
    ids = f"SELECT record_id FROM {RECORDS}"
    for name in _models(lake):
        conformed = f"{CATALOG}.conformed.{quote(name)}"
        lake.connection.execute(f"INSERT INTO departed SELECT record_id FROM {conformed} WHERE record_id IN ({ids})")
        lake.connection.execute(f"DELETE FROM {conformed} WHERE record_id IN ({ids})")
    for table in (LIVING_QUARANTINE, LIVING_TOMBSTONE):
        lake.connection.execute(f"DELETE FROM {table} WHERE record_id IN ({ids})")


def _empty_pieces(lake: Lake) -> None:
    """Place, reason and hash stay, so that the piece is known and not kept again when it is read again."""
    unreadable = f"{CATALOG}.{SCHEMA}.{UNREADABLE.name}"
    if lake.number(f"SELECT count(*) FROM {PIECES}"):
        lake.connection.execute(
            f"UPDATE {unreadable} SET content = ''::BLOB WHERE (source, entity, batch, place) IN"
            f" (SELECT (source, entity, batch, place) FROM {PIECES})"
        )


def _forget_terms(lake: Lake, entity: str) -> None:
    """Take values out of the common ones that nobody has any more."""
    listed = f"entity = {literal(entity)} AND (field, value) IN (SELECT (field, value) FROM leaving_value)"
    lake.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE leaving_term AS SELECT DISTINCT field, value FROM {_TERMS} WHERE {listed}"
    )
    prints = f"{CATALOG}.identity.{quote(entity + '__fingerprint')}"
    for field in TERM_FIELDS:
        values = f"SELECT value FROM leaving_term WHERE field = {literal(field)}"
        if lake.number(f"SELECT count(*) FROM ({values})"):
            lake.connection.execute(
                f"DELETE FROM {_TERMS} WHERE entity = {literal(entity)} AND field = {literal(field)} AND value IN ({values}"
                f" EXCEPT SELECT {field}::VARCHAR FROM {prints} WHERE {field}::VARCHAR IN ({values}))"
            )


def _forget_common_keys(lake: Lake, entity: str) -> None:
    """Take keys of common identifiers that nobody has any more out of the models: that of a phone holds its number."""
    if not lake.has("identity", f"{entity}__key"):
        return
    models, held = f"{CATALOG}.identity.model", f"{CATALOG}.identity.{quote(entity + '__key')}"
    common = f"SELECT DISTINCT unnest(common) AS key FROM {models} WHERE entity = {literal(entity)}"
    gone = lake.connection.execute(f"SELECT key FROM ({common}) WHERE key NOT IN (SELECT key FROM {held})").fetchall()
    if gone:
        listed = f"[{', '.join(str(key) for (key,) in gone)}]::BIGINT[]"
        lake.connection.execute(
            f"UPDATE {models} SET common = list_filter(common, lambda key: NOT list_contains({listed}, key))"
            f" WHERE entity = {literal(entity)} AND list_has_any(common, {listed})"
        )
