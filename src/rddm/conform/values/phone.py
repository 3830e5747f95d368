"""Phone numbers in E.164."""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.placeholders import NOTHING, PLACEHOLDER_FOUND, is_empty_mark
from rddm.contracts.normalised import Normalised, Rejected

LETTER_IN_NUMBER = "letter_in_number"
SEVERAL_VALUES = "several_values"
STRAY_CHARACTERS = "stray_characters"
COUNTRY_CODE = "phone_country_code"

NOT_A_PHONE = Rejected("not_a_phone")
INVALID_PHONE = Rejected("invalid_phone")

# The mobile numbers of Russia for which the numbering plan, as phonenumbers knows it, leaves no gap. 93 0 has gaps.
RUSSIAN_MOBILE = r"9(?:[0-24-9][0-9]|3[1-9])[0-9]{7}"
_USUAL = re.compile(rf"(?:\+?7|8)?[ (-]{{0,2}}({RUSSIAN_MOBILE})")
_PLAIN_SEPARATORS = str.maketrans("", "", " ()-.\t")
_DIGIT = re.compile(r"[0-9]")
_NOT_DIGIT = re.compile(r"[^0-9]")
_LETTERS_FOR_DIGITS = str.maketrans("OoОоlIЗзБб", "0000113366")
_WORDS = re.compile(
    r"^(?:(?:тел(?:ефон)?|моб(?:ильный)?|сот(?:овый)?|раб|дом|phone|tel|mob(?:ile)?|cell|whatsapp|viber|тел/факс)[.: ]*)+",
    re.IGNORECASE,
)
_EXTENSION = re.compile(
    r"(?:доб(?:ав(?:очный)?)?|вн(?:утр)?|ext(?:ension)?|#|x)\.?\s?:?\s?\d{1,6}\s?\)?\s?$", re.IGNORECASE
)
_SEVERAL = re.compile(r"[,;/|]|\s(?:и|или|or|and)\s")
_AMONG_WORDS = re.compile(r"(?P<before>[^0-9+(]*)(?P<number>[+(]?[0-9][0-9\s().-]{8,18}[0-9])(?P<after>[^0-9]*)")
_WRONG_PREFIX = re.compile(r"(?:8|7[78])?([0-9]{10})")  # +8 916 …, +78 916 …, +916 …
_SCIENTIFIC = re.compile(r"(\d)[.,](\d{10})E\+?10", re.IGNORECASE | re.ASCII)  # as spreadsheets write large numbers
_ALLOWED = re.compile(r"[+\d\s().\-–—−/]+", re.ASCII)
_MASK = re.compile(r"\+?[78]?[\s()_x\-]*", re.IGNORECASE)


def is_junk_number(national: str) -> bool:
    """
    Tell whether the digits after the country code are nobody's number: one digit repeated, counting up, zeros at the end.

    >>> [is_junk_number(digits) for digits in ("9999999999", "1234567890", "9160000000", "9161234567")]
    [True, True, True, False]
    """
    return (
        (len(set(national)) <= 1 and len(national) > 3)
        or national.endswith("0000000")
        or national in {"1234567890", "0123456789", "9876543210", "1234567", "12345678", "123456789"}
    )


def normalise_phone(text: str, default_region: str = "RU") -> Normalised | Rejected:
    """
    Return a valid number in E.164 (ITU), without its extension; numbers without a country code are of *default_region*.

    Valid as the numbering plans in phonenumbers say. Of several numbers in one text the first is taken.

    >>> normalise_phone("8 (916) 123-45-67 доб. 12")
    Normalised(value='+79161234567', repairs=())
    >>> normalise_phone("9999999999"), normalise_phone("12")
    (Normalised(value=None, repairs=('placeholder',)), Rejected(reason='invalid_phone'))
    """
    if default_region == "RU" and (match := _USUAL.fullmatch(text.translate(_PLAIN_SEPARATORS))):
        national = match[1]
        return PLACEHOLDER_FOUND if is_junk_number(national) else Normalised("+7" + national)
    if len(text) > 200:
        return NOT_A_PHONE
    text, repairs = clean_characters(text)
    if not text:
        return NOTHING
    if is_empty_mark(text) or _MASK.fullmatch(text):
        return PLACEHOLDER_FOUND
    if "@" in text:
        return NOT_A_PHONE
    text = _EXTENSION.sub("", _WORDS.sub("", text)).strip().removesuffix(".0")
    if match := _SCIENTIFIC.fullmatch(text):
        text = match[1] + match[2]
    text, several = _take_first(text)
    number, stray = _take_number(text)
    if number is None:
        return NOT_A_PHONE
    return _find_number(number, default_region, repairs + several + stray)


def _take_number(text: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the number among words, or the text with letters that stand for digits mended; None if it is no number."""
    if _ALLOWED.fullmatch(text):
        return text, ()
    if match := _AMONG_WORDS.fullmatch(text):
        return match["number"], (STRAY_CHARACTERS,)
    mended = text.translate(_LETTERS_FOR_DIGITS)
    if _ALLOWED.fullmatch(mended) and len(_DIGIT.findall(text)) >= 7:
        return mended, (LETTER_IN_NUMBER,)
    return None, ()


def _take_first(text: str) -> tuple[str, tuple[str, ...]]:
    pieces = [piece.strip() for piece in _SEVERAL.split(text)]
    long = [piece for piece in pieces if len(_DIGIT.findall(piece)) >= 10]
    if len(pieces) > 1 and long:
        return long[0], (SEVERAL_VALUES,) if len(long) > 1 else ()
    return text, ()


def _find_number(text: str, default_region: str, repairs: tuple[str, ...]) -> Normalised | Rejected:
    digits = _NOT_DIGIT.sub("", text)
    if len(set(digits)) <= 1 or is_junk_number(digits) or (len(digits) == 11 and is_junk_number(digits[1:])):
        return PLACEHOLDER_FOUND
    is_international = text.lstrip("( ").startswith("+")
    for reading, repair in _readings(digits, default_region, is_international=is_international):
        try:
            number = phonenumbers.parse(reading, default_region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            if is_junk_number(str(number.national_number)):
                return PLACEHOLDER_FOUND
            return Normalised(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), repairs + repair)
    return INVALID_PHONE


def _readings(digits: str, default_region: str, *, is_international: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Ways to read the digits, the likeliest first, each with the repair that it would be."""
    if not is_international:
        yield digits, ()
        if digits.startswith("00"):
            yield "+" + digits[2:], ()
        if len(digits) > 10:
            yield "+" + digits, ()
        return
    yield "+" + digits, ()
    if default_region == "RU" and (match := _WRONG_PREFIX.fullmatch(digits)):
        yield "+7" + match[1], (COUNTRY_CODE,)
