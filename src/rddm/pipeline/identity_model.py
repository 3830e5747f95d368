"""Resolve, step 2: the learnt model - loaded, or learnt from what is there and stored as a new version."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass

from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.identity import MODEL, TERM, TERM_FIELDS
from rddm.pipeline.identity_work import Work
from rddm.project.settings import ProbabilisticIdentity
from rddm.resolve.comparisons import COMPARISONS_VERSION, compare_sql
from rddm.resolve.fingerprints import weighed_sql
from rddm.resolve.keys import KEY_KINDS, KEYS_VERSION, pairs_sql, usable_sql
from rddm.resolve.name_forms import FORMS_VERSION
from rddm.resolve.terms import terms_sql
from rddm.resolve.weights import LEAST_PAIRS, Chance, Mixture, learn_mixture, measure_chance, shipped_mixture

SAMPLE_DESCRIPTIONS = 150_000
"""Descriptions whose candidate pairs are learnt from: as many patterns at 51 million records as at one."""
BLIND_DESCRIPTIONS, BLIND_PAIRS_EACH = 50_000, 10
"""Pairs of any two descriptions, neighbours by id (an md5, so by chance), to see how often people agree by chance."""


@dataclass(frozen=True)
class StoredModel:
    version: int
    mixture: Mixture
    learnt: bool
    pairs: int
    applied: str
    run_id: int


def applied_settings(work: Work) -> str:
    """Return, as JSON, all that stored fingerprints, keys, pairs and links depend on beside the model's parameters."""
    identity = work.identity
    own: dict[str, object] = (
        {
            "match": identity.match_probability,
            "possible": identity.possible_probability,
            "key_limit": identity.key_limit,
        }
        if isinstance(identity, ProbabilisticIdentity)
        else {"fields": identity.fields}
    )
    versions = {
        "forms": FORMS_VERSION,
        "keys": [KEYS_VERSION, *(kind.name for kind in KEY_KINDS)],
        "comparisons": COMPARISONS_VERSION,
    }
    exclusive = sorted("/".join(pair) for pair in work.exclusive_sources)
    fields = {name: field.type.value for name, field in work.model_entity.fields.items()}
    return json.dumps({**own, **versions, "exclusive": exclusive, "fields": fields}, sort_keys=True)


