from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rddm.contracts.batches import Unreadable
from rddm.sources.files.bytestream import ByteStream
from rddm.sources.files.delimited import Dialect, parse_delimited

Deliver = Callable[..., tuple[list[dict[str, Any]], list[Unreadable]]]


def places(bad: list[Unreadable]) -> list[str]:
    return [piece.place for piece in bad]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(deliver: Deliver, delimiter: str) -> None:
    rows, bad = deliver("a.csv", delimiter.join(["id", "name"]) + "\n" + delimiter.join(["1", "Ада"]) + "\n")
    assert (rows, bad) == ([{"id": "1", "name": "Ада"}], [])


def test_a_delimiter_that_is_set_goes_before_the_one_found(deliver: Deliver) -> None:
    rows, _ = deliver("a.csv", "a;b,c\n1;2,3\n", delimiter=",")
    assert rows == [{"a;b": "1;2", "c": "3"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "cp866", "koi8-r", "utf-16", "utf-16-le"])
def test_the_encoding_is_found(deliver: Deliver, encoding: str) -> None:
    rows, bad = deliver("a.csv", "id;имя\n1;Щербаков Пётр\n2;Юлия Эрнст\n3;Ольга Ильина\n".encode(encoding))
    assert [row["имя"] for row in rows] == ["Щербаков Пётр", "Юлия Эрнст", "Ольга Ильина"]
    assert list(rows[0]) == ["id", "имя"]
    assert bad == []


def test_the_encoding_is_found_when_the_first_megabytes_are_ascii(deliver: Deliver) -> None:
    plain = "".join(f"{number},plain\n" for number in range(150_000))
    rows, bad = deliver("a.csv", ("id,name\n" + plain + "x,Наталья Андреевна\n").encode("cp1251"))
    assert (rows[-1], len(rows), bad) == ({"id": "x", "name": "Наталья Андреевна"}, 150_001, [])


def test_western_accents_are_not_taken_for_cyrillic(deliver: Deliver) -> None:
    names = ["José Müller", "Zoë Brontë", "Hélène Béranger", "Jürgen Größl", "Günter Schön", "André Désiré"]
    rows, _ = deliver("a.csv", ("id;name\n" + "".join(f"1;{name}\n" for name in names)).encode("cp1252"))
    assert [row["name"] for row in rows] == names


def test_undecodable_bytes_lose_their_line_and_no_other(deliver: Deliver) -> None:
    lines = ["id,имя", *(f"{number},Имя" for number in range(20))]
    content = "\n".join(lines).encode().replace(b"7,", b"7,\xff\xfe")
    rows, bad = deliver("a.csv", content)
    assert [row["id"] for row in rows] == [str(number) for number in range(20) if number not in (7, 17)]
    assert places(bad) == ["a.csv, line 9", "a.csv, line 19"]
    assert bad[0].content == b"7,\xff\xfe" + "Имя".encode()
    assert "UTF-8" in bad[0].reason.upper()


def test_a_broken_utf16_line_is_unreadable_alone(deliver: Deliver) -> None:
    content = "id,имя\n1,Ада\n2,X\n3,Ева\n".encode("utf-16").replace("X".encode("utf-16-le"), b"\x00\xd8")
    rows, bad = deliver("a.csv", content)
    assert ([row["id"] for row in rows], places(bad)) == (["1", "3"], ["a.csv, line 3"])


def test_nul_bytes_make_their_line_unreadable(deliver: Deliver) -> None:
    rows, bad = deliver("a.csv", b"id,name\n1,a\n2,\0\0\n3,c\n")
    assert ([row["id"] for row in rows], places(bad), bad[0].content) == (["1", "3"], ["a.csv, line 3"], b"2,\0\0")


@pytest.mark.parametrize("line", ["2,b,c,d", "2", "2,b"])
def test_ragged_lines_are_unreadable(deliver: Deliver, line: str) -> None:
    rows, bad = deliver("a.csv", f"id,name,city\n1,a,x\n{line}\n3,c,z\n")
    assert ([row["id"] for row in rows], places(bad), bad[0].content) == (["1", "3"], ["a.csv, line 3"], line.encode())
    assert bad[0].reason.endswith("values where the header has 3")


def test_a_stray_quote_does_not_swallow_the_rest(deliver: Deliver) -> None:
    lines = "".join(f"{number},name,x\n" for number in range(1000))
    rows, bad = deliver("a.csv", "id,name,city\n" + lines.replace("500,name", '500,"name'))
    assert len(rows) == 999
    assert places(bad) == ["a.csv, line 502"]


