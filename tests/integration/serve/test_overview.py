"""The warehouse at a glance: where everything is that was ever received."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.warehouse import PEOPLE_ALONE, PERSON, TinyWarehouse

from rddm.app.wire import open_reading
from rddm.serve.overview import status
from rddm.serve.sources import list_sources

New = Callable[..., TinyWarehouse]

WITH_BADGES = PEOPLE_ALONE + "  badge: {fields: {title: {type: text}}}\n"
BADGES = """
connector: {type: file}
entities:
  badge:
    read: {path: unused.csv}
    key: id
    fields: {title: title}
"""
ANNA = {"id": "1", "last": "Белова", "first": "Анна", "born": "2001-05-06", "changed": "2024-01-01"}


def test_what_is_pending_and_what_the_model_has_no_more_are_counted_too(new_warehouse: New) -> None:
    warehouse = new_warehouse(model=WITH_BADGES, a=PERSON, b=BADGES)
    warehouse.deliver("a/person", ANNA)
    warehouse.deliver("b/badge", {"id": "1", "title": "Лыжник"}, {"id": "2", "title": "Пловец"})
    warehouse.run()
    (warehouse.root / "sources" / "b.yaml").unlink()
    (warehouse.root / "model.yaml").write_text(PEOPLE_ALONE, encoding="utf-8")
    warehouse.write_source("c", PERSON.replace("last_name: last", "last_name: {sql: 'no_such_function(last)'}"))
    warehouse.deliver("c/person", ANNA, {**ANNA, "id": "2"}, {**ANNA, "id": "3"})
    warehouse.reopen()
    counted = warehouse.run().engine.balances
    with open_reading(warehouse.root, warehouse.environment) as reading:
        found = status(reading).in_all
        listed = [(each.source, each.model, each.conformed, each.is_forgotten) for each in list_sources(reading)]
    assert (found["conformed"], found["pending"]) == (1 + 2, 3)
    assert (found["conformed"], found["pending"]) == (
        sum(each.conformed for each in counted),
        sum(each.pending for each in counted),
    )
    assert found["received"] == sum(found.values()) - found["received"]
    assert listed == [("a", "person", 1, False), ("c", "person", 0, False), ("b", "badge", 2, True)]
