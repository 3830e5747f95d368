"""A column that the mapping reads stops coming, and the run says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.support.warehouse import PEOPLE_ALONE, PERSON, Quiet, Row, TinyWarehouse

from rddm.pipeline.run import run

New = Callable[..., TinyWarehouse]
Copied = Callable[[Callable[[Path, str], TinyWarehouse]], TinyWarehouse]
JSON = PERSON.replace("unused.csv", "unused.json")


def person(number: int, **more: str) -> Row:
    return {"id": str(number), "last": "Орлов", "first": "Пётр", "gone": "", "born": "", "email": "", **more}


def mapped_rows(count: int, first: int = 0) -> list[Row]:
    return [
        person(first + each, phone=f"+7916{first + each:07}", changed=f"2024-01-{1 + each % 28:02}")
        for each in range(count)
    ]


def read_two(root: Path, database_url: str) -> TinyWarehouse:
    warehouse = TinyWarehouse(root, database_url, {"a": PERSON}, model=PEOPLE_ALONE)
    warehouse.deliver("a/person", *mapped_rows(2))
    assert warehouse.run().engine.warnings == []
    return warehouse


def test_a_column_that_was_delivered_and_is_not_any_more_is_warned_of_until_it_is_back(copied: Copied) -> None:
    warehouse = copied(read_two)
    gone = [person(number, changed="2024-02-01", mobile="+79160000001", unmapped="x") for number in range(2)]
    warehouse.deliver("a/person", *gone)
    report = warehouse.run()
    said = (
        'source "a", entity person: column "phone" was delivered before and is missing since batch 2 (run 2,'
        " 2026-01-01 00:00 UTC, list): 2 records came without it, so phone is empty in them. New since then: mobile,"
        " unmapped. Have it delivered again, or map it anew in sources/a.yaml."
    )
    assert report.engine.warnings == [said]
    assert (report.status, warehouse.query("SELECT phone FROM lake.conformed.person")) == ("succeeded", [None, None])
    assert run(warehouse.warehouse, Quiet(), read=False).engine.warnings == [said]
    warehouse.deliver("a/person", *mapped_rows(1, first=7))
    assert warehouse.run().engine.warnings == []


def test_a_column_that_nothing_is_mapped_from_may_go(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", *[{**row, "shoe": "43"} for row in mapped_rows(2)])
    warehouse.run()
    warehouse.deliver("a/person", *mapped_rows(2, first=5))
    assert warehouse.run().engine.warnings == []


def test_what_a_deletion_and_a_time_are_read_from_is_missed_too(copied: Copied) -> None:
    warehouse = copied(read_two)
    warehouse.deliver("a/person", {"id": "9", "last": "Орлов", "first": "Пётр", "phone": "", "born": "", "email": ""})
    changed, gone = warehouse.run().engine.warnings
    assert 'column "changed" was delivered before' in changed
    assert "1 record came without it, and the mapping reads it for source_time." in changed
    assert 'column "gone" was delivered before' in gone
    assert "1 record came without it, and the mapping reads it for deleted." in gone


def test_an_optional_member_that_a_few_records_lack_is_no_vanished_column(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=JSON)
    rows = mapped_rows(40)
    half = [
        {name: value for name, value in row.items() if name != "phone" or index % 2} for index, row in enumerate(rows)
    ]
    warehouse.deliver("a/person", *half)
    warehouse.run()
    warehouse.deliver("a/person", *[person(number, changed="2024-02-01") for number in range(5)])
    assert warehouse.run().engine.warnings == [], "five records without what half of them have: 3 %"
    warehouse.deliver("a/person", *[person(number, changed="2024-02-01") for number in range(5, 10)])
    assert [": 10 records came without it" in each for each in warehouse.run().engine.warnings] == [True]


def test_no_message_shows_a_record_that_was_taken_for_the_header(copied: Copied) -> None:
    warehouse = copied(read_two)
    warehouse.deliver("a/person", {"7": "8", "Лисицына": "Орлов", "Вера": "Пётр", "Самара": "Томск"})
    report = warehouse.run()
    changes, warnings = dict(report.ingested[0].column_changes), report.engine.warnings
    assert (changes["(a name that looks like data)"], changes["phone"]) == ("appeared", "vanished")
    assert 'column "phone" was delivered before' in "".join(warnings)
    assert not any(name in f"{changes} {warnings}" for name in ("Лисицына", "Вера", "Самара"))
