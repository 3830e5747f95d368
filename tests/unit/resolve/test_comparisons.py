from __future__ import annotations

import duckdb
import pytest

from rddm.resolve.asked import Compared, compare_one, describe_one, weigh_terms
from rddm.resolve.comparisons import (
    ALIKE,
    CLOSE,
    DIFFERENT,
    LEVELS,
    MISSING,
    NAMES,
    SAME,
    agree_sql,
    do_agree,
    levels_of,
    pattern_of,
)

IVAN = {
    "last_name": "Иванов", "first_name": "Иван", "middle_name": "Иванович", "phone": "+79161234567",
    "address": "ул. Ленина, 5-12",
}  # fmt: skip


def compared(one: dict[str, str], other: dict[str, str], *, families: bool = True) -> Compared:
    return compare_one(weigh_terms(describe_one(one), {}), describe_one(other), families=families)


def level(one: str, other: str) -> int:
    """The level of two birth dates, which is the same both ways."""
    levels = {
        levels_of(compared({"birth_date": a}, {"birth_date": b}).pattern)[NAMES.index("birth_date")]
        for a, b in ((one, other), (other, one))
    }
    (found,) = levels
    return found


def contradiction(change: dict[str, str], *, families: bool = True, **own: str) -> str | None:
    record = {**IVAN, "birth_date": "1970-05-12", **own}
    return compared(record, {**record, **change}, families=families).contradiction


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1970-05-12", "1970-05-12", SAME),
        ("1970-05-12", "1971-05-12", ALIKE),
        ("1970-05-12", "1990-05-12", ALIKE),
        ("1970-05-12", "1970-12-05", ALIKE),
        ("1970-05-12", "1970-05-30", CLOSE),
        ("1970-05-12", "1970-11-12", CLOSE),
        ("1970-01-01", "1970-05-12", CLOSE),
        ("1970-05-12", "1982-05-12", CLOSE),
        ("1905-05-12", "2005-05-12", CLOSE),
        ("1970-05-12", "1998-05-12", DIFFERENT),
        ("1930-05-12", "2015-05-12", DIFFERENT),
        ("1970-01-01", "1998-01-01", DIFFERENT),
        ("1970-01-01", "1971-01-01", DIFFERENT),
        ("1970-01-01", "1990-01-01", DIFFERENT),
        ("1970-05-12", "1971-05-13", DIFFERENT),
    ],
    ids=[
        "same", "a digit of the year", "a digit of the decade", "day and month swapped", "month and year agree",
        "day and year agree",
        "only the year is known", "day and month agree, years near", "a century read wrongly",
        "day and month agree, a generation between", "grandfather and grandson", "1 January of both", "1 January a year on",
        "1 January, one digit", "nothing but near",
    ],
)  # fmt: skip
def test_birth_dates_have_a_level(one: str, other: str, expected: int) -> None:
    assert level(one, other) == expected


def test_a_year_that_is_a_generation_off_is_mistyped_as_any_other_where_there_are_no_families() -> None:
    father, son = {"birth_date": "1970-05-12"}, {"birth_date": "1998-05-12"}
    levels = [
        levels_of(compared(father, son, families=families).pattern)[NAMES.index("birth_date")]
        for families in (True, False)
    ]
    assert levels == [DIFFERENT, CLOSE]


def told_level(told: str, born: str) -> int:
    """The level of what cannot be a birth date and one that can, which is the same both ways."""
    one, other = {"birth_told": told}, {"birth_date": born}
    levels = {levels_of(compared(*pair).pattern)[NAMES.index("birth_date")] for pair in ((one, other), (other, one))}
    (found,) = levels
    return found


