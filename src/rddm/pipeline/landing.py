"""
Landing: one batch and its cursor go into the raw layer in one transaction.

A record equal to a version that is already here adds nothing and is counted as a duplicate. *Equal* is:

* for a source that says when it changed a record (``source_time``): the same key and content were here before, ever, or
  since the source was taken out (`rddm.pipeline.removing`);
* otherwise: the key's last version to arrive has the same content, so that a value may come back to what it was.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rddm.contracts.batches import Batch, Unreadable
from rddm.contracts.errors import SourceError
from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.conformed import PROGRESS
from rddm.contracts.tables.raw import (
    BATCH,
    COLUMN_CHANGE,
    ENVELOPE_NAMES,
    KEY_LIMIT_BYTES,
    MISSING_KEY_PREFIX,
    SCHEMA,
    UNREADABLE,
    newness_sql,
    record_table,
)
from rddm.pipeline.cursors import SavedCursor, save_cursor
from rddm.pipeline.envelope import EnvelopeChange
from rddm.project.expressions import expression_columns
from rddm.project.settings import SourceEntity
from rddm.sources.header import is_likely_data, shown
from rddm.store.lake import CATALOG, Lake
from rddm.store.trouble import is_of_the_statement

SOURCE_TIME_FORMATS = (
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y", "%Y%m%d%H%M%S", "%Y%m%d",
)  # fmt: skip
_PLAIN_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?"
BETWEEN_RUNS = 0
"""The run that a batch belongs to which no run has read: the deletions of a source that was taken out."""
LIKE_DATA = "(a name that looks like data)"
"""Stands for the name of a column where a record seems to have been taken for the header."""
ROWS_AT_ONCE = 16_384
"""The engine shares a batch out to its threads in pieces of at most so many rows."""


@dataclass(frozen=True)
class Landed:
    """
    What became of one batch's pieces: received = landed + duplicate + unreadable + erased. ``changes``: (column, change).
    ``missing``: unreadable pieces, also such as were here before, that may be records. ``cursor``: where reading goes on, unless
    we made the batch ourselves.
    """

    batch: int
    received: int
    unreadable: int
    duplicate: int
    landed: int
    erased: int = 0
    missing: int = 0
    changes: tuple[tuple[str, str], ...] = ()
    cursor: SavedCursor | None = None


DELETED_BY_US = "md5('gone')::UUID"
"""The ``_hash`` of the deletions that we make ourselves, which nobody delivered."""


@dataclass(frozen=True)
class Place:
    """An entity of a source, with how its envelope is read."""

    source: str
    entity: str
    settings: SourceEntity

    @property
    def raw_table(self) -> str:
        return f"{CATALOG}.{SCHEMA}.{quote(f'{self.source}__{self.entity}')}"


def follow_envelope(lake: Lake, place: Place, change: EnvelopeChange, saved: SavedCursor) -> SavedCursor:
    """
    Read times and deletions of what the raw layer holds anew, as *change* says that they were read with other settings than
    *saved* has; return the cursor that is kept from then on.

    Raises:
        SourceError: the key is another one. Whose record a version is cannot change under all that refers to it.
    """
    mine = (place.source, place.entity)
    if change.error is not None:
        raise change.error
    after = saved.with_envelope(place.settings)
    columns = _delivered_columns(lake, place)
    with lake.transaction(f"read the envelope of {place.source}/{place.entity} anew") as connection:
        connection.execute(
            f"""
            UPDATE {place.raw_table} AS landed SET _op = read._op, _source_time = read._source_time FROM (
                SELECT _batch, _seq, _op, {_within_the_calendar("_source_time")} FROM (
                    SELECT _batch, _seq, {_envelope_sql(place, columns)}
                    FROM (SELECT *{_absent_sql(place, columns)} FROM {place.raw_table} WHERE _hash <> {DELETED_BY_US})
                )
            ) AS read
            WHERE landed._batch = read._batch AND landed._seq = read._seq
                AND (landed._op <> read._op OR landed._source_time IS DISTINCT FROM read._source_time)"""
        )
        connection.execute(
            f"""
            UPDATE {place.raw_table} AS landed SET _source_time = newest._source_time FROM (
                SELECT _key, max(_source_time) AS _source_time FROM {place.raw_table} WHERE _hash <> {DELETED_BY_US} GROUP BY _key
            ) AS newest
            WHERE landed._key = newest._key AND landed._hash = {DELETED_BY_US}"""
        )
        # A run that did not read the source may have conformed it by these settings already, of what was read by the others.
        connection.execute(
            f"UPDATE {CATALOG}.{PROGRESS.schema}.{PROGRESS.name} SET conforming_hash = '' WHERE source = ? AND entity = ?",
            mine,
        )
        save_cursor(connection, mine, saved, after, _last_batch(lake))
    return after


def raw_columns(lake: Lake, place: Place) -> dict[str, str]:
    """Return the delivered columns of the raw table, as they are spelt, by their lower case; none before the first batch."""
    return {name.lower(): name for name in _delivered_columns(lake, place)}


def _delivered_columns(lake: Lake, place: Place) -> list[str]:
    columns = lake.columns_of(SCHEMA, f"{place.source}__{place.entity}")
    return [name for name in columns if name not in ENVELOPE_NAMES]


def land(  # noqa: PLR0913 - a batch, where and when it came, and what was there before it
    lake: Lake,
    place: Place,
    batch: Batch,
    run_id: int,
    received_at: datetime,
    *,
    saved: SavedCursor | None,
    erased: int = 0,
) -> Landed:
    """
    Commit *batch*, whose columns have the raw table's names (`rddm.pipeline.column_names`), and its cursor in place of *saved*.

    ``received_at`` is naive UTC; *erased* records of people who were erased came with it and were taken out
    (`rddm.pipeline.suppressing`).
    """
    cursor = SavedCursor.of(batch.cursor, place.settings)
    delivered = batch.records
    with lake.transaction(f"land {place.source}/{place.entity}", {"run": run_id, "origin": batch.origin}) as connection:
        number = _last_batch(lake) + 1
        changes = _follow_columns(lake, place, delivered, number)
        # The engine scans in parallel and forgets the order of delivery, so every record carries its place.
        numbered = delivered.append_column("_seq", pa.array(np.arange(delivered.num_rows)))
        connection.register("delivered", pa.Table.from_batches(numbered.to_batches(ROWS_AT_ONCE), numbered.schema))
        try:
            new = _new_versions(lake, place, delivered)
            landed = connection.execute(_insert_sql(place, delivered, number, new), {"at": received_at}).fetchone()
        except duckdb.Error as error:
            if place.settings.deleted is None or not is_of_the_statement(error):
                raise
            raise SourceError(
                place.source,
                place.entity,
                "the condition `deleted` cannot be evaluated on what was delivered.",
                f"Columns delivered: {shown(delivered.column_names)}. Mend it in sources/{place.source}.yaml.",
            ) from error
        finally:
            connection.unregister("delivered")
        unreadable = _keep_unreadable(connection, place, batch.unreadable, number, received_at)
        counts = Landed(
            batch=number,
            received=delivered.num_rows + len(batch.unreadable) + erased,
            unreadable=unreadable,
            duplicate=delivered.num_rows - (landed[0] if landed else 0) + len(batch.unreadable) - unreadable,
            landed=landed[0] if landed else 0,
            erased=erased,
            missing=sum(not piece.is_no_loss for piece in batch.unreadable),
            changes=changes,
            cursor=cursor,
        )
        save_cursor(connection, (place.source, place.entity), saved, cursor, number)
        connection.execute(
            f"INSERT INTO {CATALOG}.{SCHEMA}.{BATCH.name} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [number, run_id, place.source, place.entity, batch.origin, counts.received, counts.unreadable,
             counts.duplicate, counts.landed, received_at, erased],
        )  # fmt: skip
    return counts


def land_deletions(
    lake: Lake,
    place: Place,
    seen_keys: str,
    run_id: int,
    received_at: datetime,
    origin: str = "missing from the snapshot",
) -> Landed | None:
    """
    Commit a deletion for every living key that a full snapshot did not deliver; None when there is none.

    A deletion is as new as the newest version of its record. *seen_keys* names a temporary table with column ``_key``. A null
    in it, of a record without its key, keeps everything: nobody can say whose record that was.
    """
    newness = newness_sql(by_arrival=place.settings.newest_by_arrival)
    gone = f"""
        SELECT _key, source_time FROM (
            SELECT _key, arg_max(_op, {newness}) AS op, max(_source_time) AS source_time FROM {place.raw_table} GROUP BY _key
        ) WHERE op = 'upsert' AND _key NOT IN (SELECT _key FROM {seen_keys})"""
    count = lake.number(f"SELECT count(*) FROM ({gone})")
    if count == 0:
        return None
    with lake.transaction(f"deletions {place.source}/{place.entity}", {"run": run_id}) as connection:
        number = _last_batch(lake) + 1
        connection.execute(
            f"""
            INSERT INTO {place.raw_table} BY NAME
            SELECT _key, 'delete' AS _op, source_time AS _source_time, $at::TIMESTAMP AS _received_at,
                {number} AS _batch, row_number() OVER (ORDER BY _key) - 1 AS _seq, {DELETED_BY_US} AS _hash
            FROM ({gone})""",
            {"at": received_at},
        )
        connection.execute(
            f"INSERT INTO {CATALOG}.{SCHEMA}.{BATCH.name} VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?, ?, 0)",
            [number, run_id, place.source, place.entity, origin, count, count, received_at],
        )
    return Landed(batch=number, received=count, unreadable=0, duplicate=0, landed=count)


def key_sql(settings: SourceEntity, delivered: Collection[str]) -> str:
    """
    Return the SQL expression of a record's key over the columns *delivered*. Several parts are joined by ``|``.

    Null when any part is missing, in the record or as a column, and when PostgreSQL could not hold or index the key, to
    the letter: then it is longer than `KEY_LIMIT_BYTES`, or has a null character.
    """
    known = {name.lower() for name in delivered}
    if any(column.lower() not in known for column in settings.key):
        return "NULL::VARCHAR"
    parts = [f"nullif(trim({quote(column)}::VARCHAR), '')" for column in settings.key]
    if len(parts) > 1:
        parts = [f"replace(replace({part}, '\\', '\\\\'), '|', '\\|')" for part in parts]
    key = " || '|' || ".join(parts)
    return f"CASE WHEN strlen({key}) <= {KEY_LIMIT_BYTES} AND NOT contains({key}, chr(0)) THEN {key} END"


def texts_sql(delivered: pa.Table) -> str:
    """Return the select list of the columns of *delivered* as text, with a comma behind it if there are any."""
    return "".join(f"{as_text_sql(field)} AS {quote(field.name)}, " for field in delivered.schema)


def content_hash_sql(delivered: pa.Table) -> str:
    """Return the SQL of ``_hash`` over the columns of *delivered* as text."""
    if not delivered.column_names:
        return "md5('')::UUID"
    parts = ", ".join(_hash_part(delivered, name) for name in sorted(delivered.column_names, key=str.lower))
    return f"md5(concat_ws(chr(31), {parts}))::UUID"


def _insert_sql(place: Place, delivered: pa.Table, number: int, new_versions: str) -> str:
    columns = delivered.column_names
    delivered_names = "".join(f"{quote(name)}, " for name in columns)
    return f"""
        INSERT INTO {place.raw_table} BY NAME
        WITH texts AS (
            SELECT {texts_sql(delivered)}_seq{_absent_sql(place, columns)} FROM delivered
        ), enveloped AS (
            SELECT * EXCLUDE (_key) REPLACE ({_within_the_calendar("_source_time")}),
                coalesce(_key, '{MISSING_KEY_PREFIX}' || _hash) AS _key
            FROM (
                SELECT {delivered_names}_seq, {key_sql(place.settings, columns)} AS _key,
                    {_envelope_sql(place, columns)},
                    $at::TIMESTAMP AS _received_at, {number}::BIGINT AS _batch, {content_hash_sql(delivered)} AS _hash
                FROM texts
            )
        ), {new_versions}
        SELECT * FROM new_version"""


def _envelope_sql(place: Place, columns: Collection[str]) -> str:
    """Return the SQL of ``_op`` and ``_source_time`` over the delivered *columns* as text, and those of `_absent_sql`."""
    deleted = f"coalesce(TRY({place.settings.deleted}), false)" if place.settings.deleted else "false"
    source_time = "NULL::TIMESTAMP"
    if place.settings.source_time and place.settings.source_time.lower() in {name.lower() for name in columns}:
        source_time = source_time_sql(quote(place.settings.source_time), place.settings.source_time_format)
    return f"CASE WHEN {deleted} THEN 'delete' ELSE 'upsert' END AS _op, TRY({source_time}) AS _source_time"


def _absent_sql(place: Place, columns: Collection[str]) -> str:
    """
    Return select list items, each with a comma before it, of columns that the condition for deletions names and nobody delivered.

    Other batches may have them: JSON leaves out what is empty.
    """
    known = {name.lower() for name in columns}
    read = expression_columns(place.settings.deleted) if place.settings.deleted else ()
    missing = {name.lower(): name for name in read if name.lower() not in known}
    return "".join(f", NULL::VARCHAR AS {quote(name)}" for name in missing.values())


def _new_versions(lake: Lake, place: Place, delivered: pa.Table) -> str:
    """Return the common table expressions that end in ``new_version``: of ``enveloped``, what is not here yet."""
    key = key_sql(place.settings, delivered.column_names)
    each_once = lake.number(
        f"SELECT count(*) = count(DISTINCT {key}) FROM (SELECT {texts_sql(delivered)}_seq FROM delivered)"
    )
    if each_once and lake.number(f"SELECT count(*) FROM {place.raw_table}") == 0:
        return "new_version AS (SELECT * FROM enveloped)"
    if not place.settings.newest_by_arrival:
        landed = f"(SELECT _key, _hash FROM {place.raw_table} WHERE _batch > {_taken_out(lake, place)}) AS landed"
        # Telling the first of its kind takes a grouping of whole records, which nearly no batch needs.
        if each_once:
            return f"new_version AS (SELECT * FROM enveloped ANTI JOIN {landed} USING (_key, _hash))"
        return f"""
        first_of_kind AS (
            SELECT * FROM enveloped QUALIFY row_number() OVER (PARTITION BY _key, _hash ORDER BY _seq) = 1
        ), new_version AS (
            SELECT * FROM first_of_kind ANTI JOIN {landed} USING (_key, _hash)
        )"""
    return f"""
        last_landed AS (
            SELECT _key, arg_max(_hash, (_batch, _seq)) AS last_hash
            FROM {place.raw_table} AS landed SEMI JOIN enveloped USING (_key) GROUP BY _key
        ), before AS (
            SELECT enveloped.*, last_hash, lag(_hash) OVER (PARTITION BY _key ORDER BY _seq) AS previous_hash
            FROM enveloped LEFT JOIN last_landed USING (_key)
        ), new_version AS (
            SELECT * EXCLUDE (last_hash, previous_hash) FROM before
            WHERE _hash IS DISTINCT FROM coalesce(previous_hash, last_hash)
        )"""


def _taken_out(lake: Lake, place: Place) -> int:
    """Return the batch by which the source was last taken out; 0 when it never was. What came before does not stand."""
    return lake.number(
        f"SELECT max(batch) FROM {CATALOG}.{SCHEMA}.{BATCH.name} WHERE run_id = {BETWEEN_RUNS}"
        f" AND source = {literal(place.source)} AND entity = {literal(place.entity)}"
    )


def _within_the_calendar(moment: str) -> str:
    """A time that Python and PostgreSQL cannot hold or write alike (infinite, before Christ, of year 10000) is none."""
    return f"CASE WHEN {moment} >= '0001-01-01' AND {moment} < '10000-01-01' THEN {moment} END AS {moment}"


def source_time_sql(text: str, written_as: str | None) -> str:
    """Return the SQL that reads the VARCHAR expression *text* as a moment in UTC; null when it is none."""
    if written_as is not None:
        return f"try_strptime({text}, {literal(written_as)})::TIMESTAMP"
    formats = ", ".join(literal(each) for each in SOURCE_TIME_FORMATS)
    # The way most sources write it is read without trying the others, which cost several times as much.
    return (
        f"CASE WHEN regexp_full_match({text}, '{_PLAIN_TIME}') THEN TRY_CAST({text} AS TIMESTAMP)"
        f" ELSE coalesce(TRY_CAST({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC',"
        f" try_strptime({text}, [{formats}]),"
        f" CASE WHEN regexp_full_match({text}, '[0-9]{{10}}') THEN make_timestamp({text}::BIGINT * 1000000)"
        f" WHEN regexp_full_match({text}, '[0-9]{{13}}') THEN make_timestamp({text}::BIGINT * 1000) END) END"
    )


def _hash_part(delivered: pa.Table, name: str) -> str:
    """
    Return the SQL of ``name=value`` for the hash of the content, null where the value is.

    Parts are joined by U+001F, so that character, U+001E that escapes it, and a ``=`` in a name are escaped. Next to no
    value has one, and one that has none escapes to itself: only the columns of a batch that hold any pay for it.
    """
    value = quote(name)
    escapes = {"\x1e": "\x1ee", "\x1f": "\x1es"}
    if any(_occurs(character, delivered.column(name)) for character in escapes):
        for character, escaped in escapes.items():
            value = f"replace({value}, {literal(character)}, {literal(escaped)})"
    label = name.lower()
    for character, escaped in {**escapes, "=": "\x1eq"}.items():
        label = label.replace(character, escaped)
    return f"{literal(label + '=')} || {value}"


def _occurs(character: str, column: pa.ChunkedArray) -> bool:
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return False  # what the engine writes of another type has no such character
    return bool(pc.any(pc.match_substring(column, character)).as_py())


def as_text_sql(column: pa.Field) -> str:
    """Return the SQL that reads the delivered *column* as the text that the raw layer keeps."""
    name = quote(column.name)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return name
    if pa.types.is_nested(column.type):
        return f"to_json({name})::VARCHAR"
    return f"{name}::VARCHAR"


def _last_batch(lake: Lake) -> int:
    return lake.number(f"SELECT max(batch) FROM {CATALOG}.{SCHEMA}.{BATCH.name}")


def _follow_columns(lake: Lake, place: Place, delivered: pa.Table, number: int) -> tuple[tuple[str, str], ...]:
    """Give the raw table the columns that are new, and keep account of new, retyped and vanished ones."""
    connection = lake.connection
    table = record_table(place.source, place.entity, delivered.column_names)
    lake.ensure(table)
    lake.add_columns(table)
    if delivered.num_rows == 0:
        return ()
    rows = connection.execute(
        f"SELECT name, arg_max(type, batch), arg_max(change, batch) FROM {CATALOG}.{SCHEMA}.{COLUMN_CHANGE.name}"
        " WHERE source = ? AND entity = ? GROUP BY name",
        [place.source, place.entity],
    ).fetchall()
    known = {name: (kind, change) for name, kind, change in rows}
    found = {field.name: str(field.type) for field in delivered.schema}
    changes: list[tuple[str, str, str | None]] = []
    for name, kind in found.items():
        if name not in known or known[name][1] == "vanished":
            changes.append((name, "appeared", kind))
        elif known[name][0] != kind and kind != "null":
            changes.append((name, "retyped", kind))
    changes += [
        (name, "vanished", None) for name, (_, change) in known.items() if change != "vanished" and name not in found
    ]
    if changes:
        connection.executemany(
            f"INSERT INTO {CATALOG}.{SCHEMA}.{COLUMN_CHANGE.name} VALUES (?, ?, ?, ?, ?, ?)",
            [[place.source, place.entity, name, change, kind, number] for name, change, kind in changes],
        )
    if not known:
        return ()
    is_data = is_likely_data([*found])
    return tuple((LIKE_DATA if is_data and name in found else name, change) for name, change, _ in changes)


def _keep_unreadable(
    connection: duckdb.DuckDBPyConnection, place: Place, pieces: Sequence[Unreadable], number: int, at: datetime
) -> int:
    """Keep the *pieces* that are not here yet; return how many are new. The rest are duplicates of an earlier reading."""
    if not pieces:
        return 0
    table = pa.table(
        {
            "place": pa.array([piece.place for piece in pieces], pa.string()),
            "reason": pa.array([piece.reason for piece in pieces], pa.string()),
            "content": pa.array([piece.content for piece in pieces], pa.binary()),
        }
    )
    connection.register("unreadable_pieces", table)
    try:
        row = connection.execute(
            f"""
            INSERT INTO {CATALOG}.{SCHEMA}.{UNREADABLE.name} BY NAME
            SELECT {number}::BIGINT AS batch, $source AS source, $entity AS entity, place, reason,
                CASE WHEN content_hash IN (
                    SELECT content_hash FROM {CATALOG}.{SCHEMA}.{UNREADABLE.name}
                    WHERE source = $source AND entity = $entity AND content = ''::BLOB
                ) THEN ''::BLOB ELSE content END AS content, content_hash, $at::TIMESTAMP AS received_at
            FROM (
                SELECT DISTINCT ON (place, content_hash) * FROM (
                    SELECT *, md5(content)::UUID AS content_hash FROM unreadable_pieces))
            WHERE (place, content_hash) NOT IN (
                SELECT (place, content_hash) FROM {CATALOG}.{SCHEMA}.{UNREADABLE.name}
                WHERE source = $source AND entity = $entity)""",
            {"source": place.source, "entity": place.entity, "at": at},
        ).fetchone()
    finally:
        connection.unregister("unreadable_pieces")
    return int(row[0]) if row else 0
