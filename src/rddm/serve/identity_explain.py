"""
Questions to the identity layer: why two records are or are not one, why a record is where it is, what the keys can
find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from math import inf
from typing import Literal
from uuid import UUID

import duckdb
import numpy as np

from rddm.contracts.errors import NotFound, StoreError
from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.identity import fingerprint_table
from rddm.project.settings import ModelEntity, ProbabilisticIdentity
from rddm.resolve.asked import describe_one, keys_of
from rddm.resolve.clusters import COMPONENT_LIMIT, CrossPair, agglomerate, component_labels
from rddm.resolve.comparisons import COMPARISONS, FORBIDDING, GENERATION_APART, compare_sql, do_agree
from rddm.resolve.explain import Branch, Explanation, Strand, StrongestForest, explain_pair
from rddm.resolve.keys import (
    KeyKind,
    common_values_sql,
    identifier_keys_sql,
    kinds_from_json,
    usable_sql,
    without_common_sql,
)
from rddm.resolve.models import weighing_model_sql
from rddm.resolve.roles import Roles, roles_of
from rddm.resolve.weights import Mixture, match_probability_of, probability_of, weight_of
from rddm.store.lake import columns_of_tables, of_ids_sql

_SHOWN = {comparison.name: (comparison.name,) for comparison in COMPARISONS} | {
    "birth_date": ("birth_date", "birth_told"),
    "place": ("region", "city", "postcode", "school"),
}


@dataclass(frozen=True)
class MemberLink:
    """
    How ``record``, so many links (``depth``) from the founding one, is joined to one that is ``nearer`` to it: by what they say
    (``match``), because they say the same (``description``), or by a steward's word alone (``judgement``), which was on the two
    records ``judged``. ``probability``: of a match.
    """

    record: UUID
    nearer: UUID
    depth: int
    how: Literal["match", "description", "judgement"]
    probability: float | None = None
    judged: tuple[UUID, UUID] | None = None


def explain_records(
    connection: duckdb.DuckDBPyConnection,
    *,
    lake: str,
    entity: str,
    model_entity: ModelEntity,
    pairs: Sequence[tuple[UUID, UUID]],
) -> list[Explanation]:
    """
    Return what speaks for and against each of *pairs* of records being one, by the model in use, in their order.

    Raises:
        NotFound: one of the records is not linked.
    """
    if not pairs:
        return []
    records = sorted({record for pair in pairs for record in pair})
    said = _said_by(connection, lake, entity, records)
    if len(said) < len(records):
        raise NotFound(
            f"entity {entity}: no link for one of the records. It may be in quarantine, deleted or not loaded yet."
        )
    mixture = model_in_use(connection, lake, entity)
    compared = _compared(connection, lake, entity, model_entity, mixture, [(said[a], said[b]) for a, b in pairs])
    values = _values(connection, lake, entity, roles_of(model_entity.fields), records)
    explained = []
    for (a, b), (pattern, contradiction, terms) in zip(pairs, compared, strict=True):
        shown = {name: (values[a].get(name), values[b].get(name)) for name in _SHOWN}
        contradicts = contradiction if said[a] != said[b] else None
        explained.append(explain_pair(mixture, pattern, terms, shown, contradicts))
    return explained


def is_candidate_pair(
    connection: duckdb.DuckDBPyConnection,
    *,
    lake: str,
    entity: str,
    model_entity: ModelEntity,
    record_a: UUID,
    record_b: UUID,
) -> bool:
    """
    Return whether a match key brings *record_a* and *record_b* together: else a run does not compare them. Two records that
    say the same need none.
    """
    said = _said_by(connection, lake, entity, (record_a, record_b))
    if said[record_a] == said[record_b]:
        return True
    roles = {role: column for role, column in asdict(roles_of(model_entity.fields)).items() if column is not None}
    kinds = kinds_in_use(connection, lake, entity)
    texts = ", ".join(f"{quote(column)}::VARCHAR" for column in roles.values())
    conformed = f"{lake}.conformed.{quote(entity)}"
    found = connection.execute(of_ids_sql(connection, conformed, "record_id", (record_a, record_b), texts)).fetchall()
    a, b = (keys_of(describe_one(dict(zip(roles, row, strict=True))), kinds) for row in found)
    shared = ", ".join(str(key) for key in set(a).intersection(b)) or "NULL"
    stored = f"(SELECT key FROM {lake}.identity.{quote(f'{entity}__key')} WHERE key IN ({shared}))"
    limit = model_entity.identity.key_limit if isinstance(model_entity.identity, ProbabilisticIdentity) else 0
    return connection.execute(usable_sql(stored, limit, kinds)).fetchone() is not None


def _said_by(
    connection: duckdb.DuckDBPyConnection, lake: str, entity: str, records: Collection[UUID]
) -> dict[UUID, UUID]:
    """Return which fingerprint each of *records* that are linked has."""
    links = f"{lake}.identity.{quote(f'{entity}__link')}"
    found = of_ids_sql(connection, links, "record_id", records, "record_id, fingerprint_id")
    return dict(connection.execute(found).fetchall())


def explain_fingerprints(
    connection: duckdb.DuckDBPyConnection,
    *,
    lake: str,
    entity: str,
    model_entity: ModelEntity,
    pairs: Sequence[tuple[UUID, UUID]],
) -> list[Explanation]:
    """
    Return what speaks for and against each of *pairs* of fingerprints being one, by the model in use, in their order.

    For many at once: `explain_records` without the values, of an entity that is matched by weights.
    """
    if not pairs:
        return []
    mixture = model_in_use(connection, lake, entity)
    compared = _compared(connection, lake, entity, model_entity, mixture, pairs)
    return [explain_pair(mixture, pattern, terms, {}, contradiction) for pattern, contradiction, terms in compared]


def _compared(
    connection: duckdb.DuckDBPyConnection,
    lake: str,
    entity: str,
    model_entity: ModelEntity,
    mixture: Mixture,
    pairs: Sequence[tuple[UUID, UUID]],
) -> list[tuple[int, str | None, dict[str, float]]]:
    """Return pattern, contradiction and term weights by comparison for each of *pairs* of fingerprints, in their order."""
    stored, keys = (f"{lake}.identity.{quote(f'{entity}__{name}')}" for name in ("fingerprint", "key"))
    limit = model_entity.identity.key_limit if isinstance(model_entity.identity, ProbabilisticIdentity) else 0
    ids = sorted({each for pair in pairs for each in pair})
    places = {identifier: place for place, identifier in enumerate(ids)}
    wanted, common = "explained_fingerprint", "explained_common"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {wanted} AS SELECT list_position([{', '.join(literal(str(each)) for each in ids)}],"
        f" fingerprint_id::VARCHAR) - 1 AS n, * FROM ({of_ids_sql(connection, stored, 'fingerprint_id', ids)})"
    )
    try:
        shared = f"(SELECT key FROM {keys} WHERE key IN (SELECT key FROM ({identifier_keys_sql(wanted)})))"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {common} AS {common_values_sql(shared, limit)}")
        numbered = [(places[a], places[b]) for a, b in pairs]
        listed = ", ".join(f"({a}, {b})" for a, b in dict.fromkeys(numbered))
        pair = f"(SELECT * FROM (VALUES {listed}) AS listed(a, b))"
        nodes = f"({without_common_sql(wanted, common)})"
        cursor = connection.execute(compare_sql(pair, nodes, each_term=True, families=mixture.families))
        names = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    finally:
        for table in (wanted, common):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
    compared = {
        (row["a"], row["b"]): (
            int(row["pattern"]),
            row["contradiction"],
            {name.removesuffix("_bits"): float(value) for name, value in row.items() if name.endswith("_bits")},
        )
        for row in rows
    }
    return [compared[pair] for pair in numbered]


def model_in_use(connection: duckdb.DuckDBPyConnection, lake: str, entity: str) -> Mixture:
    """
    Return the parameters that *entity* is matched with.

    Raises:
        NotFound: nothing was matched by weights yet.
        StoreError: it was by another version of this program.
    """
    return Mixture.from_json(_stored(connection, lake, entity, "parameters"))


def kinds_in_use(connection: duckdb.DuckDBPyConnection, lake: str, entity: str) -> tuple[KeyKind, ...]:
    """
    Return the kinds of match keys of *entity*, with how many may share one.

    Raises:
        NotFound: nothing was matched by weights yet.
        StoreError: it was by another version of this program.
    """
    return kinds_from_json(_stored(connection, lake, entity, "kinds"))


def check_forms(connection: duckdb.DuckDBPyConnection, lake: str, entity: str) -> None:
    """
    See that fingerprints, if there are any, say all that this version compares.

    Raises:
        StoreError: they were made by another version.
    """
    table = fingerprint_table(entity)
    there = columns_of_tables(connection, lake, table.schema).get(table.name)
    if there is not None and not set(table.column_names) <= set(there):
        raise StoreError(
            f"How each {entity} is described was written by another version of this program. Run the pipeline with this one:"
            " `rddm run`."
        )


def _stored(connection: duckdb.DuckDBPyConnection, lake: str, entity: str, column: str) -> str:
    check_forms(connection, lake, entity)
    row = connection.execute(
        f"SELECT {column} FROM ({weighing_model_sql(f'{lake}.identity.model', entity)})"
    ).fetchone()
    if row is None:
        raise NotFound(f"entity {entity}: nothing was matched by weights yet. Start with `rddm run`.")
    return str(row[0])


def match_probability_in_use(
    connection: duckdb.DuckDBPyConnection, *, lake: str, entity: str, identity: ProbabilisticIdentity
) -> float:
    """
    Return the match probability from which on two are one: as set, else as the model in use has it.

    Raises:
        NotFound: nothing was resolved yet.
    """
    return match_probability_of(identity, model_in_use(connection, lake, entity))


def _values(
    connection: duckdb.DuckDBPyConnection, lake: str, entity: str, roles: Roles, records: Collection[UUID]
) -> dict[UUID, dict[str, str | None]]:
    """Return what to show of each of *records*, by comparison."""
    columns = asdict(roles)
    texts = [
        "nullif(concat_ws(', ', "
        + ", ".join(f"{quote(columns[role])}::VARCHAR" for role in wanted if columns[role])
        + "), '')"
        if any(columns[role] for role in wanted)
        else "NULL"
        for wanted in _SHOWN.values()
    ]
    found = of_ids_sql(
        connection, f"{lake}.conformed.{quote(entity)}", "record_id", records, f"record_id, {', '.join(texts)}"
    )
    return {record: dict(zip(_SHOWN, values, strict=True)) for record, *values in connection.execute(found).fetchall()}


def explain_membership(
    connection: duckdb.DuckDBPyConnection, *, lake: str, entity: str, model_entity: ModelEntity, golden_id: UUID
) -> list[MemberLink]:
    """
    Return how every record of a group is joined to its founding record (the lowest, if that one is gone): a tree, each link once,
    with the strongest matches that there are. Whatever hangs on a record follows it.

    A run compares all pairs of a component that contradicts itself, so where the matches that a key finds leave some aside, the
    others are compared here, too. Who would not be in the group without a steward's word hangs by that word: no match holds them,
    or it would be refused.

    Raises:
        NotFound: there is no such group.
    """
    identity = f"{lake}.identity"
    link, pair, judgement = (f"{identity}.{quote(f'{entity}__{name}')}" for name in ("link", "pair", "judgement"))
    found = of_ids_sql(connection, link, "golden_id", [golden_id], "record_id, fingerprint_id::VARCHAR")
    members = dict(connection.execute(f"{found} ORDER BY record_id").fetchall())
    if not members:
        raise NotFound(f"entity {entity}: no record is linked to the id. What became of it: rddm {entity} history.")
    founder = golden_id if golden_id in members else next(iter(members))
    sayers: dict[str, UUID] = {members[founder]: founder}
    for record, fingerprint in members.items():
        sayers.setdefault(fingerprint, record)
    paired = of_ids_sql(connection, pair, "fingerprint_a", [UUID(each) for each in sorted(sayers)])
    matches = [
        Strand(str(a), str(b), weight)
        for a, b, weight in connection.execute(
            f"SELECT fingerprint_a, fingerprint_b, weight FROM ({paired}) WHERE outcome = 'match' AND contradiction IS NULL"
        ).fetchall()
        if str(b) in sayers
    ]
    tree = StrongestForest(matches).tree(members[founder])
    if len(tree) + 1 < len(sayers) <= COMPONENT_LIMIT:
        matches += _matches(connection, lake, entity, model_entity, sorted(sayers))
        tree = StrongestForest(matches).tree(members[founder])
    words = connection.execute(f"SELECT record_a, record_b FROM {judgement} WHERE verdict = 'same'").fetchall()
    judged = {
        Strand(members[a], members[b], -inf): (a, b)
        for a, b in words
        if a in members and b in members and members[a] != members[b]
    }
    if judged:
        parts = _parts_without_words(connection, lake, entity, model_entity, sorted(sayers))
        held = [each for each in matches if parts.get(each.a) == parts.get(each.b)]
        without = StrongestForest([*held, *judged]).tree(members[founder])
        # Of a giant, which is not compared, nothing is known but the matches.
        tree = (
            without if len(without) + 1 == len(sayers) else StrongestForest([*matches, *judged]).tree(members[founder])
        )
    return _of_records(members, sayers, tree, judged)


def _parts_without_words(
    connection: duckdb.DuckDBPyConnection,
    lake: str,
    entity: str,
    model_entity: ModelEntity,
    group: Sequence[str],
) -> dict[str, int]:
    """
    Return for each fingerprint of the *group*'s component which part it would be in if nobody had said that two are the same,
    as a run groups; nothing of a component of more than `COMPONENT_LIMIT`.
    """
    identity = f"{lake}.identity"
    component, link, judgement = (
        f"{identity}.{quote(f'{entity}__{name}')}" for name in ("component", "link", "judgement")
    )
    own = of_ids_sql(connection, component, "fingerprint_id", [UUID(each) for each in group], "component")
    ids = [row[0] for row in connection.execute(f"SELECT DISTINCT component FROM ({own})").fetchall()]
    if not ids or not isinstance(model_entity.identity, ProbabilisticIdentity):
        return {}
    found = of_ids_sql(connection, component, "component", ids, "fingerprint_id")
    fingerprints = [row[0] for row in connection.execute(f"SELECT fingerprint_id FROM ({found}) ORDER BY 1").fetchall()]
    if len(fingerprints) > COMPONENT_LIMIT:
        return {}
    places = {fingerprint: place for place, fingerprint in enumerate(fingerprints)}
    linked = of_ids_sql(connection, link, "fingerprint_id", fingerprints, "record_id, fingerprint_id")
    different = [
        (places[a], places[b])
        for a, b in connection.execute(
            f"WITH linked AS ({linked}) SELECT DISTINCT a.fingerprint_id, b.fingerprint_id FROM {judgement} AS word"
            " JOIN linked AS a ON a.record_id = word.record_a JOIN linked AS b ON b.record_id = word.record_b"
            " WHERE verdict = 'different'"
        ).fetchall()
    ]
    mixture = model_in_use(connection, lake, entity)
    both = list(combinations(fingerprints, 2))
    pairs = [
        CrossPair(
            places[a],
            places[b],
            explain_pair(mixture, pattern, terms, {}, contradiction).total,
            forbidden=contradiction in FORBIDDING,
            contradicting=contradiction is not None and contradiction != GENERATION_APART,
            apart=contradiction == GENERATION_APART,
            agree=do_agree(pattern),
        )
        for (a, b), (pattern, contradiction, terms) in zip(
            both, _compared(connection, lake, entity, model_entity, mixture, both), strict=True
        )
    ]
    threshold = weight_of(match_probability_of(model_entity.identity, mixture))
    groups = agglomerate(len(fingerprints), pairs, threshold, different=different)
    return {str(fingerprint): groups[place] for fingerprint, place in places.items()}


def _of_records(
    members: Mapping[UUID, str],
    sayers: Mapping[str, UUID],
    tree: Sequence[Branch],
    judged: Mapping[Strand, tuple[UUID, UUID]],
) -> list[MemberLink]:
    """Return the *tree* of fingerprints as one of records; who says the same as another hangs on that one."""
    alike = defaultdict(list)
    for record, fingerprint in members.items():
        if sayers[fingerprint] != record:
            alike[fingerprint].append(record)

    def same_as(fingerprint: str, depth: int) -> list[MemberLink]:
        return [MemberLink(each, sayers[fingerprint], depth, "description") for each in alike[fingerprint]]

    found = same_as(next(iter(sayers)), 1)
    for branch in tree:
        word = judged.get(branch.strand)
        how: Literal["match", "judgement"] = "judgement" if word else "match"
        probability = None if word else probability_of(branch.strand.weight)
        found.append(MemberLink(sayers[branch.node], sayers[branch.nearer], branch.depth, how, probability, word))
        found += same_as(branch.node, branch.depth + 1)
    return found


def _matches(
    connection: duckdb.DuckDBPyConnection,
    lake: str,
    entity: str,
    model_entity: ModelEntity,
    fingerprints: Sequence[str],
) -> list[Strand]:
    """Return the pairs of *fingerprints* that match and do not contradict themselves, whether a match key finds them or not."""
    if not isinstance(model_entity.identity, ProbabilisticIdentity):
        return []
    mixture = model_in_use(connection, lake, entity)
    least = match_probability_of(model_entity.identity, mixture)
    pairs = [(UUID(a), UUID(b)) for a, b in combinations(fingerprints, 2)]
    compared = _compared(connection, lake, entity, model_entity, mixture, pairs)
    explained = [explain_pair(mixture, pattern, terms, {}, contradiction) for pattern, contradiction, terms in compared]
    return [
        Strand(str(a), str(b), found.total)
        for (a, b), found in zip(pairs, explained, strict=True)
        if found.probability >= least and found.contradiction is None
    ]


def candidate_ceiling(
    connection: duckdb.DuckDBPyConnection, *, lake: str, entity: str, identity: ProbabilisticIdentity, truth: str
) -> float:
    """
    Return the pairwise recall that perfect judgement of the candidate pairs would give: what the match keys alone lose.

    *truth* has source, entity, key, person_no for the records to measure on.
    """
    tables = f"{lake}.identity"
    connection.execute(
        f"""
