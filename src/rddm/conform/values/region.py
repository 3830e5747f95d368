"""The 89 constituent regions of Russia under the many names and codes they go by."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.look_alikes import mend_look_alikes
from rddm.conform.values.mojibake import mend_mojibake
from rddm.conform.values.place_name import write_place_in_title_case
from rddm.conform.values.placeholders import NOTHING, PLACEHOLDER_FOUND, is_name_placeholder
from rddm.conform.values.region_table import REGIONS
from rddm.conform.values.settling import settle
from rddm.contracts.names import romanisation_key
from rddm.contracts.normalised import Normalised, Rejected

NOT_A_REGION = Rejected("not_a_region")

_KIND = re.compile(
    r"\b(?:область|обл|край|кр|республика|респ|р|автономный округ|автономная область|авт округ|авт обл|ао|аобл|город"
    r"|город федерального значения|гор|г|народная|российская федерация|россия|рф|russia|russian federation"
    r"|oblast|obl|region|krai|kray|territory|republic of|republic|respublika|resp|city of|city|autonomous okrug"
    r"|autonomous oblast|autonomous|okrug|avtonomnyy okrug|federal city|gorod)\b"
)
_NOT_WORD = re.compile(r"[\W_]+")
_CODE = re.compile(r"(?:ru[- ]?)?([0-9]{1,3})")


def _fold(text: str) -> str:
    return _NOT_WORD.sub(" ", text.casefold().replace("ё", "е")).strip()


def _stem(text: str) -> str:
    return " ".join(_KIND.sub(" ", _fold(text)).split())


@cache
def _names() -> Mapping[str, str]:
    """Folded alias -> canonical name; an alias of two regions once its kind is gone (Алтай) keeps only the full form."""
    full: dict[str, str] = {}
    stems: dict[str, set[str]] = {}
    for canonical, iso, codes, aliases in REGIONS:
        for alias in (canonical, *aliases):
            full[_fold(alias)] = canonical
            stems.setdefault(_stem(alias), set()).add(canonical)
        for code in (iso, f"ru-{iso}", *codes.split()):
            full[_fold(code)] = canonical
    unique = {stem: found.copy().pop() for stem, found in stems.items() if stem and len(found) == 1}
    return unique | full


@cache
def _romanised() -> Mapping[str, str]:
    keys: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for name, canonical in _names().items():
        key = romanisation_key(name)
        if len(key) > 3 and not name[0].isdigit():
            seen[key] += keys.get(key) not in {None, canonical}
            keys[key] = canonical
    return {key: canonical for key, canonical in keys.items() if not seen[key]}


def find_region(text: str) -> str | None:
    """
    Return the canonical Russian name of the region that *text* names, or None.

    Codes are those of ISO 3166-2:RU (``RU-MOW``) and of the constituent entities as on number plates (``77``).

    >>> [find_region(text) for text in ("МО", "Tatarstan", "77", "респ. Алтай", "Атлантида")]
    ['Московская область', 'Республика Татарстан', 'Москва', 'Республика Алтай', None]
    """
    folded = _fold(text)
    names = _names()
    if found := names.get(folded) or names.get(_stem(text)):
        return found
    if match := _CODE.fullmatch(folded):
        return names.get(match[1].zfill(2))
    if folded.isascii():
        romanised = _romanised()
        return romanised.get(romanisation_key(folded)) or romanised.get(romanisation_key(_stem(text)))
    return None


def normalise_region(text: str) -> Normalised | Rejected:
    """
    Return a region's official Russian name; a region that is not of Russia stays as delivered, cleaned.

    >>> normalise_region("г. Москва"), normalise_region("Bavaria")
    (Normalised(value='Москва', repairs=()), Normalised(value='Bavaria', repairs=()))
    """
    return settle(_clean, text)


def _clean(text: str) -> Normalised | Rejected:
    if len(text) > 300:
        return NOT_A_REGION
    text, mojibake = mend_mojibake(text)
    text, invisible = clean_characters(text)
    if not text:
        return NOTHING
    if found := _find_in_pieces(text):
        return Normalised(found, mojibake + invisible)
    if is_name_placeholder(text):
        return PLACEHOLDER_FOUND
    text, look_alikes = mend_look_alikes(text)
    repairs = mojibake + invisible + look_alikes
    if found := _find_in_pieces(text):
        return Normalised(found, repairs)
    text = text.strip(" .,;:-_\"'«»")
    if not any(map(str.isalpha, text)):
        return PLACEHOLDER_FOUND if not any(map(str.isalnum, text)) else NOT_A_REGION
    written = write_place_in_title_case(text)
    return Normalised(find_region(written) or written, repairs)


def _find_in_pieces(text: str) -> str | None:
    """Of "Россия, Ростовская обл., г. Таганрог" the first piece that is a region."""
    if found := find_region(text):
        return found
    pieces = text.split(",") if "," in text else ()
    return next((found for piece in pieces if not piece.strip().isdigit() and (found := find_region(piece))), None)