def test_a_stray_quote_before_well_quoted_lines_loses_only_its_own_line(deliver: Deliver) -> None:
    rows, bad = deliver("a.csv", '"id","name"\n"1","Ада\n"2","Ева"\n"3","Ия, Яна"\n')
    assert ([row["id"] for row in rows], places(bad)) == (["2", "3"], ["a.csv, line 2"])


def test_a_quoted_value_may_go_over_lines(deliver: Deliver) -> None:
    rows, bad = deliver("a.csv", 'id,note\n1,"one\ntwo, ""three""\r\nfour"\n2,x\n')
    assert rows == [{"id": "1", "note": 'one\ntwo, "three"\r\nfour'}, {"id": "2", "note": "x"}]
    assert bad == []


def test_a_quoted_value_may_go_over_the_edge_of_a_block() -> None:
    pieces = [b'id,note\n1,x\n2,"begins', b"\ngoes on", b'\nends"\n3,y\n']
    chunks = list(parse_delimited(ByteStream(pieces), "a.csv", Dialect()))
    rows = [row for chunk in chunks if chunk.records is not None for row in chunk.records.to_pylist()]
    assert rows == [{"id": "1", "note": "x"}, {"id": "2", "note": "begins\ngoes on\nends"}, {"id": "3", "note": "y"}]
    assert not any(chunk.unreadable for chunk in chunks)


def test_the_parsing_does_not_depend_on_where_blocks_end() -> None:
    lines = [
        "id,note",
        "1,plain",
        '2,"a, b"',
        '3,"over',
        'lines"',
        '4,"stray',
        "5,x,y",
        '6,"OOO "R"',
        "7,7",
        '8,"q""q"',
        "9",
        "",
        "id,note",
        '"id","note"',
        "10,z",
    ]
    content = ("\r\n".join(lines) + "\r\n").encode()

    def parsed(size: int) -> tuple[list[dict[str, str]], list[tuple[str, bytes]]]:
        pieces = [content[at : at + size] for at in range(0, len(content), size)]
        rows: list[dict[str, str]] = []
        bad: list[tuple[str, bytes]] = []
        for chunk in parse_delimited(ByteStream(pieces), "a.csv", Dialect()):
            rows += chunk.records.to_pylist() if chunk.records is not None else []
            bad += [(piece.place, piece.content) for piece in chunk.unreadable]
        return rows, bad

    whole = parsed(len(content))
    assert [row["id"] for row in whole[0]] == ["1", "2", "3", "6", "7", "8", "10"]
    for size in range(1, len(content)):
        assert parsed(size) == whole, f"pieces of {size} bytes"


def test_quotes_that_were_not_doubled_are_read_where_only_one_reading_fits(deliver: Deliver) -> None:
    rows, bad = deliver("a.csv", 'id;org\n1;"ООО "Ромашка""\n2;"Клуб "Бриз", Томск"\n')
    assert [row["org"] for row in rows] == ['ООО "Ромашка"', 'Клуб "Бриз", Томск']
    assert bad == []


def test_empty_values_are_empty_texts_and_blank_lines_are_nothing(deliver: Deliver) -> None:
    rows, bad = deliver("a.csv", "id,name\n\n1,\n\r\n2,NULL\n")
    assert (rows, bad) == ([{"id": "1", "name": ""}, {"id": "2", "name": "NULL"}], [])


def test_names_are_made_unique_and_blank_ones_get_their_number(deliver: Deliver) -> None:
    rows, _ = deliver("a.csv", "\ufeffid,name,,Name,name\n1,a,b,c,d\n")
    assert rows == [{"id": "1", "name": "a", "c3": "b", "Name": "c", "name_3": "d"}]


def test_a_file_without_a_header_and_lines_before_the_data(deliver: Deliver) -> None:
    rows, _ = deliver("a.csv", "Report of May\n\n1;2\n3;4\n", header_rows=0, skip_rows=2)
    assert rows == [{"c1": "1", "c2": "2"}, {"c1": "3", "c2": "4"}]


PLAIN_LINES = "".join(f"{number},name\n" for number in range(1000))


