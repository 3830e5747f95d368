"""
What lies between descriptions of golden records, compared anew with the model in use as grouping compares them: of two, all pairs
and why they are left two; of one, what contradicts itself inside.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa

from rddm.project.settings import ProbabilisticIdentity
from rddm.resolve.clusters import (
    COMPONENT_LIMIT,
    CONTRADICTION_BITS,
    JUDGED_WEIGHT,
    WEIGHT_LIMIT,
    cut_component,
)
from rddm.resolve.comparisons import GENERATION_APART, agree_sql
from rddm.resolve.refusals import Crossing, Refusal, Standing, refusal_of
from rddm.resolve.weights import match_probability_of, weight_of
from rddm.serve.identity_explain import model_in_use
from rddm.serve.lookup import require_probabilistic
from rddm.serve.reading import Reading, Row
from rddm.serve.weighing import PREFIX, make_nodes, taken_away, weigh_pairs
from rddm.store.lake import CATALOG, load_table

Two = tuple[uuid.UUID, uuid.UUID]


@dataclass(frozen=True)
class WeighedPair:
    """Two descriptions, of the first and of the second golden record."""

    fingerprint_a: uuid.UUID
    fingerprint_b: uuid.UUID
    weight: float
    contradiction: str | None


@dataclass(frozen=True)
class Between:
    """
    The pairs of descriptions between two golden records. ``mean``: of their weights, each within ±20 bits; ``refusal``: why they
    are two although a pair matches, or None; ``worst``: the pair that speaks loudest for that.
    """

    pairs: int
    mean: float
    best: WeighedPair
    refusal: Refusal | None
    worst: WeighedPair | None


def find_between(reading: Reading, entity: str, people: Sequence[Two]) -> list[Between]:
    """
    Return what lies between each two golden records of *people*, in their order.

    Of one with more than `COMPONENT_LIMIT` descriptions those of lowest id take part.
    """
    if not people:
        return []
    make = f"CREATE OR REPLACE TEMP TABLE {PREFIX}"
    execute = reading.lake.connection.execute
    with taken_away(reading):
        _load_people(reading, people)
        links = reading.of_ids("identity", f"{entity}__link", "golden_id", list(dict.fromkeys(chain(*people))))
        execute(f"{make}link AS SELECT record_id, golden_id, fingerprint_id FROM {links}")
        execute(f"{make}holder AS SELECT DISTINCT golden_id, fingerprint_id FROM {PREFIX}link")
        execute(
            f"{make}held AS SELECT golden_id, fingerprint_id, count(*) OVER (PARTITION BY golden_id) AS members FROM"
            f" {PREFIX}holder QUALIFY row_number() OVER (PARTITION BY golden_id ORDER BY fingerprint_id) <= {COMPONENT_LIMIT}"
        )
        found = _weigh_crossing(reading, entity)
        held = [row["id"] for row in reading.rows(f"SELECT DISTINCT fingerprint_id AS id FROM {PREFIX}held")]
        component = reading.of_ids("identity", f"{entity}__component", "fingerprint_id", held)
        components = {
            row["golden_id"]: row["component"]
            for row in reading.rows(
                f"SELECT golden_id, any_value(component) AS component FROM {PREFIX}held JOIN {component} AS component"
                " USING (fingerprint_id) GROUP BY golden_id"
            )
        }
        members = {
            row["golden_id"]: row["members"]
            for row in reading.rows(
                f"SELECT golden_id, any_value(members) AS members FROM {PREFIX}held GROUP BY golden_id"
            )
        }
        parts = _parts_of_giants(reading, entity, set(components.values()))
        told_apart = _told_apart(reading, entity)

        def standing(one: uuid.UUID, other: uuid.UUID) -> Standing:
            connected = one in components and components[one] == components.get(other)
            is_cut = (
                connected
                and components[one] in parts
                and not parts[components[one]][one] & parts[components[one]][other]
            )
            return Standing(frozenset((one, other)) in told_apart, connected, is_cut)

        return [
            _between(found[two], standing(*two), is_several=all(members[each] > 1 for each in two)) for two in people
        ]


@dataclass(frozen=True)
class Inside:
    """
    A contradiction between records of one golden record: its code, on how many ``pairs`` of descriptions, and the two records,
    as SOURCE/ENTITY/KEY, that are most unlike of these.
    """

    contradiction: str
    pairs: int
    first: str
    second: str


def contradictions_inside(reading: Reading, entity: str, golden_id: uuid.UUID) -> list[Inside]:
    """
    Return what contradicts itself among the records of a golden record, which others of them, or a human's word, hold together
    all the same. The most frequent first; as `find_between`, of at most `COMPONENT_LIMIT` descriptions.

    Nothing of an entity that is not matched by weights, nor of a past state: the model in use weighs what is stored now.
    """
    identity = reading.settings.model.entities[entity].identity
    if reading.snapshot is not None or not isinstance(identity, ProbabilisticIdentity):
        return []
    links = reading.of_ids("identity", f"{entity}__link", "golden_id", [golden_id])
    said = [
        (golden_id, row["fingerprint_id"])
        for row in reading.rows(f"SELECT DISTINCT fingerprint_id FROM {links} ORDER BY 1 LIMIT {COMPONENT_LIMIT}")
    ]
    if len(said) < 2:
        return []
    with taken_away(reading):
        _load_people(reading, [(golden_id, golden_id)])
        _load_uuids(reading, "held", ("golden_id", "fingerprint_id"), said)
        (rows,) = _weigh_crossing(reading, entity).values()
    found = sorted((row for row in rows if row["contradiction"]), key=lambda row: (-row["pairs"], row["contradiction"]))
    names = addresses_of(reading, entity, [row["worst"][end] for row in found for end in "ab"])
    return [Inside(row["contradiction"], row["pairs"], *(names[row["worst"][end]] for end in "ab")) for row in found]


def addresses_of(reading: Reading, entity: str, fingerprints: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return for each of *fingerprints* the first record that says so, as SOURCE/ENTITY/KEY."""
    links = reading.of_ids("identity", f"{entity}__link", "fingerprint_id", list(fingerprints))
    says = {
        row["record_id"]: row["fingerprint_id"]
        for row in reading.rows(f"SELECT record_id, fingerprint_id FROM {links}")
    }
    records = reading.of_ids("conformed", entity, "record_id", says)
    named = f"SELECT record_id, source || '/' || entity || '/' || key AS address FROM {records} ORDER BY address DESC"
    return {says[row["record_id"]]: row["address"] for row in reading.rows(named)}


