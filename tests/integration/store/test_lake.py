"""Transactions of the lake, and what its snapshots tell."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest
from tests.support.warehouse import PERSON, TinyWarehouse

from rddm.contracts.errors import NotFound, StoreError
from rddm.pipeline.engine import prepare_lake
from rddm.store.lake import ROW_GROUP_ROWS, Lake

New = Callable[..., TinyWarehouse]
ANNA = {"id": "1", "last": "Белова", "first": "Анна", "changed": "2024-01-01"}


def test_what_fails_inside_a_transaction_leaves_no_trace(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.run()
    lake = warehouse.warehouse.lake
    before = lake.current_snapshot()
    with pytest.raises(StoreError, match="nothing half-done was kept"), lake.transaction("try"):
        _delete_and_fail(lake)
    assert lake.current_snapshot() == before


def test_the_tables_of_every_warehouse_are_made_in_one_commit_and_only_once(new_warehouse: New) -> None:
    lake = new_warehouse(a=PERSON).warehouse.lake
    before = lake.current_snapshot()
    for _ in range(2):
        prepare_lake(lake)
        assert lake.current_snapshot() == before + 1
    assert lake.has("raw", "batch")
    assert [each.message for each in lake.snapshots()][before + 1 :] == [None]


def test_a_snapshot_says_which_tables_changed(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", ANNA)
    warehouse.run()
    lake = warehouse.warehouse.lake
    before = lake.current_snapshot()
    with lake.transaction("change"):
        lake.connection.execute("UPDATE lake.golden.person SET records = 7")
    changed = lake.tables_changed(before, lake.current_snapshot())
    assert changed == {("golden", "person")}
    with pytest.raises(NotFound, match="have been expired"):
        lake.tables_changed(before, lake.current_snapshot() + 1)


def test_files_have_row_groups_that_threads_can_share(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.run()
    connection = warehouse.warehouse.lake.connection
    connection.execute("CREATE TABLE lake.raw.many AS SELECT range AS number FROM range(100_000)")
    files = [
        row[0]
        for row in connection.execute(
            "SELECT data_file FROM ducklake_list_files('lake', 'many', schema => 'raw')"
        ).fetchall()
    ]
    groups = connection.execute("SELECT DISTINCT row_group_num_rows FROM parquet_metadata(?)", [files]).fetchall()
    assert len(groups) > 0
    assert max(rows for (rows,) in groups) <= ROW_GROUP_ROWS


def _delete_and_fail(lake: Lake) -> None:
    lake.connection.execute("DELETE FROM lake.raw.batch")
    raise duckdb.IOException