@pytest.mark.parametrize(
    ("told", "born", "expected"),
    [
        ("1970-02-30", "1970-02-20", ALIKE),
        ("1970-02-30", "1970-02-03", ALIKE),
        ("1970-13-28", "1970-12-28", ALIKE),
        ("2970-05-12", "1970-05-12", ALIKE),
        ("1970-02-30", "1970-02-07", CLOSE),
        ("1970-19-28", "1970-12-28", ALIKE),
        ("1970-00-28", "1970-12-28", CLOSE),
        ("1970-00-05", "1970-05-17", MISSING),
        ("1970-05-00", "1970-05-12", CLOSE),
        ("1970-00-00", "1970-05-12", CLOSE),
        ("2070-05-12", "1970-05-12", CLOSE),
        ("2070-01-01", "1970-01-01", MISSING),
        ("1970-02-30", "1971-02-27", MISSING),
        ("1970-02-30", "1970-03-20", MISSING),
        ("1970-05-00", "1970-06-12", MISSING),
        ("1970-00-00", "1971-05-12", MISSING),
    ],
)
def test_what_cannot_be_a_birth_date_speaks_for_two_as_far_as_it_agrees_and_never_against(
    told: str, born: str, expected: int
) -> None:
    assert told_level(told, born) == expected


def test_that_a_date_which_cannot_be_agrees_does_not_say_that_another_one_is_wrong() -> None:
    son, told = {"birth_date": "1988-03-04"}, {"birth_told": "1988-00-00"}
    delivered, by_word = compared(son, {"birth_date": "1988-03-05"}).pattern, compared(son, told).pattern
    assert levels_of(delivered)[NAMES.index("birth_date")] == ALIKE
    assert levels_of(by_word)[NAMES.index("birth_date")] == CLOSE
    with duckdb.connect() as connection:
        for pattern, agrees in ((delivered, True), (by_word, False)):
            assert do_agree(pattern) is agrees
            assert connection.execute(f"SELECT {agree_sql(str(pattern))}").fetchone() == (agrees,)


def test_that_two_dates_agree_which_cannot_be_says_nothing() -> None:
    form = {"birth_told": "2000-02-31"}
    assert levels_of(compared(form, form).pattern)[NAMES.index("birth_date")] == MISSING


@pytest.mark.parametrize("years", [*range(1, 14), *range(91, 105)])
def test_one_day_of_the_year_is_partly_the_same_only_where_no_generation_lies_between(years: int) -> None:
    assert level("1915-05-12", f"{1915 + years}-05-12") in (ALIKE, CLOSE)


@pytest.mark.parametrize("years", range(14, 91))
def test_who_was_born_a_generation_apart_is_somebody_else(years: int) -> None:
    for day in ("05-12", "11-30", "01-01"):
        assert level("1915-05-12", f"{1915 + years}-{day}") in (ALIKE, DIFFERENT)
        assert (
            contradiction({"birth_date": f"{1915 + years}-{day}"}, birth_date="1915-05-12") == "born_a_generation_apart"
        )


def test_only_a_number_says_that_two_a_generation_apart_may_be_one() -> None:
    son = {"birth_date": "1998-05-12"}
    assert contradiction(son, snils="11223344595") is None
    assert contradiction(son, document_number="9205123457") is None
    assert contradiction(son, email="ivanov@pismo.alt") == "born_a_generation_apart"
    fetched_together = {"document_number": "9205123458"}
    assert contradiction({**son, **fetched_together}, document_number="9205123457") == "born_a_generation_apart"


def test_a_father_whose_son_has_a_name_of_his_own_is_told_apart_by_both() -> None:
    assert contradiction({"birth_date": "1998-11-30", "first_name": "Пётр"}) == "birth_date_and_given_name"
    assert contradiction({"birth_date": "1990-05-12", "first_name": "Пётр"}) == "born_a_generation_apart"


def test_where_nobody_has_a_family_a_year_is_mistyped() -> None:
    assert contradiction({"birth_date": "1990-05-12"}, families=False) is None


def test_a_missing_birth_date_contradicts_nothing() -> None:
    assert compared(IVAN, {**IVAN, "birth_date": "1998-05-12"}).contradiction is None


def test_a_pattern_tells_whether_numbers_or_birth_dates_agree() -> None:
    wanted = {("snils", SAME), ("document_number", SAME), *(("birth_date", each) for each in (SAME, ALIKE, CLOSE))}
    with duckdb.connect() as connection:
        for place, name in enumerate(NAMES):
            for found in range(LEVELS):
                pattern = pattern_of(tuple(found if each == place else DIFFERENT for each in range(len(NAMES))))
                row = connection.execute(f"SELECT {agree_sql(str(pattern))}").fetchone()
                assert row == (do_agree(pattern),) == ((name, found) in wanted,)
