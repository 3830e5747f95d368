from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from rddm.contracts.batches import Cursor, Unreadable
from rddm.contracts.errors import SourceError
from rddm.sources import BatchLimits
from rddm.sources.files import FileSource
from rddm.sources.files.unpacking import UnpackLimits

Rows = list[dict[str, Any]]
Deliver = Callable[..., tuple[Rows, list[Unreadable]]]


class Delivery(Protocol):
    cursor: Cursor | None

    def put(self, name: str, content: bytes | str) -> Delivery: ...
    def source(self, path: str = "*", **settings: Any) -> FileSource: ...
    def read(self, path: str = "*", **settings: Any) -> tuple[Rows, list[Unreadable]]: ...


CSV = "id,name\n" + "".join(f"{number},name {number}\n" for number in range(5000))


def ids(rows: Rows) -> list[str]:
    return [row["id"] for row in rows]


def test_files_come_in_name_order_and_each_batch_names_its_file(delivery: Delivery) -> None:
    delivery.put("b.csv", "id\n3\n").put("a.csv", "id\n1\n2\n").put("c.jsonl", '{"id": 4}')
    batches = list(delivery.source("*").read(None))
    assert [(batch.origin, ids(batch.records.to_pylist())) for batch in batches] == [
        ("a.csv", ["1", "2"]),
        ("b.csv", ["3"]),
        ("c.jsonl", ["4"]),
    ]


def test_only_new_and_changed_files_are_read_again(delivery: Delivery) -> None:
    delivery.put("a.csv", "id\n1\n").put("b.csv", "id\n2\n").read()
    assert delivery.read() == ([], [])
    delivery.put("b.csv", "id\n2\n3\n").put("c.csv", "id\n4\n")
    rows, _ = delivery.read()
    assert ids(rows) == ["2", "3", "4"]


def test_a_file_that_was_touched_or_copied_anew_is_not_read_again(delivery: Delivery, tmp_path: Path) -> None:
    delivery.put("a.csv", "id\n1\n").put("b.csv", "id\n2\n").read()
    os.utime(tmp_path / "a.csv", (1, 1))
    assert delivery.read() == ([], [])
    delivery.put("b.csv", "id\n3\n")
    os.utime(tmp_path / "a.csv", (2, 2))
    assert ids(delivery.read()[0]) == ["3"]


def test_a_file_that_changes_while_it_is_read_is_read_again(delivery: Delivery, tmp_path: Path) -> None:
    reading = delivery.put("a.csv", "id\n1\n2\n").source("a.csv", limits=BatchLimits(records=1)).read(None)
    next(reading)
    delivery.put("a.csv", "id\n1\n3\n")
    delivery.cursor = list(reading)[-1].cursor
    os.utime(tmp_path / "a.csv", (1, 1))
    assert ids(delivery.read("a.csv")[0]) == ["1", "3"]


def test_a_name_that_is_not_utf_8_is_read_and_shown_in_escapes(delivery: Delivery, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"bad\xff.csv")).write_text("id\n1\n")
    batches = list(delivery.source("*.csv").read(None))
    assert [(batch.origin, ids(batch.records.to_pylist())) for batch in batches] == [("bad\\xff.csv", ["1"])]
    json.dumps(batches[0].cursor, ensure_ascii=False).encode()


