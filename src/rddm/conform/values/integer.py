"""Whole numbers."""

from __future__ import annotations

import re

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.placeholders import NOTHING, PLACEHOLDER_FOUND, is_empty_mark
from rddm.contracts.normalised import Normalised, Rejected

NOT_AN_INTEGER = Rejected("not_an_integer")
INTEGER_OUT_OF_RANGE = Rejected("integer_out_of_range")

_INTEGER = re.compile(r"([+-]?)([0-9]{1,3}(?:[ ',][0-9]{3})+|[0-9]{1,30})(?:[.,]0{1,9})?")
_LIMIT = 2**63


def normalise_integer(text: str) -> Normalised | Rejected:
    """
    Return a whole number of 64 bits in plain digits; groups of thousands and a fraction of zeros are left out.

    >>> normalise_integer(" 1 234.0 "), normalise_integer("1.5")
    (Normalised(value='1234', repairs=()), Rejected(reason='not_an_integer'))
    """
    if len(text) > 60:
        return NOT_AN_INTEGER
    text, repairs = clean_characters(text.replace("−", "-"))
    if not text:
        return NOTHING
    match = _INTEGER.fullmatch(text)
    if not match:
        return PLACEHOLDER_FOUND if is_empty_mark(text) else NOT_AN_INTEGER
    number = int(match[1] + re.sub(r"[ ',]", "", match[2]))
    if not -_LIMIT <= number < _LIMIT:
        return INTEGER_OUT_OF_RANGE
    return Normalised(str(number), repairs)
