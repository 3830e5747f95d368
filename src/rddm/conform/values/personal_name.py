"""Family names, given names and patronymics, in any script."""

from __future__ import annotations

import re
import unicodedata

from rddm.conform.values.characters import capitalise, clean_characters
from rddm.conform.values.keyboard_layout import mend_keyboard_layout
from rddm.conform.values.look_alikes import may_look_cyrillic, mend_look_alikes
from rddm.conform.values.mojibake import mend_mojibake
from rddm.conform.values.placeholders import NOTHING, PLACEHOLDER_FOUND, is_name_placeholder, is_plain_placeholder
from rddm.conform.values.plausibility import score_cyrillic
from rddm.conform.values.settling import settle
from rddm.contracts.normalised import Normalised, Rejected

DIGIT_IN_NAME = "digit_in_name"
MAIDEN_NAME = "maiden_name_in_brackets"
STRAY_CHARACTERS = "stray_characters"
NOT_A_NAME = Rejected("not_a_name")
TOO_LONG = Rejected("name_too_long")

_LENGTH_LIMIT = 120
_PLAIN = re.compile(r"[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?")
_ONE_CASE = re.compile(r"[А-ЯЁ]{2,}|[а-яё]{2,}")
_LATIN = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}")
_IMPLAUSIBLE_BITS = -7.0

_ALWAYS_LOWER = frozenset("оглы оглу угли улы кызы гызы кизи фон von ogly oglu kyzy qizi".split())
_LOWER_AS_DELIVERED = frozenset(
    "де ван дер ден да ди дю дос ла ле бен бин ибн аль эль ас уль заде"
    " de van der den da di du dos la le ben bin ibn al el as ul af y".split()
)
_BRACKETED = re.compile(r"\s*[(\[{<][^()\[\]{}<>]*[)\]}>]?\s*")
_DASHES = re.compile(r"\s*[-‐‑‒–—―−]+\s*")
_APOSTROPHES = re.compile(r"[’‘`´ʼ′]")
_EDGES = " .,;:!?_*+=~#|/\\\"«»„“”'-"
_STRAY = re.compile(r"[_*+=~#|/\\\"«»„“”;:!?]+")
_COMMA = re.compile(r"\s*,\s*")
_DIGIT_AS_LETTER = re.compile(r"(?<=[А-Яа-яЁё])[03](?=[А-Яа-яЁё])|^[03](?=[А-Яа-яЁё]{2})")
_LETTER_FOR_DIGIT = {"0": "о", "3": "з"}
_DIGIT_AS_LATIN_LETTER = re.compile(r"(?<=[A-Za-z])[01](?=[A-Za-z])")
_LATIN_FOR_DIGIT = {"0": "o", "1": "i"}
_TRAILING_DIGITS = re.compile(r"(?<=[^\W\d_])\s*(?:\d{1,2}|19\d\d|20\d\d)$")
_INITIALS = re.compile(r"(?<![^\W\d_])([^\W\d_])\.\s*(?=[^\W\d_])")
_INITIAL_AT_END = re.compile(r"(?<=[\s.])([^\W\d_])\.?$")
_SPLIT = re.compile(r"([ '\-.]+)")


def normalise_name(text: str) -> Normalised | Rejected:
    """
    Return a name or part of one in title case and in the script it was delivered in, its errors mended.

    ё stays as delivered: whether е and ё differ is for those who compare. Names in one script and of any language stay
    as they are; only what is clearly an accident (a Latin а in a Russian word, wrong keyboard) is mended.

    >>> normalise_name("иВАНОВ ")
    Normalised(value='Иванов', repairs=())
    >>> normalise_name("Ивaнова (Петрова)")
    Normalised(value='Иванова', repairs=('latin_lookalike', 'maiden_name_in_brackets'))
    >>> normalise_name("O'Neil"), normalise_name("нет")
    (Normalised(value="O'Neil", repairs=()), Normalised(value=None, repairs=('placeholder',)))
    """
    word = text.strip()
    if len(word) > _LENGTH_LIMIT:
        return settle(_clean, text)
    if _PLAIN.fullmatch(word):
        return PLACEHOLDER_FOUND if is_plain_placeholder(word) else Normalised(word)
    if _is_plain_in_one_case(word):
        return PLACEHOLDER_FOUND if is_plain_placeholder(word) else Normalised(capitalise(word))
    return settle(_clean, text)