def test_a_link_that_leads_nowhere_and_a_pipe_do_not_stop_other_files(delivery: Delivery, tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to(tmp_path / "gone.csv")
    os.mkfifo(tmp_path / "b.csv")
    rows, bad = delivery.put("c.csv", "id\n1\n").read("*.csv")
    assert (ids(rows), [piece.place for piece in bad]) == (["1"], ["a.csv", "b.csv"])
    assert "a link to a file that is not there" in bad[0].reason
    assert delivery.read("*.csv") == ([], [])
    (tmp_path / "gone.csv").write_text("id\n7\n")
    assert ids(delivery.read("a*.csv")[0]) == ["7"]


@pytest.mark.parametrize(("name", "words"), [("a.csv", "a link to a file"), ("b.csv", "a pipe, a socket or a device")])
def test_a_path_that_names_no_file_is_an_error(delivery: Delivery, tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "a.csv").symlink_to(tmp_path / "gone.csv")
    os.mkfifo(tmp_path / "b.csv")
    with pytest.raises(SourceError, match=f"{name}: .*{words}"):
        delivery.read(name)


def test_a_link_to_a_folder_above_brings_no_file_twice(delivery: Delivery, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "again").symlink_to(tmp_path)
    batches = list(delivery.put("a.csv", "id\n1\n").source("**/*.csv").read(None))
    assert [batch.origin for batch in batches] == ["a.csv"]


def test_a_file_that_was_away_and_comes_back_unchanged_is_not_read_again(delivery: Delivery, tmp_path: Path) -> None:
    delivery.put("a.csv", "id\n1\n").put("b.csv", "id\n2\n").read()
    (tmp_path / "away").mkdir()
    (tmp_path / "a.csv").rename(tmp_path / "away" / "a.csv")
    assert ids(delivery.put("c.csv", "id\n3\n").read()[0]) == ["3"]
    (tmp_path / "away" / "a.csv").rename(tmp_path / "a.csv")
    assert delivery.read() == ([], [])
    delivery.put("a.csv", "id\n4\n")
    assert ids(delivery.read()[0]) == ["4"]


def test_an_empty_file_is_no_records_and_no_error(deliver: Deliver) -> None:
    for name in ("a.csv", "b.json", "c.jsonl", "d.xml", "e.xlsx", "f.parquet", "g.csv.gz"):
        assert deliver(name, b"" if not name.endswith(".gz") else gzip.compress(b"")) == ([], [])


def test_a_truncated_gzip_gives_what_came_before_and_is_not_complete(delivery: Delivery) -> None:
    whole = gzip.compress(CSV.encode())
    rows, bad = delivery.put("a.csv.gz", whole[: len(whole) // 2]).read()
    assert 100 < len(rows) < 5000
    assert rows == [{"id": str(number), "name": f"name {number}"} for number in range(len(rows))]
    assert [piece.place.split(",")[0] for piece in bad] == ["a.csv.gz"]
    assert "truncated" in bad[0].reason
    assert bad[0].is_cut_off
    assert delivery.cursor is not None
    assert delivery.cursor["files"]["a.csv.gz"]["complete"] is False  # type: ignore[call-overload, index]
    assert delivery.read() == ([], []), "nothing new as long as the file is the same"
    rows, bad = delivery.put("a.csv.gz", whole).read()
    assert (len(rows), bad) == (5000, [])


def test_a_damaged_gzip_gives_what_came_before(deliver: Deliver) -> None:
    whole = bytearray(gzip.compress(b"id\n" + b"1234567\n" * 100_000, compresslevel=0))
    block = 10  # after gzip's header; stored blocks begin with 5 bytes that hold their length and its complement
    for _ in range(3):
        block += 5 + int.from_bytes(whole[block + 1 : block + 3], "little")
    whole[block + 3] ^= 0xFF
    rows, bad = deliver("a.csv.gz", bytes(whole))
    assert len(rows) == (block - 10 - 3 * 5 - 3) // 8
    assert [piece.reason for piece in bad] == ["the packing is damaged"]


def test_a_wrong_checksum_does_not_lose_the_records(deliver: Deliver) -> None:
    whole = bytearray(gzip.compress(CSV.encode()))
    whole[-8:-4] = b"\0\0\0\0"
    rows, bad = deliver("a.csv.gz", bytes(whole))
    assert (len(rows), len(bad)) == (5000, 1)


def test_gzip_members_in_a_row_and_zeros_after_them_are_read(deliver: Deliver) -> None:
    members = gzip.compress(b"id\n1\n") + gzip.compress(b"2\n") + b"\0" * 512
    rows, bad = deliver("a.csv.gz", members)
    assert (ids(rows), bad) == (["1", "2"], [])


def test_gzip_is_known_whatever_the_name(deliver: Deliver) -> None:
    rows, _ = deliver("a.csv", gzip.compress(b"id\n1\n"))
    assert ids(rows) == ["1"]


BOUNDS = UnpackLimits(ratio=50, free_bytes=1024 * 1024)


@pytest.mark.parametrize("packing", ["gz", "zip"])
def test_a_bomb_is_stopped(deliver: Deliver, packing: str) -> None:
    blanks = b"id\n" + b"1\n" * 1_500_000
    if packing == "zip":
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", blanks)
        rows, bad = deliver("a.zip", content.getvalue(), unpack=BOUNDS)
    else:
        rows, bad = deliver("a.csv.gz", gzip.compress(blanks), unpack=BOUNDS)
    assert len(rows) < 1_400_000
    assert "bomb" in bad[-1].reason


def test_each_member_of_an_archive_is_a_file(delivery: Delivery) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("in/b.csv", "id\n2\n")
        archive.writestr("a.jsonl", '{"id": 1}\n')
        archive.writestr("__MACOSX/b.csv", "junk")
    rows, _ = delivery.put("a.zip", content.getvalue()).read()
    assert ids(rows) == ["1", "2"]
    assert delivery.read() == ([], [])


def test_a_damaged_archive_does_not_stop_other_files(delivery: Delivery) -> None:
    rows, bad = delivery.put("a.zip", b"PK\x03\x04 and nothing more").put("b.csv", "id\n1\n").read()
    assert (ids(rows), [piece.place for piece in bad]) == (["1"], ["a.zip"])


def test_a_damaged_member_is_unreadable(delivery: Delivery) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.csv", CSV)
        archive.writestr("b.csv", "id\n1\n")
    damaged = content.getvalue().replace(b"name 4000", b"name FOUR")
    rows, bad = delivery.put("a.zip", damaged).read()
    assert rows[-1]["id"] == "1"
    assert "damaged" in bad[0].reason


def test_a_folder_means_the_files_in_it(delivery: Delivery, tmp_path: Any) -> None:
    (tmp_path / "in").mkdir()
    delivery.put("in/a.csv", "id\n1\n").put("in/.hidden", "x")
    assert ids(delivery.read("in")[0]) == ["1"]


def test_a_path_that_is_not_there_is_an_error_and_an_empty_folder_is_none(delivery: Delivery, tmp_path: Any) -> None:
    what_to_do = r"\. Deliver it again, or correct `path` in sources/\w+\.yaml; what came before stays as it was\."
    with pytest.raises(SourceError, match=rf"users\.csv: there is no such file{what_to_do}"):
        delivery.read("users.csv")
    with pytest.raises(SourceError, match=f"there is no folder delivered{what_to_do}"):
        delivery.read("delivered/*.csv")
    (tmp_path / "delivered").mkdir()
    assert delivery.read("delivered/*.csv") == ([], [])
    with pytest.raises(SourceError, match="no file matches"):
        delivery.source("delivered/*.csv").probe()


def test_batches_keep_to_their_size_in_bytes(delivery: Delivery) -> None:
    delivery.put("a.csv", "id,text\n" + "".join(f"{number},{'x' * 1000}\n" for number in range(6000)))
    limits = BatchLimits(records=1_000_000, size_bytes=2_000_000)
    sizes = [batch.records.nbytes for batch in delivery.source("a.csv", limits=limits).read(None)]
    assert len(sizes) >= 3
    assert max(sizes) <= 2_000_000


def test_a_page_instead_of_data_is_named_and_its_text_kept(deliver: Deliver) -> None:
    rows, bad = deliver("a.csv", "\n<html><body>Sign in</body></html>")
    assert rows == []
    assert bad[0].content == b"\n<html><body>Sign in</body></html>"


def test_a_sample_of_a_file_that_seems_to_have_no_header_says_so(delivery: Delivery) -> None:
    delivery.put("a.csv", "1;a@pismo.alt;x\n2;b@pismo.alt;y\n")
    with pytest.raises(SourceError, match=r"a\.csv: its first row looks like data .* `header_rows: 0`") as raised:
        delivery.source().sample(10)
    assert "pismo" not in str(raised.value)
    assert delivery.source(header_rows=0).sample(10).column_names == ["c1", "c2", "c3"]
