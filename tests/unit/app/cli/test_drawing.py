"""Lists as they are drawn where there is little room, or no terminal."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from rddm.app.cli.output import print_drawn
from rddm.app.cli.render.quarantine import draw_waiting
from rddm.app.cli.render.sql import draw_answer
from rddm.serve.asking import Answer
from rddm.serve.quarantine import Waiting, WaitingCount

AT = dt.datetime(2026, 3, 1, 12, 5)  # noqa: DTZ001 - the lake's times are naive UTC


def drawn(what: RenderableType, width: int) -> str:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(what)
    return capture.get()


def test_the_quarantine_is_listed_in_80_columns_without_broken_words() -> None:
    waiting = Waiting(
        uuid.uuid4(), "camps", "booking", "b2", "missing_parent", [], ["its person has not come yet"], [],
        ["camps/camper/99"], 1, AT, AT,
    )  # fmt: skip
    text = drawn(draw_waiting([WaitingCount("camps", "booking", "missing_parent", 1, AT)], [waiting]), 80)
    assert text.count("missing_parent") == 2
    assert len([line for line in text.splitlines() if "b2" in line or "not come" in line]) <= 3
    assert text.index("its person") < text.index("waits for a record")


def test_an_id_is_never_torn_apart() -> None:
    ids = [uuid.uuid4() for _ in range(2)]
    text = drawn(draw_answer(Answer(["person_id", "note"], [[each, "word " * 30] for each in ids], more=False)), 80)
    assert all(str(each) in text for each in ids)


def test_without_a_terminal_no_line_ends_in_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    print_drawn(Text("short   \nlonger  "))
    assert capsys.readouterr().out == "short\nlonger\n"
