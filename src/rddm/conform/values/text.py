"""Free text."""

from __future__ import annotations

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.mojibake import mend_mojibake
from rddm.conform.values.placeholders import NOTHING
from rddm.conform.values.settling import settle
from rddm.contracts.normalised import Normalised, Rejected


def normalise_text(text: str) -> Normalised | Rejected:
    r"""
    Return text trimmed, in Unicode NFC, without control characters, mojibake mended; case and words stay.

    >>> normalise_text(" Summer\tcamp ")
    Normalised(value='Summer camp', repairs=())
    """
    return settle(_clean, text)


def _clean(text: str) -> Normalised:
    text, mojibake = mend_mojibake(text)
    text, repairs = clean_characters(text, "NFC")
    return Normalised(text, mojibake + repairs) if text else NOTHING


def normalise_reference(text: str) -> Normalised:
    """Return another record's key: to the letter but for outer blanks and characters that no key is made of."""
    text, repairs = clean_characters(text, "NFC")
    return Normalised(text, repairs) if text else NOTHING
