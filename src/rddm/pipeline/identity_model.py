"""Resolve, step 2: the learnt model - loaded, or learnt from what is there and stored as a new version."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.identity import MODEL, TERM, TERM_FIELDS
from rddm.pipeline.identity_compare import threshold_of
from rddm.pipeline.identity_work import Work
from rddm.project.settings import ProbabilisticIdentity
from rddm.resolve.clusters import COMPONENTS_VERSION
from rddm.resolve.comparisons import COMPARISONS_VERSION, GENERATION_APART, compare_sql
from rddm.resolve.fingerprints import FORM_COLUMNS, with_terms_sql
from rddm.resolve.keys import (
    FEW_DESCRIPTIONS,
    KEY_KINDS,
    KEYS_VERSION,
    FoundAt,
    KeyKind,
    affordable_kinds,
    bit_sql,
    common_values_sql,
    found_at_sql,
    identifier_keys_sql,
    keys_sql,
    kinds_from_json,
    kinds_to_json,
    usable_sql,
    without_common_sql,
    worthwhile_kinds,
)
from rddm.resolve.models import newest_model_sql
from rddm.resolve.name_forms import FORMS_VERSION
from rddm.resolve.terms import terms_sql
from rddm.resolve.weights import (
    LEAST_DESCRIPTIONS,
    Chance,
    Mixture,
    Seen,
    learn_mixture,
    measure_chance,
    seen_weights,
    shipped_mixture,
)

_LAYOUT_VERSION = 1
"""Of what the lake's tables have beside their contracts: 1, that they lie in the order they are found by."""
LEAST_FOR_TERMS = 1_000
"""Fewer descriptions than this do not tell which values are common."""
SAMPLE_DESCRIPTIONS = 75_000
"""Descriptions whose candidate pairs are learnt from: as many patterns at 51 million records as at one."""
BLIND_DESCRIPTIONS, BLIND_PAIRS_EACH = 50_000, 6
"""Pairs of any two descriptions, neighbours by id (an md5, so by chance), to see how often people agree by chance."""


GROWTH = 10
"""So many times the records that a model was learnt from outgrow it..."""
GROWTH_WITHOUT_LEARNING = 2
"""... and so many times, where they were too few to learn from."""


@dataclass(frozen=True)
class StoredModel:
    """See `rddm.contracts.tables.identity.MODEL`. ``weighs``: it has parameters; else ``mixture`` is the shipped one."""

    version: int
    mixture: Mixture
    weighs: bool
    learnt: bool
    pairs: int
    records: int | None
    kinds: tuple[KeyKind, ...]
    applied: str
    run_id: int
    common: tuple[int, ...]


@dataclass(frozen=True)
class PatternCount:
    """How many candidate pairs have a pattern, term weights and the same bits of the keys that find them (see `FoundAt`)."""

    seen: Seen
    found_at: int
    pairs: int


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
        else {"same": identity.fields}
    )
    versions = {
        "forms": FORMS_VERSION,
        "keys": [KEYS_VERSION, *(kind.name for kind in KEY_KINDS)],
        "comparisons": COMPARISONS_VERSION,
        "components": COMPONENTS_VERSION,
        "layout": _LAYOUT_VERSION,
    }
    exclusive = sorted("/".join(pair) for pair in work.exclusive_sources)
    fields = {name: field.type.value for name, field in work.model_entity.fields.items()}
    return json.dumps({**own, **versions, "exclusive": exclusive, "fields": fields}, sort_keys=True)


def load_model(work: Work) -> StoredModel | None:
    """Return the newest stored model of the entity."""
    row = work.connection.execute(
        "SELECT version, parameters, learnt, pairs, records, kinds, applied, run_id, common"
        f" FROM ({newest_model_sql(work.stored('model'), work.entity)})"
    ).fetchone()
    if row is None:
        return None
    version, parameters, learnt, pairs, records, kinds, applied, run_id, common = row
    mixture = Mixture.from_json(parameters) if parameters else shipped_mixture()
    weighs = parameters != ""
    kept = kinds_from_json(kinds)
    return StoredModel(version, mixture, weighs, learnt, pairs, records, kept, applied, run_id, tuple(common or ()))


def is_outgrown(work: Work, model: StoredModel) -> bool:
    """
    Whether there is so much more data than *model* was learnt from that learning anew is worth a look.

    What a hundred records teach, or too few to teach anything, is wrong for a million.
    """
    if work.method != "probabilistic" or model.records is None:
        return False
    growth = GROWTH if model.learnt else GROWTH_WITHOUT_LEARNING
    return work.count(work.conformed) >= max(LEAST_DESCRIPTIONS, growth * model.records)


