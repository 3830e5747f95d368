"""
What is known about people's names, shared by the rooms that clean names and the rooms that compare them.

Tables (given names with gender, diminutives, romanisation) and small pure functions over them. Look-ups fold case and ё
and take one word, in Cyrillic or Latin letters. What a field may contain and how it is mended is for `rddm.conform`;
how much an agreement weighs is for `rddm.resolve`.
"""

from rddm.contracts.names.known import (
    canonical_given_names,
    fold_name,
    given_name_gender,
    is_diminutive,
    is_given_name,
    known_diminutives,
    known_given_names,
)
from rddm.contracts.names.patronymics import is_known_patronymic, is_patronymic, patronymic_gender
from rddm.contracts.names.romanisation import romanisation_key, transliterate
from rddm.contracts.names.roots import family_name_roots, family_name_words, given_name_roots, patronymic_root
from rddm.contracts.names.surnames import looks_like_russian_surname, surname_gender, ungendered_surname

__all__ = [
    "canonical_given_names",
    "family_name_roots",
    "family_name_words",
    "fold_name",
    "given_name_gender",
    "given_name_roots",
    "is_diminutive",
    "is_given_name",
    "is_known_patronymic",
    "is_patronymic",
    "known_diminutives",
    "known_given_names",
    "looks_like_russian_surname",
    "patronymic_gender",
    "patronymic_root",
    "romanisation_key",
    "surname_gender",
    "transliterate",
    "ungendered_surname",
]