def load_model(work: Work) -> StoredModel | None:
    """Return the newest stored model of the entity."""
    row = work.connection.execute(
        f"SELECT version, parameters, learnt, pairs, applied, run_id FROM {work.stored('model')} WHERE entity ="
        f" {literal(work.entity)}"
        " ORDER BY version DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    version, parameters, learnt, pairs, applied, run_id = row
    mixture = Mixture.from_json(parameters) if parameters else shipped_mixture()
    return StoredModel(version, mixture, learnt, pairs, applied, run_id)


def terms_of(work: Work, version: int) -> str:
    """Make ``terms`` from the stored model; return its name."""
    return work.make(
        "terms",
        f"SELECT field, value, bits FROM {work.stored('term')} WHERE entity = {literal(work.entity)} AND version ="
        f" {version}",
    )


def learn_model(work: Work, version: int) -> StoredModel:
    """
    Learn from ``distinct`` and ``description_key``, store what was learnt as *version*, and return it.

    Makes ``terms``. With too little data the shipped parameters and no terms are stored.
    """
    probabilistic = work.method == "probabilistic"
    counts, chance = _pattern_counts(work) if probabilistic else ({}, measure_chance(0))
    pairs = sum(counts.values())
    learnt = pairs >= LEAST_PAIRS
    mixture = learn_mixture(*_columns(counts), chance)
    query = " UNION ALL ".join(terms_sql(work.table("distinct"), field) for field in TERM_FIELDS)
    work.make("terms", query if learnt else f"SELECT field, value, bits FROM {work.past('term')} LIMIT 0")
    work.execute(
        f"INSERT INTO {work.stored('term')} ({', '.join(map(quote, TERM.column_names))})"
        f" SELECT {literal(work.entity)}, {version}, field, value, bits FROM {work.table('terms')}"
    )
    return StoredModel(version, mixture, learnt, pairs, "", work.run.run_id)


def store_model(work: Work, model: StoredModel, *, replace: bool) -> None:
    """Store the model with the settings that its links are made with now."""
    if replace:
        work.execute(
            f"DELETE FROM {work.stored('model')} WHERE entity = {literal(work.entity)} AND version = {model.version}"
        )
    work.connection.execute(
        f"INSERT INTO {work.stored('model')} ({', '.join(map(quote, MODEL.column_names))}) VALUES (?, ?, ?, ?, ?,"
        f" ?, ?, ?)",
        [
            work.entity,
            model.version,
            model.learnt,
            model.pairs,
            model.mixture.to_json() if work.method == "probabilistic" else "",
            applied_settings(work),
            model.run_id,
            work.run.at,
        ],
    )


def _pattern_counts(work: Work) -> tuple[dict[int, int], Chance]:
    """
    Return how many candidate pairs have each pattern, of those with an end in a sample chosen by id, and the chances
    of any two.

    The sample's counts are scaled up to all candidate pairs.
    """
    distinct, keys = work.table("distinct"), work.table("description_key")
    share = min(1.0, SAMPLE_DESCRIPTIONS / max(work.count(distinct), 1))
    last = uuid.UUID(int=min(int(share * 2**128), 2**128 - 1))  # ids are md5s, so the lowest are a sample
    terms = work.make("terms", f"SELECT field, value, bits FROM {work.past('term')} LIMIT 0")
    chosen = work.make("learn_chosen", f"SELECT description FROM {distinct} WHERE description_id <= '{last}'::UUID")
    looked_at = f"description IN (SELECT description FROM {chosen})"
    members = work.make(
        "learn_member",
        f"SELECT key, description AS n, {looked_at} AS looked_at FROM {keys}"
        f" WHERE key IN (SELECT key FROM {keys} WHERE {looked_at})",
    )
    usable = work.make("learn_usable", usable_sql(members, work.key_limit))
    found = f"(SELECT * FROM {members} WHERE key IN (SELECT key FROM {usable}))"
    pairs = work.make("learn_pair", pairs_sql(f"(SELECT key, n FROM {found} WHERE looked_at)", found))
    blind = work.make(
        "learn_blind",
        f"""
WITH sample AS (
  SELECT description AS n, row_number() OVER (ORDER BY description_id) AS place
  FROM (SELECT description, description_id FROM {distinct} ORDER BY description_id LIMIT {BLIND_DESCRIPTIONS})
)
SELECT a.n AS a, b.n AS b
FROM (SELECT n, place + unnest(range(1, {BLIND_PAIRS_EACH + 1})) AS other FROM sample) a
JOIN sample b ON b.place = a.other""",
    )
    both = " UNION ".join(f"SELECT {end} FROM {table}" for table in (pairs, blind) for end in "ab")
    wanted = f"(SELECT * FROM {distinct} WHERE description IN ({both}))"
    nodes = work.make("learn_node", f"SELECT * RENAME (description AS n) FROM ({weighed_sql(wanted, terms)})")
    whole = 1 / (share * (2 - share))
    counts = {pattern: round(count * whole) for pattern, count in _count_patterns(work, pairs, nodes).items()}
    chance = measure_chance(work.count(distinct), *_columns(_count_patterns(work, blind, nodes)))
    for name in ("learn_chosen", "learn_node", "learn_member", "learn_usable", "learn_pair", "learn_blind"):
        work.execute(f"DROP TABLE {work.table(name)}")
    return counts, chance


def _count_patterns(work: Work, pairs: str, nodes: str) -> dict[int, int]:
    found = work.connection.execute(
        f"SELECT pattern, count(*) FROM ({compare_sql(pairs, nodes)}) GROUP BY pattern ORDER BY pattern"
    ).fetchall()
    return {int(pattern): int(count) for pattern, count in found}


def _columns(counts: dict[int, int]) -> tuple[list[int], list[int]]:
    return list(counts), list(counts.values())
