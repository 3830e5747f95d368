"""One spelling for the variants of a name: of both scripts, without gender, short forms spelt out."""

from __future__ import annotations

import re

from rddm.contracts.names.known import canonical_given_names, fold_name
from rddm.contracts.names.romanisation import romanisation_key
from rddm.contracts.names.surnames import ungendered_surname

_PARTS = re.compile(r"[\s\-–—]+")
_PATRONYMIC_ENDING = re.compile(r"(?:i?[oe]v(?:ich|na)|i?[oe]vych|(?:in)?ichna|ich)$")
_OGLY_ENDING = re.compile(
    r"[\s-]+(?:оглы|оглу|угли|улы|кызы|гызы|кизи|ogly|oglu|ogli|ugli|uly|qizi|kyzy|kizi|gyzy|kizy)$"
)


def spelling_key(name: str) -> str:
    """Return the romanisation key, or the folded name where the script has no key (Georgian, Chinese)."""
    return romanisation_key(name) or "".join(filter(str.isalnum, fold_name(name)))


def family_name_words(name: str) -> list[str]:
    """Return the words of a family name: two of a double one."""
    return [word for word in _PARTS.split(name) if any(map(str.isalpha, word))]


def family_name_roots(name: str) -> tuple[str, ...]:
    """
    Return the roots of a family name's words, none twice; what is no more than a letter is none.

    >>> family_name_roots("Щербакова") == family_name_roots("Scherbakov")
    True
    >>> family_name_roots("Римская-Корсакова")
    ('rimsk', 'korsakov')
    """
    return tuple(dict.fromkeys(root for root in map(_family_root, family_name_words(name)) if len(root) > 1))


def _family_root(word: str) -> str:
    root = spelling_key(ungendered_surname(word))
    for ending in ("aia", "oi", "i"):  # Толстая, Толстой; Белая, Белый; -ская and -ский
        if root.endswith(ending) and len(root) - len(ending) >= 3:
            return root[: -len(ending)]
    return root


def given_name_roots(name: str) -> tuple[str, ...]:
    """
    Return the full given names that *name* may stand for, in one spelling, in alphabetical order; none of an initial.

    >>> given_name_roots("Саша"), given_name_roots("Alexander")
    (('aleksandr', 'aleksandra'), ('aleksandr',))
    """
    spelt = spelling_key(name)
    if len(spelt) < 2:
        return ()
    full = canonical_given_names(name)
    native = {one for one in full if not one.isascii()} or full
    roots = {spelling_key(one) for one in native} - {""}
    return tuple(sorted(roots or {spelt}))


def patronymic_root(name: str) -> str | None:
    """
    Return the father's name in a patronymic; None of an initial, and of what has no letters.

    >>> patronymic_root("Игоревна") == patronymic_root("Igorevich")
    True
    >>> patronymic_root("И.")
    """
    if sum(map(str.isalpha, name)) < 2:
        return None
    stem = _PATRONYMIC_ENDING.sub("", spelling_key(_OGLY_ENDING.sub("", name.strip().casefold())))
    return stem.rstrip("i") or stem or None
