"""One source's bad input, beside a good one that must come through to the shop window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import duckdb
import pyarrow as pa
import pytest
from tests.support.warehouse import PERSON, SMALL_MODEL, Quiet, TinyWarehouse

from rddm.contracts.batches import Batch, Cursor, Unreadable
from rddm.contracts.errors import ConfigurationError
from rddm.pipeline.engine import prepare_lake
from rddm.pipeline.erasing import Wanted, erase, find
from rddm.pipeline.ingesting import Ingested, ingest
from rddm.pipeline.landing import Place
from rddm.pipeline.patching import Author, patch_record
from rddm.pipeline.run import RunReport, run
from rddm.project.settings import SourceEntity
from rddm.sources.protocol import Source

New = Callable[..., TinyWarehouse]

ANNA = {"id": "1", "last": "Белова", "first": "Анна", "changed": "2024-01-01"}
BORIS = {"id": "2", "last": "Орлов", "first": "Борис", "changed": "2024-01-01"}

BOOKING = """
  booking:
    model: participation
    read: {path: unused.csv}
    key: id
    fields: {person: {column: camper, entity: person}, event: {column: shift, entity: shift}}
  shift:
    model: event
    read: {path: unused.csv}
    key: id
    fields: {name: title, starts_on: day}
"""


def published(warehouse: TinyWarehouse) -> list[tuple[str, str]]:
    return warehouse.published("SELECT source, key FROM warehouse.person_record ORDER BY source, key")


@pytest.mark.parametrize("key", ["2\0x", "k" * 2001])
def test_a_record_whose_key_the_shop_window_cannot_hold_waits(new_warehouse: New, key: str) -> None:
    warehouse = new_warehouse(bad=PERSON, good=PERSON)
    warehouse.deliver("bad/person", {**ANNA, "id": key}, BORIS)
    warehouse.deliver("good/person", ANNA)
    assert warehouse.run().status == "succeeded"
    assert published(warehouse) == [("bad", "2"), ("good", "1")]
    assert warehouse.query("SELECT rules FROM lake.quarantine.record") == [["technical:key:missing"]]
    assert warehouse.query("SELECT id FROM lake.raw.bad__person WHERE _seq = 0") == [key]


def test_a_reference_with_a_null_character_waits_for_the_key_without_it(new_warehouse: New) -> None:
    warehouse = new_warehouse(camps=PERSON + BOOKING, model=SMALL_MODEL)
    warehouse.deliver("camps/booking", {"id": "b1", "camper": "1\0", "shift": "e1"})
    warehouse.deliver("camps/shift", {"id": "e1", "title": "Смена «Север»", "day": "2026-06-01"})
    warehouse.run()
    assert warehouse.query("SELECT waits_for_keys FROM lake.quarantine.record") == [["camps/person/1"]]
    warehouse.deliver("camps/person", ANNA)
    warehouse.run()
    assert warehouse.published("SELECT count(*) FROM warehouse.participation") == [1]


def test_values_with_null_characters_and_endless_names_reach_the_shop_window_mended(new_warehouse: New) -> None:
    warehouse = new_warehouse(bad=PERSON)
    warehouse.deliver(
        "bad/person", {**ANNA, "last": "Бел\0ова", "phone": "\0+7 916 123-45-67"}, {**BORIS, "last": "А" + "б" * 3000}
    )
    assert warehouse.run().status == "succeeded"
    assert warehouse.published("SELECT last_name, phone FROM warehouse.person") == [
        ("Белова", "+79161234567"),
    ]
    assert warehouse.query("SELECT last FROM lake.raw.bad__person WHERE id = '1'") == ["Бел\0ова"]


def test_no_patch_is_laid_over_a_null_character(new_warehouse: New) -> None:
    warehouse = new_warehouse(bad=PERSON)
    warehouse.deliver("bad/person", {**ANNA, "phone": "\0"})
    warehouse.run()
    opened = warehouse.warehouse
    place = Place("bad", "person", opened.settings.sources["bad"].entities["person"])
    with pytest.raises(ConfigurationError, match="phone: a null character"):
        patch_record(
            opened.lake, opened.control, place, "1", {"phone": "+79161234567"}, Author("ada", "asked", opened.now())
        )
    assert opened.control.patches_made() == []


class Batches:
    """A source that yields these batches, whatever the cursor."""

    def __init__(self, *batches: Batch) -> None:
        self._batches = batches

    def read(self, cursor: Cursor | None) -> Iterator[Batch]:
        del cursor
        yield from self._batches

    def probe(self) -> None: ...

    def sample(self, rows: int) -> pa.Table:
        raise NotImplementedError


class Raises(Batches):
    """A source whose reading raises this."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error

    def read(self, cursor: Cursor | None) -> Iterator[Batch]:
        raise self._error


def run_with(warehouse: TinyWarehouse, bad: Source) -> RunReport:
    """Run with *bad* as the source of that name, and the good one beside it."""
    opened = warehouse.warehouse

    def open_source(source: str, name: str, entity: SourceEntity) -> Source:
        return bad if source == "bad" else opened.open_source(source, name, entity)

    return run(replace(opened, open_source=open_source), Quiet())


def ingested(warehouse: TinyWarehouse, bad: Source) -> Ingested:
    opened = warehouse.warehouse
    place = Place("bad", "person", opened.settings.sources["bad"].entities["person"])
    return ingest(opened.lake, place, lambda: bad, 1, opened.now, lambda _: None, None)


def of(table: dict[str, pa.Array | list[str]], cursor: Any = None) -> Batch:
    return Batch(pa.table(table), "list", cursor or {})


