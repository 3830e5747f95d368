"""People are found by what somebody knows of them, read as deliveries are, and shown with all that is known of them."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.warehouse import PEOPLE_ALONE, PERSON, TinyWarehouse

from rddm.app.wire import open_reading
from rddm.serve.lookup import identify
from rddm.serve.portrait import portrait
from rddm.serve.search import find

New = Callable[..., TinyWarehouse]

IN_UKRAINE = PEOPLE_ALONE.replace("{organisation: null}", "{organisation: null, phone: {default_region: UA}}")


def test_a_phone_without_a_country_code_is_of_the_country_that_the_model_names(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON, model=IN_UKRAINE)
    warehouse.deliver("a/person", {"id": "1", "last": "Белова", "first": "Анна", "phone": "050 123 4567"})
    warehouse.run()
    with open_reading(warehouse.root, warehouse.environment) as reading:
        found = find(reading, "person", ["050", "123", "4567"])
    assert (found.understood, [each.fields["phone"] for each in found.found]) == (["phone"], ["+380501234567"])


GAMES = f"""{PEOPLE_ALONE}  game:
    fields:
      home: {{type: reference, references: person, required: true}}
      away: {{type: reference, references: person, required: true}}
      played_on: {{type: date}}
    identity: {{method: fact, fields: [home, away, played_on]}}
"""
CHESS = f"""{PERSON}  game:
    read: {{path: unused.csv}}
    key: id
    fields: {{home: {{column: white, entity: person}}, away: {{column: black, entity: person}}, played_on: day}}
"""


def test_a_portrait_shows_a_fact_by_whichever_field_names_the_person(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=CHESS, model=GAMES)
    warehouse.deliver(
        "a/person", {"id": "1", "last": "Белова", "first": "Анна"}, {"id": "2", "last": "Ким", "first": "Ольга"}
    )
    warehouse.deliver("a/game", {"id": "g", "white": "1", "black": "2", "day": "2024-05-01"})
    warehouse.run()
    with open_reading(warehouse.root, warehouse.environment) as reading:
        facts = [portrait(reading, identify(reading, "person", f"a/person/{key}")).facts for key in "12"]
    assert [[each.entity for each in found] for found in facts] == [["game"], ["game"]]
