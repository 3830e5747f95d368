"""Postcodes of any country."""

from __future__ import annotations

import re

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.placeholders import NOTHING, PLACEHOLDER_FOUND, is_empty_mark
from rddm.contracts.normalised import Normalised, Rejected

NOT_A_POSTCODE = Rejected("not_a_postcode")

_GAPS = re.compile(r"[\s‐‑‒–—−-]+")
_POSTCODE = re.compile(r"(?=[A-Z]*[0-9])[A-Z0-9]{3,10}")


def normalise_postcode(text: str) -> Normalised | Rejected:
    """
    Return a postcode in capital letters and digits, without the spaces and dashes that some put inside.

    Three to ten characters, of which one at least is a digit, as in every country that has postcodes (UPU S42). A zero that
    a spreadsheet took from its front cannot be told from a shorter code, and is left alone.

    >>> normalise_postcode("sw1a 1aa"), normalise_postcode("000000")
    (Normalised(value='SW1A1AA', repairs=()), Normalised(value=None, repairs=('placeholder',)))
    """
    if len(text) > 60:
        return NOT_A_POSTCODE
    text, repairs = clean_characters(text)
    if not text:
        return NOTHING
    if is_empty_mark(text):
        return PLACEHOLDER_FOUND
    value = _GAPS.sub("", text.removesuffix(".0").strip("'\" .,;")).upper()
    return Normalised(value, repairs) if _POSTCODE.fullmatch(value) and value.isascii() else NOT_A_POSTCODE
