"""Full names in one text: which word is whose part."""

from __future__ import annotations

import re
from typing import TypeAlias

from rddm.conform.values.personal_name import normalise_name
from rddm.conform.values.placeholders import NOTHING
from rddm.contracts.names import (
    is_diminutive,
    is_given_name,
    is_known_patronymic,
    is_patronymic,
    looks_like_russian_surname,
)
from rddm.contracts.normalised import Normalised, Rejected

NameParts: TypeAlias = tuple[Normalised | Rejected, Normalised | Rejected, Normalised | Rejected]

_SUFFIXES = frozenset(("оглы", "оглу", "угли", "улы", "кызы", "гызы", "кизи", "ogly", "oglu", "kyzy", "qizi"))
_PARTICLES = frozenset(
    (
        "де",
        "фон",
        "ван",
        "дер",
        "ден",
        "de",
        "von",
        "van",
        "der",
        "den",
        "da",
        "di",
        "du",
        "dos",
        "bin",
        "ibn",
        "al",
        "el",
    )
)
_INITIAL = re.compile(r"[^\W\d_]\.?")


def split_full_name(text: str | None) -> NameParts:
    """
    Return family name, given name and patronymic found in *text*, each normalised; parts that are not there are empty.

    A comma ends the family name; else a patronymic, known given names and surnames' endings decide the order, and where they
    say nothing the family name comes first in Cyrillic and last in Latin letters. Repairs stand with the first part there is.

    >>> [part.value for part in split_full_name("Иван Иванович ИВАНОВ")]
    ['Иванов', 'Иван', 'Иванович']
    >>> [part.value for part in split_full_name("Иванов И.И.")]
    ['Иванов', 'И', 'И']
    >>> [part.value for part in split_full_name("John Smith")]
    ['Smith', 'John', None]
    """
    if text is None:
        return NOTHING, NOTHING, NOTHING
    family_part, comma, rest = text.partition(",")
    if comma and rest.strip() and family_part.strip() and any(map(str.isalpha, rest)):
        return _split_after_comma(family_part, rest)
    whole = normalise_name(text)
    if isinstance(whole, Rejected) or whole.value is None:
        return whole, NOTHING, NOTHING
    return _with_repairs(arrange_name_words(whole.value), whole.repairs)


def _split_after_comma(family_text: str, rest_text: str) -> NameParts:
    family, rest = normalise_name(family_text), normalise_name(rest_text)
    if isinstance(rest, Rejected) or rest.value is None:
        return family, rest, NOTHING
    words = _group(rest.value)
    given, patronymic = (words[0], " ".join(words[1:])) if len(words) > 1 else (words[0], None)
    if len(words) > 1 and is_patronymic(words[0]) and is_given_name(words[1]):
        given, patronymic = words[1], words[0]
    return family, Normalised(_bare(given), rest.repairs), Normalised(_bare(patronymic))


def _with_repairs(parts: tuple[str | None, str | None, str | None], repairs: tuple[str, ...]) -> NameParts:
    built = [Normalised(part) for part in parts]
    first = next(index for index, part in enumerate(parts) if part is not None)
    built[first] = Normalised(parts[first], repairs)
    return built[0], built[1], built[2]


def _bare(word: str | None) -> str | None:
    return word.rstrip(".") or None if word else None


def _group(value: str) -> list[str]:
    """Words of a normalised name, where "Али оглы" and "фон Гёте" are one."""
    words: list[str] = []
    particle = ""
    for word in value.split():
        if words and not particle and word.lower().strip(".") in _SUFFIXES:
            words[-1] += " " + word
        elif word in _PARTICLES:
            particle += word + " "
        else:
            words.append(particle + word)
            particle = ""
    return words if not particle else [*words, particle.strip()]


def arrange_name_words(value: str) -> tuple[str | None, str | None, str | None]:
    """
    Return (family, given, patronymic) for the words of a normalised name.

    >>> arrange_name_words("Мария Петрова")
    ('Петрова', 'Мария', None)
    """
    words = _group(value)
    if len(words) == 1:
        return _arrange_one(words[0])
    family, given, patronymic = _arrange_several(words)
    return _bare(family), _bare(given), _bare(patronymic)


def _arrange_one(word: str) -> tuple[str | None, str | None, str | None]:
    if is_given_name(word) and not looks_like_russian_surname(word):
        return None, _bare(word), None
    if is_known_patronymic(word) and not word.endswith("ич"):
        return None, None, _bare(word)
    return _bare(word), None, None


def _arrange_several(words: list[str]) -> tuple[str | None, str | None, str | None]:
    initials = [index for index, word in enumerate(words) if _INITIAL.fullmatch(word)]
    full = [word for index, word in enumerate(words) if index not in initials]
    if initials and len(full) == 1:
        letters = [words[index] for index in initials]
        return full[0], letters[0], letters[1] if len(letters) > 1 else None
    position = _patronymic_position(words)
    if position is None:
        return _arrange_without_patronymic(words)
    patronymic, others = words[position], words[:position] + words[position + 1 :]
    if len(others) == 1:
        if is_given_name(others[0]) or position == 1:
            return None, others[0], patronymic
        return others[0], None, patronymic
    if position == 1 and len(words) == 3:  # Иван Иванович Иванов
        return others[1], others[0], patronymic
    if position == len(words) - 1:
        if is_given_name(others[0]) and not is_given_name(others[-1]):  # Иван Иванов Иванович
            return " ".join(others[1:]), others[0], patronymic
        return " ".join(others[:-1]), others[-1], patronymic
    family, given = _order(others[0], " ".join(others[1:]))
    return family, given, patronymic


def _patronymic_position(words: list[str]) -> int | None:
    """Where the patronymic stands. With Рабинович Иван Петрович the later, known one is it."""
    if len(words) == 2:
        second, first = words[1], words[0]
        if (
            is_patronymic(second)
            and is_given_name(first)
            and (is_known_patronymic(second) or not second.endswith("ич"))
        ):
            return 1
        if is_known_patronymic(first) and not first.endswith("ич") and is_given_name(second):
            return 0
        return None
    for test in (is_known_patronymic, is_patronymic):
        found = [index for index, word in enumerate(words) if test(word)]
        if found:
            return 1 if found == [1, 2] and is_given_name(words[0]) else found[-1]
    return None


def _arrange_without_patronymic(words: list[str]) -> tuple[str | None, str | None, str | None]:
    if len(words) == 2:
        family, given = _order(words[0], words[1])
        return family, given, None
    first, *middle, last = words
    if is_given_name(first) and (first.isascii() or (looks_like_russian_surname(last) and not is_given_name(last))):
        return last, first, " ".join(middle)
    if is_given_name(last) and not is_given_name(words[1]):  # Гарсия Маркес Габриэль
        return " ".join(words[:-1]), last, None
    return first, words[1], " ".join(words[2:])


def _order(first: str, second: str) -> tuple[str, str]:
    """Return (family, given) of two words."""
    first_score, second_score = _given_score(first), _given_score(second)
    if first_score != second_score:
        return (second, first) if first_score > second_score else (first, second)
    return (second, first) if first.isascii() else (first, second)


def _given_score(word: str) -> int:
    """How much *word* is a given name rather than a family name."""
    known = is_given_name(word)
    surname = looks_like_russian_surname(word)
    return 2 * known - (known and is_diminutive(word)) - surname
