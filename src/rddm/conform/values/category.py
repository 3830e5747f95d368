"""Categories: roles, statuses, kinds."""

from __future__ import annotations

import re

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.look_alikes import mend_look_alikes
from rddm.conform.values.placeholders import NOTHING, PLACEHOLDER_FOUND
from rddm.conform.values.settling import settle
from rddm.contracts.normalised import Normalised, Rejected

_NOTHING_SAID = frozenset(("null", "none", "nil", "nan", "n/a", "undefined", "не указано", "не указан", "не указана"))
_GAPS = re.compile(r"[\s_]+")


def normalise_category(text: str) -> Normalised | Rejected:
    """
    Return a category as one casefolded word, inner spaces as underscores.

    "нет" and "unknown" may well be categories, so only marks for a missing value count as placeholders.

    >>> normalise_category("  Team Leader ")
    Normalised(value='team_leader', repairs=())
    """
    return settle(_clean, text)


def _clean(text: str) -> Normalised:
    text, repairs = clean_characters(text)
    if not text:
        return NOTHING
    mended, look_alikes = mend_look_alikes(text)
    folded, _ = mend_look_alikes(clean_characters(mended.casefold())[0])
    if folded in _NOTHING_SAID or not any(map(str.isalnum, folded)):
        return PLACEHOLDER_FOUND
    return Normalised(_GAPS.sub("_", folded).strip("_ "), repairs + look_alikes)
