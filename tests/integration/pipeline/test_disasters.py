"""The disk fills up, the database goes away: the run says so, and the next one ends as if nothing had happened."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import psycopg
import pytest
from tests.support.warehouse import PERSON, Quiet, TinyWarehouse

from rddm.app.wire import open_reading
from rddm.contracts.errors import StoreError
from rddm.pipeline import conforming
from rddm.pipeline.maintaining import maintain_warehouse
from rddm.pipeline.run import run
from rddm.store import maintenance
from rddm.store.lake import Lake
from rddm.store.maintenance import count_rows

New = Callable[..., TinyWarehouse]
PEOPLE = [
    {"id": str(n), "last": f"Белов{n}", "first": "Анна", "phone": f"+7916{n:07}", "changed": "2024-01-01"}
    for n in range(2000)
]
MANY = 1_000_000


@contextmanager
def largest_file(size_bytes: int) -> Iterator[None]:
    """Let no file grow beyond *size_bytes*: to who writes, the disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Disaster(Quiet):
    """Ends every connection to the warehouse's database, once, when the run comes to *stage*."""

    def __init__(self, warehouse: TinyWarehouse, stage: str) -> None:
        self._url, self._stage, self.has_struck = warehouse.warehouse.database.conninfo, stage, False

    def reading(self, source: str, entity: str, pieces: int) -> None:
        self.working(f"ingest {source} {entity} {pieces}")

    def working(self, what: str) -> None:
        if self.has_struck or not what.startswith(self._stage):
            return
        self.has_struck = True
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def let_spill(lake: Lake, said: str) -> None:
    lake.connection.execute("SET memory_limit = '40MB'")
    lake.connection.execute(
        f"CREATE TEMP TABLE spilt AS SELECT '{said}' || md5(range::VARCHAR) AS said FROM range({MANY})"
    )


def spilt(lake: Lake) -> set[str]:
    return {each.name for each in lake.spill.glob("duckdb_temp*")}


def assert_whole(warehouse: TinyWarehouse) -> None:
    """One more run ends in what an undisturbed one would have."""
    warehouse.reopen()
    report = warehouse.run()
    assert report.status == "succeeded"
    assert report.engine.balances[0].conformed == len(PEOPLE)
    assert warehouse.query("SELECT count(*), count(DISTINCT _batch) FROM lake.raw.a__person") == [(len(PEOPLE), 2)]
    assert warehouse.published("SELECT sum(records) FROM warehouse.person") == [len(PEOPLE)]


def test_a_full_disk_is_told_in_words(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", *PEOPLE)
    with largest_file(10_000), pytest.raises(StoreError, match="The disk is full"):
        warehouse.run()
    assert warehouse.warehouse.control.runs()[0].status == "failed"
    assert_whole(warehouse)


def test_a_disk_that_fills_up_between_two_steps_is_told_in_words_and_nothing_of_them_stays(
    new_warehouse: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", *PEOPLE)
    warehouse.land("a/person")
    spill = warehouse.warehouse.lake.spill
    with monkeypatch.context() as patched:
        patched.setattr(conforming, "LARGE_ROWS", 0)
        with largest_file(30_000), pytest.raises(StoreError, match="The disk is full"):
            warehouse.run()
    assert not list(spill.rglob("*.parquet"))
    assert_whole(warehouse)


class FullDisk(Quiet):
    """Lets the disk be full from when the run comes to *stage*, until *over* ends."""

    def __init__(self, stage: str, over: ExitStack) -> None:
        self._stage, self._over, self.has_struck = stage, over, False

    def working(self, what: str) -> None:
        if what.startswith(self._stage) and not self.has_struck:
            self.has_struck = True
            self._over.enter_context(largest_file(1_000))


@pytest.mark.parametrize("stage", ["conform", "resolve", "curate"])
def test_a_disk_that_fills_up_in_a_stage_is_told_as_such(new_warehouse: New, stage: str) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", *PEOPLE)
    with ExitStack() as over:
        disaster = FullDisk(stage, over)
        with pytest.raises(StoreError, match="The disk is full"):
            run(warehouse.warehouse, disaster)
    assert disaster.has_struck
    assert_whole(warehouse)


def test_what_a_killed_run_left_between_two_steps_goes_with_the_next(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    left = warehouse.warehouse.lake.spill.parent / "of-a-killed-run" / "resolve"
    left.mkdir(parents=True)
    (left / "7.parquet").write_bytes(b"people")
    warehouse.run()
    assert not left.parent.exists()


def test_a_reading_spills_beside_a_run_and_not_into_its_files(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.run()
    run = warehouse.warehouse.lake
    let_spill(run, "run")
    assert spilt(run)
    with open_reading(warehouse.root, warehouse.environment) as reading:
        assert reading.lake.spill != run.spill  # or the engine may not survive what follows
        let_spill(reading.lake, "reading")
        assert spilt(reading.lake)
        assert run.number("SELECT count(*) FROM spilt WHERE said LIKE 'run%'") == MANY
        read = reading.lake.spill
    assert not read.exists()
    assert spilt(run)
    assert run.number("SELECT count(*) FROM spilt WHERE said LIKE 'run%'") == MANY


@pytest.mark.parametrize("stage", ["ingest", "conform", "resolve", "curate", "publish"])
def test_a_database_that_goes_away_is_told_in_words(new_warehouse: New, stage: str) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", *PEOPLE)
    disaster = Disaster(warehouse, stage)
    with pytest.raises(StoreError, match="PostgreSQL went away"):
        run(warehouse.warehouse, disaster)
    assert disaster.has_struck
    assert_whole(warehouse)


def lose_the_lock(warehouse: TinyWarehouse) -> None:
    with warehouse.warehouse.database.connect(autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")


def test_who_lost_the_lock_commits_no_more(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.run()
    lake, database = warehouse.warehouse.lake, warehouse.warehouse.database

    def insert() -> None:
        with lake.transaction("too late"):
            lake.connection.execute("INSERT INTO lake.raw.unreadable BY NAME SELECT 'a' AS source")

    def lose_the_lock_and_insert() -> None:
        with database.writer_lock() as still_held, lake.only_while(still_held):
            lose_the_lock(warehouse)
            insert()

    with pytest.raises(StoreError, match="PostgreSQL went away"):
        lose_the_lock_and_insert()
    assert warehouse.query("SELECT count(*) FROM lake.raw.unreadable") == [0]
    insert()
    assert warehouse.query("SELECT count(*) FROM lake.raw.unreadable") == [1]


def test_maintenance_that_lost_the_lock_writes_nothing_anew(
    new_warehouse: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.run()
    lake = warehouse.warehouse.lake
    lake.connection.execute("CREATE TABLE lake.raw.number AS SELECT range AS number FROM range(100_000)")
    lake.connection.execute("DELETE FROM lake.raw.number WHERE number % 50 > 0")
    before = lake.current_snapshot()

    def lose_the_lock_and_count(counted: Lake) -> dict[tuple[str, str], int]:
        lose_the_lock(warehouse)
        return count_rows(counted)

    with monkeypatch.context() as patched:
        patched.setattr(maintenance, "count_rows", lose_the_lock_and_count)
        with pytest.raises(StoreError, match="PostgreSQL went away"):
            maintain_warehouse(warehouse.warehouse, expire_before=datetime(2000, 1, 1, tzinfo=UTC))
    assert lake.current_snapshot() == before
    maintain_warehouse(warehouse.warehouse, expire_before=datetime(2000, 1, 1, tzinfo=UTC))
    assert lake.current_snapshot() == before + 1
