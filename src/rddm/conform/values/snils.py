"""SNILS: the number of a person's account with the Russian pension fund."""

from __future__ import annotations

import re

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.placeholders import NOTHING, PLACEHOLDER_FOUND, is_empty_mark
from rddm.contracts.normalised import Normalised, Rejected

LEADING_ZERO_LOST = "leading_zero_lost"
LETTER_IN_NUMBER = "letter_in_number"

NOT_A_SNILS = Rejected("not_a_snils")
WRONG_CHECK_DIGITS = Rejected("wrong_check_digits")

_ALLOWED = re.compile(r"[0-9\s./_–—−-]+")
_NOT_DIGIT = re.compile(r"[^0-9]+")
_LETTERS_FOR_DIGITS = str.maketrans("OoОоlIЗз", "00001133")
UNCHECKED_UP_TO = 1_001_998


def has_right_check_digits(digits: str) -> bool:
    """
    Tell whether the last two of eleven digits check the first nine (each times its place from the right, modulo 101).

    Numbers up to 001-001-998 were given out before there were check digits.

    >>> has_right_check_digits("11223344595"), has_right_check_digits("11223344596")
    (True, False)
    """
    number, check = int(digits[:9]), int(digits[9:])
    if number <= UNCHECKED_UP_TO:
        return True
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(9, 0, -1), strict=False))
    return total % 101 % 100 == check


def normalise_snils(text: str) -> Normalised | Rejected:
    """
    Return the eleven digits of a SNILS whose check digits hold.

    >>> normalise_snils("112-233-445 95"), normalise_snils("112-233-445 96")
    (Normalised(value='11223344595', repairs=()), Rejected(reason='wrong_check_digits'))
    """
    if len(text) > 60:
        return NOT_A_SNILS
    text, repairs = clean_characters(text)
    if not text:
        return NOTHING
    if is_empty_mark(text):
        return PLACEHOLDER_FOUND
    text = re.sub(r"^(?:снилс|snils)\W*", "", text.strip("'\" №"), flags=re.IGNORECASE).removesuffix(".0")
    if not _ALLOWED.fullmatch(text):
        text = text.translate(_LETTERS_FOR_DIGITS)
        if not _ALLOWED.fullmatch(text):
            return NOT_A_SNILS
        repairs = (*repairs, LETTER_IN_NUMBER)
    digits = _NOT_DIGIT.sub("", text)
    if len(set(digits)) <= 1 or digits in {"12345678900", "12345678901", "123456789"}:
        return PLACEHOLDER_FOUND
    if len(digits) in {9, 10}:
        padded = digits.zfill(11)
        if not has_right_check_digits(padded) or int(padded[:9]) <= UNCHECKED_UP_TO:
            return NOT_A_SNILS
        digits, repairs = padded, (*repairs, LEADING_ZERO_LOST)
    if len(digits) != 11 or int(digits[:9]) == 0:
        return NOT_A_SNILS
    return Normalised(digits, repairs) if has_right_check_digits(digits) else WRONG_CHECK_DIGITS
