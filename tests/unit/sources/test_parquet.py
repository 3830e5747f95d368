from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rddm.contracts.batches import Unreadable

Deliver = Callable[..., tuple[list[dict[str, Any]], list[Unreadable]]]


def written(table: pa.Table, row_group_size: int = 100) -> bytes:
    content = io.BytesIO()
    pq.write_table(table, content, row_group_size=row_group_size)
    return content.getvalue()


def test_types_stay_native_and_nested_ones_become_plain(deliver: Deliver) -> None:
    table = pa.table(
        {
            "id": [1, 2],
            "born": [dt.date(2000, 1, 2), None],
            "name": [{"last": "Ада", "more": {"x": 1}}, {"last": "Ева", "more": {"x": 2}}],
            "tags": [["a", "ё"], []],
            "kind": pa.array(["x", "y"]).dictionary_encode(),
        }
    )
    rows, bad = deliver("a.parquet", written(table))
    assert bad == []
    assert rows == [
        {"id": 1, "born": dt.date(2000, 1, 2), "name.last": "Ада", "name.more.x": 1, "tags": '["a","ё"]', "kind": "x"},
        {"id": 2, "born": None, "name.last": "Ева", "name.more.x": 2, "tags": "[]", "kind": "y"},
    ]


def test_a_truncated_file_is_unreadable(deliver: Deliver) -> None:
    rows, bad = deliver("a.parquet", written(pa.table({"id": list(range(1000))}))[:-50])
    assert (rows, [piece.place for piece in bad]) == ([], ["a.parquet"])


def test_a_damaged_row_group_does_not_lose_the_others(deliver: Deliver) -> None:
    table = pa.table({"id": [str(number) * 20 for number in range(300)]})
    content = bytearray(written(table))
    offset = pq.ParquetFile(io.BytesIO(bytes(content))).metadata.row_group(1).column(0).dictionary_page_offset
    content[offset : offset + 60] = b"\xff" * 60
    rows, bad = deliver("a.parquet", bytes(content))
    assert [row["id"] for row in rows] == [str(number) * 20 for number in range(300) if not 100 <= number < 200]
    assert [piece.place for piece in bad] == ["a.parquet, row group 2 of 3"]


def test_text_that_is_none_loses_its_row_only(deliver: Deliver) -> None:
    names = pa.array(["Ада".encode(), b"\xff", None, "Ева".encode()]).view(pa.string())
    rows, bad = deliver("a.parquet", written(pa.table({"id": [1, 2, 3, 4], "name": names}), row_group_size=2))
    assert [(row["id"], row["name"]) for row in rows] == [(1, "Ада"), (3, None), (4, "Ева")]
    assert [(piece.place, piece.content) for piece in bad] == [("a.parquet, row 2", rb"{'id': 2, 'name': b'\xff'}")]


def test_types_that_the_engine_does_not_know_hold_the_same_in_others(deliver: Deliver) -> None:
    long = pa.decimal256(70, 2)
    table = pa.table(
        {
            "sum": pa.array([Decimal("1.50"), None], long),
            "sums": pa.array([[Decimal("2.50")], []], pa.list_(long)),
            "by_name": pa.array([[("a", Decimal("3.50"))], []], pa.map_(pa.string(), long)),
            "half": pa.array([1.5, None], pa.float32()).cast(pa.float16()),
        }
    )
    rows, bad = deliver("a.parquet", written(table))
    assert bad == []
    assert rows == [
        {"sum": "1.50", "sums": '["2.50"]', "by_name": '{"a":"3.50"}', "half": 1.5},
        {"sum": None, "sums": "[]", "by_name": "{}", "half": None},
    ]


def test_a_time_of_day_that_is_none_loses_its_row_only(deliver: Deliver) -> None:
    times = pa.array([10**15, 3_600_000_000_000, None, -1], pa.int64()).cast(pa.time64("ns"))
    rows, bad = deliver("a.parquet", written(pa.table({"id": [1, 2, 3, 4], "at": times})))
    assert [row["id"] for row in rows] == [2, 3]
    assert [(piece.place, piece.content) for piece in bad] == [
        ("a.parquet, row 1", b"{'id': 1, 'at': 1000000000000000}"),
        ("a.parquet, row 4", b"{'id': 4, 'at': -1}"),
    ]


def test_a_text_inside_a_map_that_is_none_loses_its_row_only(deliver: Deliver) -> None:
    notes = pa.array([[("a", b"x")], [("a", b"\xff")], []], pa.map_(pa.string(), pa.binary()))
    texts = pa.MapArray.from_arrays(notes.offsets, notes.keys, notes.items.view(pa.string()))
    rows, bad = deliver("a.parquet", written(pa.table({"id": [1, 2, 3], "notes": texts})))
    assert [(row["id"], row["notes"]) for row in rows] == [(1, '{"a":"x"}'), (3, "{}")]
    assert [piece.place for piece in bad] == ["a.parquet, row 2"]
