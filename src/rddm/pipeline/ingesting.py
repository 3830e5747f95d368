"""Read one entity of one source to its end and land what it yields, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import duckdb
import pyarrow as pa

from rddm.contracts.batches import Batch, Cursor, Unreadable
from rddm.contracts.errors import RddmError, SourceError, is_interrupt
from rddm.pipeline.column_names import with_safe_names
from rddm.pipeline.cursors import SavedCursor
from rddm.pipeline.envelope import envelope_change
from rddm.pipeline.fitting import within_columns, within_types
from rddm.pipeline.landing import (
    Landed,
    Place,
    follow_envelope,
    key_sql,
    land,
    land_deletions,
    raw_columns,
)
from rddm.pipeline.suppressing import Suppression
from rddm.sources.protocol import Source
from rddm.store.lake import Lake
from rddm.store.trouble import store_trouble

Clock = Callable[[], datetime]
"""Gives the time as naive UTC."""


@dataclass
class Ingested:
    """
    What one run received from one entity of a source: received = landed + duplicate + unreadable + erased.

    ``missing``: unreadable pieces, also such as an earlier run had, that may be records.
    """

    source: str
    entity: str
    received: int = 0
    unreadable: int = 0
    duplicate: int = 0
    landed: int = 0
    erased: int = 0
    missing: int = 0
    deletions: int = 0
    column_changes: list[tuple[str, str]] = field(default_factory=list)
    warning: str | None = None
    error: SourceError | None = None
    cut_off: list[Unreadable] = field(default_factory=list)

    def add(self, landed: Landed) -> None:
        self.received += landed.received
        self.unreadable += landed.unreadable
        self.duplicate += landed.duplicate
        self.landed += landed.landed
        self.erased += landed.erased
        self.missing += landed.missing
        self.column_changes += landed.changes


def ingest(  # noqa: PLR0913 - what is read, and all that reading it needs
    lake: Lake,
    place: Place,
    open_source: Callable[[], Source],
    run_id: int,
    now: Clock,
    progress: Callable[[int], None],
    saved: SavedCursor | None,
    suppression: Suppression | None = None,
) -> Ingested:
    """
    Land everything that is new in *place* after the cursor that is *saved*; *progress* is told how many pieces each batch had.

    Records that *suppression* knows, of people who were erased, are counted and not kept.

    Trouble of the source ends its reading and stands in ``error``: what was landed before stays, other sources go on. So
    does whatever else comes out of reading or landing it, but for a store that failed: one source never stops the others.
    """
    result = Ingested(place.source, place.entity)
    is_snapshot = place.settings.mode == "snapshot"
    if is_snapshot:
        lake.connection.execute("CREATE OR REPLACE TEMP TABLE seen_key (_key VARCHAR)")
    try:
        with _landing(place):
            saved, columns = _prepare(lake, place, saved)
        # A snapshot is only complete when it is read from its beginning.
        begin = saved.beginning(place.settings) if saved is not None and not is_snapshot else None
        for batch in _batches(place, open_source, begin):
            with _landing(place):
                records = with_safe_names(batch.records, columns)
                if is_snapshot:
                    _remember_keys(lake.connection, place, records)
                # Before anything else: what does not fit is kept as it came, and nothing of the erased may be.
                if suppression is not None:
                    records = suppression.without_erased(lake.connection, place, records)
                erased = batch.records.num_rows - records.num_rows
                fitting = within_columns(replace(batch, records=records), columns)
                landed = _land(lake, place, fitting, run_id, now(), saved, erased)
                saved = landed.cursor
                columns = {name.lower(): name for name in fitting.records.column_names} | columns
                result.cut_off += [each for each in batch.unreadable if each.is_cut_off]
            result.add(landed)
            progress(landed.received)
        if is_snapshot and result.received > 0 and result.missing == 0:
            # With something unreadable in it, a key may be missing that was not deleted.
            with _landing(place):
                deletions = land_deletions(lake, place, "seen_key", run_id, now())
            if deletions is not None:
                result.add(deletions)
                result.deletions = deletions.landed
        elif is_snapshot and result.received == 0:
            with _landing(place):
                result.warning = _emptied(lake, place)
    except SourceError as error:
        result.error = error
    if result.error is None and result.cut_off:
        result.error = _cut_off(result)
    return result


def _prepare(lake: Lake, place: Place, saved: SavedCursor | None) -> tuple[SavedCursor | None, dict[str, str]]:
    """Follow a changed envelope; return the cursor that is kept then, and the columns of the raw table, by lower case."""
    if saved is not None:
        change = envelope_change(place.source, place.entity, saved.envelope, place.settings)
        if change is not None:
            saved = follow_envelope(lake, place, change, saved)
    return saved, raw_columns(lake, place)


def _land(  # noqa: PLR0913 - as `land`
    lake: Lake, place: Place, batch: Batch, run_id: int, received_at: datetime, saved: SavedCursor | None, erased: int
) -> Landed:
    """Land *batch*, of which *erased* records were left out; when that fails, without the records that are why."""
    try:
        return land(lake, place, batch, run_id, received_at, saved=saved, erased=erased)
    except Exception as error:
        if _is_no_fault_of_the_source(error):
            raise
        fitting = within_types(lake.connection, batch)
        if fitting is batch:
            raise
        return land(lake, place, fitting, run_id, received_at, saved=saved, erased=erased)


def _is_no_fault_of_the_source(error: Exception) -> bool:
    is_anothers = isinstance(error, RddmError) and not isinstance(error, SourceError)
    return is_anothers or is_interrupt(error) or store_trouble(error) is not None


@contextmanager
def _landing(place: Place) -> Iterator[None]:
    """Whatever the block raises is that source's trouble alone, but for a store that failed; its transaction is rolled back."""
    try:
        yield
    except RddmError:
        raise
    except Exception as error:
        if _is_no_fault_of_the_source(error):
            raise
        raise SourceError(
            place.source,
            place.entity,
            f"a batch of it cannot be landed ({type(error).__name__}); what came before it stays.",
            f"Look at what it delivered since, and at sources/{place.source}.yaml; the next run reads it again. "
            "If both are right, this is a bug: please report it.",
        ) from error