def most_alike(
    reading: Reading, entity: str, ones: Iterable[uuid.UUID], others: Iterable[uuid.UUID]
) -> tuple[uuid.UUID, uuid.UUID]:
    """Return that one of the fingerprints *ones* and that one of *others* which weigh most together."""
    first, second = uuid.UUID(int=0), uuid.UUID(int=1)
    with taken_away(reading):
        _load_people(reading, [(first, second)])
        held = [(first, each) for each in ones] + [(second, each) for each in others]
        _load_uuids(reading, "held", ("golden_id", "fingerprint_id"), held)
        (rows,) = _weigh_crossing(reading, entity).values()
    best = _loudest(rows, "best")
    return best.fingerprint_a, best.fingerprint_b


def _load_people(reading: Reading, people: Sequence[Two]) -> None:
    _load_uuids(reading, "people", ("first_id", "second_id"), list(dict.fromkeys(people)))


def _load_uuids(reading: Reading, name: str, columns: Sequence[str], rows: Sequence[Sequence[uuid.UUID]]) -> None:
    table = pa.table({column: [str(row[place]) for row in rows] for place, column in enumerate(columns)})
    load_table(reading.lake.connection, f"{PREFIX}text", table)
    casts = ", ".join(f"{column}::UUID AS {column}" for column in columns)
    reading.lake.connection.execute(f"CREATE OR REPLACE TEMP TABLE {PREFIX}{name} AS SELECT {casts} FROM {PREFIX}text")


def _weigh_crossing(reading: Reading, entity: str) -> Mapping[Two, list[Row]]:
    """
    Compare every description that ``held`` gives the first of ``people`` with every one of the second, or, where these are one,
    with every other; return by the two the rows of their pairs, counted by contradiction.
    """
    identity = require_probabilistic(reading, entity)
    mixture = model_in_use(reading.lake.connection, CATALOG, entity)
    node = make_nodes(reading, entity, f"SELECT fingerprint_id FROM {PREFIX}held", identity.key_limit)
    crossing = f"{PREFIX}crossing"
    reading.lake.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {crossing} AS SELECT x.n AS a, y.n AS b, first_id, second_id,"
        f" p.fingerprint_id AS fingerprint_a, q.fingerprint_id AS fingerprint_b FROM {PREFIX}people"
        f" JOIN {PREFIX}held AS p ON p.golden_id = first_id JOIN {PREFIX}held AS q ON q.golden_id = second_id"
        f" JOIN {node} AS x ON x.fingerprint_id = p.fingerprint_id JOIN {node} AS y ON y.fingerprint_id = q.fingerprint_id"
        " WHERE first_id <> second_id OR p.fingerprint_id < q.fingerprint_id"
    )
    weighed = weigh_pairs(reading, mixture, crossing, node)
    threshold = weight_of(match_probability_of(identity, mixture))
    pair = "{'a': fingerprint_a, 'b': fingerprint_b, 'weight': weight, 'contradiction': contradiction}"
    found = defaultdict(list)
    for row in reading.rows(
        f"""
        SELECT first_id, second_id, contradiction, count(*) AS pairs, count(*) FILTER (weight >= {threshold!r}) AS matching,
            sum(bounded) AS bounded, sum(evidence) AS evidence,
            bool_or({agree_sql("pattern")} AND contradiction IS DISTINCT FROM '{GENERATION_APART}') AS agree,
            first({pair} ORDER BY weight DESC, fingerprint_a, fingerprint_b) AS best,
            first({pair} ORDER BY evidence, weight, fingerprint_a, fingerprint_b) AS worst
        FROM (SELECT *, bounded - CASE WHEN coalesce(contradiction <> '{GENERATION_APART}', false) THEN {CONTRADICTION_BITS}
            ELSE 0 END AS evidence FROM
            (SELECT *, greatest(-{WEIGHT_LIMIT}, least({WEIGHT_LIMIT}, weight)) AS bounded FROM {weighed}))
        GROUP BY first_id, second_id, contradiction"""
    ):
        found[row["first_id"], row["second_id"]].append(row)
    return found