CREATE OR REPLACE TEMP TABLE identity_truth_node AS
SELECT l.fingerprint_id, t.person_no, count(*) AS records, row_number() OVER (ORDER BY t.person_no, l.fingerprint_id) -
1 AS n
FROM {truth} t
JOIN {lake}.conformed.{quote(entity)} c ON c.source = t.source AND c.entity = t.entity AND c.key = t.key
JOIN {tables}.{quote(f"{entity}__link")} l ON l.record_id = c.record_id
GROUP BY l.fingerprint_id, t.person_no"""
    )
    keys = f"{tables}.{quote(f'{entity}__key')}"
    edges = connection.execute(
        f"""
WITH usable AS ({usable_sql(keys, identity.key_limit, kinds_in_use(connection, lake, entity))})
SELECT x.n AS a, min(x.n) OVER (PARTITION BY k.key, x.person_no) AS b
FROM {keys} k JOIN usable u ON u.key = k.key JOIN identity_truth_node x ON x.fingerprint_id = k.fingerprint_id"""
    ).fetchnumpy()
    nodes = connection.execute("SELECT person_no, records FROM identity_truth_node ORDER BY n").fetchnumpy()
    connection.execute("DROP TABLE identity_truth_node")
    records = nodes["records"].astype(np.int64)
    labels = component_labels(len(records), edges["a"].astype(np.int64), edges["b"].astype(np.int64))

    def pairs(groups: np.ndarray) -> float:
        _, place = np.unique(groups, return_inverse=True)
        sizes = np.bincount(place, weights=records)
        return float((sizes * (sizes - 1) / 2).sum())

    whole = pairs(nodes["person_no"])
    return pairs(labels) / whole if whole else 1.0
