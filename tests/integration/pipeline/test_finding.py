"""People are found by what somebody knows of them, read as deliveries are."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.warehouse import PEOPLE_ALONE, PERSON, TinyWarehouse

from rddm.app.wire import open_reading
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
