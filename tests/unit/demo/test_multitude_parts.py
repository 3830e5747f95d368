"""What the multitude is made with: draws by address, words by number, numbers nobody else has."""

from __future__ import annotations

import numpy as np
import pytest

from rddm.demo.multitude.calendar import days_of, parts_of
from rddm.demo.multitude.chance import Chance, rearranged, scattered
from rddm.demo.multitude.contacts import PhoneTexts, hexadecimal, snils_digits
from rddm.demo.multitude.lexicon import NOTHING, Lexicon
from rddm.demo.spelling import PHONE_STYLES, phone_text, snils

NUMBERS = np.arange(40_000, dtype=np.int64)


def test_a_draw_depends_on_its_number_alone_and_not_on_its_neighbours() -> None:
    chance = Chance("1")
    whole = chance.bits(NUMBERS, "purpose")
    assert (chance.bits(NUMBERS[123:456][::-1].copy(), "purpose")[::-1] == whole[123:456]).all()
    for other in (
        chance.bits(NUMBERS, "another"),
        chance.of("part").bits(NUMBERS, "purpose"),
        Chance("2").bits(NUMBERS, "purpose"),
    ):
        assert not (other == whole).any()


def test_draws_are_spread_evenly_and_apart_from_each_other() -> None:
    chance = Chance("1")
    unit, other = chance.unit(NUMBERS, "one"), chance.unit(NUMBERS, "other")
    assert abs(unit.mean() - 0.5) < 0.01
    assert abs(np.corrcoef(unit, other)[0, 1]) < 0.02
    assert abs(np.corrcoef(unit[1:], unit[:-1])[0, 1]) < 0.02
    assert abs(chance.hits(NUMBERS, "share", 0.3).mean() - 0.3) < 0.012
    assert chance.hits(NUMBERS, "share", 1).all()
    picked = np.bincount(chance.pick(NUMBERS, "weights", (1, 0, 3)), minlength=3) / len(NUMBERS)
    assert np.allclose(picked, (0.25, 0, 0.75), atol=0.012)
    assert np.bincount(chance.below(NUMBERS, "below", 5)).min() > 0.9 * len(NUMBERS) / 5
    triangle = chance.triangular(NUMBERS, "triangle", 1, 4, 2)
    assert triangle.min() >= 1
    assert triangle.max() <= 4
    assert abs(triangle.mean() - 7 / 3) < 0.02


def test_rearranging_keeps_different_numbers_different() -> None:
    assert len(np.unique(scattered(np.arange(1019, dtype=np.int64), 1019))) == 1019
    assert len(np.unique(rearranged(np.arange(1 << 12, dtype=np.uint64), 12))) == 1 << 12
    with pytest.raises(ValueError, match="does not leave 3"):
        scattered(NUMBERS, 13)


def test_days_and_their_parts_lead_to_each_other() -> None:
    days = NUMBERS - 20_000
    year, month, day = parts_of(days)
    assert (days_of(year, month, day) == days).all()
    assert [int(part[20_000]) for part in (year, month, day)] == [1970, 1, 1]


def test_words_are_spoilt_by_number_and_nothing_stays_nothing() -> None:
    lexicon = Lexicon(["Пётр", "Анна"])
    words = np.array([0, NOTHING, 1, 0], np.int64)
    assert lexicon.texts(lexicon.spoil(words, "upper")).to_pylist() == ["ПЁТР", None, "АННА", "ПЁТР"]
    assert lexicon.texts(lexicon.spoil(words, "yo_as_e")).to_pylist() == ["Петр", None, "Анна", "Петр"]
    assert lexicon.texts(lexicon.spoil(words, "mojibake", [2, 0, 0, 1])).to_pylist() == [None, None, "РђРЅРЅР°", "Ï¸òð"]
    assert lexicon.has_yo(words).tolist() == [True, False, False, True]
    assert lexicon.lengths(words).tolist() == [4, 0, 4, 4]


def test_a_copy_of_a_lexicon_grows_alone() -> None:
    lexicon = Lexicon(["Анна"])
    twin = lexicon.copy()
    word = twin.spoil(np.array([0], np.int64), "lower")
    other = lexicon.spoil(np.array([0], np.int64), "upper")
    assert (twin.texts(word).to_pylist(), lexicon.texts(other).to_pylist()) == (["анна"], ["АННА"])


def test_phones_are_written_in_every_style() -> None:
    styles = np.arange(len(PHONE_STYLES), dtype=np.int64)
    written = PhoneTexts().written(np.full(len(styles), 21_034_567, np.int64), styles)
    assert written.to_pylist() == [phone_text("9741034567", int(style)) for style in styles]
    assert PhoneTexts().written(np.array([NOTHING]), np.array([0])).to_pylist() == [None]


def test_insurance_numbers_have_right_check_digits() -> None:
    numbers = np.array([900_000_000, 987_654_321, 112_233_445], np.int64)
    assert [str(number) for number in snils_digits(numbers)] == [snils(int(number)) for number in numbers]


def test_numbers_in_base_16_keep_their_last_digits() -> None:
    numbers = np.array([0, 0xABCDEF0123456789], np.uint64)
    assert hexadecimal(numbers, 12).to_pylist() == ["000000000000", "ef0123456789"]
