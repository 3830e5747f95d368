"""What makes a record's key, its time and whether it is deleted changes after records were read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.warehouse import PEOPLE_ALONE, PERSON, Quiet, TinyWarehouse

from rddm.pipeline.run import RunReport, run

New = Callable[..., TinyWarehouse]
Copied = Callable[[Callable[[Path, str], TinyWarehouse]], TinyWarehouse]
BY_TIME = PERSON.replace("source_time: changed", "source_time: changed\n    source_time_format: '%d/%m/%Y %Hh'")
NEW_ANNA = {"id": "1", "last": "Новая", "first": "Анна", "born": "2001-05-06", "changed": "05/06/2026 10h"}
OLD_ANNA = {**NEW_ANNA, "last": "Старая", "changed": "01/06/2026 10h"}
BORIS = {"id": "2", "last": "Орлов", "first": "Борис", "born": "2002-01-01", "changed": "01/06/2026 10h", "out": "да"}


def read_once(root: Path, database_url: str) -> TinyWarehouse:
    warehouse = TinyWarehouse(root, database_url, {"a": PERSON}, model=PEOPLE_ALONE)
    warehouse.deliver("a/person", NEW_ANNA, BORIS)
    warehouse.run()
    return warehouse


def read_twice(root: Path, database_url: str) -> TinyWarehouse:
    warehouse = read_once(root, database_url)
    warehouse.deliver("a/person", OLD_ANNA)
    warehouse.run()
    return warehouse


def two_versions(root: Path, database_url: str) -> TinyWarehouse:
    """The older version arrived after the newer one, and is all that the source holds by now."""
    warehouse = TinyWarehouse(root, database_url, {"a": PERSON}, model=PEOPLE_ALONE)
    newer, older = {**NEW_ANNA, "changed": "2024-02-01"}, {**OLD_ANNA, "changed": "2024-01-01"}
    warehouse.deliver("a/person", newer, older)
    warehouse.run()
    warehouse.deliveries["a", "person"] = [older]
    return warehouse


def set_to(warehouse: TinyWarehouse, source: str) -> None:
    warehouse.write_source("a", source)
    warehouse.reopen()


def people(warehouse: TinyWarehouse) -> list[object]:
    return warehouse.published("SELECT last_name FROM warehouse.person ORDER BY 1")


def to_come(report: RunReport) -> list[str]:
    return [each for each in report.engine.warnings if "next run" in each]


def test_another_way_to_read_the_time_holds_for_what_is_here(copied: Copied) -> None:
    warehouse = copied(read_twice)
    assert people(warehouse) == ["Орлов", "Старая"]
    set_to(warehouse, BY_TIME)
    report = warehouse.run()
    assert people(warehouse) == ["Новая", "Орлов"]
    assert all(each.balances for each in report.engine.balances)
    assert warehouse.run().published == {}


def test_it_holds_also_when_a_run_that_reads_nothing_came_between(copied: Copied) -> None:
    warehouse = copied(read_twice)
    set_to(warehouse, BY_TIME.replace("gone = 'yes'", "out = 'да'"))
    run(warehouse.warehouse, Quiet(), read=False)
    report = warehouse.run()
    assert people(warehouse) == ["Новая"]
    assert all(each.balances for each in report.engine.balances)
    assert warehouse.run().published == {}


def test_another_condition_for_deletions_holds_for_what_is_here(copied: Copied) -> None:
    warehouse = copied(read_once)
    set_to(warehouse, PERSON.replace("gone = 'yes'", "out = 'да' OR nobody_has_this = '1'"))
    report = warehouse.run()
    assert people(warehouse) == ["Новая"]
    assert all(each.balances for each in report.engine.balances)
    set_to(warehouse, PERSON)
    warehouse.run()
    assert people(warehouse) == ["Новая", "Орлов"]


def test_what_a_snapshot_left_out_stays_out_whatever_the_time_is_read_from(new_warehouse: New) -> None:
    snapshot = PERSON.replace("    key: id", "    mode: snapshot\n    key: id")
    warehouse = new_warehouse(a=snapshot)
    warehouse.deliver("a/person", NEW_ANNA, BORIS)
    warehouse.run()
    del warehouse.deliveries["a", "person"][1]
    warehouse.run()
    assert people(warehouse) == ["Новая"]
    set_to(warehouse, BY_TIME.replace("    key: id", "    mode: snapshot\n    key: id"))
    report = warehouse.run()
    assert people(warehouse) == ["Новая"]
    assert all(each.balances for each in report.engine.balances)


@pytest.mark.parametrize("reads", [True, False])
def test_the_newest_is_the_last_to_arrive_once_the_source_delivers_snapshots(copied: Copied, *, reads: bool) -> None:
    warehouse = copied(two_versions)
    assert people(warehouse) == ["Новая"]
    for source, newest in (
        (PERSON.replace("    key: id", "    mode: snapshot\n    key: id"), "Старая"),
        (PERSON, "Новая"),
    ):
        set_to(warehouse, source)
        report = run(warehouse.warehouse, Quiet(), read=reads)
        assert people(warehouse) == [newest]
        assert all(each.balances for each in report.engine.balances)
        assert warehouse.run().published == {}


def test_another_key_stops_the_source_and_nothing_else(copied: Copied) -> None:
    warehouse = copied(read_once)
    warehouse.write_source("b", PERSON)
    set_to(warehouse, PERSON.replace("key: id", "key: email"))
    warehouse.deliver("b/person", {**BORIS, "id": "9", "last": "Иной", "born": "1990-01-01"})
    report = warehouse.run()
    problems = [str(each.error) for each in report.ingested if each.error is not None]
    assert len(problems) == 1
    assert "its key was id" in problems[0]
    assert people(warehouse) == ["Иной", "Новая", "Орлов"]
    set_to(warehouse, PERSON)
    assert [each.error for each in warehouse.run().ingested] == [None, None]


def test_a_run_that_reads_nothing_says_what_the_next_one_will_do(copied: Copied) -> None:
    warehouse = copied(read_once)
    set_to(warehouse, BY_TIME.replace("gone = 'yes'", "out = 'да'"))
    said = to_come(run(warehouse.warehouse, Quiet(), read=False))
    assert said == [
        (
            'source "a", entity person: deleted, source_time_format were changed since its records were read. The next run'
            " that reads it applies that to all of them."
        )
    ]
    assert to_come(warehouse.run()) == []
    set_to(warehouse, BY_TIME.replace("key: id", "key: email").replace("gone = 'yes'", "out = 'да'"))
    (refusal,) = to_come(run(warehouse.warehouse, Quiet(), read=False))
    assert refusal.startswith('The next run that reads it refuses it: source "a", entity person: its key was id')
    refused = warehouse.run()
    assert (len(refused.problems), to_come(refused)) == (1, [])
