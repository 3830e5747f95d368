"""Objects in S3, served by rclone from a folder, with credentials."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rddm.contracts.errors import SourceError
from rddm.project.settings import FileConnector
from rddm.sources import BatchLimits, open_source
from rddm.sources.files import FileSource


def settings(endpoint: str, path: str, **more: Any) -> FileConnector:
    keys = {"s3_endpoint": endpoint, "s3_access_key": "key", "s3_secret_key": "s3cret", **more}
    return FileConnector.model_validate({"path": path, **keys})


def read(connector: FileConnector, cursor: Any = None) -> tuple[list[dict[str, Any]], Any]:
    rows: list[dict[str, Any]] = []
    for batch in open_source(Path("/"), "camps", "person", connector).read(cursor):
        assert not batch.unreadable
        rows += batch.records.to_pylist()
        cursor = batch.cursor
    return rows, cursor


def test_objects_of_every_kind_are_read_and_only_changed_ones_again(s3_server: tuple[Path, str]) -> None:
    folder, endpoint = s3_server
    inbox = folder / "lake" / "in"
    inbox.mkdir()
    (inbox / "a.csv").write_text("id,name\n1,Ада\n")
    (inbox / "b.jsonl.gz").write_bytes(gzip.compress('{"id": 2, "name": "Ева"}'.encode()))
    pq.write_table(pa.table({"id": ["3"], "name": ["Ия"]}), inbox / "c.parquet")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("d.csv", "id,name\n4,Яна\n")
    (inbox / "d.zip").write_bytes(packed.getvalue())
    (inbox / "deep").mkdir()
    (inbox / "deep" / "a.csv").write_text("id,name\n9,deep\n")
    connector = settings(endpoint, "s3://lake/in/*")
    rows, cursor = read(connector)
    assert [(row["id"], row["name"]) for row in rows] == [("1", "Ада"), ("2", "Ева"), ("3", "Ия"), ("4", "Яна")]
    assert next(iter(cursor["files"])) == "s3://lake/in/a.csv"
    assert read(connector, cursor)[0] == []
    (inbox / "a.csv").write_text("id,name\n1,Ада\n5,Ольга\n")
    assert [row["id"] for row in read(connector, cursor)[0]] == ["1", "5"]
    assert [row["id"] for row in read(settings(endpoint, "s3://lake/in/deep/"))[0]] == ["9"]


def test_a_large_object_is_read_in_batches_and_gone_on_with(s3_server: tuple[Path, str]) -> None:
    folder, endpoint = s3_server
    (folder / "lake" / "large.csv").write_text("id,text\n" + "".join(f"{n},{'x' * 100}\n" for n in range(40_000)))
    connector = settings(endpoint, "s3://lake/large.csv")
    reading = FileSource(Path("/"), "camps", "person", connector, limits=BatchLimits(records=9_000))
    batches = list(reading.read(None))
    assert [batch.records.num_rows > 0 for batch in batches] == [True] * len(batches)
    after = [row["id"] for batch in reading.read(batches[1].cursor) for row in batch.records.to_pylist()]
    assert after[0] == str(sum(batch.records.num_rows for batch in batches[:2]))
    assert after[-1] == "39999"


def test_a_large_parquet_object_is_read(s3_server: tuple[Path, str]) -> None:
    folder, endpoint = s3_server
    table = pa.table({"id": pa.array(range(300_000)), "text": [str(number * 7919) for number in range(300_000)]})
    pq.write_table(table, folder / "lake" / "large.parquet", compression="none")
    batches = open_source(Path("/"), "camps", "person", settings(endpoint, "s3://lake/large.parquet")).read(None)
    assert pa.concat_tables([batch.records for batch in batches]).equals(table)


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("s3://lake/nosuch.csv", {}),
        ("s3://nosuch/*.csv", {}),
        ("s3://lake/*.csv", {"s3_secret_key": "wr0ng"}),
        ("s3://lake/*.csv", {"s3_endpoint": "http://127.0.0.1:9"}),
    ],
)
def test_what_cannot_be_reached_is_named_without_its_keys(
    s3_server: tuple[Path, str], path: str, keys: dict[str, str]
) -> None:
    connector = settings(s3_server[1], path, **keys)
    with pytest.raises(SourceError, match=re.escape(path)) as caught:
        open_source(Path("/"), "camps", "person", connector).probe()
    assert "s3cret" not in str(caught.value)
    assert "wr0ng" not in str(caught.value)
