"""Free text."""

from __future__ import annotations

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.mojibake import mend_mojibake
from rddm.conform.values.placeholders import NOTHING
from rddm.contracts.normalised import Normalised


def normalise_text(text: str) -> Normalised:
    """
    Return text trimmed, in Unicode NFC, without control characters, mojibake mended; case and words stay.

    >>> normalise_text(" Summer\\tcamp ")
    Normalised(value='Summer camp', repairs=())
    """
    text, mojibake = mend_mojibake(text)
    text, repairs = clean_characters(text, "NFC")
    return Normalised(text, mojibake + repairs) if text else NOTHING
