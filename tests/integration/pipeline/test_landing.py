"""What is received is kept to the letter, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from tests.support.warehouse import PERSON, TinyWarehouse

from rddm.contracts.batches import Unreadable

New = Callable[..., TinyWarehouse]

WITHOUT_TIME = PERSON.replace("    source_time: changed\n", "")
SNAPSHOT = WITHOUT_TIME.replace("    key: id\n", "    key: id\n    mode: snapshot\n")
ANNA = {"id": "1", "last": "Белова", "first": "Анна", "changed": "2024-01-01"}


def arrivals(warehouse: TinyWarehouse) -> tuple[int, int, int, int]:
    ingested = warehouse.land("a/person")
    return ingested.received, ingested.unreadable, ingested.duplicate, ingested.landed


def test_raw_keeps_what_was_delivered_to_the_letter(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", {"id": " 7", "last": "  БЕЛОВА ", "first": "", "changed": "01.02.2024 10:30"})
    warehouse.run()
    assert warehouse.query(
        'SELECT id, "last", "first", changed, _key, _op, _source_time::VARCHAR FROM lake.raw.a__person'
    ) == [(" 7", "  БЕЛОВА ", "", "01.02.2024 10:30", "7", "upsert", "2024-02-01 10:30:00")]


def test_reading_again_what_was_read_adds_nothing(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", ANNA)
    assert arrivals(warehouse) == (1, 0, 0, 1)
    warehouse.deliver("a/person", ANNA)
    assert arrivals(warehouse) == (1, 0, 1, 0)
    assert arrivals(warehouse) == (0, 0, 0, 0)


def test_a_duplicate_inside_one_batch_is_counted_once(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", ANNA, ANNA, {**ANNA, "changed": "2024-01-02"})
    assert arrivals(warehouse) == (3, 0, 1, 2)


def test_without_a_source_time_a_value_may_come_back_to_what_it_was(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=WITHOUT_TIME)
    for phone in ("+79160000001", "+79160000002", "+79160000001"):
        warehouse.deliver("a/person", {"id": "1", "last": "Белова", "first": "Анна", "phone": phone})
        assert arrivals(warehouse) == (1, 0, 0, 1)
    warehouse.run()
    assert warehouse.query("SELECT phone FROM lake.conformed.person") == ["+79160000001"]


def test_a_column_that_comes_later_is_added_and_reported(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", ANNA)
    warehouse.land("a/person")
    warehouse.deliver("a/person", {"id": "2", "last": "Орлов", "first": "Пётр", "shoe": "43"})
    assert warehouse.land("a/person").column_changes == [("shoe", "appeared"), ("changed", "vanished")]
    assert warehouse.query("SELECT id, shoe FROM lake.raw.a__person ORDER BY id") == [("1", None), ("2", "43")]


def test_columns_that_differ_by_case_alone_are_both_kept(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", {**ANNA, "ID": "other", "_KEY": "theirs"})
    warehouse.run()
    assert warehouse.query('SELECT id, "ID_2", "_KEY_2" FROM lake.raw.a__person') == [("1", "other", "theirs")]


def test_columns_that_differ_by_case_alone_stay_what_they_were_in_whatever_order_they_come(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=SNAPSHOT)
    every = [
        {"id": "1", "ID": "x", "last": "Белова", "first": "Анна"},
        {"ID": "y", "id": "2", "last": "Орлов", "first": "Борис"},
        {"ID": "z", "last": "Зимин", "first": "Пётр"},
        {"id": "4", "last": "Серова", "first": "Вера"},
    ]
    kept = []
    for size in (1, 2, 4):
        warehouse.batch_size = size
        for delivered in (every, every[::-1]):
            warehouse.deliveries["a", "person"] = [*delivered]
            arrived = warehouse.land("a/person")
            kept.append((arrived.landed, arrived.duplicate, arrived.deletions))
    assert kept == [(4, 0, 0), *[(0, 4, 0)] * 5]
    assert warehouse.query('SELECT id, "ID_2", "last" FROM lake.raw.a__person ORDER BY ALL') == [
        ("1", "x", "Белова"),
        ("2", "y", "Орлов"),
        ("4", None, "Серова"),
        (None, "z", "Зимин"),
    ]


def test_what_is_no_record_is_kept_once_however_often_it_is_read(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    broken = Unreadable("people.csv, line 3", "2 fields instead of 5", b"x;y")
    warehouse.deliver("a/person", ANNA, broken)
    assert arrivals(warehouse) == (2, 1, 0, 1)
    warehouse.deliver("a/person", broken)
    assert arrivals(warehouse) == (1, 0, 1, 0)
    assert warehouse.query("SELECT place, content FROM lake.raw.unreadable") == [("people.csv, line 3", b"x;y")]


def test_a_record_without_a_key_is_kept_and_waits(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", {**ANNA, "id": "  "})
    assert warehouse.run().engine.balances[0].quarantined["technical"] == 1
    assert warehouse.query("SELECT rules FROM lake.quarantine.record") == [["technical:key:missing"]]


def test_what_a_full_snapshot_does_not_hold_any_more_is_deleted(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=SNAPSHOT)
    boris = {"id": "2", "last": "Орлов", "first": "Борис"}
    warehouse.deliver("a/person", ANNA, boris)
    warehouse.run()
    warehouse.deliveries["a", "person"] = [ANNA]
    assert warehouse.run().ingested[0].deletions == 1
    assert warehouse.query("SELECT key FROM lake.conformed.person") == ["1"]
    warehouse.deliver("a/person", boris)
    warehouse.run()
    assert warehouse.query("SELECT key FROM lake.conformed.person ORDER BY key") == ["1", "2"]


def test_a_snapshot_with_something_unreadable_in_it_deletes_nothing(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=SNAPSHOT)
    warehouse.deliver("a/person", ANNA)
    warehouse.run()
    warehouse.deliveries["a", "person"] = [
        {"id": "9", "last": "Орлов", "first": "Борис"},
        Unreadable("x", "cut off", b"1;Be"),
    ]
    assert warehouse.run().ingested[0].deletions == 0
    assert warehouse.query("SELECT key FROM lake.conformed.person ORDER BY key") == ["1", "9"]


def test_a_snapshot_deletes_nothing_either_while_the_same_piece_of_it_stays_unreadable(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=SNAPSHOT)
    boris = {"id": "2", "last": "Орлов", "first": "Борис"}
    warehouse.deliver("a/person", ANNA, boris)
    warehouse.run()
    warehouse.deliveries["a", "person"] = [ANNA, Unreadable("list, line 2", "cut off", b"2;Orl")]
    assert [warehouse.run().ingested[0].deletions for _ in range(2)] == [0, 0]
    assert warehouse.query("SELECT key FROM lake.conformed.person ORDER BY key") == ["1", "2"]


def test_a_header_in_the_middle_of_a_snapshot_keeps_no_deletion_back(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=SNAPSHOT)
    warehouse.deliver("a/person", ANNA, {"id": "2", "last": "Орлов", "first": "Борис"})
    warehouse.run()
    again = Unreadable("list, line 2", "the header once more", b"id;last;first", is_no_loss=True)
    warehouse.deliveries["a", "person"] = [ANNA, again]
    ingested = warehouse.run().ingested[0]
    assert (ingested.unreadable, ingested.deletions) == (1, 1)


def test_a_source_that_breaks_keeps_what_it_delivered_and_does_not_stop_the_others(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON, b=PERSON)
    warehouse.batch_size = 1
    warehouse.deliver("a/person", ANNA, {"id": "2", "last": "Орлов", "first": "Борис"})
    warehouse.deliver("b/person", {"id": "1", "last": "Серова", "first": "Вера"})
    warehouse.fails_after["a", "person"] = 1
    report = warehouse.run()
    assert (report.status, [problem.source for problem in report.problems]) == ("source_failed", ["a"])
    assert warehouse.query("SELECT source, key FROM lake.conformed.person ORDER BY ALL") == [("a", "1"), ("b", "1")]
    warehouse.fails_after.clear()
    assert warehouse.run().status == "succeeded"
    assert warehouse.query("SELECT count(*) FROM lake.conformed.person") == [3]


def test_a_snapshot_whose_records_have_lost_their_key_deletes_nothing(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=SNAPSHOT)
    warehouse.deliver("a/person", ANNA)
    warehouse.run()
    warehouse.deliveries["a", "person"] = [{"number": "1", "last": "Белова", "first": "Анна"}]
    report = warehouse.run()
    assert (report.status, report.ingested[0].deletions) == ("succeeded", 0)
    assert warehouse.query("SELECT key FROM lake.conformed.person") == ["1"]
    assert warehouse.query("SELECT kind FROM lake.quarantine.record") == ["technical"]


def test_a_snapshot_with_one_record_without_a_key_deletes_nothing(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=SNAPSHOT)
    warehouse.deliver("a/person", ANNA, {"id": "2", "last": "Орлов", "first": "Борис"})
    warehouse.land("a/person")
    warehouse.deliveries["a", "person"] = [ANNA, {"id": None, "last": "Орлов", "first": "Борис"}]
    assert warehouse.land("a/person").deletions == 0


def test_with_other_settings_of_the_connector_everything_is_read_again(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", ANNA)
    assert arrivals(warehouse) == (1, 0, 0, 1)
    for connector, expected in (
        ("{type: file, encoding: cp1251}", (1, 0, 1, 0)),
        ("{type: file, encoding: cp1251, s3_region: elsewhere}", (0, 0, 0, 0)),
    ):
        warehouse.write_source("a", PERSON.replace("{type: file}", connector))
        warehouse.reopen()
        assert arrivals(warehouse) == expected


def test_a_connector_that_fails_in_a_way_of_its_own_stops_its_source_alone(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON, b=PERSON)
    warehouse.deliver("a/person", ANNA, cast("Unreadable", object()))
    warehouse.deliver("b/person", ANNA)
    report = warehouse.run()
    assert [str(problem).split(".")[0] for problem in report.problems] == [
        'source "a", entity person: its connector failed unexpectedly (TypeError)'
    ]
    assert warehouse.query("SELECT source FROM lake.conformed.person") == ["b"]


def test_values_that_run_into_each_other_are_no_duplicates(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=WITHOUT_TIME)
    rows = [{"aa": "x\x1fbb=y"}, {"aa": "x", "bb": "y"}, {"aa": "x\x1esbb=y"}, {"aa=x": "y"}, {"aa": "x=y"}]
    for row in rows:
        warehouse.deliver("a/person", {"id": "1", **row})
        assert arrivals(warehouse) == (1, 0, 0, 1)
    assert warehouse.query("SELECT count(DISTINCT _hash) FROM lake.raw.a__person") == [len(rows)]


def test_a_time_that_is_beyond_any_calendar_is_none(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    times = ["294247-01-10 04:00:54.775+00", "infinity", "-infinity", "290000-01-01", "0044-03-15 (BC)", "2024-01-01"]
    for number, time in enumerate(times):
        warehouse.deliver("a/person", {**ANNA, "id": str(number), "changed": time})
    assert warehouse.run().status == "succeeded"
    assert warehouse.query("SELECT _source_time::VARCHAR FROM lake.raw.a__person ORDER BY id") == [
        *[None] * 5,
        "2024-01-01 00:00:00",
    ]
    assert warehouse.query("SELECT count(*) FROM lake.conformed.person") == [len(times)]


def test_a_null_character_in_the_name_of_a_column_is_left_out(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", {**ANNA, "a\0b": "1", "ab": "2"})
    warehouse.run()
    assert warehouse.query("SELECT ab, ab_2 FROM lake.raw.a__person") == [("1", "2")]
