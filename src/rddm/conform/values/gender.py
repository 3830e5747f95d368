"""Gender as delivered by many systems."""

from __future__ import annotations

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.placeholders import NOTHING, PLACEHOLDER_FOUND, is_empty_mark
from rddm.contracts.normalised import Normalised, Rejected

UNKNOWN_GENDER = Rejected("unknown_gender")

FEMALE_WORDS = frozenset(
    "f ж fem female woman girl w lady mrs ms miss жен женский женск женщина девочка девушка девушки дев д жена мадам она 2"
    " weiblich femme féminin ayol қыз әйел zh zhen zhenskiy zhenskij g".split()
)
MALE_WORDS = frozenset(
    "m м male man boy mr sir муж мужской мужск мужчина мальчик юноша юноши парень мал ю он 1"
    " männlich masculin homme erkak ұл еркек muzh muzhskoy muzhskoj".split()
)
_NOT_SAID = frozenset(("0", "9", "u", "x", "unknown", "other", "не выбран", "не важно", "любой", "undisclosed", "-1"))
_FEMALE, _MALE = Normalised("female"), Normalised("male")


def normalise_gender(text: str) -> Normalised | Rejected:
    """
    Return ``female`` or ``male`` from words, letters and ISO 5218 codes (1 male, 2 female; 0 and 9 say nothing).

    >>> normalise_gender("Жен."), normalise_gender("0")
    (Normalised(value='female', repairs=()), Normalised(value=None, repairs=('placeholder',)))
    """
    text, _ = clean_characters(text)
    if not text:
        return NOTHING
    word = text.casefold().removeprefix("пол:").strip(" .,;'\"()").removesuffix(" пол").removesuffix(".0")
    if word in FEMALE_WORDS:
        return _FEMALE
    if word in MALE_WORDS:
        return _MALE
    return PLACEHOLDER_FOUND if word in _NOT_SAID or is_empty_mark(text) else UNKNOWN_GENDER
