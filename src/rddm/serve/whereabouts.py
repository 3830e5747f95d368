"""Where something is, or went, that was asked for and is not there: sentences that say what is known, and what to do next."""

from __future__ import annotations

import datetime as dt
import uuid

from rddm.contracts.errors import NotFound
from rddm.contracts.tables import literal
from rddm.contracts.tables.golden import golden_id
from rddm.serve.addresses import IdRange, RecordAddress
from rddm.serve.places import require_place
from rddm.serve.reading import Reading


def missing_id(reading: Reading, entity: str, text: str, who: IdRange) -> str:
    """Return why no golden record of *entity* lives whose id is one of *who*, which was written as *text*."""
    return (
        _ended(reading, entity, text, who)
        or _another(reading, entity, text, who)
        or f"There is no {entity} {text} here{_time(reading)}."
    )


def missing_record(
    reading: Reading, entity: str, record_id: uuid.UUID, text: str, address: RecordAddress | None
) -> str:
    """Return why the record that was written as *text* belongs to no golden record of *entity*."""
    waiting = reading.rows(f"SELECT kind FROM {reading.table('quarantine', 'record')} WHERE record_id = ?", [record_id])
    if waiting:
        return (
            f"The record {text} waits in quarantine ({waiting[0]['kind']}), so it belongs to nobody yet."
            f" `rddm quarantine show {text.replace('/', ' ', 2)}` says why."
        )
    gone = reading.rows(
        f"SELECT batch.received_at AS at FROM {reading.table('conformed', 'tombstone')} AS gone"
        f" LEFT JOIN {reading.table('raw', 'batch')} AS batch USING (source, entity, batch) WHERE record_id = ?",
        [record_id],
    )
    if gone:
        back = _look_back(reading, ("identity", f"{entity}__link"), "record_id", record_id, gone[0]["at"])
        whose = f" `--as-of {back}` shows whose it was." if back is not None else ""
        return (
            f"The record {text} was deleted, so it belongs to nobody any more.{whose}"
            f" `rddm quarantine show {text.replace('/', ' ', 2)}` shows what was delivered of it."
        )
    other = _becomes_another(reading, entity, address) if address is not None else ""
    return other or f"There is no {entity} record {text} here{_time(reading)}."


def _becomes_another(reading: Reading, entity: str, address: RecordAddress) -> str:
    """Return what the records at *address* are, when they are none of *entity*; empty otherwise."""
    try:
        place = require_place(reading, address.source, address.entity)
    except NotFound as error:
        return str(error)
    if place.model == entity:
        return ""
    model = place.model
    becomes = f"{place.source}/{place.entity} becomes {model}, not {entity}"
    found = reading.rows(
        f"SELECT 1 AS one FROM {reading.table('conformed', model)} WHERE record_id = ?", [address.record_id]
    )
    if not found:
        return f"There is no record {address} here{_time(reading)}; besides, {becomes}."
    where = " AND ".join(f"{name} = {literal(value)}" for name, value in vars(address).items())
    statement = f"SELECT {model}.* FROM {model} JOIN {model}_record USING ({golden_id(model)}) WHERE {where}"
    return (
        f"{address} is no {entity}: {becomes}. What was delivered of it:"
        f" `rddm quarantine show {place.source} {place.entity} {address.key}`."
        f' The {model} that it is a record of: rddm sql "{statement}"'
    )


def _another(reading: Reading, entity: str, text: str, who: IdRange) -> str:
    """Return which other entity an id of *who* is of; empty when of none."""
    for name in reading.settings.model.entities:
        key = golden_id(name)
        found = reading.rows(
            f"SELECT {key} AS id FROM {reading.table('golden', name)} WHERE {key} BETWEEN ?::UUID AND ?::UUID LIMIT 1",
            [who.low, who.high],
        )
        if found:
            statement = f"SELECT * FROM {name} WHERE {key} = '{found[0]['id']}'"
            return (
                f'{text} is no {entity}, but the id of another entity: {name}. It is shown by: rddm sql "{statement}"'
            )
    return ""


def _ended(reading: Reading, entity: str, text: str, who: IdRange) -> str:
    """Return what became of the one golden id of *who* that lives no more; empty when there is none."""
    ended = reading.rows(
        "SELECT golden_id AS id, max(run_id) AS run, max(event.at) AS ended_at"
        f" FROM {reading.table('identity', 'event')} AS event"
        " WHERE entity = ? AND kind = 'ended' AND golden_id BETWEEN ?::UUID AND ?::UUID GROUP BY golden_id LIMIT 2",
        [entity, who.low, who.high],
    )
    if len(ended) != 1:
        return ""
    golden = ended[0]["id"]
    back = _look_back(reading, ("golden", entity), golden_id(entity), golden, ended[0]["ended_at"])
    shown = f", `--as-of {back}` shows it as it was" if back is not None else ""
    return (
        f"The {entity} {text} ended in run {ended[0]['run']}: none of its records is left{_time(reading)}."
        f" `rddm {entity} history {str(golden)[:8]}` tells what happened{shown}."
    )


def _look_back(
    reading: Reading, table: tuple[str, str], key: str, value: uuid.UUID, before: dt.datetime | None
) -> int | None:
    """Return the newest snapshot from *before* (UTC), if it is kept still and *table* holds *value* in it."""
    kept = [each.number for each in reading.lake.snapshots() if before and each.at.replace(tzinfo=None) < before]
    if not kept:
        return None
    then = reading.at(kept[-1])
    return kept[-1] if then.rows(f"SELECT 1 AS one FROM {then.table(*table)} WHERE {key} = ?", [value]) else None


def _time(reading: Reading) -> str:
    return f" at snapshot {reading.snapshot}" if reading.snapshot is not None else ""
