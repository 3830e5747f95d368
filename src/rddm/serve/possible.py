"""
The steward's queue: people who may be one, as far as their records say, and of whom nobody has decided yet.

It is ordered by what a decision is worth: chance times what it changes. Without a word the two stay two, which is wrong with
the chance that they are one; and then every record and fact of the smaller of the two is in the wrong hands. So the chance
needs no second factor for being unsure: who is surely one is joined already, and who is surely not has no chance.

Two who each have a few records are not told by the two that are most alike: one poor record that names nobody is like many.
The chance is that of their records on average, pair by pair, as groups are joined on all their evidence too.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from rddm.contracts.errors import NotFound
from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.golden import golden_id
from rddm.curate.golden import golden_column
from rddm.project.settings import FactIdentity, SemanticType
from rddm.resolve.clusters import WEIGHT_LIMIT
from rddm.resolve.comparisons import FORBIDDING
from rddm.resolve.weights import probability_sql
from rddm.serve.identity_explain import model_in_use
from rddm.serve.judging import JUDGED, judged
from rddm.serve.lookup import require_probabilistic
from rddm.serve.places import require_source
from rddm.serve.portrait import title_of
from rddm.serve.reading import Reading, Row
from rddm.serve.weighing import PREFIX, make_nodes, taken_away, weigh_pairs
from rddm.store.control import Control
from rddm.store.lake import CATALOG, Lake


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

    ``weight``: log2 of the odds; ``contradiction``: why the two records cannot be one in spite of it, or None. ``worth`` is
    ``chance``, by all their records, times records and facts of the smaller of the two; ``open_with``: other people whom one of
    the two may be.
    """

    first: PossiblePerson
    second: PossiblePerson
    weight: float
    probability: float
    contradiction: str | None
    worth: float
    chance: float
    records: int
    facts: int
    open_with: int


@dataclass(frozen=True)
class Wanted:
    """Which part of the queue: pairs in which one has a record of *source*, from this probability on, refused ones only."""

    source: str | None = None
    least_probability: float = 0.0
    refused_only: bool = False


EVERYTHING = Wanted()


def count_possible(lake: Lake, control: Control, entity: str) -> int:
    """
    Return how many pairs of golden records `list_possible` would list, however many they are.

    Raises:
        NotFound: no run of this version has been here yet.
    """
    if not _has_queue(lake, entity):
        return 0
    with judged(lake, control):
        return lake.number(f"SELECT count(*) FROM ({_open_pairs(entity)})")


def list_possible(
    reading: Reading, entity: str, limit: int, *, wanted: Wanted = EVERYTHING, skip: int = 0
) -> tuple[list[PossiblePair], int]:
    """
    Return pairs of golden records that may be one, the most worth first, after *skip*; and how many are *wanted* in all.

    Those are the pairs of whose records some match, or possibly do, although the records belong to different golden
    records now. A human's word on any two of their records settles a pair, whether a run has applied it or not.

    Raises:
        NotFound: there is no such source, or no run of this version has been here yet.
    """
    if wanted.source is not None:
        require_source(reading, wanted.source)
    if not _has_queue(reading.lake, entity):
        return [], 0
    with judged(reading.lake, reading.control), taken_away(reading):
        _make_open(reading, entity, wanted)
        total = reading.lake.number(f"SELECT count(*) FROM {PREFIX}open")
        if not total:
            return [], 0
        _make_chances(reading, entity)
        rows = reading.rows(
            f"SELECT o.*, coalesce(c.chance, 0) AS chance, coalesce(c.chance, 0) * (records + facts) AS worth"
            f" FROM {PREFIX}open AS o LEFT JOIN {PREFIX}chance AS c USING (first_id, second_id)"
            f" ORDER BY worth DESC, weight DESC, first_id, second_id LIMIT {int(limit)} OFFSET {int(skip)}"
        )
    return _with_people(reading, entity, rows), total


def _has_queue(lake: Lake, entity: str) -> bool:
    if not lake.has("identity", f"{entity}__pair"):
        return False
    if not lake.has("identity", f"{entity}__apart"):
        raise NotFound("Who waits for a word is known after a run of this version. Run it first: rddm run")
    return True


MOST_VALUED = 50_000
"""Pairs whose chance is reckoned from all their records: those that could be worth most by their two most alike."""
MOST_MEMBERS = 8
"""Descriptions of one person that take part in it."""
REFUSED_CHANCE, FORBIDDEN_CHANCE = 0.5, 0.05
"""
Where the weights say one and a contradiction says two, it is as likely as not; where it is a number that is given to one person,
or a source that vouches for its records, one of the two must have been written wrongly.
"""


