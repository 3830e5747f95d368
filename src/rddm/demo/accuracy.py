"""How right a warehouse is about the invented world, where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rddm.contracts.tables import literal
from rddm.project.settings import ProbabilisticIdentity
from rddm.serve.identity_explain import candidate_ceiling
from rddm.store.lake import CATALOG, Lake

PERSON = "person"


@dataclass(frozen=True)
class Accuracy:
    """
    Pairwise agreement of golden people with the truth, over conformed records: pairs of records are what is counted.

    ``precision``: of the pairs put together, the share that belong together. ``recall``: of the pairs that belong together,
    the share put together; ``ceiling``: the recall that perfect judgement of the candidate pairs would give.
    """

    records: int
    people: int
    found: int
    precision: float
    recall: float
    ceiling: float


@dataclass(frozen=True)
class EarlyArrivals:
    """Participations that came before their person or event: how many of those whose parent has come are released."""

    came_early: int
    parent_came: int
    released: int


def measure_accuracy(lake: Lake, identity: ProbabilisticIdentity, truth: Path, day: int) -> Accuracy:
    """Compare the golden people in *lake* with *truth* (``truth.parquet``) as of *day*."""
    connection = lake.connection
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE demo_truth AS SELECT source, entity, key, person_no"
        f" FROM read_parquet({literal(str(truth))}) WHERE day <= {day}"
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE demo_cell AS
        SELECT person_no, golden_id, count(*) AS records
        FROM demo_truth JOIN {CATALOG}.conformed.{PERSON} USING (source, entity, key)
        JOIN {CATALOG}.identity.{PERSON}__link USING (record_id) GROUP BY person_no, golden_id"""
    )
    together = lake.number("SELECT sum(records * (records - 1) // 2) FROM demo_cell")
    true_pairs = lake.number(
        "SELECT sum(n * (n - 1) // 2) FROM (SELECT sum(records)::BIGINT AS n FROM demo_cell GROUP BY person_no)"
    )
    found_pairs = lake.number(
        "SELECT sum(n * (n - 1) // 2) FROM (SELECT sum(records)::BIGINT AS n FROM demo_cell GROUP BY golden_id)"
    )
    return Accuracy(
        records=lake.number("SELECT sum(records) FROM demo_cell"),
        people=lake.number("SELECT count(DISTINCT person_no) FROM demo_cell"),
        found=lake.number("SELECT count(DISTINCT golden_id) FROM demo_cell"),
        precision=together / found_pairs if found_pairs else 1.0,
        recall=together / true_pairs if true_pairs else 1.0,
        ceiling=candidate_ceiling(connection, lake=CATALOG, entity=PERSON, identity=identity, truth="demo_truth"),
    )


def measure_early_arrivals(lake: Lake, early: Path, day: int) -> EarlyArrivals:
    """Count what became of the participations listed in *early* (``truth_early.parquet``) by *day*."""
    lake.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE demo_early AS SELECT source, entity, key, max(coalesce(released_on_day, 99)) <= {day}"
        f" AS parent_came FROM read_parquet({literal(str(early))}) GROUP BY source, entity, key"
    )
    return EarlyArrivals(
        came_early=lake.number("SELECT count(*) FROM demo_early"),
        parent_came=lake.number("SELECT count(*) FROM demo_early WHERE parent_came"),
        released=lake.number(
            f"SELECT count(*) FROM demo_early SEMI JOIN {CATALOG}.conformed.participation USING (source, entity, key)"
            " WHERE parent_came"
        ),
    )


def telling_people(lake: Lake, count: int) -> list[str]:
    """Return the ids of *count* people worth showing: known to many services, under several spellings."""
    rows = lake.connection.execute(
        f"""
        SELECT golden_id::VARCHAR FROM {CATALOG}.identity.{PERSON}__link JOIN {CATALOG}.conformed.{PERSON} USING (record_id)
        GROUP BY golden_id HAVING count(*) BETWEEN 4 AND 8
        ORDER BY count(DISTINCT first_name) + count(DISTINCT last_name) + count(repairs) DESC,
            count(DISTINCT source) DESC, golden_id
        LIMIT {count}"""
    ).fetchall()
    return [row[0] for row in rows]
