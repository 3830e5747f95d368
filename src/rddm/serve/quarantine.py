"""What waits in quarantine, why, and what would release it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg.rows import dict_row

from rddm.conform.words import reason_in_words, release_in_words
from rddm.contracts.errors import NotFound
from rddm.contracts.ids import derive_record_id
from rddm.contracts.tables.raw import OPERATION
from rddm.serve.addresses import RecordAddress, read_record_words
from rddm.serve.delivered import delivered_columns, delivered_versions, mapped_entity
from rddm.serve.places import require_entity, require_place, require_source
from rddm.serve.reading import Reading, Row
from rddm.serve.repairs import Repair, repairs_of


@dataclass(frozen=True)
class Filter:
    """Which waiting records; None means all."""

    source: str | None = None
    entity: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class WaitingCount:
    source: str
    entity: str
    kind: str
    records: int
    since: dt.datetime


@dataclass(frozen=True)
class Waiting:
    """A record that waits. ``reasons`` and ``releases`` are sentences, one for each rule."""

    record_id: uuid.UUID
    source: str
    entity: str
    key: str
    kind: str
    rules: Sequence[str]
    reasons: Sequence[str]
    releases: Sequence[str]
    waits_for: Sequence[str]
    attempts: int
    first_seen: dt.datetime
    last_seen: dt.datetime


@dataclass(frozen=True)
class Version:
    """A raw version of a record, as delivered."""

    batch: int
    received_at: dt.datetime
    source_time: dt.datetime | None
    operation: str
    delivered: Mapping[str, str | None]


@dataclass(frozen=True)
class PatchMade:
    """A patch over raw. ``state``: waits for the next run, applied, withdrawn, or withdrawn from the next run on."""

    column: str
    before: str | None
    after: str | None
    reason: str
    made_by: str
    made_at: dt.datetime
    state: str


@dataclass(frozen=True)
class RecordState:
    """
    A record wherever it is. ``state``: quarantined, conformed, deleted or dismissed; ``waiting`` when it is in quarantine;
    ``repairs``: what cleaning mended and left out of the version that is there.
    """

    record_id: uuid.UUID
    source: str
    entity: str
    key: str
    state: str
    waiting: Waiting | None
    repairs: Sequence[Repair]
    versions: Sequence[Version]
    patches: Sequence[PatchMade]


def require_filter(reading: Reading, which: Filter) -> None:
    """
    See that *which* names sources and entities that are there: of a name that is not, nothing could ever wait.

    Raises:
        NotFound: one is not.
    """
    if which.source is not None and which.entity is not None:
        require_place(reading, which.source, which.entity)
    elif which.source is not None:
        require_source(reading, which.source)
    elif which.entity is not None:
        require_entity(reading, which.entity)


def list_waiting(reading: Reading, which: Filter, limit: int) -> list[Waiting]:
    """Return the records that wait, those that came last first."""
    where, parameters = _where(which)
    rows = reading.rows(
        f"SELECT * FROM {reading.table('quarantine', 'record')} WHERE {where}"
        f" ORDER BY last_seen DESC, source, entity, key LIMIT {int(limit)}",
        parameters,
    )
    return [_waiting(row) for row in rows]


def count_waiting(reading: Reading, which: Filter) -> list[WaitingCount]:
    """Return how many wait, by source, entity and kind."""
    where, parameters = _where(which)
    rows = reading.rows(
        f"SELECT source, entity, kind, count(*) AS records, min(first_seen) AS since"
        f" FROM {reading.table('quarantine', 'record')} WHERE {where}"
        " GROUP BY source, entity, kind ORDER BY source, entity, kind",
        parameters,
    )
    return [WaitingCount(**row) for row in rows]


def locate(reading: Reading, address: Sequence[str]) -> tuple[str, str, str]:
    """
    Return (source, entity, key) of a record: given as these three, as source/entity/key, or as a waiting record's id.

    Raises:
        Malformed: it is none of these.
        NotFound: no record of this id waits.
    """
    named = read_record_words(address)
    if isinstance(named, RecordAddress):
        return named.source, named.entity, named.key
    rows = reading.rows(
        f"SELECT source, entity, key FROM {reading.table('quarantine', 'record')} WHERE record_id = ?", [named]
    )
    if rows:
        return rows[0]["source"], rows[0]["entity"], rows[0]["key"]
    raise NotFound(f"No record {named} waits in quarantine.")


def show_record(reading: Reading, source: str, entity: str, key: str) -> RecordState:
    """
    Return where a record is and everything that was delivered of it.

    Raises:
        NotFound: nothing of it was ever delivered, or there is no such source or entity.
    """
    record_id = derive_record_id(source, entity, key)
    versions = delivered_versions(reading, source, entity, key)
    if not versions:
        require_place(reading, source, entity)
        raise NotFound(
            f"{source}/{entity} has never delivered a record {key}. `rddm sources` lists sources and entities,"
            " `rddm quarantine list` what waits."
        )
    rows = reading.rows(f"SELECT * FROM {reading.table('quarantine', 'record')} WHERE record_id = ?", [record_id])
    gone = reading.rows(
        f"SELECT 1 AS one FROM {reading.table('conformed', 'tombstone')} WHERE record_id = ?", [record_id]
    )
    patches = _patches(reading, record_id)
    is_dismissed = any(each.column == OPERATION and each.state == "applied" for each in patches)
    return RecordState(
        record_id, source, entity, key,
        "quarantined" if rows else "dismissed" if gone and is_dismissed else "deleted" if gone else "conformed",
        _waiting(rows[0]) if rows else None,
        [] if gone else _repairs(reading, rows[0] if rows else None, source, entity, key),
        [_version(row) for row in versions],
        patches,
    )  # fmt: skip


def _repairs(reading: Reading, waiting: Row | None, source: str, entity: str, key: str) -> list[Repair]:
    address = f"{source}/{entity}/{key}"
    if waiting is not None:
        return repairs_of(reading, waiting, address)
    mapped = mapped_entity(reading, source, entity)
    if mapped is None:
        return []
    name = mapped.settings.model or entity
    rows = reading.rows(
        f"SELECT * FROM {reading.of_ids('conformed', name, 'record_id', [derive_record_id(source, entity, key)])}"
    )
    return repairs_of(reading, rows[0], address) if rows else []


@dataclass(frozen=True)
class PatchListed:
    """A patch with the record it is laid over."""

    source: str
    entity: str
    key: str
    patch: PatchMade


def list_patches(reading: Reading) -> list[PatchListed]:
    """Return every patch ever made, newest first, withdrawn ones too."""
    return [
        PatchListed(
            each.patch.source, each.patch.entity, each.patch.key,
            PatchMade(
                each.patch.column_name, each.patch.before, each.patch.after, each.patch.reason, each.patch.made_by,
                each.patch.made_at, _patch_state(each.withdrawn_at, each.applied_run),
            ),
        )
        for each in reading.control.patches_made()
    ]  # fmt: skip


def withdraw_patches(
    reading: Reading, source: str, entity: str, key: str, column: str | None, at: dt.datetime
) -> list[str]:
    """
    Take back the patches of a record, *column*'s alone when given, and return the columns; the next run goes by what was
    delivered.

    Raises:
        NotFound: there is no such patch.
    """
    columns = reading.control.withdraw_patches(str(derive_record_id(source, entity, key)), column, at)
    if not columns:
        of = f' of its column "{column}"' if column else ""
        raise NotFound(f"No patch{of} holds on {source}/{entity}/{key}. `rddm quarantine patches` lists them all.")
    return columns


def _patch_state(withdrawn_at: dt.datetime | None, applied_run: int | None) -> str:
    if withdrawn_at is not None:
        return "withdrawn" if applied_run is not None else "withdrawn from the next run on"
    return "applied" if applied_run is not None else "waits for the next run"


def _where(which: Filter) -> tuple[str, list[str]]:
    given = {"source": which.source, "entity": which.entity, "kind": which.kind}
    conditions = {name: value for name, value in given.items() if value is not None}
    return " AND ".join(f"{name} = ?" for name in conditions) or "true", list(conditions.values())


def _waiting(row: Row) -> Waiting:
    rules, waits_for = row["rules"] or [], row["waits_for_keys"] or []
    return Waiting(
        row["record_id"], row["source"], row["entity"], row["key"], row["kind"], rules,
        [reason_in_words(rule, row.get("repairs") or ()) for rule in rules],
        list(dict.fromkeys(release_in_words(rule, waits_for) for rule in rules)),
        waits_for, row["attempts"], row["first_seen"], row["last_seen"],
    )  # fmt: skip


def _version(row: Row) -> Version:
    return Version(row["_batch"], row["_received_at"], row["_source_time"], row["_op"], delivered_columns(row))


def _patches(reading: Reading, record_id: uuid.UUID) -> list[PatchMade]:
    with reading.database.connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "SELECT * FROM control.patch WHERE record_id = %s ORDER BY patch_id", (record_id,)
        ).fetchall()
    return [
        PatchMade(
            row["column_name"], row["before"], row["after"], row["reason"], row["made_by"], row["made_at"],
            _patch_state(row["withdrawn_at"], row["applied_run"]),
        )
        for row in rows
    ]  # fmt: skip
