"""Postal addresses below the town: street, house, flat, in one line."""

from __future__ import annotations

import re

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.look_alikes import mend_look_alikes
from rddm.conform.values.mojibake import mend_mojibake
from rddm.conform.values.placeholders import NOTHING, PLACEHOLDER_FOUND, is_name_placeholder
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
    text, mojibake = mend_mojibake(text)
    text, invisible = clean_characters(text)
    if not text:
        return NOTHING
    if is_name_placeholder(text):
        return PLACEHOLDER_FOUND
    text, look_alikes = mend_look_alikes(text)
    value = _COMMAS.sub(", ", text).strip(_EDGES)
    if not any(map(str.isalnum, value)):
        return PLACEHOLDER_FOUND
    return Normalised(value, mojibake + invisible + look_alikes)
