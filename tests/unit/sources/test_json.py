from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from rddm.contracts.batches import Unreadable
from rddm.sources.files.bytestream import ByteStream
from rddm.sources.files.json_document import parse_json_document
from rddm.sources.files.selection import Selection
from rddm.sources.json_text import parse_path

Deliver = Callable[..., tuple[list[dict[str, Any]], list[Unreadable]]]


def test_values_stay_to_the_letter(deliver: Deliver) -> None:
    text = '{"n": 1.50, "big": 12345678901234567890, "e": 1E5, "t": true, "z": null, "s": "ё", "l": [1.0, {"a": "ё"}]}'
    rows, _ = deliver("a.jsonl", text)
    assert rows == [
        {
            "n": "1.50",
            "big": "12345678901234567890",
            "e": "1E5",
            "t": "true",
            "z": None,
            "s": "ё",
            "l": '[1.0, {"a": "ё"}]',
        }
    ]


def test_members_that_differ_by_case_alone_are_told_apart_whatever_their_order(deliver: Deliver) -> None:
    rows, _ = deliver("a.jsonl", '{"id": 1, "ID": "x"}\n{"ID": "y", "id": 2}\n')
    assert rows == [{"id": "1", "ID": "x"}, {"id": "2", "ID": "y"}]


def test_nested_objects_get_dotted_names(deliver: Deliver) -> None:
    rows, _ = deliver("a.jsonl", '{"name": {"first": "A", "more": {"x": 1}}, "empty": {}, "name.first": "B"}')
    assert rows == [{"name.first": "A", "name.more.x": "1", "empty": "{}", "name.first_2": "B"}]


def test_one_broken_line_is_one_unreadable(deliver: Deliver) -> None:
    rows, bad = deliver("a.jsonl", b'{"id": 1}\n{"id": 2\n[3]\n{"id": "\xff"}\n\n{"id": 5}\n', encoding="utf-8")
    assert [row["id"] for row in rows] == ["1", "5"]
    assert [piece.place for piece in bad] == ["a.jsonl, line 2", "a.jsonl, line 3", "a.jsonl, line 4"]
    assert bad[0].content == b'{"id": 2'


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
@pytest.mark.parametrize("depth", [900, 100_000])
def test_however_deep_a_record_is_nested_the_others_are_read(deliver: Deliver, name: str, depth: int) -> None:
    lists, objects = "[" * depth + "]" * depth, '{"a": ' * depth + "1" + "}" * depth
    lines = ['{"id": 1}', f'{{"id": 2, "deep": {lists}}}', f'{{"id": 3, "deep": {objects}}}', '{"id": 4}']
    rows, bad = deliver(name, "\n".join(lines) if name == "a.jsonl" else f"[{','.join(lines)}]")
    read = {row["id"] for row in rows}
    assert {"1", "4"} <= read
    assert len(rows) + len(bad) == len(lines)
    assert ("2" in read) == (depth == 900)
    assert all("nested too deeply" in piece.reason and piece.content for piece in bad)
    if depth == 900:
        assert (rows[1]["deep"], rows[2]["deep" + ".a" * depth]) == (lists, "1")


def test_half_a_surrogate_pair_in_the_name_of_a_member_is_kept_as_it_was_written(deliver: Deliver) -> None:
    rows, bad = deliver("a.jsonl", r'{"na\ud83d": "Ада"}')
    assert (rows, bad) == ([{r"na\ud83d": "Ада"}], [])


def test_half_a_surrogate_pair_is_kept_as_it_was_written(deliver: Deliver) -> None:
    rows, bad = deliver("a.jsonl", r'{"name": "Ада \ud83d"}')
    assert (rows, bad) == ([{"name": r"Ада \ud83d"}], [])


def test_columns_that_appear_later_are_null_before(deliver: Deliver) -> None:
    rows, _ = deliver("a.jsonl", '{"id": 1}\n{"id": 2, "new": "x"}\n')
    assert rows == [{"id": "1", "new": None}, {"id": "2", "new": "x"}]


def test_json_lines_are_known_whatever_their_name(deliver: Deliver) -> None:
    rows, bad = deliver("a.json", '{"id": 1}\n{"id": 2}\n{"id": \n')
    assert ([row["id"] for row in rows], [piece.place for piece in bad]) == (["1", "2"], ["a.json, line 3"])


