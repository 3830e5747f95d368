"""Characters before meaning: Unicode forms, invisible and control characters, whitespace."""

from __future__ import annotations

import unicodedata
from typing import Literal

INVISIBLE = "invisible_characters"

_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean_characters(text: str, form: Literal["NFC", "NFKC"] = "NFKC") -> tuple[str, tuple[str, ...]]:
    r"""
    Return *text* without control and format characters, in one Unicode form, with single plain spaces, and the repairs.

    Line breaks, tabs and the many kinds of space become one space; trimming and composing is notation, no repair. What
    nobody can see and nobody typed on purpose (zero-width space, soft hyphen, byte order mark, controls) is one.

    >>> clean_characters("  Ива\u200bнов\xa0")
    ('Иванов', ('invisible_characters',))
    """
    if text.isascii() and text.isprintable():
        return (" ".join(text.split()) if "  " in text else text.strip()), ()
    repairs: tuple[str, ...] = ()
    if not text.isprintable():
        spaced = " ".join(text.split())
        if not spaced.isprintable():
            kept = "".join(c for c in spaced if unicodedata.category(c) not in _DROPPED)
            if len(kept) != len(spaced):
                repairs = (INVISIBLE,)
            spaced = kept
        text = spaced
    if not unicodedata.is_normalized(form, text):
        # NFKC would write № as No
        text = "№".join(unicodedata.normalize(form, piece) for piece in text.split("№"))
    return " ".join(text.split()), repairs


def capitalise(word: str) -> str:
    """
    Return *word* with its first letter large and the rest small; as it is where another case has other letters (ß, ı).

    >>> capitalise("иВАНОВ"), capitalise("ß")
    ('Иванов', 'ß')
    """
    capitalised = word[0].upper() + word[1:].lower()
    return capitalised if capitalised.lower() == word.lower() and word[0].isalpha() else word
