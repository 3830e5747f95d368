"""
What `rddm identity report` expects without known answers, beside what is true.

    python -m benchmarks.estimates --records 200000 --folder /var/tmp/bench

Asks the warehouse that `benchmarks.scale`, or `benchmarks.stages`, left in the folder. Counted are pairs of descriptions, as the
report counts them; two descriptions are one person's when a record of each is.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Collection
from pathlib import Path

import duckdb

from rddm.app.wire import open_reading
from rddm.contracts.tables import literal
from rddm.project.settings import ProbabilisticIdentity
from rddm.resolve.keys import KIND_NUMBERS, kind_number_sql, usable_sql
from rddm.serve.identity_explain import kinds_in_use
from rddm.serve.identity_report import identity_report
from rddm.store.lake import CATALOG

PERSON = "person"
LINE = "{:<52}{:>10}{:>10}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--records", type=int, default=200_000)
    arguments.add_argument("--folder", type=Path, required=True, help="where the warehouse was left")
    chosen = arguments.parse_args()
    data = chosen.folder / f"people-{chosen.records}"
    with open_reading(data / "warehouse", {}) as reading:
        identity = reading.settings.model.entities[PERSON].identity
        if not isinstance(identity, ProbabilisticIdentity):
            raise TypeError("people are not matched by weights in this project")
        report = identity_report(reading, PERSON, dt.datetime.now(dt.UTC))
        connection = reading.lake.connection
        keys = f"{CATALOG}.identity.{PERSON}__key"
        usable = usable_sql(keys, identity.key_limit, kinds_in_use(connection, CATALOG, PERSON))
        _prepare(connection, data / "truth.parquet", keys, usable)
        (right, joined), (together, found), every = _true(connection)
        recall = report.key_recall
        of_both = None if recall is None else _found_with(connection, keys, recall.first, recall.second)
    summary = report.summary
    print(f"{summary.records:,} records, {summary.descriptions:,} descriptions, {summary.people:,} people")
    print(LINE.format("", "expected", "true"))
    print(LINE.format("precision of the joined pairs", _told(summary.precision), _told(right / joined)))
    print(LINE.format("wrong pairs", f"{summary.expected_wrong:,.0f}", f"{joined - right:,}"))
    print(LINE.format("recall of the groups, of candidate pairs", _told(summary.recall), _told(together / found)))
    if recall is not None:
        print(LINE.format("keys find, of pairs with the fields for both sets", _told(recall.recall), _told(of_both)))
    print(LINE.format("keys find, of all pairs", _told(None), _told(found / every)))


def _told(share: float | None) -> str:
    return "-" if share is None else f"{share:.4f}"


def _prepare(connection: duckdb.DuckDBPyConnection, truth: Path, keys: str, usable: str) -> None:
    """Make the tables of whose each description is, and of one person's pairs: every one, and those found by keys."""
    connection.execute(
        "CREATE TEMP TABLE whose AS SELECT DISTINCT fingerprint_id, golden_id, person"
        f" FROM {CATALOG}.conformed.{PERSON} JOIN {CATALOG}.identity.{PERSON}__link USING (record_id)"
        f" JOIN {literal(str(truth))} USING (source, key)"
    )
    connection.execute(
        f"CREATE TEMP TABLE found AS WITH met AS (SELECT key, fingerprint_id, person FROM {keys} SEMI JOIN ({usable}) USING (key)"
        " JOIN (SELECT DISTINCT fingerprint_id, person FROM whose) USING (fingerprint_id))"
        " SELECT DISTINCT a.fingerprint_id AS a, b.fingerprint_id AS b FROM met AS a JOIN met AS b"
        " ON a.key = b.key AND a.person = b.person AND a.fingerprint_id < b.fingerprint_id"
    )
    connection.execute(
        "CREATE TEMP TABLE every AS SELECT DISTINCT a.fingerprint_id AS a, b.fingerprint_id AS b FROM whose AS a"
        " JOIN whose AS b ON a.person = b.person AND a.fingerprint_id < b.fingerprint_id"
    )


def _true(connection: duckdb.DuckDBPyConnection) -> tuple[tuple[int, int], tuple[int, int], int]:
    """
    Return (right joined pairs, joined pairs), (candidate pairs of one person in one group, such pairs) and all pairs of one
    person.
    """
    of_one = "EXISTS (SELECT 1 FROM whose AS x JOIN whose AS y USING ({}) WHERE x.fingerprint_id = {} AND y.fingerprint_id = {})"
    joined = connection.execute(
        f"SELECT count(*) FILTER ({of_one.format('person', 'fingerprint_a', 'fingerprint_b')}), count(*)"
        f" FROM {CATALOG}.identity.{PERSON}__pair WHERE outcome = 'match' AND contradiction IS NULL"
    ).fetchall()[0]
    found = connection.execute(
        f"SELECT count(*) FILTER ({of_one.format('golden_id', 'a', 'b')}), count(*) FROM found"
    ).fetchall()[0]
    return joined, found, connection.execute("SELECT count(*) FROM every").fetchall()[0][0]


def _found_with(
    connection: duckdb.DuckDBPyConnection, keys: str, first: Collection[str], second: Collection[str]
) -> float | None:
    """Return which share of the pairs of one person that have the fields for a kind of *first* and one of *second* is found."""
    masks = [sum(1 << KIND_NUMBERS[name] for name in side) for side in (first, second)]
    found, every = connection.execute(
        f"WITH has AS (SELECT fingerprint_id, bit_or((1::BIGINT << {kind_number_sql()}::INTEGER)) AS kinds"
        f" FROM {keys} GROUP BY fingerprint_id)"
        " SELECT count(found.a), count(*) FROM every JOIN has AS x ON x.fingerprint_id = every.a"
        " JOIN has AS y ON y.fingerprint_id = every.b LEFT JOIN found ON found.a = every.a AND found.b = every.b"
        f" WHERE x.kinds & y.kinds & {masks[0]} <> 0 AND x.kinds & y.kinds & {masks[1]} <> 0"
    ).fetchall()[0]
    return found / every if every else None


if __name__ == "__main__":
    main()
