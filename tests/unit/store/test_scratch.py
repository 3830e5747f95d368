"""Tables of a scratch are alike, whether they are kept in files or not; files go when their tables do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from rddm.store.scratch import Scratch


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture(params=[False, True], ids=["tables", "files"])
def scratch(request: pytest.FixtureRequest, connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Scratch:
    return Scratch(connection, tmp_path / "spill" / "step", in_files=request.param)


def rows(scratch: Scratch, name: str) -> list[tuple[object, ...]]:
    return scratch.connection.execute(f'SELECT * FROM "{name}" ORDER BY ALL').fetchall()


def test_a_table_is_made_of_itself(scratch: Scratch) -> None:
    scratch.make("number", "SELECT unnest([1, 2, 3]) AS n")
    scratch.make("number", "SELECT n * 10 AS n FROM number WHERE n > 1")
    assert rows(scratch, "number") == [(20,), (30,)]


def test_parts_of_a_table_are_read_alike_and_go_with_it(scratch: Scratch) -> None:
    scratch.make("number", "SELECT unnest(range(10)) AS n", "n // 4")
    scratch.add("number", "SELECT 10 AS n")
    assert rows(scratch, "number") == [(n,) for n in range(11)]
    assert len(list(scratch.folder.rglob("*.parquet"))) == (4 if scratch.in_files else 0)
    scratch.make("number", "SELECT 1 AS n WHERE false", "n // 4")
    assert rows(scratch, "number") == []
    scratch.drop("number")
    assert not list(scratch.folder.rglob("*.parquet"))


def test_rows_are_added_by_the_names_of_their_columns(scratch: Scratch) -> None:
    scratch.begin("person", "(name VARCHAR, born DATE, notes VARCHAR[])")
    scratch.add("person", "SELECT '2001-05-06' AS born, 'Ada' AS name")
    scratch.append("person", pa.table({"name": ["Bo", "Cy"]}))
    assert [row[0] for row in rows(scratch, "person")] == ["Ada", "Bo", "Cy"]
    types = scratch.connection.execute("SELECT typeof(born), typeof(notes) FROM person LIMIT 1").fetchall()
    assert types == [("DATE", "VARCHAR[]")]


def test_what_is_added_may_be_read_from_the_table_itself(scratch: Scratch) -> None:
    scratch.load("number", pa.table({"n": [1, 2]}))
    scratch.add("number", "SELECT n + 10 AS n FROM number")
    assert rows(scratch, "number") == [(1,), (2,), (11,), (12,)]


def test_what_was_loaded_is_held_no_longer_than_it_takes_whatever_becomes_of_the_transaction(scratch: Scratch) -> None:
    scratch.connection.execute("BEGIN")
    before = pa.total_allocated_bytes()
    scratch.load("number", pa.table({"n": pa.array(range(100_000))}))
    scratch.append("number", pa.table({"n": pa.array(range(100_000))}))
    assert pa.total_allocated_bytes() - before < 100_000
    assert scratch.connection.execute("SELECT count(*) FROM number").fetchall() == [(200_000,)]
    scratch.connection.execute("ROLLBACK")


def test_a_table_that_is_dropped_leaves_nothing(scratch: Scratch) -> None:
    scratch.make("left", "SELECT 1 AS n")
    scratch.make("gone", "SELECT 1 AS n")
    scratch.drop("gone", "never made")
    with pytest.raises(duckdb.CatalogException):
        rows(scratch, "gone")
    assert len(list(scratch.folder.glob("*.parquet"))) == (1 if scratch.in_files else 0)
    scratch.clear()
    assert not scratch.folder.exists()
    assert not scratch.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()


def test_a_table_may_change_from_files_to_none_and_back(scratch: Scratch) -> None:
    for number in range(3):
        scratch.in_files = not scratch.in_files
        scratch.make("number", f"SELECT {number} AS n")
        scratch.add("number", "SELECT 7 AS n")
        assert rows(scratch, "number") == [(number,), (7,)]


def test_it_is_cleared_after_a_transaction_that_failed(scratch: Scratch) -> None:
    scratch.connection.execute("BEGIN")
    scratch.make("number", "SELECT 1 AS n")
    with pytest.raises(duckdb.Error):
        scratch.make("wrong", "SELECT error('no') AS n FROM number")
    scratch.clear()
    scratch.connection.execute("ROLLBACK")
    assert not scratch.folder.exists()


def test_no_file_is_named_as_one_of_another_scratch_was(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    names = []
    for _ in range(2):
        scratch = Scratch(connection, tmp_path / "step", in_files=True)
        scratch.make("number", "SELECT 1 AS n")
        scratch.make("parts", "SELECT 1 AS n", "n")
        names += [each.name for each in scratch.folder.iterdir()]
        scratch.clear()
    assert len(set(names)) == 4


def test_nobody_else_may_read_the_files(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    scratch = Scratch(connection, tmp_path / "step", in_files=True)
    scratch.make("number", "SELECT 1 AS n")
    assert scratch.folder.stat().st_mode & 0o077 == 0
    assert rows(scratch, "number") == [(1,)]


def test_what_a_killed_run_left_is_written_over(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    left = tmp_path / "step"
    left.mkdir()
    (left / "1.parquet").write_bytes(b"of a run that was killed")
    (left / "left.parquet").write_bytes(b"as well")
    scratch = Scratch(connection, left, in_files=True)
    scratch.make("number", "SELECT 1 AS n")
    assert rows(scratch, "number") == [(1,)]
    scratch.clear()
    assert not left.exists()
