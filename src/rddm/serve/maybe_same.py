"""Others who may be the same as one golden record: whom to look at before something is done to that one alone."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rddm.contracts.tables import literal
from rddm.resolve.weights import probability_sql
from rddm.serve.judging import JUDGED, judged
from rddm.serve.lookup import require_probabilistic
from rddm.serve.reading import Reading

UNIQUE = ("snils", "document_number")
"""Columns of fingerprints that hold what belongs to one person alone."""


@dataclass(frozen=True)
class MaybeSame:
    """
    Another golden record. ``same``: which of `UNIQUE` a record of each says alike; ``probability``: of the most alike pair of
    their records that match or possibly do, None where there is none.
    """

    id: uuid.UUID
    same: Sequence[str]
    probability: float | None


def list_maybe_same(reading: Reading, entity: str, golden_ids: Collection[uuid.UUID]) -> list[MaybeSame]:
    """
    Return who may be the same as *golden_ids* of *entity*, those who share a number first, then the most probable.

    Numbers that more share than match keys may say nothing. Whom somebody called different from them is not listed.
    """
    limit = require_probabilistic(reading, entity).key_limit
    link, prints, pair = (reading.table("identity", f"{entity}__{name}") for name in ("link", "fingerprint", "pair"))
    own = ", ".join(f"{literal(str(each))}::UUID" for each in golden_ids)
    if not own:
        return []
    alike = " UNION ALL ".join(
        f"SELECT unnest(prints) AS fingerprint_id, {literal(column)} AS same, NULL::DOUBLE AS weight FROM ("
        f"SELECT list(fingerprint_id) AS prints FROM {prints} WHERE {column} IN (SELECT {column} FROM said)"
        f" GROUP BY {column} HAVING count(*) <= {limit})"
        for column in UNIQUE
    )
    with judged(reading.lake, reading.control):
        rows = reading.rows(
            f"""
WITH linked AS (SELECT DISTINCT fingerprint_id, golden_id FROM {link}),
own AS (SELECT fingerprint_id FROM linked WHERE golden_id IN ({own})),
said AS (SELECT {", ".join(UNIQUE)} FROM {prints} WHERE fingerprint_id IN (FROM own)),
alike AS (
    {alike}
    UNION ALL SELECT fingerprint_b, NULL, weight FROM {pair} WHERE fingerprint_a IN (FROM own)
    UNION ALL SELECT fingerprint_a, NULL, weight FROM {pair} WHERE fingerprint_b IN (FROM own)
),
word AS (SELECT record_a::UUID AS a, record_b::UUID AS b FROM {JUDGED} WHERE verdict = 'different'),
apart AS (
    SELECT y.golden_id
    FROM (SELECT a, b FROM word UNION ALL SELECT b, a FROM word)
    JOIN {link} AS x ON x.record_id = a JOIN {link} AS y ON y.record_id = b WHERE x.golden_id IN ({own})
)
SELECT golden_id, list(DISTINCT same ORDER BY same) FILTER (WHERE same IS NOT NULL) AS numbers,
    {probability_sql("max(weight)")} AS probability
FROM alike JOIN linked USING (fingerprint_id)
WHERE golden_id NOT IN ({own}) AND golden_id NOT IN (FROM apart)
GROUP BY golden_id ORDER BY numbers IS NULL, probability DESC NULLS LAST, golden_id"""
        )
    return [MaybeSame(row["golden_id"], tuple(row["numbers"] or ()), row["probability"]) for row in rows]
