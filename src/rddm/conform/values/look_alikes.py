"""Letters of one script inside a word of another: С for C, a for а."""

from __future__ import annotations

import re

from rddm.contracts.names import is_given_name

LATIN_LOOKALIKE = "latin_lookalike"
CYRILLIC_LOOKALIKE = "cyrillic_lookalike"

_PAIRS = "AА BВ CС EЕ HН KК MМ OО PР TТ XХ YУ aа cс eе oо pр xх yу kк mм tт hһ iі ïї jј sѕ IІ ÏЇ JЈ SЅ ëё ËЁ əә ƏӘ bЬ nп uи rг"
_TO_CYRILLIC_TABLE = {pair[0]: pair[1] for pair in _PAIRS.split()}
_TO_LATIN_TABLE = {pair[1]: pair[0] for pair in _PAIRS.split()[:-4]}
_TO_CYRILLIC_TABLE |= {"u": "и", "n": "п", "r": "г", "b": "ь"}
_TO_CYRILLIC = str.maketrans(_TO_CYRILLIC_TABLE)
_TO_LATIN = str.maketrans(_TO_LATIN_TABLE)

_LATIN = re.compile(r"[A-Za-zÀ-ɏəƏ]")
_CYRILLIC = re.compile(r"[Ѐ-ӿ]")
_WORD = re.compile(r"[A-Za-zÀ-ɏəƏЀ-ӿ]+")
_ALL_LOOK_CYRILLIC = re.compile(r"[ABCEHKMOPTXYaceopxy]+")
_SURNAME_ENDING = re.compile(r"[а-я]{3,}(?:ов|ова|ев|ева|ская|ский|енко)")


def _mend_word(word: str) -> tuple[str, str | None]:
    latin, cyrillic = len(_LATIN.findall(word)), len(_CYRILLIC.findall(word))
    if not cyrillic:
        if _ALL_LOOK_CYRILLIC.fullmatch(word) and len(word) >= 4:
            reading = word.translate(_TO_CYRILLIC)
            if _SURNAME_ENDING.fullmatch(reading.lower()) or (is_given_name(reading) and not is_given_name(word)):
                return reading, LATIN_LOOKALIKE
        return word, None
    if not latin:
        return word, None
    as_cyrillic, as_latin = word.translate(_TO_CYRILLIC), word.translate(_TO_LATIN)
    can_cyrillic, can_latin = not _LATIN.search(as_cyrillic), not _CYRILLIC.search(as_latin)
    if can_cyrillic and (cyrillic >= latin or not can_latin):
        return as_cyrillic, LATIN_LOOKALIKE
    if can_latin:
        return as_latin, CYRILLIC_LOOKALIKE
    return word, None


def mend_look_alikes(text: str) -> tuple[str, tuple[str, ...]]:
    """
    Return *text* with every word in one script where look-alikes allow it, and the repairs. Words in one script stay.

    A word with as many letters that can only be Cyrillic becomes Cyrillic; else Latin.

    >>> mend_look_alikes("Ивaнoв"), mend_look_alikes("Smitһ"), mend_look_alikes("Müller")
    (('Иванов', ('latin_lookalike',)), ('Smith', ('cyrillic_lookalike',)), ('Müller', ()))
    """
    if not _LATIN.search(text):
        return text, ()
    repairs: list[str] = []

    def mend(match: re.Match[str]) -> str:
        word, repair = _mend_word(match.group())
        if repair and repair not in repairs:
            repairs.append(repair)
        return word

    return _WORD.sub(mend, text), tuple(repairs)


def may_look_cyrillic(word: str) -> bool:
    """Tell whether every letter of a Latin *word* looks like a Cyrillic one, as in CAXAPOB."""
    return bool(_ALL_LOOK_CYRILLIC.fullmatch(word))


def to_latin(text: str) -> str:
    """Return *text* with Cyrillic letters that look Latin replaced; for values that are Latin by definition."""
    return text.translate(_TO_LATIN)