def _is_plain_in_one_case(word: str) -> bool:
    """A word of letters that needs no more than a capital, if that."""
    if _ONE_CASE.fullmatch(word):
        return score_cyrillic(word) > _IMPLAUSIBLE_BITS
    return bool(_LATIN.fullmatch(word)) and not may_look_cyrillic(word) and not mend_keyboard_layout(word)[1]


def _clean(text: str) -> Normalised | Rejected:
    if len(text) > 4 * _LENGTH_LIMIT:
        return TOO_LONG
    text, mojibake = mend_mojibake(text)
    text, invisible = clean_characters(text)
    if not text:
        return NOTHING
    if is_name_placeholder(text):
        return PLACEHOLDER_FOUND
    if "@" in text:
        return NOT_A_NAME
    text, layout = mend_keyboard_layout(text)
    text, look_alikes = mend_look_alikes(text)
    text, digits = _mend_digits(text)
    text, brackets = _take_out_brackets(text)
    text, stray = _take_out_stray_characters(text)
    if not text or is_name_placeholder(text):
        return PLACEHOLDER_FOUND
    if len(text) > _LENGTH_LIMIT:
        return TOO_LONG
    value = _write_in_title_case(text)
    if not _is_name(value):
        return NOT_A_NAME
    return Normalised(value, mojibake + invisible + layout + look_alikes + digits + brackets + stray)


def _mend_digits(text: str) -> tuple[str, tuple[str, ...]]:
    if not any(map(str.isdigit, text)):
        return text, ()
    mended = _DIGIT_AS_LETTER.sub(lambda m: _LETTER_FOR_DIGIT[m.group()], text)
    mended = _DIGIT_AS_LATIN_LETTER.sub(lambda m: _LATIN_FOR_DIGIT[m.group()], mended)
    mended = _TRAILING_DIGITS.sub("", mended)
    return mended, (DIGIT_IN_NAME,) if mended != text else ()


def _take_out_brackets(text: str) -> tuple[str, tuple[str, ...]]:
    if not any(c in "([{<" for c in text):
        return text, ()
    outer = _BRACKETED.sub(" ", text).strip()
    if not outer:
        return text.strip("()[]{}<> "), (STRAY_CHARACTERS,)
    return outer, (MAIDEN_NAME,)


def _take_out_stray_characters(text: str) -> tuple[str, tuple[str, ...]]:
    text = _APOSTROPHES.sub("'", _DASHES.sub("-", text))
    kept = _COMMA.sub(" ", _STRAY.sub(" ", text).strip(_EDGES.replace(".", "")))
    kept = " ".join(kept.split()).strip(_EDGES.replace(".", ""))
    repairs = (STRAY_CHARACTERS,) if kept != text.strip(" -'") else ()
    kept = _INITIALS.sub(r"\1. ", kept)
    return _INITIAL_AT_END.sub(r"\1.", kept) if " " in kept else kept.rstrip(" ."), repairs


def _write_in_title_case(text: str) -> str:
    words = _SPLIT.split(text)
    several = len(words) > 1
    return unicodedata.normalize("NFC", "".join(_write_word(word, several=several) for word in words))


def _write_word(word: str, *, several: bool) -> str:
    if not word:
        return word
    lower = word.lower()
    if several and (lower in _ALWAYS_LOWER or (lower in _LOWER_AS_DELIVERED and word.islower())):
        return lower
    return word if _has_sane_case(word) else capitalise(word)


def _has_sane_case(word: str) -> bool:
    """One capital, or a second one inside as in McDonald and МакГрегор."""
    if not word[0].isupper() or not word[-1].islower():
        return False
    capitals = [index for index, letter in enumerate(word) if letter.isupper()]
    return len(capitals) == 1 or (len(capitals) == 2 and capitals[1] > 1)


def _is_name(text: str) -> bool:
    return any(map(str.isalpha, text)) and all(
        c.isalpha() or c in " -'." or unicodedata.category(c)[0] == "M" for c in text
    )
