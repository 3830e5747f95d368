"""Records in parts: each record once, every golden id in one part, nothing left on the disk."""

from __future__ import annotations

import uuid
from pathlib import Path

import pyarrow as pa
import pytest

from rddm.pipeline import curating_parts
from rddm.pipeline.curating_parts import in_parts

IDS = [uuid.uuid5(uuid.NAMESPACE_OID, str(number)) for number in range(500)]


def reader(ids: list[uuid.UUID]) -> pa.RecordBatchReader:
    stored = pa.array([each.bytes for each in ids], pa.binary(16))
    table = pa.table(
        {"golden_id": pa.ExtensionArray.from_storage(pa.uuid(), stored), "number": pa.array(range(len(ids)))}
    )
    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=64))


def test_many_records_come_in_parts_by_golden_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curating_parts, "PART_RECORDS", 300)
    twice = IDS * 2
    with in_parts(reader(twice), len(twice), tmp_path / "parts") as parts:
        assert (tmp_path / "parts").stat().st_mode & 0o077 == 0
        found = list(parts)
    assert len(found) == 4
    assert sorted(number for part in found for number in part.records["number"].to_pylist()) == list(range(1000))
    assert [part.lowest.int for part in found[1:]] == [part.highest.int + 1 for part in found[:-1]]
    assert (found[0].lowest.int, found[-1].highest.int) == (0, 2**128 - 1)
    assert all(
        part.lowest <= golden_id <= part.highest
        for part in found
        for golden_id in part.records["golden_id"].to_pylist()
    )
    assert not (tmp_path / "parts").exists()


def test_few_records_are_one_part_and_touch_no_disk(tmp_path: Path) -> None:
    with in_parts(reader(IDS), 10_000_000, tmp_path / "parts") as parts:
        assert not (tmp_path / "parts").exists()
        (only,) = parts
    assert only.records["number"].to_pylist() == list(range(500))


def test_what_a_killed_run_left_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curating_parts, "PART_RECORDS", 300)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "0.arrow").write_bytes(b"half a file")
    with in_parts(reader(IDS), len(IDS), tmp_path / "parts") as parts:
        assert sum(part.records.num_rows for part in parts) == len(IDS)