NESTED = {
    "at": "2024-05-01",
    "skipped": [{"x": "}]"}] * 3,
    "data": {
        "users": [
            {"id": 1, "name": {"last": "Ада"}, "roles": [{"event": 5}, {"event": 6}]},
            {"id": 2, "name": {"last": "Ева"}, "roles": []},
            {"id": 3, "name": {"last": "Ия"}, "roles": [{"event": 7}]},
        ]
    },
}


def test_records_are_found_by_their_path(deliver: Deliver) -> None:
    rows, _ = deliver("a.json", json.dumps(NESTED), records="data.users")
    assert [(row["id"], row["name.last"]) for row in rows] == [("1", "Ада"), ("2", "Ева"), ("3", "Ия")]


def test_inner_records_carry_down_what_is_asked_for(deliver: Deliver) -> None:
    carry = {"user": "id", "last": "name.last", "exported": "at"}
    rows, _ = deliver("a.json", json.dumps(NESTED, indent=1), records="data.users[].roles[]", carry=carry)
    assert rows == [
        {"event": "5", "user": "1", "last": "Ада", "exported": "2024-05-01"},
        {"event": "6", "user": "1", "last": "Ада", "exported": "2024-05-01"},
        {"event": "7", "user": "3", "last": "Ия", "exported": "2024-05-01"},
    ]


@pytest.mark.parametrize(
    ("broken", "content"),
    [
        ('{"id": tru, "in": [{"a": 1}]}', '{"id": tru, "in": [{"a": 1}]}'),
        ('{"id": "2, "in": {"a": 1}}', '{"id": "2, "in": {"a": 1}}'),
        ("oops", "oops"),
        ('"text"', '"text"'),
    ],
)
def test_a_broken_element_is_unreadable_and_the_list_goes_on(deliver: Deliver, broken: str, content: str) -> None:
    rows, bad = deliver("a.json", f'[{{"id": 1}}, {broken}, {{"id": 3}}, {{"id": 4}}]')
    assert [row["id"] for row in rows] == ["1", "3", "4"]
    assert [piece.content.decode().strip() for piece in bad] == [content]


def test_a_truncated_document_gives_what_came_before(deliver: Deliver) -> None:
    rows, bad = deliver("a.json", '{"users": [{"id": 1}, {"id": 2}, {"id": 3, "na', records="users")
    assert [row["id"] for row in rows] == ["1", "2"]
    assert bad[0].content == b'{"id": 3, "na'


def test_bytes_that_are_no_text_lose_their_element_only(deliver: Deliver) -> None:
    rows, bad = deliver("a.json", b'[{"id": 1}, {"id": "\xff"}, {"id": 3}]', encoding="utf-8")
    assert ([row["id"] for row in rows], [piece.content for piece in bad]) == (["1", "3"], [b'{"id": "\xff"}'])


def test_html_instead_of_json_is_named(deliver: Deliver) -> None:
    rows, bad = deliver("a.json", "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>")
    assert rows == []
    assert [(piece.place, piece.reason.partition(":")[0]) for piece in bad] == [
        ("a.json", "an HTML page instead of JSON")
    ]


def test_the_parsing_does_not_depend_on_where_pieces_end() -> None:
    text = json.dumps([NESTED, {"data": {"users": [{"id": 9, "name": {"last": 'q"\\'}}]}}], ensure_ascii=False)
    content = text[1:-1].encode()
    selection = Selection(parse_path("data.users"), {"at": "at"})

    def parsed(size: int) -> list[dict[str, str]]:
        pieces = [content[at : at + size] for at in range(0, len(content), size)]
        chunks = list(parse_json_document(ByteStream(pieces), "a.json", "utf-8", selection))
        assert not any(chunk.unreadable for chunk in chunks)
        return [row for chunk in chunks if chunk.records is not None for row in chunk.records.to_pylist()]

    whole = parsed(len(content))
    assert [row["id"] for row in whole] == ["1", "2", "3", "9"]
    for size in range(1, len(content)):
        assert parsed(size) == whole, f"pieces of {size} bytes"
