"""What holds for every normaliser, whatever it is given."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import date

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rddm.conform.values import (
    fast_sql,
    normalise,
    repair_names,
    split_full_name,
)
from rddm.conform.values.record import first_may_move, last_may_move
from rddm.contracts.normalised import Normalised, Rejected
from rddm.project.settings import SemanticType

RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"
NASTY = "\u200b\xad\ufeff\xa0\t\n\x00\x98ÐÑàâèРС°±І№«»\"'`()[]{}<>-–—.,;:/\\|@#*_+~ıİßŉǅﬁ①Ⅷ́̈ͅ٣０"
WORDS = (
    *("Иван", "Иванов", "Иванович", "Ivan", "Petrov", "нет", "г.", "обл", "школа", "№5", "Bdfyjd", "Èâàíîâ", "РРІР°РЅ"),
    *("де", "оглы", "2010-03-05", "05.03.2010", "31/12/10", "8 916 123-45-67", "+7", "mail.ru", "gmial.con", "ivan@"),
    *("12:30", "5 марта", "112-233-445 95", "1714546800", "45000", "Москва", "МО"),
)
near_names = st.text(alphabet=RUSSIAN + "aceopxyABCEHKMOPTXivsz0134 -'." + NASTY, max_size=24)
near_numbers = st.text(alphabet="0123456789 +-().,/:TZОоOlЗtext" + NASTY, max_size=24)
near_emails = st.text(alphabet="abgmilnryu@@..,_-+ соеМу1" + NASTY, max_size=24)
phrases = st.lists(st.one_of(st.sampled_from(WORDS), near_names), max_size=4).map(" ".join)
single = st.one_of(st.text(max_size=40), near_names, near_numbers, near_emails, phrases)
lists = st.lists(st.one_of(st.none(), st.integers(), single), max_size=3).map(json.dumps)
delivered = st.one_of(single, single, lists, st.lists(lists, max_size=2).map(json.dumps), lists.map("\u200b{}".format))

digits = st.text(alphabet="0123456789", min_size=1, max_size=4)
plain_phones = st.from_regex(r"(\+?7|8)?[ (]{0,2}9[0-9]{2}[) -]{0,2}[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{2}", fullmatch=True)
junk_phones = st.builds(
    "{}{}".format, st.sampled_from(("8", "7", "+7", "")), st.sampled_from("0123456789").map(lambda d: d * 10)
)
plain_dates = st.builds(
    lambda year, month, day, form: form.format(year=year, month=month, day=day),
    st.integers(1, 9999), st.integers(0, 13), st.integers(0, 32),
    st.sampled_from(("{year:04}-{month:02}-{day:02}", "{day:02}.{month:02}.{year:04}")),
)  # fmt: skip
plain_times = st.builds(
    lambda day, hour, minute, form: form.format(day=day, hour=hour, minute=minute),
    plain_dates, st.integers(0, 25), st.integers(0, 61),
    st.sampled_from(("{day} {hour:02}:{minute:02}:00", "{day}T{hour:02}:{minute:02}:59Z")),
)  # fmt: skip
plain_emails = st.from_regex(
    r"[A-Za-z0-9._-]{1,9}@(mail\.ru|Gmail\.com|yandex\.ru|test\.ru|gmail\.con|ya\.ru|gmial\.com|a1\.school|b-c\.Co)",
    fullmatch=True,
)
plain_snils = st.from_regex(r"[0-9]{3}-?[0-9]{3}-?[0-9]{3}[- ]?[0-9]{2}", fullmatch=True)
usual = {
    SemanticType.PHONE: st.one_of(plain_phones, junk_phones, near_numbers),
    SemanticType.BIRTH_DATE: plain_dates,
    SemanticType.DATE: plain_dates,
    SemanticType.TIMESTAMP: st.one_of(plain_times, plain_dates),
    SemanticType.EMAIL: plain_emails,
    SemanticType.SNILS: st.one_of(plain_snils, st.sampled_from(("11223344595", "112-233-445 95", "00000000000"))),
}
LATEST = date(2026, 9, 1)
INDEXED = (
    *(SemanticType.FAMILY_NAME, SemanticType.GIVEN_NAME, SemanticType.PHONE, SemanticType.EMAIL, SemanticType.SNILS),
    SemanticType.BIRTH_DATE,
)
"""An index of PostgreSQL holds at most 2,704 bytes a row, and family and given name are in one."""


@given(text=delivered)
@settings(max_examples=120, deadline=None)
def test_a_value_is_clean_visible_text_or_nothing(text: str) -> None:
    for semantic_type in SemanticType:
        result = normalise(semantic_type, text)
        if isinstance(result, Normalised) and result.value is not None:
            assert normalise(semantic_type, result.value) == Normalised(result.value), semantic_type
            assert result.value.strip() == result.value != ""
            assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in result.value)


@given(
    letter=st.sampled_from(RUSSIAN + "aZ0.@+漢"), length=st.integers(200, 5000), begin=st.sampled_from(("", "А", "a@"))
)
@settings(max_examples=60, deadline=None)
def test_what_the_shop_window_finds_people_by_fits_into_an_index(letter: str, length: int, begin: str) -> None:
    for semantic_type in INDEXED:
        result = normalise(semantic_type, begin + letter * length)
        value = result.value if isinstance(result, Normalised) else None
        assert len((value or "").encode()) <= 1000, semantic_type


@given(text=delivered)
@settings(max_examples=100, deadline=None)
def test_a_reason_or_a_repair_is_a_code_and_never_the_text(text: str) -> None:
    for semantic_type in SemanticType:
        result = normalise(semantic_type, text)
        codes = (result.reason,) if isinstance(result, Rejected) else result.repairs
        assert all(re.fullmatch("[a-z]+(_[a-z]+)*|list_item_[1-9][0-9]?", code) for code in codes)


@given(text=delivered)
@settings(max_examples=150, deadline=None)
def test_a_full_name_comes_apart_into_clean_names(text: str) -> None:
    for part in split_full_name(text):
        if isinstance(part, Normalised) and part.value is not None:
            assert part.value == part.value.strip() != ""


@given(last=delivered, first=delivered, middle=delivered)
@settings(max_examples=150, deadline=None)
def test_repairing_names_twice_changes_nothing_more(last: str, first: str, middle: str) -> None:
    values = [normalise(SemanticType.FAMILY_NAME, text) for text in (last, first, middle)]
    names = [value.value if isinstance(value, Normalised) else None for value in values]
    *repaired, _ = repair_names(*names)
    assert repair_names(*repaired) == (*repaired, ())


NAMES = (
    "Иван",
    "Мария",
    "Саша",
    "Ivan",
    "Герман",
    "Петров",
    "Петрова",
    "Кох",
    "Petrov",
    "Иванович",
    "Ильич",
    "Петровна",
)
some_names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(" ".join) | st.none()


@given(last=some_names, first=some_names, middle=some_names)
@settings(max_examples=400, deadline=None)
def test_names_move_only_where_one_of_them_said_that_it_might(
    last: str | None, first: str | None, middle: str | None
) -> None:
    *_, repairs = repair_names(last, first, middle)
    may_move = (last is not None and last_may_move(last)) or (first is not None and first_may_move(first))
    assert may_move or not repairs


def _check_agreement(semantic_type: SemanticType, texts: list[str]) -> list[str | None]:
    sql = fast_sql(semantic_type, "delivered", latest=LATEST)
    assert sql is not None
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT delivered, {sql} FROM (SELECT unnest(?::VARCHAR[]) AS delivered)", [texts]
        ).fetchall()
    for text, fast in rows:
        if fast is not None:
            assert normalise(semantic_type, text, latest=LATEST) == Normalised(fast), (text, fast)
    return [fast for _, fast in rows]


@pytest.mark.parametrize("semantic_type", usual)
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_sql_and_python_agree_wherever_sql_decides(semantic_type: SemanticType, data: st.DataObject) -> None:
    texts = data.draw(
        st.lists(st.one_of(usual[semantic_type], usual[semantic_type], delivered), min_size=20, max_size=60)
    )
    _check_agreement(semantic_type, [text.replace("\x00", "") for text in texts])


@pytest.mark.parametrize(
    ("semantic_type", "text"),
    [
        (SemanticType.PHONE, "8 (916) 123-45-67"),
        (SemanticType.PHONE, "+79161234567"),
        (SemanticType.PHONE, "9161234567"),
        (SemanticType.PHONE, "8-916-123-45-67"),
        (SemanticType.BIRTH_DATE, "2010-03-05"),
        (SemanticType.BIRTH_DATE, "05.03.2010"),
        (SemanticType.DATE, "2010-03-05"),
        (SemanticType.TIMESTAMP, "2024-05-01T10:00:00Z"),
        (SemanticType.EMAIL, "Ada.Lovelace@Mail.ru"),
        (SemanticType.EMAIL, "ada@engine.school-12.org"),
        (SemanticType.SNILS, "11223344595"),
        (SemanticType.SNILS, "112-233-445 95"),
    ],
)
def test_sql_decides_the_usual_notations(semantic_type: SemanticType, text: str) -> None:
    assert _check_agreement(semantic_type, [text]) != [None]


@pytest.mark.parametrize("semantic_type", SemanticType)
def test_sql_leaves_nothing_delivered_to_python(semantic_type: SemanticType) -> None:
    sql = fast_sql(semantic_type, "NULL::VARCHAR")
    if sql is not None:
        with duckdb.connect() as connection:
            assert connection.execute(f"SELECT {sql}").fetchone() == (None,)
