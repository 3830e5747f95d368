"""
Cleaning of single values, one file per semantic type: what was delivered in, the value we compare or the reason for none.

Everything here is a pure function of its arguments and fast enough to run on the distinct values of millions of records.
`fast_sql` gives the plainly clean ones without Python. What a record's fields say together is in
`rddm.conform.values.record`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from rddm.conform.values.address import normalise_address
from rddm.conform.values.category import normalise_category
from rddm.conform.values.date import LATEST, normalise_birth_date, normalise_date
from rddm.conform.values.document_number import normalise_document_number
from rddm.conform.values.email import normalise_email
from rddm.conform.values.fast_sql import fast_sql
from rddm.conform.values.full_name import split_full_name
from rddm.conform.values.gender import normalise_gender
from rddm.conform.values.integer import normalise_integer
from rddm.conform.values.listed import taken
from rddm.conform.values.organisation_name import normalise_organisation_name
from rddm.conform.values.personal_name import normalise_name
from rddm.conform.values.phone import normalise_phone
from rddm.conform.values.place_name import normalise_place_name
from rddm.conform.values.placeholders import NOTHING
from rddm.conform.values.postcode import normalise_postcode
from rddm.conform.values.record import repair_names
from rddm.conform.values.region import normalise_region
from rddm.conform.values.snils import normalise_snils
from rddm.conform.values.text import normalise_reference, normalise_text
from rddm.conform.values.timestamp import normalise_timestamp
from rddm.contracts.normalised import Normalised, Rejected
from rddm.project.settings import SemanticType

__all__ = [
    "LATEST",
    "RULES_VERSION",
    "fast_sql",
    "full_name_part",
    "normalise",
    "repair_names",
    "split_full_name",
]

RULES_VERSION = 4
"""Raised whenever the result for any value can change, so that what was cleaned before is cleaned again."""

_NORMALISERS: Mapping[SemanticType, Callable[[str], Normalised | Rejected]] = {
    SemanticType.FAMILY_NAME: normalise_name,
    SemanticType.GIVEN_NAME: normalise_name,
    SemanticType.PATRONYMIC: normalise_name,
    SemanticType.DATE: normalise_date,
    SemanticType.TIMESTAMP: normalise_timestamp,
    SemanticType.GENDER: normalise_gender,
    SemanticType.EMAIL: normalise_email,
    SemanticType.SNILS: normalise_snils,
    SemanticType.DOCUMENT_NUMBER: normalise_document_number,
    SemanticType.REGION: normalise_region,
    SemanticType.PLACE_NAME: normalise_place_name,
    SemanticType.ADDRESS: normalise_address,
    SemanticType.POSTCODE: normalise_postcode,
    SemanticType.ORGANISATION_NAME: normalise_organisation_name,
    SemanticType.CATEGORY: normalise_category,
    SemanticType.INTEGER: normalise_integer,
    SemanticType.TEXT: normalise_text,
    SemanticType.REFERENCE: normalise_reference,
}

_LISTS = frozenset({SemanticType.TEXT, SemanticType.REFERENCE})
"""Types of which a list is a value like any other."""
_PARTS = ("family", "given", "patronymic")


def normalise(
    semantic_type: SemanticType, text: str | None, *, default_region: str = "RU", latest: date = LATEST
) -> Normalised | Rejected:
    """
    Return *text* as a value of *semantic_type*, mended where that is beyond doubt, or why it is none. Never raises.

    *default_region* (ISO 3166-1) is for phones without a country code; *latest* is the last possible birth date, given by
    the caller because nothing here reads a clock. Normalising a value again gives it unchanged. Of a JSON list the first
    item is taken that is a value; text and references alone stay lists.

    >>> normalise(SemanticType.PHONE, "8 (916) 123-45-67")
    Normalised(value='+79161234567', repairs=())
    >>> normalise(SemanticType.EMAIL, '["by phone only", "ada@mail.ru"]')
    Normalised(value='ada@mail.ru', repairs=('list_item_2',))
    """
    if text is None:
        return NOTHING
    if semantic_type in _LISTS:
        return _NORMALISERS[semantic_type](text)

    def clean(item: str) -> Normalised | Rejected:
        return _normalise(semantic_type, item, default_region, latest)

    item, choice = taken(text, lambda each: is_value(clean(each))) if "[" in text else (text, ())
    result = noted(clean(item), choice)
    if isinstance(result, Rejected) or result.value is None or result.value == text or result.value[0] != "[":
        return result
    # A list in a list, or one that was none before its characters were cleaned.
    again = normalise(semantic_type, result.value, default_region=default_region, latest=latest)
    return noted(again, result.repairs)


def _normalise(semantic_type: SemanticType, text: str, default_region: str, latest: date) -> Normalised | Rejected:
    if semantic_type is SemanticType.PHONE:
        return normalise_phone(text, default_region)
    if semantic_type is SemanticType.BIRTH_DATE:
        return normalise_birth_date(text, latest)
    return _NORMALISERS[semantic_type](text)


def full_name_part(text: str, part: str) -> Normalised | Rejected:
    """
    Return one *part* (``family``, ``given``, ``patronymic``) of a full name; of a JSON list, of the first that is a name.

    >>> full_name_part('["", "Иванов Иван"]', "given")
    Normalised(value='Иван', repairs=())
    """
    item, choice = taken(text, lambda each: any(map(is_value, split_full_name(each))))
    return noted(split_full_name(item)[_PARTS.index(part)], choice)


def is_value(result: Normalised | Rejected) -> bool:
    """Tell whether cleaning gave something to compare."""
    return isinstance(result, Normalised) and result.value is not None


def noted(result: Normalised | Rejected, choice: tuple[str, ...]) -> Normalised | Rejected:
    """Return *result* with the repairs of *choice*, where it is a value."""
    if not choice or isinstance(result, Rejected) or result.value is None:
        return result
    return replace(result, repairs=choice + result.repairs)
