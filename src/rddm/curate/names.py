"""
Which spelling of a person's name stands: all parts together, so that they are of one script and one gender.

A name counts in all its variants: Титова, Titova and Титов are one, so two of them outvote one Титво. First stands the most
complete name - a full one before a diminutive, both before an initial: "Саша" twice does not outvote "Александр" once. Then
the name that most records give, then one that is there in Cyrillic, then the newest. Of its spellings stand those that do not
tell the other gender than the person's own; of these those in the script that most parts of the name can have, Cyrillic if both
can, since a romanisation says less than what it was made of; then the spelling that most records give, then the newest.
What stands is always what one record says, letter by letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rddm.contracts.names import (
    family_name_roots,
    fold_name,
    given_name_roots,
    patronymic_gender,
    patronymic_root,
    surname_gender,
)
from rddm.curate.groups import Codes, Groups, Integers, Mask, encoded
from rddm.project.settings import SemanticType

NAME_TYPES = frozenset({SemanticType.FAMILY_NAME, SemanticType.GIVEN_NAME, SemanticType.PATRONYMIC})
_LONGEST_INITIAL = 2
_CACHED_NAMES = 200_000
_GENDERS = {"female": 1, "male": 2}
"""Numbers of genders, from 1; 0 is none."""
_Small = npt.NDArray[np.int8]


@dataclass(frozen=True)
class _Spellings:
    """By distinct value: ``name``, the number of the name that it is a variant of; the rest as the module says."""

    name: Codes
    completeness: _Small
    is_cyrillic: Mask
    gender: _Small


@dataclass(frozen=True)
class _Part:
    """One part of the name: each record's value as a number (-1: none), and which records give a spelling that may stand."""

    codes: Codes
    spellings: _Spellings
    standing: Mask


def standing_names(
    groups: Groups, parts: Mapping[str, SemanticType], genders: pa.Array, diminutives: pa.Array
) -> dict[str, Integers]:
    """
    Return for each of *parts* (a column and its type) per group the record whose spelling stands, -1 where none has one.

    *genders*: the golden one of each group, or null; *diminutives*: given names in lower case, ё as е.
    """
    known = pc.index_in(genders, value_set=pa.array(list(_GENDERS)))
    own = np.asarray(pc.fill_null(known, -1).to_numpy(zero_copy_only=False)).astype(np.int8) + np.int8(1)
    found = {name: _part(groups, name, kind, own, diminutives) for name, kind in parts.items()}
    parts_in = {is_cyrillic: np.zeros(groups.count, dtype=np.int64) for is_cyrillic in (True, False)}
    for part in found.values():
        for is_cyrillic in parts_in:
            there = part.standing & (part.spellings.is_cyrillic[part.codes] == is_cyrillic)
            parts_in[is_cyrillic] += _any_of(groups, there)
    is_cyrillic_wanted = (parts_in[True] >= parts_in[False])[groups.group]
    return {
        name: groups.most_frequent(
            np.where(part.standing, part.codes, -1), part.spellings.is_cyrillic[part.codes] == is_cyrillic_wanted
        )
        for name, part in found.items()
    }


def _part(groups: Groups, name: str, kind: SemanticType, own: _Small, diminutives: pa.Array) -> _Part:
    codes, values = encoded(groups.column(name))
    rivalling = np.zeros(len(values) + 1, dtype=np.bool_)
    rivalling[codes[groups.rivals(codes)]] = True
    spellings = _spellings(values, kind, rivalling, diminutives)
    names = np.where(codes < 0, -1, spellings.name[codes])
    winner = groups.most_frequent(names, spellings.completeness[codes], spellings.is_cyrillic[codes])
    standing = (codes >= 0) & (names == np.where(winner < 0, -1, names[winner])[groups.group])
    told = spellings.gender[codes]
    asked = own[groups.group]
    fits = standing & ((told == 0) | (asked == 0) | (told == asked))
    return _Part(codes, spellings, fits | (standing & ~_any_of(groups, fits)[groups.group]))


def _any_of(groups: Groups, holds: Mask) -> Mask:
    """Return per group whether *holds* is true of any of its records."""
    return np.bincount(groups.group[holds], minlength=groups.count) > 0


def _spellings(values: pa.Array, kind: SemanticType, rivalling: Mask, diminutives: pa.Array) -> _Spellings:
    """
    Return the spellings of *values* and one of nothing, which records without a value point at. Those that are not *rivalling*
    are names of their own: nobody asks.
    """
    conditions = [
        pc.less_equal(pc.utf8_length(values), _LONGEST_INITIAL),
        pc.is_in(pc.replace_substring(pc.utf8_lower(values), "ё", "е"), value_set=diminutives),
    ]
    is_initial, is_diminutive = (np.asarray(each.to_numpy(zero_copy_only=False)) for each in conditions)
    completeness = np.select([is_initial, is_diminutive], [0, 1], 2).astype(np.int8)
    numbers: dict[tuple[int, str], int] = {}
    names = np.arange(len(values) + 1, dtype=np.int32) + len(values)
    genders = np.zeros(len(values) + 1, dtype=np.int8)
    places = np.flatnonzero(rivalling[:-1])
    for place, text in zip(places.tolist(), values.take(pa.array(places)).to_pylist(), strict=True):
        root, gender = _variant(kind, text)
        names[place] = numbers.setdefault((int(completeness[place]), root), len(numbers))
        genders[place] = _GENDERS.get(gender or "", 0)
    is_cyrillic = np.asarray(pc.match_substring_regex(values, "[А-Яа-яЁё]").to_numpy(zero_copy_only=False))
    return _Spellings(names, np.append(completeness, 0), np.append(is_cyrillic, False).astype(np.bool_), genders)


@lru_cache(_CACHED_NAMES)
def _variant(kind: SemanticType, text: str) -> tuple[str, str | None]:
    """Return what the variants of a name have in common, and the gender that this one tells."""
    if kind is SemanticType.FAMILY_NAME:
        return "-".join(family_name_roots(text)) or fold_name(text), surname_gender(text)
    if kind is SemanticType.PATRONYMIC:
        return patronymic_root(text) or fold_name(text), patronymic_gender(text)
    return "|".join(given_name_roots(text)) or fold_name(text), None
