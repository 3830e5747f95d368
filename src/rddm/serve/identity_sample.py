"""
A look at all candidate pairs of an entity, those that were too unlike to be kept included.

The lake keeps pairs that match or possibly do. What lies below, and which match keys find what, is found anew for the
candidate pairs of a sample of fingerprints, with the keys, the comparisons and the model that are in use.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from rddm.contracts.tables import quote
from rddm.project.settings import ProbabilisticIdentity
from rddm.resolve.comparisons import COMPARISONS, LEVELS, MISSING
from rddm.resolve.estimates import FoundWith, WeighedPairs
from rddm.resolve.keys import Found, KeyKind, is_finding_sql, pairs_by_kinds_sql, usable_sql
from rddm.resolve.weights import Mixture, probability_sql, weight_of
from rddm.serve.reading import Reading
from rddm.serve.weighing import PREFIX, make_nodes, taken_away, weigh_pairs
from rddm.store.lake import CATALOG

SAMPLE_FINGERPRINTS = 60_000
"""Fingerprints whose candidate pairs are looked at; ids are md5s, so the lowest are a sample."""
LEAST_WEIGHT, MOST_WEIGHT = -40, 60
"""Weights beyond these are counted with them."""


@dataclass(frozen=True)
class CandidateSample:
    """
    What the sample says of all candidate pairs, scaled up. ``share``: of the fingerprints that was looked at.

    ``below``: pairs that weigh too little to be kept, by weight; ``below_together``: matches expected among those of them whose
    ends are in one group all the same, by other pairs. ``found``: by the kinds of keys that find them, without
    those that cannot be one; ``found_with``: the same by the fields that both sides have. ``without_key``: the share of
    fingerprints that no match key leads to.
    """

    share: float
    below: Sequence[WeighedPairs]
    below_together: float
    found: Sequence[Found]
    found_with: Sequence[FoundWith]
    without_key: float


def bin_sql(weight: str = "weight") -> str:
    """Return the SQL expression for the bin of a weight: whole bits, downwards."""
    return f"greatest({LEAST_WEIGHT}, least({MOST_WEIGHT}, floor({weight})))::INTEGER"


POSTERIOR = probability_sql("weight")


def sample_candidates(
    reading: Reading, entity: str, identity: ProbabilisticIdentity, mixture: Mixture, kinds: Sequence[KeyKind]
) -> CandidateSample:
    """Return what a sample of the fingerprints of *entity* says of its candidate pairs, by keys of *kinds*."""
    possible_threshold = weight_of(identity.possible_probability)
    with taken_away(reading):
        share, without_key = _choose(reading, entity, identity, mixture, kinds)
        scale = 1 / (share * (2 - share))
        return CandidateSample(
            share=share,
            below=_below(reading, possible_threshold, scale),
            below_together=_below_together(reading, entity, possible_threshold) * scale,
            found=_found(reading, scale),
            found_with=_found_with(reading, scale),
            without_key=without_key,
        )


def _choose(
    reading: Reading, entity: str, identity: ProbabilisticIdentity, mixture: Mixture, kinds: Sequence[KeyKind]
) -> tuple[float, float]:
    """
    Make ``weighed``: the candidate pairs of the sample with found_by, the kinds that find them. Return the sample's share, and
    the share of it that no key leads to.
    """
    connection = reading.lake.connection
    fingerprint, keys = (f"{CATALOG}.identity.{quote(f'{entity}__{name}')}" for name in ("fingerprint", "key"))
    everything = reading.lake.number(f"SELECT count(*) FROM {fingerprint}")
    share = min(1.0, SAMPLE_FINGERPRINTS / max(everything, 1))
    last = uuid.UUID(int=min(int(share * 2**128), 2**128 - 1))
    make = "CREATE OR REPLACE TEMP TABLE"
    connection.execute(
        f"{make} {PREFIX}own AS SELECT key, fingerprint_id FROM {keys} WHERE fingerprint_id <= '{last}'::UUID"
        f" AND {is_finding_sql()}"
    )
    shared = f"(SELECT key FROM {keys} WHERE key IN (SELECT key FROM {PREFIX}own))"
    connection.execute(f"{make} {PREFIX}usable AS {usable_sql(shared, identity.key_limit, kinds)}")
    connection.execute(
        f"{make} {PREFIX}stored_member AS SELECT key, fingerprint_id FROM {keys}"
        f" WHERE key IN (SELECT key FROM {PREFIX}usable)"
    )
    node = make_nodes(reading, entity, f"SELECT fingerprint_id FROM {PREFIX}stored_member", identity.key_limit)
    connection.execute(
        f"{make} {PREFIX}member AS SELECT m.key, x.n, x.fingerprint_id <= '{last}'::UUID AS looked_at"
        f" FROM {PREFIX}stored_member m JOIN {node} x USING (fingerprint_id)"
    )
    pairs = pairs_by_kinds_sql(f"(SELECT key, n FROM {PREFIX}member WHERE looked_at)", f"{PREFIX}member")
    connection.execute(f"{make} {PREFIX}pair AS {pairs}")
    weigh_pairs(reading, mixture, f"{PREFIX}pair", node)
    chosen = reading.lake.number(f"SELECT count(*) FROM {fingerprint} WHERE fingerprint_id <= '{last}'::UUID")
    led_to = reading.lake.number(f"SELECT count(DISTINCT fingerprint_id) FROM {PREFIX}own")
    return share, 1 - led_to / chosen if chosen else 0.0


def _below(reading: Reading, possible_threshold: float, scale: float) -> list[WeighedPairs]:
    rows = reading.rows(
        f"SELECT {bin_sql()} AS bin, count(*) AS pairs, sum({POSTERIOR}) AS matches FROM {PREFIX}weighed"
        f" WHERE weight < {possible_threshold!r} AND contradiction IS NULL GROUP BY bin ORDER BY bin"
    )
    return [WeighedPairs(float(row["bin"]), row["pairs"] * scale, row["matches"] * scale) for row in rows]


def _below_together(reading: Reading, entity: str, possible_threshold: float) -> float:
    link = f"{CATALOG}.identity.{quote(f'{entity}__link')}"
    (row,) = reading.rows(
        f"""
        WITH place AS (SELECT n, any_value(golden_id) AS golden_id FROM {PREFIX}node
            JOIN {link} USING (fingerprint_id) GROUP BY n)
        SELECT coalesce(sum({POSTERIOR}), 0) AS matches FROM {PREFIX}weighed
        JOIN place AS x ON x.n = a JOIN place AS y ON y.n = b AND y.golden_id = x.golden_id
        WHERE weight < {possible_threshold!r} AND contradiction IS NULL"""
    )
    return float(row["matches"])


def _found(reading: Reading, scale: float) -> list[Found]:
    rows = reading.rows(
        f"SELECT found_by, count(*) AS pairs, sum({POSTERIOR}) AS matches FROM {PREFIX}weighed"
        " WHERE contradiction IS NULL GROUP BY found_by ORDER BY found_by"
    )
    return [Found(row["found_by"], row["matches"] * scale, (row["pairs"] - row["matches"]) * scale) for row in rows]


def _found_with(reading: Reading, scale: float) -> list[FoundWith]:
    """Which fields both sides have is in the pattern: those whose level is not `MISSING`."""
    last = len(COMPARISONS) - 1
    mask = " + ".join(
        f"(pattern // {LEVELS ** (last - place)} % {LEVELS} <> {MISSING})::INTEGER * {1 << place}"
        for place in range(len(COMPARISONS))
    )
    rows = reading.rows(
        f"SELECT found_by, {mask} AS present, sum({POSTERIOR}) AS matches FROM {PREFIX}weighed"
        " WHERE contradiction IS NULL GROUP BY found_by, present ORDER BY found_by, present"
    )
    return [
        FoundWith(
            row["found_by"],
            frozenset(each.name for place, each in enumerate(COMPARISONS) if row["present"] >> place & 1),
            row["matches"] * scale,
        )
        for row in rows
    ]
