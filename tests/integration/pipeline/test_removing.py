"""A removal that was killed between its transactions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.warehouse import PEOPLE_ALONE, PERSON, TinyWarehouse

from rddm.pipeline import landing, removing
from rddm.pipeline.removing import remove_source

Copied = Callable[[Callable[[Path, str], TinyWarehouse]], TinyWarehouse]

TWO = PERSON + "  member:\n    model: person" + PERSON.partition("  person:")[2]
ANNA = {"id": "1", "last": "Белова", "first": "Анна", "changed": "2024-01-01"}
BORIS = {"id": "2", "last": "Орлов", "first": "Борис", "changed": "2024-01-01"}


def read_both(root: Path, database_url: str) -> TinyWarehouse:
    warehouse = TinyWarehouse(root, database_url, {"a": TWO}, model=PEOPLE_ALONE)
    warehouse.deliver("a/person", ANNA)
    warehouse.deliver("a/member", BORIS)
    warehouse.run()
    return warehouse


class Killed(BaseException):
    """As if the process had ended here."""


def killed_at(entity: str, monkeypatch: pytest.MonkeyPatch, warehouse: TinyWarehouse) -> None:
    def land_deletions(lake: Any, place: Any, *more: Any, **named: Any) -> Any:
        if place.entity == entity:
            raise Killed
        return landing.land_deletions(lake, place, *more, **named)

    with monkeypatch.context() as patch:
        patch.setattr(removing, "land_deletions", land_deletions)
        with pytest.raises(Killed):
            remove_source(warehouse.warehouse, "a")
    warehouse.reopen()


@pytest.mark.parametrize("entity", ["person", "member"], ids=["before the first entity", "before the second"])
def test_a_removal_that_was_killed_is_undone_by_the_next_reading_and_ended_by_another_removal(
    copied: Copied, monkeypatch: pytest.MonkeyPatch, entity: str
) -> None:
    warehouse = copied(read_both)
    killed_at(entity, monkeypatch, warehouse)
    report = warehouse.run()
    assert all(each.balances for each in report.engine.balances)
    assert warehouse.published("SELECT last_name FROM warehouse.person ORDER BY 1") == ["Белова", "Орлов"]
    killed_at(entity, monkeypatch, warehouse)
    assert remove_source(warehouse.warehouse, "a") == (2 if entity == "person" else 1)
    warehouse.deliveries.clear()
    report = warehouse.run()
    assert all(each.balances for each in report.engine.balances)
    assert warehouse.published("SELECT 1 FROM warehouse.person") == []