def was_learnt_otherwise(model: StoredModel) -> bool:
    """Whether *model* learnt from forms or levels that another version of this program made, and is used with ours from now."""
    applied = json.loads(model.applied or "{}")
    now = {"forms": FORMS_VERSION, "comparisons": COMPARISONS_VERSION}
    return model.weighs and model.learnt and any(applied.get(name) != version for name, version in now.items())


def terms_of(work: Work, version: int) -> str:
    """Make ``terms`` from the stored model; return its name."""
    return work.make(
        "terms",
        f"SELECT field, value, bits FROM {work.stored('term')} WHERE entity = {literal(work.entity)} AND version ="
        f" {version}",
    )


def learn_model(work: Work, version: int) -> StoredModel:
    """
    Learn from ``distinct``, store what was learnt as *version*, and return it.

    Makes ``terms``. With fewer than `LEAST_DESCRIPTIONS` the shipped parameters are stored, with fewer than `LEAST_FOR_TERMS` no
    terms.
    """
    probabilistic = work.method == "probabilistic"
    query = " UNION ALL ".join(terms_sql(work.table("distinct"), field) for field in TERM_FIELDS)
    countable = probabilistic and work.count(work.table("distinct")) >= LEAST_FOR_TERMS
    work.make("terms", query if countable else f"SELECT field, value, bits FROM {work.past('term')} LIMIT 0")
    counts, learnt = _learn(work, families=True) if probabilistic else ([], None)
    if learnt is not None and not learnt.families:
        # Then the levels, too, are to know of none.
        counts, learnt = _learn(work, families=False)
    pairs = sum(each.pairs for each in counts)
    mixture = learnt or shipped_mixture()
    work.execute(
        f"INSERT INTO {work.stored('term')} ({', '.join(map(quote, TERM.column_names))})"
        f" SELECT {literal(work.entity)}, {version}, field, value, bits FROM {work.table('terms')}"
    )
    descriptions = work.count(work.table("distinct"))
    kinds = affordable_kinds(descriptions)
    if learnt is not None and descriptions >= FEW_DESCRIPTIONS:
        kinds = worthwhile_kinds(_found(work, mixture, counts), kinds)
    return StoredModel(
        version, mixture, probabilistic, learnt is not None, pairs, work.count(work.conformed), kinds, "", work.run.run_id,
        () if learnt is None else common_keys(work),
    )  # fmt: skip


def _learn(work: Work, *, families: bool) -> tuple[list[PatternCount], Mixture | None]:
    """Return what is seen of candidate pairs, and what that teaches; None where there is too little of it."""
    counts, chance = _pattern_counts(work, families=families)
    whole: Counter[Seen] = Counter()
    for each in counts:
        whole[each.seen] += each.pairs
    learnt = learn_mixture(list(whole), list(whole.values()), chance)
    return counts, learnt if learnt is None or families else replace(learnt, families=False)


def common_keys(work: Work) -> tuple[int, ...]:
    """Return the keys of the identifiers that too many descriptions share."""
    keys = identifier_keys_sql(work.table("distinct"))
    rows = work.connection.execute(f"{common_values_sql(f'({keys})', work.key_limit)} ORDER BY key").fetchall()
    return tuple(key for (key,) in rows)


def _found(work: Work, mixture: Mixture, counts: Sequence[PatternCount]) -> list[FoundAt]:
    """Return how many pairs would be joined, and how many not, by the keys that find them."""
    is_match = (seen_weights(mixture, [each.seen for each in counts]) >= threshold_of(work, mixture)).tolist()
    return [
        FoundAt(each.found_at, each.pairs if joined else 0, 0 if joined else each.pairs)
        for each, joined in zip(counts, is_match, strict=True)
    ]


def store_model(work: Work, model: StoredModel, *, replace: bool) -> None:
    """Store the model with the settings that its links are made with now; common values of one without weights go."""
    if replace:
        work.execute(
            f"DELETE FROM {work.stored('model')} WHERE entity = {literal(work.entity)} AND version = {model.version}"
        )
    if work.method != "probabilistic":
        work.execute(f"DELETE FROM {work.stored('term')} WHERE entity = {literal(work.entity)}")
    work.connection.execute(
        f"INSERT INTO {work.stored('model')} ({', '.join(map(quote, MODEL.column_names))}) VALUES (?, ?, ?, ?, ?,"
        f" ?, ?, ?, ?, ?, ?)",
        [
            work.entity,
            model.version,
            model.learnt,
            model.pairs,
            model.records,
            model.mixture.to_json() if work.method == "probabilistic" else "",
            kinds_to_json(model.kinds),
            applied_settings(work),
            [*model.common],
            model.run_id,
            work.run.at,
        ],
    )