@pytest.mark.parametrize("again", ["id,name", '"id",name', "\ufeffid,name", '\ufeff"id","name"'])
@pytest.mark.parametrize("around", [PLAIN_LINES, '1,"a"x\n', ""], ids=["plain lines", "a broken line", "nothing"])
def test_the_header_once_more_is_no_record_and_no_loss(deliver: Deliver, again: str, around: str) -> None:
    rows, bad = deliver("a.csv", f"id,name\n{around}{again}\n7,b\n")
    assert "id" not in {row["id"].strip("\ufeff") for row in rows}
    assert rows[-1] == {"id": "7", "name": "b"}
    piece = bad[-1]
    assert (piece.place, piece.content.decode()) == (f"a.csv, line {2 + around.count(chr(10))}", again)
    assert (piece.reason, piece.is_no_loss) == ("the header once more: were files put together?", True)


def test_a_record_that_is_like_the_header_in_part_is_a_record(deliver: Deliver) -> None:
    rows, bad = deliver("a.csv", "id,name\nid,x\nx,name\nID,NAME\n")
    assert ([tuple(row.values()) for row in rows], bad) == ([("id", "x"), ("x", "name"), ("ID", "NAME")], [])


def test_without_a_header_no_record_is_taken_for_it(deliver: Deliver) -> None:
    rows, bad = deliver("a.csv", "1;a\n1;a\nc1;c2\n", header_rows=0)
    assert ([tuple(row.values()) for row in rows], bad) == ([("1", "a"), ("1", "a"), ("c1", "c2")], [])


@pytest.mark.parametrize(
    "first", ["1;Белова;+7 916 123-45-67", "1;a@pismo.alt;x", "Белова;Анна;05.03.2010", "1;05.03.2010;x"]
)
def test_a_file_that_seems_to_have_no_header_is_not_read_until_somebody_says_so(deliver: Deliver, first: str) -> None:
    content = f"{first}\n2;Орлов;x\n"
    rows, (piece,) = deliver("a.csv", content)
    assert (rows, piece.place, piece.is_cut_off) == ([], "a.csv", True)
    assert "header_rows: 0" in piece.reason
    assert not any(part in piece.reason for part in first.split(";")[1:])
    rows, bad = deliver("b.csv", content, header_rows=0)
    assert ([row["c1"] for row in rows], bad) == ([first.split(";", maxsplit=1)[0], "2"], [])
    rows, bad = deliver("c.csv", content, header_rows=1)
    assert ([*rows[0]], bad) == (first.split(";"), [])


def test_a_calendar_has_dates_for_columns(deliver: Deliver) -> None:
    rows, bad = deliver("a.csv", "who;01.09.2026;02.09.2026;2024-01-01 10:00;2022-2023 2024\nx;1;0;1;2\n")
    assert (len(rows), bad) == (1, [])


def test_lines_that_end_in_carriage_returns_only(deliver: Deliver) -> None:
    rows, bad = deliver("a.csv", "id;name\r1;a\r2;b\r")
    assert (rows, bad) == ([{"id": "1", "name": "a"}, {"id": "2", "name": "b"}], [])


def test_the_last_line_needs_no_end(deliver: Deliver) -> None:
    rows, _ = deliver("a.csv", "id,name\n1,a\n2,b")
    assert [row["id"] for row in rows] == ["1", "2"]


def test_numbers_and_dates_stay_as_they_were_written(deliver: Deliver) -> None:
    values = "0079161234567,1.50,1e3,2024-01-02,NaN,true,null"
    rows, _ = deliver("a.csv", "a,b,c,d,e,f,g\n" + (values + "\n") * 3)
    assert {tuple(row.values()) for row in rows} == {tuple(values.split(","))}


def test_an_endless_line_is_passed_in_bounded_memory() -> None:
    size_bytes = 200 * 1024 * 1024
    piece = b"x" * 1024 * 1024

    def pieces() -> Iterator[bytes]:
        yield b"id,name\n1,a\n2,"
        for _ in range(size_bytes // len(piece)):
            yield piece
        yield b"\n3,c\n"

    tracemalloc.start()
    chunks = list(parse_delimited(ByteStream(pieces()), "a.csv", Dialect()))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    rows = [row for chunk in chunks if chunk.records is not None for row in chunk.records.to_pylist()]
    (bad,) = [piece for chunk in chunks for piece in chunk.unreadable]
    assert [row["id"] for row in rows] == ["1", "3"]
    digest = hashlib.sha256(b"2," + b"x" * size_bytes).hexdigest()
    assert f"{size_bytes + 2} bytes, sha256 {digest}" in bad.reason
    assert (bad.place, len(bad.content)) == ("a.csv, line 3", 1024 * 1024)
    assert peak_bytes < 64 * 1024 * 1024
