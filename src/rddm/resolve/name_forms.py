"""
The forms in which names are compared: one spelling for both scripts, without gender, with short forms spelt out.

They fold too much on purpose - a form says that two names *may* be one, the weights say how much that is worth. All
functions take one delivered value; run them on distinct values only. `FORMS_VERSION` changes whenever a result changes,
so that stored fingerprints are made anew.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from rddm.contracts.names import (
    family_name_roots,
    family_name_words,
    fold_name,
    given_name_gender,
    given_name_roots,
    is_given_name,
    patronymic_gender,
    patronymic_root,
    surname_gender,
    transliterate,
)

FORMS_VERSION = 4

_SOUNDS = str.maketrans("oebgdzv", "aipktsf")


@dataclass(frozen=True, slots=True)
class FamilyNameForms:
    """
    ``root``: the parts of the name, joined by a hyphen; ``text``: the name as written, in Latin letters, as `GivenNameForms`
    has it - for names that stand in each other's field.
    """

    text: str | None
    root: str | None
    gender: str | None


@dataclass(frozen=True, slots=True)
class GivenNameForms:
    """``text`` is the name as written, ``roots`` the full names it may stand for, all in Latin letters."""

    text: str | None
    roots: tuple[str, ...]
    known: bool
    gender: str | None


@dataclass(frozen=True, slots=True)
class PatronymicForms:
    root: str | None
    gender: str | None


def _write(name: str) -> str:
    """Return the letters of *name* as written, in Latin ones; nothing folded that one slip would unfold (Maydr, Mayer)."""
    letters = unicodedata.normalize("NFD", transliterate(fold_name(name)))
    return "".join(filter(str.isalnum, letters))


def sound_of(root: str) -> str:
    """
    Return *root* with the letters folded that ears and typists mix up: о/а, е/и, voiced and unvoiced consonants.

    >>> sound_of("sherbakov") == sound_of("shirbakof")
    True
    """
    folded = re.sub(r"i(?=[aeou])", "", root).translate(_SOUNDS)
    return re.sub(r"(.)\1+", r"\1", folded)


def family_name_forms(name: str) -> FamilyNameForms:
    """
    Return the forms of a family name.

    >>> family_name_forms("Щербакова").root == family_name_forms("Scherbakov").root
    True
    >>> family_name_forms("Римская-Корсакова").root
    'rimsk-korsakov'
    """
    parts = family_name_roots(name)
    genders = {gender for gender in map(surname_gender, family_name_words(name)) if gender}
    return FamilyNameForms(
        text=_write(name) or None,
        root="-".join(parts) or None,
        gender=genders.pop() if len(genders) == 1 else None,
    )


def given_name_forms(name: str) -> GivenNameForms:
    """
    Return the forms of a given name. An initial says too little to be compared and gives none.

    >>> given_name_forms("Саша").roots
    ('aleksandr', 'aleksandra')
    >>> given_name_forms("Sasha") == given_name_forms("Саша")
    True
    """
    roots = given_name_roots(name)
    if not roots:
        return GivenNameForms(None, (), known=False, gender=None)
    return GivenNameForms(_write(name), roots, is_given_name(name), given_name_gender(name))


def patronymic_forms(name: str) -> PatronymicForms:
    """
    Return the father's name in a patronymic and the gender its ending tells; neither of an initial, which says too little.

    >>> patronymic_forms("Игоревна").root == patronymic_forms("Igorevich").root
    True
    """
    return PatronymicForms(patronymic_root(name), patronymic_gender(name))
