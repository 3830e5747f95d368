"""The steward's queue: people who may be one, as far as their records say, and of whom nobody has decided yet."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rddm.contracts.tables import quote
from rddm.contracts.tables.golden import golden_id
from rddm.project.settings import SemanticType
from rddm.serve.portrait import title_of
from rddm.serve.reading import Reading, Row
from rddm.store.control import Control
from rddm.store.lake import CATALOG, Lake

JUDGED = "judged_now"


@dataclass(frozen=True)
class PossiblePerson:
    """One of two who may be one. ``record_id``: the record of theirs that is most like one of the other's; its fingerprint."""

    id: uuid.UUID
    name: str
    birth_date: dt.date | None
    record_id: uuid.UUID
    fingerprint_id: uuid.UUID


@dataclass(frozen=True)
class PossiblePair:
    """
    Two golden records that may be one, by their two most alike records.

    ``weight``: log2 of the odds; ``contradiction``: why the two records cannot be one in spite of it, or None.
    """

    first: PossiblePerson
    second: PossiblePerson
    weight: float
    probability: float
    contradiction: str | None


def count_possible(lake: Lake, control: Control, entity: str) -> int:
    """Return how many pairs of golden records `list_possible` would list, however many they are."""
    if not lake.has("identity", f"{entity}__pair"):
        return 0
    with _judged(lake, control):
        return lake.number(f"SELECT count(*) FROM ({_open_pairs(entity)})")


def list_possible(reading: Reading, entity: str, limit: int) -> list[PossiblePair]:
    """
    Return the pairs of golden records that may be one, the most probable first.

    Those are the pairs of whose records some match, or possibly do, although the records belong to different golden
    records now. A human's word on any two of their records settles a pair, whether a run has applied it or not.
    """
    with _judged(reading.lake, reading.control):
        rows = reading.rows(
            f"""
            WITH open AS ({_open_pairs(entity)} ORDER BY weight DESC, first_id, second_id LIMIT {int(limit)}),
            place AS (SELECT fingerprint_id, min(record_id) AS record_id
                FROM {reading.table("identity", entity + "__link")} GROUP BY fingerprint_id)
            SELECT open.*, one AS first, other AS second,
                a.record_id AS first_record, b.record_id AS second_record
            FROM open
            JOIN place AS a ON a.fingerprint_id = open.first_fingerprint
            JOIN place AS b ON b.fingerprint_id = open.second_fingerprint
            JOIN {reading.table("golden", entity)} AS one ON one.{quote(golden_id(entity))} = open.first_id
            JOIN {reading.table("golden", entity)} AS other ON other.{quote(golden_id(entity))} = open.second_id
            ORDER BY open.weight DESC, open.first_id, open.second_id"""
        )
    return [
        PossiblePair(
            _person(reading, entity, row, "first"),
            _person(reading, entity, row, "second"),
            row["weight"],
            row["probability"],
            row["contradiction"],
        )
        for row in rows
    ]


def _open_pairs(entity: str) -> str:
    """
    Return first_id, second_id (golden ids, the lower first), their fingerprints, weight, probability, contradiction.

    Grain: two golden records.
    """
    link, pair = (f"{CATALOG}.identity.{quote(f'{entity}__{name}')}" for name in ("link", "pair"))
    return f"""
SELECT least(x, y) AS first_id, greatest(x, y) AS second_id,
    CASE WHEN x < y THEN fingerprint_a ELSE fingerprint_b END AS first_fingerprint,
    CASE WHEN x < y THEN fingerprint_b ELSE fingerprint_a END AS second_fingerprint,
    weight, 1 / (1 + pow(2.0, -weight)) AS probability, contradiction
FROM (
    SELECT a.golden_id AS x, b.golden_id AS y, pair.*
    FROM {pair} AS pair
    JOIN (SELECT DISTINCT fingerprint_id, golden_id FROM {link}) AS a ON a.fingerprint_id = pair.fingerprint_a
    JOIN (SELECT DISTINCT fingerprint_id, golden_id FROM {link}) AS b ON b.fingerprint_id = pair.fingerprint_b
    WHERE a.golden_id <> b.golden_id
)
WHERE (least(x, y), greatest(x, y)) NOT IN (
    SELECT (least(a.golden_id, b.golden_id), greatest(a.golden_id, b.golden_id))
    FROM {JUDGED} JOIN {link} AS a ON a.record_id = {JUDGED}.record_a::UUID
    JOIN {link} AS b ON b.record_id = {JUDGED}.record_b::UUID
)
QUALIFY row_number() OVER (
    PARTITION BY least(x, y), greatest(x, y) ORDER BY weight DESC, fingerprint_a, fingerprint_b
) = 1"""


@contextmanager
def _judged(lake: Lake, control: Control) -> Iterator[None]:
    """For the length of the block, what people have said of records is a view of the connection."""
    lake.connection.register(JUDGED, control.judgements())
    try:
        yield
    finally:
        lake.connection.unregister(JUDGED)


def _person(reading: Reading, entity: str, row: Row, which: str) -> PossiblePerson:
    settings, golden = reading.settings.model.entities[entity], row[which]
    born = next((name for name, field in settings.fields.items() if field.type is SemanticType.BIRTH_DATE), "")
    return PossiblePerson(
        row[f"{which}_id"], title_of(settings, golden), golden.get(born), row[f"{which}_record"],
        row[f"{which}_fingerprint"],
    )  # fmt: skip
