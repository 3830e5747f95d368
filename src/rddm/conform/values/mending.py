"""What is mended in words of every sort, before their own rules: how they were encoded, what cannot be seen, look-alikes."""

from __future__ import annotations

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.look_alikes import mend_look_alikes
from rddm.conform.values.mojibake import mend_mojibake
from rddm.conform.values.placeholders import NOTHING, PLACEHOLDER_FOUND, is_name_placeholder
from rddm.contracts.normalised import Normalised


def mend_words(text: str) -> Normalised:
    """
    Return *text* mended, with its repairs; without a value where nothing, or only a placeholder, is left.

    >>> mend_words("n/a")
    Normalised(value=None, repairs=('placeholder',))
    """
    text, mojibake = mend_mojibake(text)
    text, invisible = clean_characters(text)
    if not text:
        return NOTHING
    if is_name_placeholder(text):
        return PLACEHOLDER_FOUND
    text, look_alikes = mend_look_alikes(text)
    return Normalised(text, mojibake + invisible + look_alikes)
