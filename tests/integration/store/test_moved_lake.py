"""A project moves, and its lake goes along."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from tests.support.warehouse import PERSON, TinyWarehouse

from rddm.app.wire import open_reading
from rddm.contracts.errors import StoreError

New = Callable[..., TinyWarehouse]
ANNA = {"id": "1", "last": "Белова", "first": "Анна", "changed": "2024-01-01", "phone": "+79160000001"}


def move(warehouse: TinyWarehouse) -> None:
    warehouse.close()
    warehouse.root = warehouse.root.rename(warehouse.root.with_name("another folder"))


def test_a_moved_project_goes_on_where_it_was(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", ANNA)
    warehouse.run()
    move(warehouse)
    with open_reading(warehouse.root, warehouse.environment) as reading:
        assert reading.rows("SELECT first_name FROM lake.golden.person") == [{"first_name": "Анна"}]
    warehouse.reopen()
    warehouse.deliver("a/person", {**ANNA, "first": "Инна", "changed": "2024-02-02"})
    warehouse.run()
    warehouse.reopen()
    assert warehouse.query("SELECT first_name FROM lake.golden.person") == ["Инна"]
    assert warehouse.query("SELECT count(*) FROM lake.raw.a__person") == [2]


def test_a_lake_whose_files_stayed_behind_is_not_opened(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", *({**ANNA, "id": str(number)} for number in range(50)))
    warehouse.run()
    before = warehouse.root
    move(warehouse)
    shutil.rmtree(warehouse.root / ".rddm" / "lake")
    with pytest.raises(StoreError, match=f"They were in {before}"):
        warehouse.reopen()


def test_the_engine_draws_nothing_on_standard_output(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    assert warehouse.query("SELECT current_setting('enable_progress_bar')") == [False]