def _make_open(reading: Reading, entity: str, wanted: Wanted) -> None:
    """
    Make ``open``: the pairs that are *wanted*, as `_open_pairs`, with records and facts of the smaller, and with how many others
    each is open.
    """
    link = reading.table("identity", f"{entity}__link")
    reading.lake.connection.execute(f"CREATE OR REPLACE TEMP TABLE {PREFIX}every AS {_open_pairs(entity)}")
    reading.lake.connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {PREFIX}open AS
        WITH degree AS (SELECT id, count(*) AS n FROM (SELECT unnest([first_id, second_id]) AS id FROM {PREFIX}every)
            GROUP BY id),
        person AS (SELECT golden_id AS id, count(*) AS records FROM {link} WHERE golden_id IN (SELECT id FROM degree)
            GROUP BY golden_id),
        fact AS ({_facts(reading, entity)}),
        known AS (SELECT person.id, records, coalesce(fact.n, 0) AS facts, degree.n AS degree FROM person
            JOIN degree USING (id) LEFT JOIN fact USING (id))
        SELECT pair.*, x.degree + y.degree - 2 AS open_with,
            CASE WHEN x.records + x.facts <= y.records + y.facts THEN x.records ELSE y.records END AS records,
            CASE WHEN x.records + x.facts <= y.records + y.facts THEN x.facts ELSE y.facts END AS facts
        FROM {PREFIX}every AS pair JOIN known AS x ON x.id = first_id JOIN known AS y ON y.id = second_id
        WHERE {_condition(reading, entity, wanted)}""",
        [wanted.source] if wanted.source else [],
    )


def _make_chances(reading: Reading, entity: str) -> None:
    """Make ``chance``: first_id, second_id and the chance by all their records, of those pairs that could be worth most."""
    limit = require_probabilistic(reading, entity).key_limit
    make, link = f"CREATE OR REPLACE TEMP TABLE {PREFIX}", reading.table("identity", f"{entity}__link")
    execute = reading.lake.connection.execute
    execute(
        f"{make}valued AS SELECT first_id, second_id FROM {PREFIX}open"
        f" ORDER BY probability * (records + facts) DESC, first_id, second_id LIMIT {MOST_VALUED}"
    )
    execute(
        f"{make}holder AS SELECT DISTINCT golden_id, fingerprint_id FROM {link}"
        f" WHERE golden_id IN (SELECT unnest([first_id, second_id]) FROM {PREFIX}valued)"
    )
    execute(
        f"{make}held AS SELECT golden_id, fingerprint_id FROM {PREFIX}holder"
        f" QUALIFY row_number() OVER (PARTITION BY golden_id ORDER BY fingerprint_id) <= {MOST_MEMBERS}"
    )
    node = make_nodes(reading, entity, f"SELECT fingerprint_id FROM {PREFIX}held", limit)
    execute(
        f"{make}crossing AS SELECT x.n AS a, y.n AS b, first_id, second_id FROM {PREFIX}valued"
        f" JOIN {PREFIX}held AS p ON p.golden_id = first_id JOIN {PREFIX}held AS q ON q.golden_id = second_id"
        f" JOIN {node} AS x ON x.fingerprint_id = p.fingerprint_id JOIN {node} AS y ON y.fingerprint_id = q.fingerprint_id"
    )
    weighed = weigh_pairs(reading, model_in_use(reading.lake.connection, CATALOG, entity), f"{PREFIX}crossing", node)
    execute(
        f"{make}chance AS SELECT first_id, second_id,"
        f" least({probability_sql(f'avg(greatest(-{WEIGHT_LIMIT}, least({WEIGHT_LIMIT}, weight)))')},"
        f" CASE WHEN bool_or(contradiction IN ({', '.join(map(literal, FORBIDDING))})) THEN {FORBIDDEN_CHANCE}"
        f" WHEN bool_or(contradiction IS NOT NULL) THEN {REFUSED_CHANCE} ELSE 1 END) AS chance"
        f" FROM {weighed} GROUP BY first_id, second_id"
    )


def _condition(reading: Reading, entity: str, wanted: Wanted) -> str:
    conditions = [f"probability >= {wanted.least_probability!r}"]
    if wanted.refused_only:
        conditions.append("contradiction IS NOT NULL")
    if wanted.source:
        of_source = (
            f"SELECT golden_id FROM {reading.table('identity', entity + '__link')} AS link"
            f" JOIN {reading.table('conformed', entity)} AS record USING (record_id) WHERE source = ?"
        )
        conditions.append(f"EXISTS (SELECT 1 FROM ({of_source}) AS own WHERE own.golden_id IN (first_id, second_id))")
    return " AND ".join(conditions)


def _facts(reading: Reading, entity: str) -> str:
    """Return the query for the facts of the golden records in ``degree`` (id): id, n. Grain: a golden record with facts."""
    queries = []
    for name, each in reading.settings.model.entities.items():
        if isinstance(each.identity, FactIdentity) and reading.lake.has("golden", name):
            queries += [
                f"SELECT {column} AS id FROM {reading.table('golden', name)} WHERE {column} IN (SELECT id FROM degree)"
                for field, settings in each.fields.items()
                if settings.references == entity
                for column in (quote(golden_column(field, settings)),)
            ]
    union = " UNION ALL ".join(queries) or "SELECT id FROM degree LIMIT 0"
    return f"SELECT id, count(*) AS n FROM ({union}) GROUP BY id"


def _with_people(reading: Reading, entity: str, rows: Sequence[Row]) -> list[PossiblePair]:
    """Return the pairs of *rows*, in their order, with the people they are of."""
    key = golden_id(entity)
    ids = [str(row[which]) for row in rows for which in ("first_id", "second_id")]
    prints = [str(row[which]) for row in rows for which in ("first_fingerprint", "second_fingerprint")]
    golden = {
        row[key]: row
        for row in reading.rows(
            f"SELECT * FROM {reading.table('golden', entity)} WHERE {quote(key)} IN (SELECT unnest(?::UUID[]))", [ids]
        )
    }
    places = {
        row["fingerprint_id"]: row["record_id"]
        for row in reading.rows(
            f"SELECT fingerprint_id, min(record_id) AS record_id FROM {reading.table('identity', entity + '__link')}"
            " WHERE fingerprint_id IN (SELECT unnest(?::UUID[])) GROUP BY fingerprint_id",
            [prints],
        )
    }

    def person(row: Row, which: str) -> PossiblePerson:
        fingerprint = row[f"{which}_fingerprint"]
        return _person(reading, entity, golden[row[f"{which}_id"]], places[fingerprint], fingerprint)

    return [
        PossiblePair(
            person(row, "first"), person(row, "second"), row["weight"], row["probability"], row["contradiction"],
            row["worth"], row["chance"], row["records"], row["facts"], row["open_with"],
        )
        for row in rows
        if row["first_id"] in golden and row["second_id"] in golden
    ]  # fmt: skip


def _open_pairs(entity: str) -> str:
    """
    Return first_id, second_id (golden ids, the lower first), their fingerprints, weight, probability, contradiction.

    Grain: two golden records.
    """
    link, pair, apart = (f"{CATALOG}.identity.{quote(f'{entity}__{name}')}" for name in ("link", "pair", "apart"))
    return f"""
