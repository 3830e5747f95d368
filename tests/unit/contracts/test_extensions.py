"""What an engine with extensions loads, and what it does not."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from rddm.contracts.extensions import connect_with_extensions, extension_place


def test_an_engine_has_what_was_asked_for_and_no_more() -> None:
    with connect_with_extensions("sqlite_scanner") as connection:
        loaded = connection.execute("SELECT extension_name FROM duckdb_extensions() WHERE loaded").fetchall()
    names = {name for (name,) in loaded}
    assert "sqlite_scanner" in names
    assert not names & {"ducklake", "postgres_scanner", "httpfs", "mysql_scanner"}


def test_an_engine_refuses_what_is_not_signed_and_stays_so(tmp_path: Path) -> None:
    changed = bytearray(Path(extension_place("sqlite_scanner")).read_bytes())
    changed[len(changed) // 2] ^= 1
    (tmp_path / "sqlite_scanner.duckdb_extension").write_bytes(changed)
    with connect_with_extensions("ducklake") as connection:
        with pytest.raises(duckdb.IOException, match="signature"):
            connection.execute(f"LOAD '{tmp_path}/sqlite_scanner.duckdb_extension'")
        with pytest.raises(duckdb.InvalidInputException):
            connection.execute("SET allow_unsigned_extensions = true")


def test_settings_are_taken() -> None:
    with connect_with_extensions("sqlite_scanner", config={"memory_limit": "100MiB"}) as connection:
        assert connection.execute("SELECT current_setting('memory_limit')").fetchall() == [("100.0 MiB",)]
