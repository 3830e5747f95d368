"""Text read in the wrong encoding: РРІР°РЅРѕРІ, Èâàíîâ, йБЮМНБ for Иванов."""

from __future__ import annotations

import re

import ftfy
import ftfy.badness

from rddm.conform.values.plausibility import score_cyrillic

MOJIBAKE = "mojibake"

_W1251, _W1252 = "sloppy-windows-1251", "sloppy-windows-1252"
# (the encoding it was read in, the one it was written in); the "sloppy" ones, registered by ftfy, keep undefined bytes
_READINGS = (
    (_W1251, "utf-8"),
    (_W1252, "utf-8"),
    ("koi8-r", "utf-8"),
    ("cp866", "utf-8"),
    (_W1252, _W1251),
    (_W1252, "koi8-r"),
    (_W1251, "koi8-r"),
    ("koi8-r", _W1251),
    (_W1251, "cp866"),
    ("cp866", _W1251),
    ("cp866", "koi8-r"),
    ("koi8-r", "cp866"),
    (_W1252, "cp866"),
)
_CYRILLIC_WORD = re.compile(r"[А-Яа-яЁё]+")
_ODD_LETTER = re.compile(r"[^А-Яа-яЁё\x00-\x7f«»№–—’ ]")
_INVERTED_CASE = re.compile(r"[а-яё][А-ЯЁ]{3,}")
_SANE_CASE = re.compile(r"[А-ЯЁ]?[а-яё]+|[А-ЯЁ]+")
_LOST_I = re.compile(rb"\xd0(?=[\xd0\xd1])")  # И is D0 98, and 98 is no character of Windows-1251
_SPACED = re.compile(rb"\xd0 ")  # Р is D0 A0, and A0 is a space in Windows-1251

_LEAST_LETTERS = 3
_GOOD_BITS = -5.0
_MARGIN_BITS = 1.5
_HOPELESS_BITS = -12.0


def _score(text: str) -> float:
    """Mean plausibility of the Cyrillic words, weighted by length; hopeless for letters that Russian does not have."""
    words = _CYRILLIC_WORD.findall(text)
    letters = sum(c.isalpha() for c in text)
    if not words or _ODD_LETTER.search(text):
        return _HOPELESS_BITS
    if not all(_SANE_CASE.fullmatch(word) for word in words):
        return _HOPELESS_BITS / 2 if not any(map(_INVERTED_CASE.fullmatch, words)) else _mean(words) - 1
    return _mean(words) if letters else _HOPELESS_BITS


def _mean(words: list[str]) -> float:
    return sum(score_cyrillic(word) * len(word) for word in words) / sum(map(len, words))


def _read_again(text: str, wrong: str, right: str) -> str | None:
    try:
        octets = (text.replace("˜", "\x98") if wrong == _W1251 else text).encode(wrong)
    except UnicodeError:
        return None
    if right == "utf-8" and wrong == _W1251:
        octets = _SPACED.sub(b"\xd0\xa0", _LOST_I.sub(b"\xd0\x98", octets))
    try:
        return octets.decode(right)
    except UnicodeError:
        return None


def _is_suspicious(text: str) -> bool:
    """Cheap and generous: plain ASCII and sanely cased, readable Russian are not."""
    if text.isascii():
        return False
    if _ODD_LETTER.search(text):
        return True
    words = _CYRILLIC_WORD.findall(text)
    return any(_INVERTED_CASE.fullmatch(word) or (len(word) > 3 and score_cyrillic(word) < -7) for word in words)


def mend_mojibake(text: str) -> tuple[str, tuple[str, ...]]:
    """
    Return *text* as it was written if it was read in a wrong encoding, only where the result is clearly better Russian.

    Needs the text as delivered: cleaning takes away characters that are part of the evidence.

    >>> [mend_mojibake(text)[0] for text in ("Èâàíîâ", "Ð˜Ð²Ð°Ð½Ð¾Ð²", "хБЮМНБ", "Müller", "Әсел")]
    ['Иванов', 'Иванов', 'Иванов', 'Müller', 'Әсел']
    """
    if not _is_suspicious(text):
        return text, ()
    before = _score(text)
    best, best_score = text, before + _MARGIN_BITS
    candidates = [text]
    for _ in range(2):
        candidates = [
            again
            for candidate in candidates
            for wrong, right in _READINGS
            if (again := _read_again(candidate, wrong, right)) is not None and again != candidate
        ]
        for candidate in candidates:
            if sum(map(len, _CYRILLIC_WORD.findall(candidate))) < _LEAST_LETTERS:
                continue
            if (score := _score(candidate)) > max(best_score, _GOOD_BITS):
                best, best_score = candidate, score
        if best is not text:
            return best, (MOJIBAKE,)
        candidates = [c for c in candidates if len(c) < len(text)]
    if len(text) >= _LEAST_LETTERS and ftfy.badness.is_bad(text):
        fixed = ftfy.fix_encoding(text)
        if fixed != text and "\ufffd" not in fixed and not ftfy.badness.is_bad(fixed):
            return fixed, (MOJIBAKE,)
    return text, ()