WITH open AS MATERIALIZED (
    SELECT * FROM {pair} WHERE outcome = 'possible'
    UNION ALL SELECT pair.* FROM {pair} AS pair SEMI JOIN {apart} USING (fingerprint_a, fingerprint_b)
),
owner AS MATERIALIZED (
    SELECT DISTINCT fingerprint_id, golden_id FROM {link}
    WHERE fingerprint_id IN (SELECT fingerprint_a FROM open UNION ALL SELECT fingerprint_b FROM open)
)
SELECT least(x, y) AS first_id, greatest(x, y) AS second_id,
    CASE WHEN x < y THEN fingerprint_a ELSE fingerprint_b END AS first_fingerprint,
    CASE WHEN x < y THEN fingerprint_b ELSE fingerprint_a END AS second_fingerprint,
    weight, {probability_sql("weight")} AS probability, contradiction
FROM (
    SELECT a.golden_id AS x, b.golden_id AS y, open.*
    FROM open JOIN owner AS a ON a.fingerprint_id = fingerprint_a JOIN owner AS b ON b.fingerprint_id = fingerprint_b
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


def _person(reading: Reading, entity: str, golden: Row, record: uuid.UUID, fingerprint: uuid.UUID) -> PossiblePerson:
    settings = reading.settings.model.entities[entity]
    born = next((name for name, field in settings.fields.items() if field.type is SemanticType.BIRTH_DATE), "")
    return PossiblePerson(golden[golden_id(entity)], title_of(settings, golden), golden.get(born), record, fingerprint)
