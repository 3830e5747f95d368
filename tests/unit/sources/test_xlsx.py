from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest

from rddm.contracts.batches import Unreadable
from rddm.contracts.errors import SourceError

Deliver = Callable[..., tuple[list[dict[str, Any]], list[Unreadable]]]


def workbook(*rows: list[Any], merged: tuple[str, ...] = (), title: str = "Sheet") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_merged_header_rows_become_dotted_names(deliver: Deliver) -> None:
    content = workbook(
        ["id", "ФИО", None, "Контакты", None],
        [None, "Фамилия", "Имя", "Телефон", "Почта"],
        [1, "Ильина", "Ия", 79161234567, "i@example.org"],
        merged=("A1:A2", "B1:C1", "D1:E1"),
    )
    rows, bad = deliver("a.xlsx", content, header_rows=2)
    assert bad == []
    assert rows == [
        {
            "id": "1",
            "ФИО.Фамилия": "Ильина",
            "ФИО.Имя": "Ия",
            "Контакты.Телефон": "79161234567",
            "Контакты.Почта": "i@example.org",
        }
    ]


def test_cells_become_the_shortest_exact_text(deliver: Deliver) -> None:
    cells = [79161234567, 0.1, 1e-7, True, dt.datetime(2020, 1, 2, 3, 4, 5), dt.date(2020, 1, 2), dt.time(1, 2), " x "]  # noqa: DTZ001 - cells have no zone
    rows, _ = deliver("a.xlsx", workbook([f"c{number}" for number in range(len(cells))], cells))
    assert list(rows[0].values()) == [
        "79161234567", "0.1", "0.0000001", "true", "2020-01-02T03:04:05", "2020-01-02", "01:02:00", " x ",
    ]  # fmt: skip


def test_rows_without_values_are_none(deliver: Deliver) -> None:
    rows, _ = deliver("a.xlsx", workbook(["id", "name"], [1, None], [None, None], [2, ""], [None, None]))
    assert rows == [{"id": "1", "name": None}, {"id": "2", "name": None}]


def test_lines_before_the_header_can_be_passed(deliver: Deliver) -> None:
    rows, _ = deliver("a.xlsx", workbook(["Report"], [None], ["id", "name"], [1, "a"]), skip_rows=2)
    assert rows == [{"id": "1", "name": "a"}]


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(deliver: Deliver) -> None:
    with pytest.raises(SourceError, match=r'has no sheet "People" \(found: Users\)'):
        deliver("a.xlsx", workbook(["id"], [1], title="Users"), sheet="People")


def test_a_damaged_workbook_is_unreadable(deliver: Deliver) -> None:
    rows, bad = deliver("a.xlsx", workbook(["id"], [1])[:-200])
    assert rows == []
    assert [piece.place for piece in bad] == ["a.xlsx"]


def test_a_sheet_that_seems_to_have_no_header_is_not_read_until_somebody_says_so(deliver: Deliver) -> None:
    content = workbook([1, "Ильина", "i@pismo.alt"], [2, "Орлов", ""])
    rows, (piece,) = deliver("a.xlsx", content)
    assert (rows, piece.is_cut_off, "header_rows: 0" in piece.reason) == ([], True, True)
    rows, bad = deliver("b.xlsx", content, header_rows=0)
    assert ([row["c2"] for row in rows], bad) == (["Ильина", "Орлов"], [])
