"""The lake's files lie on disk or in S3, and it makes no difference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from tests.support.warehouse import PERSON, SMALL_MODEL, TinyWarehouse

from rddm.contracts.errors import NotFound, StoreError
from rddm.store.lake import Lake

New = Callable[..., TinyWarehouse]
ANNA = {"id": "1", "last": "Белова", "first": "Анна", "changed": "2024-01-01"}
S3 = """
storage: {path: "s3://lake/warehouse", s3_endpoint: "%s", s3_access_key: "${KEY}", s3_secret_key: "${SECRET}"}
"""


def test_a_warehouse_runs_with_its_files_in_s3(
    tmp_path: Path, new_database: Callable[[], str], s3_server: tuple[Path, str]
) -> None:
    folder, endpoint = s3_server
    secrets = {"KEY": "key", "SECRET": "s3cret"}
    warehouse = TinyWarehouse(tmp_path / "w", new_database(), {"a": PERSON}, S3 % endpoint, secrets, SMALL_MODEL)
    warehouse.deliver("a/person", *({**ANNA, "id": str(number)} for number in range(50)))
    warehouse.run()
    warehouse.deliver("a/person", {**ANNA, "first": "Инна", "changed": "2024-02-02"})
    warehouse.run()
    assert warehouse.query("SELECT count(*), count(*) FILTER (first_name = 'Инна') FROM lake.conformed.person") == [
        (50, 1)
    ]
    assert list((folder / "lake" / "warehouse").rglob("*.parquet"))
    warehouse.close()


def test_what_fails_inside_a_transaction_leaves_no_trace(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.run()
    lake = warehouse.warehouse.lake
    before = lake.current_snapshot()
    with pytest.raises(StoreError, match="nothing half-done was kept"), lake.transaction("try"):
        _delete_and_fail(lake)
    assert lake.current_snapshot() == before


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


def _delete_and_fail(lake: Lake) -> None:
    lake.connection.execute("DELETE FROM lake.raw.batch")
    raise duckdb.IOException
