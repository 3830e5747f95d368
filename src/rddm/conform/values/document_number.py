"""Numbers of documents and registers of which we know no check digits: passports, national and social insurance numbers."""

from __future__ import annotations

import re

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.placeholders import NOTHING, PLACEHOLDER_FOUND, is_empty_mark
from rddm.contracts.normalised import Normalised, Rejected

NOT_A_DOCUMENT_NUMBER = Rejected("not_a_document_number")

_GAPS = re.compile(r"[\s./№#‐‑‒–—−-]+")
_NUMBER = re.compile(r"[^\W_]{4,30}")
_FEWEST_DIGITS = 3
_COUNTED_UP = "01234567890123456789"


def normalise_document_number(text: str) -> Normalised | Rejected:
    """
    Return a document's number in capital letters and digits, without what people put between its parts.

    Four to thirty characters, three of them digits at least. One digit again and again, or digits counted up from 0 or 1,
    are what people type who have to type something.

    >>> normalise_document_number("92 05 № 123457"), normalise_document_number("ab-123.457")
    (Normalised(value='9205123457', repairs=()), Normalised(value='AB123457', repairs=()))
    >>> normalise_document_number("1234567890"), normalise_document_number("passport")
    (Normalised(value=None, repairs=('placeholder',)), Rejected(reason='not_a_document_number'))
    """
    if len(text) > 100:
        return NOT_A_DOCUMENT_NUMBER
    text, repairs = clean_characters(text)
    if not text:
        return NOTHING
    if is_empty_mark(text):
        return PLACEHOLDER_FOUND
    value = _GAPS.sub("", text.removesuffix(".0").strip("'\" ,;")).upper()
    if not _NUMBER.fullmatch(value) or sum(map(str.isdecimal, value)) < _FEWEST_DIGITS:
        return NOT_A_DOCUMENT_NUMBER
    if len(set(value)) == 1 or _COUNTED_UP.startswith(value) or _COUNTED_UP[1:].startswith(value):
        return PLACEHOLDER_FOUND
    return Normalised(value, repairs)