def _pattern_counts(work: Work, *, families: bool) -> tuple[list[PatternCount], Chance]:
    """
    Return how many candidate pairs have each pattern, of those with an end in a sample chosen by id, and the chances
    of any two.

    The sample's counts are scaled up to all candidate pairs.
    """
    distinct = work.table("distinct")
    share = min(1.0, SAMPLE_DESCRIPTIONS / max(work.count(distinct), 1))
    last = uuid.UUID(int=min(int(share * 2**128), 2**128 - 1))  # ids are md5s, so the lowest are a sample
    terms = work.table("terms")
    chosen = work.make("learn_chosen", f"SELECT n FROM {distinct} WHERE description_id <= '{last}'::UUID")
    looked_at = f"n IN (SELECT n FROM {chosen})"
    kinds = affordable_kinds(work.count(distinct))
    own = work.make(
        "learn_key", f"SELECT DISTINCT key FROM ({keys_sql(f'(SELECT * FROM {distinct} WHERE {looked_at})', kinds)})"
    )
    members = work.make(
        "learn_member",
        f"SELECT key, n, {looked_at} AS looked_at FROM ({keys_sql(distinct, kinds)})"
        f" WHERE key IN (SELECT key FROM {own})",
    )
    usable = work.make("learn_usable", usable_sql(members, work.key_limit))
    found = f"(SELECT m.*, {bit_sql('shared', 'm.key')} AS bit FROM {members} m JOIN {usable} USING (key))"
    pairs = work.make("learn_pair", found_at_sql(f"(SELECT key, n FROM {found} WHERE looked_at)", found))
    blind = work.make(
        "learn_blind",
        f"""
WITH sample AS (
  SELECT n, row_number() OVER (ORDER BY description_id) AS place
  FROM (SELECT n, description_id FROM {distinct} ORDER BY description_id LIMIT {BLIND_DESCRIPTIONS})
)
SELECT a.n AS a, b.n AS b
FROM (SELECT n, place + unnest(range(1, {BLIND_PAIRS_EACH + 1})) AS other FROM sample) a
JOIN sample b ON b.place = a.other""",
    )
    both = " UNION ".join(f"SELECT {end} FROM {table}" for table in (pairs, blind) for end in "ab")
    # As runs compare: what too many share tells nothing. The keys of the sample, and who else has them, are all here.
    common = work.make("learn_common", common_values_sql(members, work.key_limit))
    wanted = without_common_sql(f"(SELECT n, {', '.join(FORM_COLUMNS)} FROM {distinct} WHERE n IN ({both}))", common)
    nodes = work.make("learn_node", with_terms_sql(f"({wanted})", terms))
    whole = 1 / (share * (2 - share))
    counts = [
        PatternCount(Seen(int(pattern), int(family), int(chance), apart), int(found_at), round(count * whole))
        for pattern, family, chance, apart, found_at, count in work.connection.execute(
            "SELECT pattern, round(family_terms) AS family, round(chance_terms) AS chance,"
            f" coalesce(contradiction = {literal(GENERATION_APART)}, false) AS apart, found_at, count(*)"
            f" FROM ({compare_sql(pairs, nodes, families=families)}) JOIN {pairs} USING (a, b)"
            " GROUP BY pattern, family, chance, apart, found_at ORDER BY ALL"
        ).fetchall()
    ]
    blindly = work.connection.execute(
        f"SELECT pattern, count(*) FROM ({compare_sql(blind, nodes, families=families)}) GROUP BY pattern ORDER BY pattern"
    ).fetchall()
    namesakes = work.value(
        "SELECT sum(n * (n - 1) / 2)::DOUBLE FROM (SELECT count(*)::DOUBLE AS n FROM"
        f" {distinct} WHERE last_root IS NOT NULL AND first_root IS NOT NULL GROUP BY last_root, first_root)"
    )
    chance = measure_chance(
        work.count(distinct), [row[0] for row in blindly], [row[1] for row in blindly], float(namesakes or 0)
    )
    work.drop(*(f"learn_{name}" for name in ("chosen", "key", "common", "node", "member", "usable", "pair", "blind")))
    return counts, chance
