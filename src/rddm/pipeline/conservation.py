"""
Conservation: every record received is in exactly one place, counted from the tables themselves.

    received   = unreadable + duplicate + erased + landed                       (the ledger of batches)
    landed     = rows of the raw table
    landed     = conformed + quarantined + deleted + superseded + pending       (the tables behind it)

``superseded`` is the one number that is carried along instead of counted; all others are counts of rows, so the third
line can fail. ``pending`` is what a source's unusable mapping keeps from being conformed; it is reported as that source's
problem.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rddm.conform.split import KINDS
from rddm.contracts.errors import ConservationError
from rddm.contracts.tables import literal, quote
from rddm.pipeline.conforming_work import (
    LIVING_PROGRESS,
    LIVING_QUARANTINE,
    LIVING_TOMBSTONE,
    became,
    conformed_entities,
)
from rddm.store.lake import CATALOG, Lake


@dataclass(frozen=True)
class Balance:
    """
    Where all the records are that one entity of a source ever delivered.

    ``model_entity`` is what they become; ``is_forgotten`` when no file of the project names their source any more.
    """

    source: str
    entity: str
    model_entity: str
    is_forgotten: bool
    received: int
    unreadable: int
    duplicate: int
    erased: int
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
    def in_force(self) -> int:
        """Records that stand, or wait to."""
        return self.conformed + sum(self.quarantined.values())

    @property
    def is_without_keys(self) -> bool:
        """Whether nothing that its source delivers, under a name that a file of the project has, can be told from the rest."""
        return not self.is_forgotten and 0 < self.landed == self.quarantined.get("technical", 0)

    @property
    def balances(self) -> bool:
        kept = self.landed == self.found
        return kept and self.received == self.unreadable + self.duplicate + self.erased + self.landed


def balances(lake: Lake, entities: Mapping[str, Sequence[tuple[str, str]]]) -> list[Balance]:
    """
    Return the balance of every (source, entity) that anything was received from, or that *entities* lists.

    *entities* lists them by the entity of the model they become. Places that it does not list are forgotten ones: no
    source's file names them any more, and their records stay in every layer as they were.

    Raises:
        ConservationError: one does not balance.
    """
    connection = lake.connection

    def counts(sql: str) -> dict[tuple[str, ...], int]:
        return {tuple(row[:-1]): int(row[-1] or 0) for row in connection.execute(sql).fetchall()}

    ledger = {
        (source, entity): [int(each) for each in numbers]
        for source, entity, *numbers in connection.execute(
            f"SELECT source, entity, sum(received), sum(unreadable), sum(duplicate), sum(coalesce(erased, 0)), sum(landed)"
            f" FROM {CATALOG}.raw.batch GROUP BY source, entity"
        ).fetchall()
    }
    progress = {
        (source, entity): (int(last_batch), int(superseded))
        for source, entity, last_batch, superseded in connection.execute(
            f"SELECT source, entity, last_batch, superseded FROM {LIVING_PROGRESS}"
        ).fetchall()
    }
    deleted = counts(f"SELECT source, entity, count(*) FROM {LIVING_TOMBSTONE} GROUP BY source, entity")
    waiting = counts(f"SELECT source, entity, kind, count(*) FROM {LIVING_QUARANTINE} GROUP BY source, entity, kind")
    known = {place for places in entities.values() for place in places}
    forgotten = sorted(place for place in ledger if place not in known)
    complete = _with_forgotten(lake, entities, forgotten)
    raw_rows = _raw_rows(
        lake,
        [place for places in complete.values() for place in places],
        {place: last_batch for place, (last_batch, _) in progress.items()},
    )
    found = []
    for model_entity, places in complete.items():
        if not places:
            continue
        conformed = counts(
            f"SELECT source, entity, count(*) FROM {CATALOG}.conformed.{quote(model_entity)} GROUP BY source, entity"
        )
        for place in places:
            received, unreadable, duplicate, erased, landed = ledger.get(place, [0, 0, 0, 0, 0])
            superseded = progress.get(place, (0, 0))[1]
            rows, pending = raw_rows[place]
            result = Balance(
                *place,
                model_entity,
                is_forgotten=place not in known,
                received=received,
                unreadable=unreadable,
                duplicate=duplicate,
                erased=erased,
                landed=rows,
                superseded=superseded,
                deleted=deleted.get(place, 0),
                quarantined={kind: waiting.get((*place, kind), 0) for kind in KINDS},
                conformed=conformed.get(place, 0),
                pending=pending,
            )
            if not result.balances or landed != rows:
                raise ConservationError(
                    f'source "{place[0]}", entity {place[1]}: the counts do not balance: received {received}, '
                    f"unreadable {unreadable}, duplicate {duplicate}, erased {erased}, landed {rows} (ledger {landed}), "
                    f"found {result.found}. The run was rolled back; this is a bug, please report it."
                )
            found.append(result)
    return found


def _with_forgotten(
    lake: Lake, entities: Mapping[str, Sequence[tuple[str, str]]], forgotten: Sequence[tuple[str, str]]
) -> dict[str, list[tuple[str, str]]]:
    """Return *entities* with each *forgotten* place under the entity of the model that its records became."""
    complete = {name: list(places) for name, places in entities.items()}
    if not forgotten:
        return complete
    model_of = {(source, entity): model_entity for source, entity, model_entity in became(lake)}
    every = conformed_entities(lake)
    for place in forgotten:
        # What never got beyond the raw layer has become nothing yet.
        complete.setdefault(model_of.get(place, every[0]), []).append(place)
    return complete


def _raw_rows(
    lake: Lake, places: Collection[tuple[str, str]], last_batch: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], tuple[int, int]]:
    """Return for each of *places* how many rows its raw table has, and how many of them came after its *last_batch*."""
    there = lake.columns("raw")
    counts = [
        f"SELECT {literal(source)}, {literal(entity)}, count(*), count(*) FILTER (_batch > {last_batch.get((source, entity), 0)})"
        f" FROM {CATALOG}.raw.{quote(f'{source}__{entity}')}"
        for source, entity in places
        if f"{source}__{entity}" in there
    ]
    rows = lake.connection.execute(" UNION ALL ".join(counts)).fetchall() if counts else []
    return dict.fromkeys(places, (0, 0)) | {(source, entity): (whole, later) for source, entity, whole, later in rows}