def _emptied(lake: Lake, place: Place) -> str | None:
    """Return what to say of a snapshot that held nothing, which deletes nothing; None when no record stands."""
    if not lake.has("raw", f"{place.source}__{place.entity}"):
        return None
    standing = lake.number(
        f"SELECT count(*) FROM (SELECT arg_max(_op, (_batch, _seq)) AS op FROM {place.raw_table} GROUP BY _key)"
        " WHERE op = 'upsert'"
    )
    if standing == 0:
        return None
    return (
        f'source "{place.source}", entity {place.entity}: its snapshot holds no record, and an empty one deletes nothing.'
        f" Its {standing:,} records stay as they were. Look at what it delivers."
    )


def _cut_off(result: Ingested) -> SourceError:
    first, others = result.cut_off[0], len(result.cut_off) - 1
    more = f" So it is with {others:,} more." if others else ""
    return SourceError(
        result.source,
        result.entity,
        f"{first.place}: {first.reason}.{more}",
        "What came before stays. Once that is put right it is read again, and what is here already adds nothing.",
    )


def _batches(place: Place, open_source: Callable[[], Source], cursor: Cursor | None) -> Iterator[Batch]:
    """Yield what the source yields; whatever a connector raises is that source's trouble alone."""
    try:
        yield from open_source().read(cursor)
    except (SourceError, GeneratorExit):
        raise
    except BaseException as error:  # a connector's SystemExit, too
        if is_interrupt(error):
            raise
        what = type(error).__name__ + (f": {error.strerror}" if isinstance(error, OSError) and error.strerror else "")
        raise SourceError(
            place.source,
            place.entity,
            f"its connector failed unexpectedly ({what}).",
            f"Look at its settings in sources/{place.source}.yaml; if they are right, this is a bug: please report it.",
        ) from error


def _remember_keys(connection: duckdb.DuckDBPyConnection, place: Place, records: pa.Table) -> None:
    if records.num_rows == 0:
        return
    connection.register("delivered", records)
    try:
        connection.execute(
            f"INSERT INTO seen_key SELECT {key_sql(place.settings, records.column_names)} FROM delivered"
        )
    finally:
        connection.unregister("delivered")
