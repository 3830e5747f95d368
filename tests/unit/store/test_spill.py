"""Who opens the lake has a folder of its own to spill to; what the dead leave there goes, what the living use stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from rddm.store.lake import spill_folder
from rddm.store.spill import clear_dead, others, own_folder

UNTIL_KILLED = """
import sys
from pathlib import Path
from rddm.store.spill import own_folder
with own_folder(Path(sys.argv[1])) as own:
    (own / "duckdb_temp_block-1.block").write_bytes(b"people")
    print(own.name, flush=True)
    sys.stdin.read()
"""


def test_each_has_a_folder_of_its_own_that_goes_with_it(tmp_path: Path) -> None:
    spill = tmp_path / "spill"
    with own_folder(spill) as one, own_folder(spill) as other:
        assert one != other
        assert one.stat().st_mode & 0o077 == 0
        (one / "resolve").mkdir()
        (one / "resolve" / "7.parquet").write_bytes(b"people")
        assert others(other) == {one.name}
    assert not one.exists()
    assert not other.exists()


def test_what_the_dead_left_goes_and_what_the_living_use_stays(tmp_path: Path) -> None:
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", UNTIL_KILLED, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        with own_folder(tmp_path) as own:
            assert clear_dead(own) == 0
            assert others(own) == {name}
            process.kill()
            process.wait()
            assert clear_dead(own) == 1
            assert others(own) == frozenset()
            assert own.exists()


def test_what_an_earlier_version_left_goes(tmp_path: Path) -> None:
    (tmp_path / "resolve").mkdir()
    (tmp_path / "resolve" / "7.parquet").write_bytes(b"people")
    (tmp_path / "duckdb_temp_block-1.block").write_bytes(b"people")
    with own_folder(tmp_path) as own:
        assert clear_dead(own) == 2
        assert others(own) == frozenset()


def test_nothing_is_deleted_beside_a_folder_that_is_not_ones_own(tmp_path: Path) -> None:
    (tmp_path / "somebody's").mkdir()
    (tmp_path / "other").mkdir()
    with pytest.raises(ValueError, match="not a folder"):
        clear_dead(tmp_path / "other")
    assert (tmp_path / "somebody's").exists()


def test_a_connection_that_spills_nowhere_has_no_folder_that_could_be_cleared() -> None:
    with duckdb.connect(config={"temp_directory": ""}) as connection, pytest.raises(ValueError, match="nowhere"):
        spill_folder(connection)
