"""Lists as they are drawn where there is little room, or no terminal."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from rddm.app.cli.output import print_drawn
from rddm.app.cli.render.erasing import draw_leaving, draw_proof
from rddm.app.cli.render.identity import draw_changes, draw_learning
from rddm.app.cli.render.person import draw_search, draw_words
from rddm.app.cli.render.possible import draw_possible
from rddm.app.cli.render.quarantine import draw_waiting
from rddm.app.cli.render.sql import draw_answer
from rddm.app.cli.render.tables import listing
from rddm.app.cli.render.why import draw_group
from rddm.pipeline.erasing_find import Leaving
from rddm.pipeline.relearning import LearntAnew
from rddm.resolve.refusals import Refusal
from rddm.serve.asking import Answer
from rddm.serve.explaining import GroupExplained, PossibleExplained, RecordExplained, Step
from rddm.serve.identity_changes import Changes, IdChange
from rddm.serve.judging import JudgedRecord, Word
from rddm.serve.maybe_same import MaybeSame
from rddm.serve.possible import PossiblePair, PossiblePerson
from rddm.serve.quarantine import Waiting, WaitingCount
from rddm.serve.search import FoundPerson, Search
from rddm.store.erasures import Erasure

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


def test_what_somebody_wrote_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    table = listing("name", "note")
    table.add_row("Анна\x1b[31m", "twins\x1b]0;title\x07\n\x9b2Jof \x85hers")
    print_drawn(table)
    shown = [line.split() for line in capsys.readouterr().out.splitlines() if line]
    assert shown[-2:] == [["Анна[31m", "twins]0;title"], ["2Jof", "hers"]]


@pytest.mark.parametrize("width", [60, 200])
def test_of_a_long_reason_the_list_shows_the_beginning(width: int) -> None:
    record = JudgedRecord(uuid.uuid4(), "camps/camper/1", None)
    word = Word("same", record, record, 1, 1, "she said so, " * 4_000, "ann", AT, "applied", None, None)
    text = drawn(draw_words([word], 1), width)
    assert "she said so" in " ".join(text.split())
    assert len(text.splitlines()) < 20


WORDS = "рыжий кот сидит на окне"


def person_found(title: str) -> FoundPerson:
    fields = {"birth_date": dt.date(2009, 5, 14), "phone": "+79161234567", "email": "savelii.ivanov@yunost.alt"}
    return FoundPerson(uuid.uuid4(), title, fields, 9, ["camps", "academy"])


def possible_pair() -> PossibleExplained:
    first, second = (
        PossiblePerson(uuid.uuid4(), name, dt.date(2014, 3, 2), uuid.uuid4(), uuid.uuid4())
        for name in ("Тихонова Ирина Константиновна", "Тихонова Арина Константиновна")
    )
    pair = PossiblePair(first, second, 11.9, 0.9997, "first_name", 3.0, 0.5, 4, 2, 1)
    refusal = Refusal("forbidden", 1, 4, -3.0, "two_documents")
    return PossibleExplained(pair, [("phone", "same", 9.1)], [("birth_date", "day and month", -2.0)], refusal)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 160, 200])
def test_people_that_were_found_lose_nothing_in_a_narrow_terminal(width: int) -> None:
    people = [person_found("Константинопольская Александра Вячеславовна"), person_found("Ли Ян")]
    text = drawn(draw_search(Search(["name"], by_beginning=False, found=people, more=False)), width)
    assert max(map(len, text.splitlines())) <= width
    for each in people:
        assert str(each.id)[:8] in text
        assert all(word in text for word in each.title.split())
    assert text.count("+79161234567") == 2
    assert text.count("savelii.ivanov@yunost.alt") == 2
    assert "services" in text


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160, 200])
def test_the_stewards_queue_loses_nothing_in_a_narrow_terminal(width: int) -> None:
    possible = possible_pair()
    text = drawn(draw_possible([possible], 1), width)
    words = " ".join(text.split())
    assert max(map(len, text.splitlines())) <= width
    for person in (possible.pair.first, possible.pair.second):
        assert str(person.id)[:8] in words
        assert all(word in words for word in person.name.split())
    assert words.count("2014-03-02") == 2
    for said in (">99.9 %", "+11.9", "3.0", "50%", "more open", "phone", "first name:", "1 of 4", "insurance"):
        assert said in words
    assert all(word in words for word in ("birth", "date", "month"))


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160])
def test_changes_of_ids_show_whole_ids_in_a_narrow_terminal(width: int) -> None:
    before, after, record = (uuid.uuid4() for _ in range(3))
    change = IdChange("merged", before, after, record, "records_match", "their records match")
    changes = Changes("person", 7, AT, {"merged": 1}, [change], 1, None)
    text = drawn(draw_changes(changes), width)
    assert max(map(len, text.splitlines())) <= width
    assert all(str(each) in text for each in (before, after, record))
    assert "merged" in text
    assert "their records match" in " ".join(text.split())


@pytest.mark.parametrize(
    ("prior", "reasons", "weight", "shown"),
    [
        # Rounded one by one, these are 2.9.
        (
            -8.37, [("last_name", "same", 5.84), ("first_name", "same", 4.53), ("gender", "same", 0.98)], 2.98,
            "prior -8.4 last_name same +5.9 first_name same +4.5 gender same +1.0",
        ),
        (
            -8.36, [("last_name", "same", 9.02), ("phone", "same", 0.33), ("gender", "same", -0.16)], 0.83,
            "prior -8.4 last_name same +9.0 the rest +0.2",
        ),
        (
            -8.36, [("last_name", "same", 9.02), ("phone", "same", 0.31), ("gender", "same", -0.30)], 0.67,
            "prior -8.3 last_name same +9.0",
        ),
    ],
)  # fmt: skip
def test_a_link_shows_what_its_weight_is_made_of_and_the_rest_only_where_something_was_left_out(
    prior: float, reasons: list[tuple[str, str, float]], weight: float, shown: str
) -> None:
    assert prior + sum(each[2] for each in reasons) == pytest.approx(weight)
    step = Step("camps/camper/2", "match", weight, 0.9, prior, reasons)
    group = GroupExplained(uuid.uuid4(), "camps/camper/2", [RecordExplained("camps/camper/1", 1, step)], 0, [])
    words = " ".join(drawn(draw_group(group), 200).replace("│", " ").split())
    assert f"{weight:+.1f} {shown} All the weights between" in words


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (
            [{"run": 12, "merged": 1, "split": 0, "moved": 2}],
            "others 1 merged, 0 split off, 2 records moved (rddm identity changes --run 12)",
        ),
        ([], "others nobody merged or split through it"),
    ],
)
def test_the_result_of_an_erasure_says_what_it_did_to_others(ids: list[dict[str, int]], said: str) -> None:
    proof = Erasure(
        3, "done", "person", "", "letter 17", "ann", AT, AT, [], {}, {"ids": ids}, "1", "", None, None, None, None
    )  # fmt: skip
    assert said in " ".join(drawn(draw_proof(proof), 140).split())


def test_who_may_be_the_same_is_shown_with_what_the_erasure_may_do_to_their_records() -> None:
    other = MaybeSame(uuid.uuid4(), (), 0.97)
    leaving = Leaving("person", (str(uuid.uuid4()),), (), (), ())
    text = " ".join(drawn(draw_leaving(leaving, "", [], [other]), 200).split())
    assert f"may be the same person, and stays {other.id} 97.0 % by their records" in text
    said = "By the erasure it may also come to somebody else, from whom only these records keep it apart."
    assert said in text
    assert said not in " ".join(drawn(draw_leaving(leaving, "", [], []), 200).split())


def test_pairs_that_learning_anew_crosses_are_told_by_their_outcome() -> None:
    crossing = {"match": {"match": 1_200, "possible": 3}, "possible": {"match": 7}}
    told = LearntAnew(
        "person", applied=False, run=None, version_before=1, version_now=2, is_learnt=True, pairs=5_000, shares_before={},
        shares_now={}, kinds_before=[], kinds_now=[], fields=[], crossing=crossing, people_before=80, people_now=79,
        merged=1, split=0, moved=0, regroupings=[],
    )  # fmt: skip
    lines = [line.replace("│", " ").split() for line in drawn(draw_learning(told), 120).splitlines()]
    assert ["pairs", "that", "were", "apart", "now", "possible", "now", "match", "now"] in lines
    assert ["possible", "0", "0", "7"] in lines
    assert ["match", "0", "3", "1,200"] in lines


def test_a_row_that_does_not_fit_is_a_paragraph_and_an_empty_first_cell_means_as_above() -> None:
    table = listing("!source", "!entity", "note", title="Sources")
    table.add_row("camps", "camper", WORDS)
    table.add_row("", "shift", "")
    assert drawn(table, 80).count("camps") == 1
    assert [line.rstrip() for line in drawn(table, 24).splitlines()] == [
        "Sources", "",
        "camps   entity camper",
        "        note рыжий кот", "        сидит на окне",
        "camps   entity shift",
        "",
    ]  # fmt: skip


def test_what_a_cell_holds_is_never_taken_for_markup() -> None:
    table = listing("name", "note")
    table.add_row("[bold]Анна[/bold]", "[/no]")
    assert "[bold]Анна[/bold]   [/no]" in drawn(table, 80)
    assert "[bold]Анна[/bold]" in drawn(table, 20)