def _between(rows: Sequence[Row], standing: Standing, *, is_several: bool) -> Between:
    pairs = sum(row["pairs"] for row in rows)
    best = _loudest(rows, "best")
    crossing = Crossing(
        pairs=pairs,
        matching=sum(row["matching"] for row in rows),
        joining=sum(row["matching"] for row in rows if row["contradiction"] is None),
        evidence=sum(row["evidence"] for row in rows),
        best_contradiction=best.contradiction,
        contradictions={row["contradiction"]: row["pairs"] for row in rows if row["contradiction"] is not None},
        agree=any(row["agree"] for row in rows),
        several=is_several,
    )
    refusal = refusal_of(crossing, standing)
    worst = None
    if refusal is not None and refusal.code in ("forbidden", "apart"):
        worst = _loudest([row for row in rows if row["contradiction"] == refusal.contradiction], "worst")
    elif refusal is not None and refusal.code == "outweighed":
        worst = _loudest(rows, "worst")
    return Between(pairs, sum(row["bounded"] for row in rows) / pairs, best, refusal, worst)


def _loudest(rows: Iterable[Row], which: str) -> WeighedPair:
    """Return the ``best`` or the ``worst`` pair of all."""

    def loudness(pair: Row) -> tuple[float, uuid.UUID, uuid.UUID]:
        is_against = pair["contradiction"] is not None and pair["contradiction"] != GENERATION_APART
        weight = pair["weight"] if which == "best" else pair["weight"] - CONTRADICTION_BITS * is_against
        return (-weight if which == "best" else weight), pair["a"], pair["b"]

    pair = min((row[which] for row in rows), key=loudness)
    return WeighedPair(pair["a"], pair["b"], pair["weight"], pair["contradiction"])


def _told_apart(reading: Reading, entity: str) -> set[frozenset[uuid.UUID]]:
    """Return which two of the golden records that ``link`` has a human's word that the links honour keeps apart."""
    return {
        frozenset((row["x"], row["y"]))
        for row in reading.rows(
            f"SELECT DISTINCT a.golden_id AS x, b.golden_id AS y FROM {reading.table('identity', f'{entity}__judgement')} AS word"
            f" JOIN {PREFIX}link AS a ON a.record_id = word.record_a JOIN {PREFIX}link AS b ON b.record_id = word.record_b"
            " WHERE verdict = 'different'"
        )
    }


def _parts_of_giants(
    reading: Reading, entity: str, components: set[uuid.UUID]
) -> dict[uuid.UUID, dict[uuid.UUID, set[int]]]:
    """Return for each of *components* that grouping cut in which of its parts the golden records are."""
    component, link, pair, judgement = (
        reading.table("identity", f"{entity}__{name}") for name in ("component", "link", "pair", "judgement")
    )
    members_of = reading.of_ids("identity", f"{entity}__component", "component", components)
    giants = [
        row["component"]
        for row in reading.rows(
            f"SELECT component FROM {members_of} GROUP BY component HAVING count(*) > {COMPONENT_LIMIT}"
        )
    ]
    parts = {}
    for giant in giants:
        inside = f"SELECT fingerprint_id FROM {component} WHERE component = '{giant}'"
        members = reading.rows(
            f"SELECT fingerprint_id, any_value(golden_id) AS golden_id FROM {link} WHERE fingerprint_id IN ({inside})"
            " GROUP BY fingerprint_id ORDER BY fingerprint_id"
        )
        place = {row["fingerprint_id"]: number for number, row in enumerate(members)}
        edges = reading.rows(
            f"SELECT fingerprint_a AS a, fingerprint_b AS b, weight FROM {pair} WHERE outcome = 'match'"
            f" AND fingerprint_a IN ({inside}) AND fingerprint_b IN ({inside}) UNION ALL"
            f" SELECT a.fingerprint_id, b.fingerprint_id, {JUDGED_WEIGHT} FROM {judgement} AS word"
            f" JOIN {link} AS a ON a.record_id = word.record_a JOIN {link} AS b ON b.record_id = word.record_b"
            f" WHERE verdict = 'same' AND a.fingerprint_id IN ({inside}) AND b.fingerprint_id IN ({inside})"
        )
        a, b = (np.array([place[edge[end]] for edge in edges], dtype=np.int64) for end in "ab")
        labels = cut_component(len(members), a, b, np.array([edge["weight"] for edge in edges], dtype=np.float64))
        found: dict[uuid.UUID, set[int]] = defaultdict(set)
        for row, label in zip(members, labels.tolist(), strict=True):
            found[row["golden_id"]].add(label)
        parts[giant] = found
    return parts