PEOPLE: dict[str, pa.Array | list[str]] = {"id": ["1", "2"], "last": ["Белова", "Орлов"], "first": ["Анна", "Борис"]}
NOBODY: dict[str, pa.Array | list[str]] = {"id": pa.array([], pa.string())}
BEYOND_THE_ENGINE = pa.array([10**15, 0], pa.int64()).cast(pa.timestamp("s"))


def test_a_batch_that_cannot_be_landed_is_its_sources_trouble(new_warehouse: New) -> None:
    warehouse = new_warehouse(bad=PERSON)
    prepare_lake(warehouse.warehouse.lake)
    for bad in (
        of(PEOPLE, {"done": {1, 2}}),
        of(PEOPLE, {"done": "\udcff"}),
        Batch(pa.table(PEOPLE), "list \udcff", {}),
        Batch(cast("pa.Table", None), "list", {}),
        Batch(pa.table(PEOPLE), "list", {}, cast("tuple[Unreadable, ...]", ("bad",))),
    ):
        read = ingested(warehouse, Batches(of(NOBODY), bad))
        assert "a batch of it cannot be landed" in str(read.error)
        assert warehouse.query("SELECT count(*) FROM lake.raw.bad__person") == [0]
    assert ingested(warehouse, Batches(of(PEOPLE))).landed == 2


def test_whatever_a_connector_raises_is_its_sources_trouble_but_an_interrupt(new_warehouse: New) -> None:
    warehouse = new_warehouse(bad=PERSON)
    prepare_lake(warehouse.warehouse.lake)
    for error in (SystemExit(0), RecursionError()):
        read = ingested(warehouse, Raises(error))
        assert type(error).__name__ in str(read.error)
    for interrupt in (KeyboardInterrupt(), duckdb.InterruptException()):
        with pytest.raises(type(interrupt)):
            ingested(warehouse, Raises(interrupt))


def test_a_record_with_a_value_that_cannot_be_written_is_kept_as_unreadable(new_warehouse: New) -> None:
    warehouse = new_warehouse(bad=PERSON, good=PERSON)
    warehouse.deliver("good/person", ANNA)
    report = run_with(warehouse, Batches(of({**PEOPLE, "seen": BEYOND_THE_ENGINE})))
    assert report.status == "succeeded"
    assert (report.ingested[0].received, report.ingested[0].unreadable, report.ingested[0].landed) == (2, 1, 1)
    assert published(warehouse) == [("bad", "2"), ("good", "1")]
    assert warehouse.query("SELECT place, reason, contains(content::VARCHAR, 'seen') FROM lake.raw.unreadable") == [
        ("list", "a value in it cannot be written as text", True)
    ]


def test_after_an_erasure_a_value_that_cannot_be_written_still_costs_its_own_record_alone(new_warehouse: New) -> None:
    warehouse = new_warehouse(bad=PERSON)
    run_with(warehouse, Batches(of(PEOPLE)))
    erase_record(warehouse, "1")
    beyond = pa.array([10**15, 10**15, 0], pa.int64()).cast(pa.timestamp("s"))
    people = {
        "id": ["1", "3", "4"],
        "last": ["Белова", "Зимина", "Котов"],
        "first": ["Анна", "Инна", "Глеб"],
        "seen": beyond,
    }
    read = run_with(warehouse, Batches(of(people))).ingested[0]
    assert (read.error, read.received, read.erased, read.unreadable, read.landed) == (None, 3, 1, 1, 1)
    assert published(warehouse) == [("bad", "2"), ("bad", "4")]
    (kept,) = warehouse.query("SELECT decode(content) FROM lake.raw.unreadable")
    assert ("Зимина" in kept, "Белова" in kept) == (True, False)

    no_keys = pa.array([None, None], pa.string())
    for other in ({**PEOPLE, "id": BEYOND_THE_ENGINE}, {**PEOPLE, "id": no_keys, "seen": BEYOND_THE_ENGINE}):
        read = run_with(warehouse, Batches(of(other))).ingested[0]
        assert (read.error, read.erased, read.unreadable, read.landed) == (None, 0, 1, 1)


def erase_record(warehouse: TinyWarehouse, key: str) -> None:
    """Erase whoever the record of the bad source with this *key* belongs to."""
    (golden_id,) = warehouse.query(
        "SELECT golden_id FROM lake.identity.person__link JOIN lake.conformed.person USING (record_id)"
        f" WHERE source = 'bad' AND key = '{key}'"
    )
    wanted, author = Wanted("person", golden_id), Author("ada", "asked", datetime(2026, 2, 1, tzinfo=UTC))
    erase(warehouse.warehouse, Quiet(), wanted, find(warehouse.warehouse, wanted), author)


def test_a_record_with_more_columns_than_a_table_can_have_is_kept_as_unreadable(new_warehouse: New) -> None:
    warehouse = new_warehouse(bad=PERSON)
    warehouse.deliver("bad/person", {**ANNA, **{f"m{number}": "1" for number in range(2000)}}, BORIS)
    report = warehouse.run()
    assert report.status == "succeeded"
    assert (report.ingested[0].received, report.ingested[0].unreadable, report.ingested[0].landed) == (2, 1, 1)
    assert published(warehouse) == [("bad", "2")]
    wide = {"id": ["3"], **{f"M{number}": ["1"] for number in range(1490)}}
    assert ingested(warehouse, Batches(of(wide))).landed == 1
    assert (
        ingested(warehouse, Batches(of({"id": ["4"], **{f"n{number}": ["1"] for number in range(20)}}))).unreadable == 1
    )
