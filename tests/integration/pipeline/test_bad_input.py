"""One source's bad input, beside a good one that must come through to the shop window."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.warehouse import PERSON, TinyWarehouse

from rddm.contracts.errors import ConfigurationError
from rddm.pipeline.landing import Place
from rddm.pipeline.patching import Author, patch_record

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
    warehouse = new_warehouse(camps=PERSON + BOOKING)
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
