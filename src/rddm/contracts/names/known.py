"""Given names that are known: which names a short form stands for, and the gender a name tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

from rddm.contracts.names import diminutives, given_names
from rddm.contracts.names.romanisation import romanisation_key

Gender = Literal["female", "male"]


def fold_name(name: str) -> str:
    """Return *name* as the tables here spell it: casefolded, ё as е, outer whitespace gone."""
    return name.strip().casefold().replace("ё", "е")


def _words(table: str) -> frozenset[str]:
    return frozenset(fold_name(name) for name in table.split())


def _entries(table: str) -> Iterable[tuple[str, list[str]]]:
    for line in table.strip().splitlines():
        name, _, forms = line.partition(":")
        yield fold_name(name), [fold_name(form) for form in forms.split()]


_CYRILLIC = {
    "male": _words(given_names.RUSSIAN_MALE) | _words(given_names.REGIONAL_MALE),
    "female": _words(given_names.RUSSIAN_FEMALE) | _words(given_names.REGIONAL_FEMALE),
}
_LATIN = {"male": _words(given_names.LATIN_MALE), "female": _words(given_names.LATIN_FEMALE)}
_CYRILLIC_FULL = _CYRILLIC["male"] | _CYRILLIC["female"]
_LATIN_FULL = _LATIN["male"] | _LATIN["female"]


def _read_short_forms() -> dict[str, frozenset[str]]:
    short: dict[str, set[str]] = defaultdict(set)
    for table in (diminutives.RUSSIAN, diminutives.ENGLISH):
        for name, forms in _entries(table):
            for form in forms:
                short[form].add(name)
    return {form: frozenset(names) for form, names in short.items()}


def _read_equivalents() -> dict[str, frozenset[str]]:
    same: dict[str, set[str]] = defaultdict(set)
    for name, forms in _entries(diminutives.INTERNATIONAL):
        for form in forms:
            same[form].add(name)
    return {form: frozenset(names) for form, names in same.items()}


_SHORT_FORMS = _read_short_forms()
_EQUIVALENTS = _read_equivalents()
_CANONICAL_SPELLING = _CYRILLIC_FULL | {name for name, _ in _entries(diminutives.RUSSIAN)}


def _romanise(names: Iterable[str]) -> dict[str, frozenset[str]]:
    """Romanisation key -> the Cyrillic names written so."""
    keys: dict[str, set[str]] = defaultdict(set)
    for name in names:
        if key := romanisation_key(name):
            keys[key].add(name)
    return {key: frozenset(found) for key, found in keys.items()}


_ROMANISED_FULL = _romanise(_CANONICAL_SPELLING)
_ROMANISED_SHORT = _romanise(form for form in _SHORT_FORMS if not form.isascii())


def _cyrillic_readings(folded: str) -> frozenset[str]:
    """
    Full Cyrillic names that a name in Latin letters may be the romanisation of, or else short ones: Maria is Мария, although
    Маря, short for Марина, is written so, too.
    """
    key = romanisation_key(folded)
    return _ROMANISED_FULL.get(key) or _ROMANISED_SHORT.get(key, frozenset())


def _expand(folded: str, full: frozenset[str] | set[str]) -> set[str]:
    names = set(_SHORT_FORMS.get(folded, ()))
    if folded in full or not names:
        names.add(folded)
    return names


def canonical_given_names(name: str) -> frozenset[str]:
    """
    Return the full given names that *name* may stand for, folded as by `fold_name`; an unknown name stands for itself.

    Two given names can be the same person's if their sets meet. Names in Latin letters give the Cyrillic names they
    romanise as well; empty only for text without a letter.

    >>> sorted(canonical_given_names("Саша"))
    ['александр', 'александра']
    >>> canonical_given_names("Sasha") >= canonical_given_names("Саша")
    True
    >>> sorted(canonical_given_names("Bill"))
    ['william']
    >>> bool(canonical_given_names("Mikhail") & canonical_given_names("Миша"))
    True
    >>> sorted(canonical_given_names("Ерболат"))
    ['ерболат']
    """
    folded = fold_name(name)
    if not any(map(str.isalpha, folded)):
        return frozenset()
    if not folded[0].isascii():
        return frozenset(_expand(folded, _CANONICAL_SPELLING))
    names = _expand(folded, _LATIN_FULL)
    for reading in _cyrillic_readings(folded):
        names |= _expand(reading, _CANONICAL_SPELLING)
    for full in tuple(names):
        names |= _EQUIVALENTS.get(full, frozenset())
    return frozenset(names)


def is_given_name(name: str) -> bool:
    """
    Tell whether *name* is a known given name or a short form of one, in Cyrillic or Latin letters.

    >>> [is_given_name(name) for name in ("Иван", "Ваня", "Ivan", "Петров", "Petrov")]
    [True, True, True, False, False]
    """
    folded = fold_name(name)
    if folded in _CYRILLIC_FULL or folded in _SHORT_FORMS or folded in _LATIN_FULL:
        return True
    return folded[:1].isascii() and len(folded) > 1 and bool(_cyrillic_readings(folded))


def is_diminutive(name: str) -> bool:
    """
    Tell whether *name* is only a short form: Саша and Bill are, Александр and Анна are not.

    >>> is_diminutive("Саша"), is_diminutive("Анна")
    (True, False)
    """
    folded = fold_name(name)
    return folded in _SHORT_FORMS and folded not in _CYRILLIC_FULL and folded not in _LATIN_FULL


def _table_gender(folded: str) -> set[Gender]:
    found: set[Gender] = set()
    for table in (_CYRILLIC, _LATIN):
        if folded in table["male"]:
            found.add("male")
        if folded in table["female"]:
            found.add("female")
    return found


def given_name_gender(name: str) -> Gender | None:
    """
    Return the gender that a known given name or short form tells; None if it is unknown or serves both.

    >>> given_name_gender("Настя"), given_name_gender("Саша"), given_name_gender("Ilya")
    ('female', None, 'male')
    """
    folded = fold_name(name)
    found = _table_gender(folded)
    if not found:
        for full in canonical_given_names(name):
            found |= _table_gender(full)
    return found.pop() if len(found) == 1 else None


_EVERY_GIVEN_NAME = _CYRILLIC_FULL | _LATIN_FULL | frozenset(_SHORT_FORMS)


def known_given_names() -> frozenset[str]:
    """Return every given name and short form in the tables, folded as by `fold_name`."""
    return _EVERY_GIVEN_NAME


def known_diminutives() -> frozenset[str]:
    """Return every short form that is no full name itself, folded as by `fold_name`."""
    return frozenset(name for name in _SHORT_FORMS if is_diminutive(name))
