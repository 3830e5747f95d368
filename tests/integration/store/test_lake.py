"""Transactions of the lake, and what its snapshots tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import duckdb
import pytest
from tests.support.warehouse import PERSON, TinyWarehouse

from rddm.app.wire import open_reading
from rddm.contracts.errors import NotFound, StoreError
from rddm.contracts.ids import id_order_sql
from rddm.contracts.tables import Column, Table
from rddm.pipeline.engine import prepare_lake
from rddm.store.lake import (
    METADATA,
    ROW_GROUP_ROWS,
    Lake,
    among_sql,
    found_sql,
    is_few,
    keep_in_order,
    near_sql,
    with_orders_sql,
)
from rddm.store.maintenance import MANY_INLINED_ROWS, maintain, rewrite_dead_files

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


def test_a_few_rows_are_found_wherever_they_lie(new_warehouse: New) -> None:
    lake = new_warehouse(a=PERSON).warehouse.lake
    prepare_lake(lake)
    run = lake.connection.execute
    run("CREATE TABLE lake.raw.number AS SELECT range AS number, md5(range::VARCHAR) AS text FROM range(100_000)")
    run("INSERT INTO lake.raw.number SELECT -range, 'a file of their own' FROM range(1, 100_000)")
    run("INSERT INTO lake.raw.number SELECT 200_000 + range, 'few: in the catalog' FROM range(5)")
    run(
        "CREATE TEMP TABLE wanted AS FROM (VALUES (3), (99_999), (-3), (-40_000), (200_002), (200_004), (300_000), (4)) AS w (n)"
    )
    looked_up, queried = (
        found_sql("lake.raw.number", "number IN (SELECT n FROM wanted)", "number, text LIKE '%e%'", few=few)
        for few in (True, False)
    )
    with lake.transaction("change"):
        run("INSERT INTO lake.raw.number VALUES (300_000, 'of this transaction')")
        run("DELETE FROM lake.raw.number WHERE number IN (4, 200_004)")
        within = set(run(looked_up).fetchall())
    assert {number for number, _ in within} == {3, 99_999, -3, -40_000, 200_002, 300_000}
    assert set(run(looked_up).fetchall()) == set(run(queried).fetchall()) == within
    assert run(found_sql("lake.raw.number", "number = -5 AND text = 'no such text'", few=True)).fetchall() == []
    assert is_few(lake.connection, "wanted")
    assert not is_few(lake.connection, "lake.raw.number")


def test_rows_lie_in_the_order_of_their_ids_however_they_came(new_warehouse: New) -> None:
    lake = new_warehouse(a=PERSON).warehouse.lake
    run = lake.connection.execute
    table = Table("raw", "numbered", "one id", (Column("id", "UUID", "An id"),), found_by=("id",), is_sorted=True)
    lake.ensure(table)
    keep_in_order(lake.connection, "lake", table)
    for first in (0, 50_000):
        run(
            f"INSERT INTO lake.raw.numbered SELECT id, {id_order_sql('id')} FROM"
            f" (SELECT md5(range::VARCHAR)::UUID AS id FROM range({first}, {first + 50_000}))"
        )
    maintain(lake, expire_before=datetime(2000, 1, 1, tzinfo=UTC), keep_from=None)
    orders = run(
        "SELECT id_order, lag(id_order) OVER (ORDER BY file_row_number) AS before, filename FROM lake.raw.numbered"
    )
    rows = orders.fetchall()
    assert len(rows) == 100_000
    assert len({filename for _, _, filename in rows}) == 1
    assert all(before is None or before <= order for order, before, _ in rows)
    ids = run("SELECT id FROM lake.raw.numbered LIMIT 7 OFFSET 60_000").fetchall()
    run("CREATE TEMP TABLE wanted (id UUID)")
    lake.connection.executemany("INSERT INTO wanted VALUES (?)", ids)
    found = run(f"SELECT id FROM lake.raw.numbered WHERE {among_sql('id', 'SELECT id FROM wanted')}").fetchall()
    assert sorted(found) == sorted(ids)


def test_a_table_of_an_older_version_gets_the_orders_it_is_found_by(new_warehouse: New) -> None:
    lake = new_warehouse(a=PERSON).warehouse.lake
    run = lake.connection.execute
    columns = (
        Column("id", "UUID", "An id"),
        Column("other_id", "UUID", "Another"),
        Column("text", "VARCHAR", "A text"),
    )
    old = Table("raw", "old", "one id", columns, found_by=("id",), is_sorted=True)
    new = Table("raw", "old", "one id", columns, found_by=("id", "other_id"), is_sorted=True)
    rows = "SELECT md5({0})::UUID AS id, md5('other' || {0})::UUID AS other_id, {0} AS text FROM range({1}, {2})"
    texts = "('a' || range)"
    lake.ensure(old)
    run(f"INSERT INTO lake.raw.old BY NAME {with_orders_sql(old, rows.format(texts, 0, 50_000))}")
    run(f"INSERT INTO lake.raw.old BY NAME {with_orders_sql(old, rows.format(texts, 50_000, 50_003))}")
    with lake.transaction("a run of a newer version"):
        lake.ensure(new)
        run(f"INSERT INTO lake.raw.old BY NAME {with_orders_sql(new, rows.format(texts, 50_003, 50_005))}")
    run("CREATE TEMP TABLE wanted AS SELECT other_id FROM lake.raw.old WHERE text IN ('a7', 'a50001', 'a50004')")
    wanted = "SELECT other_id FROM wanted"
    for few in (True, False):
        found = found_sql("lake.raw.old", f"other_id IN ({wanted})", "text", few=few, near=near_sql("other_id", wanted))
        assert {text for (text,) in run(found).fetchall()} == {"a7", "a50001", "a50004"}
    wrong = f"id_order <> {id_order_sql('id')} OR other_id_order IS DISTINCT FROM {id_order_sql('other_id')}"
    assert lake.number(f"SELECT count(*) FROM lake.raw.old WHERE {wrong}") == 0
    assert lake.number("SELECT count(*) FROM lake.raw.old") == 50_005


def test_a_retyped_column_keeps_what_its_new_type_can_say(new_warehouse: New) -> None:
    lake = new_warehouse(a=PERSON).warehouse.lake
    run = lake.connection.execute

    def said(kind: str) -> list[object]:
        columns = (Column("n", "BIGINT", "A number"), Column("value", kind, "A value"))
        lake.ensure(Table("raw", "value", "one n", columns))
        with lake.transaction("retype"):
            lake.retype_columns(Table("raw", "value", "one n", columns))
        return [value for (value,) in run("SELECT value::VARCHAR FROM lake.raw.value ORDER BY n").fetchall()]

    assert said("VARCHAR") == []
    texts = ["38", "1.5", "2024-05-06", "2024-05-06 07:08:09", None]
    lake.connection.executemany("INSERT INTO lake.raw.value (n, value) VALUES (?, ?)", list(enumerate(texts)))
    assert said("TIMESTAMP") == [None, None, None, "2024-05-06 07:08:09", None]
    run("INSERT INTO lake.raw.value (n, value) VALUES (7, TIMESTAMP '2024-01-01')")
    assert said("DATE") == [None, None, None, None, None, "2024-01-01"]
    assert said("BIGINT") == [None] * 6
    run("INSERT INTO lake.raw.value (n, value) VALUES (8, 17)")
    assert said("VARCHAR") == [*([None] * 6), "17"]


def test_a_file_of_which_nearly_all_is_deleted_is_written_anew(new_warehouse: New) -> None:
    lake = new_warehouse(a=PERSON).warehouse.lake
    prepare_lake(lake)
    lake.connection.execute("CREATE TABLE lake.raw.number AS SELECT range AS number FROM range(100_000)")
    lake.connection.execute("DELETE FROM lake.raw.number WHERE number % 50 > 0")
    maintain(lake, expire_before=datetime(2000, 1, 1, tzinfo=UTC), keep_from=None)
    files = lake.connection.execute(
        "SELECT data_file, delete_file FROM ducklake_list_files('lake', 'number', schema => 'raw')"
    )
    [(data, deleted)] = files.fetchall()
    assert deleted is None
    assert lake.number(f"SELECT count(*) FROM read_parquet('{data}')") == 2_000


def test_a_large_file_that_was_deleted_in_two_steps_does_not_stay(new_warehouse: New) -> None:
    lake = new_warehouse(a=PERSON).warehouse.lake
    prepare_lake(lake)
    run = lake.connection.execute
    run("CREATE TABLE lake.raw.number AS SELECT range AS number FROM range(200_000)")
    run("DELETE FROM lake.raw.number WHERE number IN (3, 70_000)")
    assert not rewrite_dead_files(lake)
    then = lake.current_snapshot()
    with lake.transaction("anew"):
        run("DELETE FROM lake.raw.number")
        run("INSERT INTO lake.raw.number SELECT 2 * range FROM range(1_000)")
    assert rewrite_dead_files(lake)
    assert not rewrite_dead_files(lake)
    files = run("SELECT data_file, delete_file FROM ducklake_list_files('lake', 'number', schema => 'raw')").fetchall()
    [(data, deleted)] = files
    assert deleted is None
    assert lake.number(f"SELECT count(*) FROM read_parquet('{data}')") == 1_000
    assert lake.number(f"SELECT count(*) FROM lake.raw.number AT (VERSION => {then})") == 199_998
    with pytest.raises(NotFound, match="written anew"):  # what was deleted first is told as deleted since, too
        lake.tables_changed(then, lake.current_snapshot())


def test_a_past_state_is_read_rightly_after_files_were_written_anew(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.run()
    lake = warehouse.warehouse.lake
    lake.connection.execute("CREATE TABLE lake.raw.number AS SELECT range AS number FROM range(100_000)")
    then = lake.current_snapshot()
    lake.connection.execute("DELETE FROM lake.raw.number WHERE number < 98_000")
    maintain(lake, expire_before=datetime(2000, 1, 1, tzinfo=UTC), keep_from=None)
    with open_reading(warehouse.root, warehouse.environment) as reading:
        past = reading.as_of(str(then))
        assert past.rows(f"SELECT number FROM {past.table('raw', 'number')} WHERE number = 7") == [{"number": 7}]


def test_what_many_small_commits_left_is_gathered_in_one_file(new_warehouse: New) -> None:
    lake = new_warehouse(a=PERSON).warehouse.lake
    prepare_lake(lake)
    run = lake.connection.execute
    run("CREATE TABLE lake.raw.number AS SELECT range AS number FROM range(1_000_000)")
    for first in range(2_000_000, 2_030_000, 1_000):
        run(f"INSERT INTO lake.raw.number SELECT range FROM range({first}, {first + 1_000})")
        run(f"DELETE FROM lake.raw.number WHERE number IN ({first}, {first - 1_000 + 1})")
    before, then = run("SELECT number FROM lake.raw.number ORDER BY 1").fetchall(), lake.current_snapshot()
    maintain(lake, expire_before=datetime(2000, 1, 1, tzinfo=UTC), keep_from=None)
    files = run("SELECT delete_file FROM ducklake_list_files('lake', 'number', schema => 'raw')").fetchall()
    assert files in ([(None,)], [(None,), (None,)])
    assert run("SELECT number FROM lake.raw.number ORDER BY 1").fetchall() == before
    assert run(f"SELECT number FROM lake.raw.number AT (VERSION => {then}) ORDER BY 1").fetchall() == before


def test_inlined_rows_are_gathered_and_those_that_no_snapshot_has_leave_the_catalog(new_warehouse: New) -> None:
    lake = new_warehouse(a=PERSON).warehouse.lake
    prepare_lake(lake)
    run = lake.connection.execute
    run("CREATE TABLE lake.raw.number (number BIGINT)")
    for first in range(0, 2 * MANY_INLINED_ROWS, 10):
        with lake.transaction("some"):
            run(f"DELETE FROM lake.raw.number WHERE number IN ({first - 3}, {first - 4})")
            run(f"INSERT INTO lake.raw.number SELECT range FROM range({first}, {first + 10})")
    [inlined] = [name for (name,) in run(f"SELECT table_name FROM {METADATA}.ducklake_inlined_data_tables").fetchall()
                 if lake.number(f"SELECT count(*) FROM {METADATA}.{name}") > MANY_INLINED_ROWS]  # fmt: skip
    before, published = run("SELECT number FROM lake.raw.number ORDER BY 1").fetchall(), lake.current_snapshot()
    dead = lake.number(f"SELECT count(*) FROM {METADATA}.{inlined} WHERE end_snapshot IS NOT NULL")
    assert dead > 100
    run("INSERT INTO lake.raw.number VALUES (-1)")
    run("DELETE FROM lake.raw.number WHERE number = 1000")
    maintain(lake, expire_before=datetime(2100, 1, 1, tzinfo=UTC), keep_from=published)
    after = lake.current_snapshot()
    assert run("SELECT number FROM lake.raw.number ORDER BY 1").fetchall() == sorted({*before, (-1,)} - {(1000,)})
    assert run(f"SELECT number FROM lake.raw.number AT (VERSION => {published}) ORDER BY 1").fetchall() == before
    assert lake.number(f"SELECT count(*) FROM {METADATA}.{inlined} WHERE end_snapshot IS NULL") == 0
    assert lake.number(f"SELECT count(*) FROM {METADATA}.{inlined} WHERE end_snapshot <= {published}") == 0
    net = run(
        "SELECT number, sum(CASE change_type WHEN 'insert' THEN 1 WHEN 'delete' THEN -1 ELSE 0 END) AS net FROM"
        f" ducklake_table_changes('lake', 'raw', 'number', {published + 1}, {after}) GROUP BY number HAVING net <> 0 ORDER BY 1"
    ).fetchall()
    assert net == [(-1, 1), (1000, -1)]
    maintain(lake, expire_before=datetime(2100, 1, 1, tzinfo=UTC), keep_from=after)
    assert lake.number(f"SELECT count(*) FROM {METADATA}.{inlined}") == 0
