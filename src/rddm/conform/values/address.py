"""Postal addresses below the town: street, house, flat, in one line."""

from __future__ import annotations

import re

from rddm.conform.values.mending import mend_words
from rddm.conform.values.placeholders import PLACEHOLDER_FOUND
from rddm.conform.values.settling import settle
from rddm.contracts.normalised import Normalised, Rejected

NOT_AN_ADDRESS = Rejected("not_an_address")

_COMMAS = re.compile(r"\s*,[\s,]*")
_EDGES = " ,;:-_"


def normalise_address(text: str) -> Normalised | Rejected:
    """
    Return an address in one line with single spaces and commas; words, their order and their case stay as they are.

    What streets and houses are called differs too much between countries to be rewritten: what services write differently
    is left out where addresses are compared (`rddm.resolve.address`).

    >>> normalise_address("ул. Ленина ,,д.5,  кв.12 ")
    Normalised(value='ул. Ленина, д.5, кв.12', repairs=())
    """
    return settle(_clean, text)


def _clean(text: str) -> Normalised | Rejected:
    if len(text) > 500:
        return NOT_AN_ADDRESS
    mended = mend_words(text)
    if mended.value is None:
        return mended
    text = mended.value
    value = _COMMAS.sub(", ", text).strip(_EDGES)
    if not any(map(str.isalnum, value)):
        return PLACEHOLDER_FOUND
    return Normalised(value, mended.repairs)
