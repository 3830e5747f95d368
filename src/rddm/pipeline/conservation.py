"""
Conservation: every record received is in exactly one place, counted from the tables themselves.

    received   = unreadable + duplicate + landed                                (the ledger of batches)
    landed     = rows of the raw table
    landed     = conformed + quarantined + deleted + superseded + pending       (the tables behind it)

``superseded`` is the one number that is carried along instead of counted; all others are counts of rows, so the third
line can fail. ``pending`` is what a source's unusable mapping keeps from being conformed; it is reported as that source's
problem.
"""

from __future__ import annotations

from dataclasses import dataclass

from rddm.contracts.errors import ConservationError
from rddm.contracts.tables import literal, quote
from rddm.conform.split import KINDS
from rddm.pipeline.conforming import LIVING_PROGRESS, LIVING_QUARANTINE, LIVING_TOMBSTONE
from rddm.store.lake import CATALOG, Lake


@dataclass(frozen=True)
class Balance:
    """Where all the records are that one entity of a source ever delivered."""

    source: str
    entity: str
    received: int
    unreadable: int
    duplicate: int
    landed: int
    superseded: int
    deleted: int
    quarantined: dict[str, int]
    conformed: int
    pending: int

    @property
    def found(self) -> int:
        """Records found in the tables; equals ``landed`` when nothing is lost or counted twice."""
        return self.superseded + self.deleted + sum(self.quarantined.values()) + self.conformed + self.pending

    @property
    def balances(self) -> bool:
        return self.received == self.unreadable + self.duplicate + self.landed and self.landed == self.found


def balance(lake: Lake, source: str, entity: str, model_entity: str) -> Balance:
    """
    Return the balance of *entity* of *source*, which becomes the model's *model_entity*.

    Raises:
        ConservationError: it does not balance.
    """
    where = f"source = {literal(source)} AND entity = {literal(entity)}"
    raw = f"{CATALOG}.raw.{quote(f'{source}__{entity}')}"
    connection = lake.connection

    def count(sql: str) -> int:
        row = connection.execute(sql).fetchone()
        return int(row[0] or 0) if row else 0

    ledger = connection.execute(
        "SELECT coalesce(sum(received), 0), coalesce(sum(unreadable), 0), coalesce(sum(duplicate), 0), coalesce(sum(landed), 0)"
        f" FROM {CATALOG}.raw.batch WHERE {where}"
    ).fetchone()
    assert ledger is not None
    kinds = dict(
        connection.execute(f"SELECT kind, count(*) FROM {LIVING_QUARANTINE} WHERE {where} GROUP BY kind").fetchall()
    )
    has_raw = lake.has("raw", f"{source}__{entity}")
    last_batch = count(f"SELECT max(last_batch) FROM {LIVING_PROGRESS} WHERE {where}")
    result = Balance(
        source,
        entity,
        received=int(ledger[0]),
        unreadable=int(ledger[1]),
        duplicate=int(ledger[2]),
        landed=count(f"SELECT count(*) FROM {raw}") if has_raw else 0,
        superseded=count(f"SELECT sum(superseded) FROM {LIVING_PROGRESS} WHERE {where}"),
        deleted=count(f"SELECT count(*) FROM {LIVING_TOMBSTONE} WHERE {where}"),
        quarantined={kind: int(kinds.get(kind, 0)) for kind in KINDS},
        conformed=count(f"SELECT count(*) FROM {CATALOG}.conformed.{quote(model_entity)} WHERE {where}"),
        pending=count(f"SELECT count(*) FROM {raw} WHERE _batch > {last_batch}") if has_raw else 0,
    )
    if not result.balances or int(ledger[3]) != result.landed:
        raise ConservationError(
            f'source "{source}", entity {entity}: the counts do not balance: received {result.received}, unreadable '
            f"{result.unreadable}, duplicate {result.duplicate}, landed {result.landed} (ledger {ledger[3]}), found "
            f"{result.found}. The run was rolled back; this is a bug, please report it."
        )
    return result
