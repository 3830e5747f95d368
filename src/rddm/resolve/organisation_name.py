"""The form in which names of organisations and of places are compared."""

from __future__ import annotations

import re

from rddm.contracts.names import fold_name, romanisation_key

_WORDS = re.compile(r"\d+|[^\W\d_]+")
_LEGAL_FORMS = """
мбоу мкоу моу маоу гбоу гаоу гоу гку мбу мау гбу фгбоу фгбу мбудо мбоудо муниципальное государственное бюджетное
автономное казенное общеобразовательное образовательное учреждение общеобразовательная средняя основная начальная
полная имени им no n номер ооо оао зао ао ано нко роо рфсоо региональная общественная организация the of
"""
_KINDS = {
    **dict.fromkeys(("школа", "школы", "сош", "оош", "сш", "шк", "school", "shkola", "sosh"), "shkola"),
    **dict.fromkeys(("гимназия", "гимназии", "gymnasium", "gimnaziya", "gimnazia"), "gimnazia"),
    **dict.fromkeys(("лицей", "лицея", "lyceum", "litsey", "licey"), "litsei"),
}
_TOWN_MARKS = "г город города гор пос поселка п с село села д деревня ст станица"
_PLACE_MARKS = """
область обл край республика респ ао автономный автономная округ oblast region krai kray republic respublika of
    городской пгт
"""

_NO_NAMES = frozenset(_LEGAL_FORMS.split())
_BEFORE_TOWN = frozenset(_TOWN_MARKS.split())
_NO_PLACES = _BEFORE_TOWN | frozenset(_PLACE_MARKS.split())


def _spell(word: str) -> str:
    return word if word.isdecimal() else romanisation_key(word) or word


def organisation_key(name: str) -> str | None:
    """
    Return the words of *name* that tell it apart, in Latin letters and a fixed order; None if there are none.

    Legal forms go, kinds of school are one word each, and so does a town named at the end ("г. Казани").

    >>> organisation_key("МБОУ СОШ № 5 г. Казани") == organisation_key("Школа №5")
    True
    >>> organisation_key("Гимназия 5") == organisation_key("Школа 5")
    False
    """
    words: list[str] = []
    skip = False
    for word in _WORDS.findall(fold_name(name)):
        if skip:
            skip = False
        elif word in _BEFORE_TOWN:
            skip = True
        elif word not in _NO_NAMES:
            words.append(_KINDS.get(word) or _spell(word))
    return " ".join(sorted(set(words))) or None


def place_key(name: str) -> str | None:
    """
    Return the words of a region's or a town's name that tell it apart, in Latin letters.

    >>> place_key("г. Москва") == place_key("Moskva")
    True
    >>> place_key("Республика Татарстан") == place_key("татарстан")
    True
    """
    folded = fold_name(name)
    words = [_spell(word) for word in _WORDS.findall(folded) if word not in _NO_PLACES]
    return " ".join(words) or " ".join(map(_spell, _WORDS.findall(folded))) or None
