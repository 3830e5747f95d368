"""Cities, towns and villages."""

from __future__ import annotations

import re
import unicodedata

from rddm.conform.values.characters import capitalise
from rddm.conform.values.mending import mend_words
from rddm.conform.values.placeholders import PLACEHOLDER_FOUND, is_name_placeholder
from rddm.conform.values.settling import settle
from rddm.contracts.normalised import Normalised, Rejected

NOT_A_PLACE = Rejected("not_a_place")

_KINDS = (
    r"городской округ|город-герой|г\.?\s?о|город|гор|г|село|с|деревня|дер|д|пос[её]лок городского типа|пгт|рабочий пос[её]лок"
    r"|р\.?\s?п|рп|пос[её]лок|пос|п|станица|станция|ст-ца|ст|хутор|хут|х|аул|слобода|сл|мкр|снт|city of|city|town|g|gorod"
)
_KIND_BEFORE = re.compile(rf"^(?:(?:{_KINDS})\.\s*|(?:{_KINDS})\s+)(?=\S)", re.IGNORECASE)
_KIND_AFTER = re.compile(r"[\s,]+(?:г|гор|с|д|дер|п|пос|пгт|рп)\.?$", re.IGNORECASE)
_DASHES = re.compile(r"\s*[-‐‑‒–—―−]\s*")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_SMALL = frozenset(
    "на над под при и in on upon of the am de la le les del sur область край округ район автономный автономная".split()
)
_ONLY_KIND = re.compile(rf"(?:{_KINDS})\.?", re.IGNORECASE)
_SHORT_NAMES = {
    **dict.fromkeys(("спб", "питер", "с-петербург", "с петербург", "с.петербург", "с. петербург"), "Санкт-Петербург"),
    **dict.fromkeys(("санкт петербург", "с-пб", "петербург"), "Санкт-Петербург"),
    **dict.fromkeys(("н новгород", "н.новгород", "н. новгород"), "Нижний Новгород"),
    **dict.fromkeys(("ростов на дону", "ростов н/д", "ростов-н/д"), "Ростов-на-Дону"),
    "мск": "Москва",
    "екб": "Екатеринбург",
    "нск": "Новосибирск",
}
_EDGES = " .,;:-_\"'«»"


def normalise_place_name(text: str) -> Normalised | Rejected:
    """
    Return a place's name in title case, without the word that says what kind of place it is.

    >>> normalise_place_name("г. САМАРА"), normalise_place_name("ростов-на-дону")
    (Normalised(value='Самара', repairs=()), Normalised(value='Ростов-на-Дону', repairs=()))
    """
    return settle(_clean, text)


def _clean(text: str) -> Normalised | Rejected:
    if len(text) > 300:
        return NOT_A_PLACE
    mended = mend_words(text)
    if mended.value is None:
        return mended
    text = mended.value
    text = _DASHES.sub("-", text)
    if _ONLY_KIND.fullmatch(text):
        return PLACEHOLDER_FOUND
    if known := _SHORT_NAMES.get(text.casefold().strip(_EDGES)):
        return Normalised(known, mended.repairs)
    text = _without_kind(text)
    if not text or is_name_placeholder(text):
        return PLACEHOLDER_FOUND
    if not any(map(str.isalpha, text)):
        return NOT_A_PLACE
    return Normalised(write_place_in_title_case(text), mended.repairs)


def _without_kind(text: str) -> str:
    while True:
        shorter = _KIND_AFTER.sub("", _KIND_BEFORE.sub("", text.strip(_EDGES))).strip(_EDGES)
        if shorter == text or not shorter:
            return shorter or text.strip(_EDGES)
        text = shorter


def write_place_in_title_case(text: str) -> str:
    """Return *text* with every word capitalised but the small ones inside: Комсомольск-на-Амуре."""

    def write(match: re.Match[str]) -> str:
        word = match.group()
        if word.lower() in _SMALL and match.start():
            return word.lower()
        if word[0].isupper() and not word[1:].isupper() and len(word) > 2:
            return word
        return capitalise(word)

    return unicodedata.normalize("NFC", _WORD.sub(write, text))
