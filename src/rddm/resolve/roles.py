"""Which field of an entity plays which part in telling people apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from rddm.contracts.tables.conformed import told_column
from rddm.project.settings import ModelField, SemanticType


@dataclass(frozen=True)
class Roles:
    """
    The column of `conformed.<entity>` for each part; None where the entity has no such field. The first of a type
    counts. ``birth_told``: what was told of a birth date that cannot be.
    """

    last_name: str | None
    first_name: str | None
    middle_name: str | None
    birth_date: str | None
    birth_told: str | None
    gender: str | None
    phone: str | None
    email: str | None
    snils: str | None
    document_number: str | None
    region: str | None
    city: str | None
    address: str | None
    postcode: str | None
    school: str | None


ROLES = tuple(field.name for field in fields(Roles))

_TYPES = {
    "last_name": SemanticType.FAMILY_NAME,
    "first_name": SemanticType.GIVEN_NAME,
    "middle_name": SemanticType.PATRONYMIC,
    "birth_date": SemanticType.BIRTH_DATE,
    "gender": SemanticType.GENDER,
    "phone": SemanticType.PHONE,
    "email": SemanticType.EMAIL,
    "snils": SemanticType.SNILS,
    "document_number": SemanticType.DOCUMENT_NUMBER,
    "region": SemanticType.REGION,
    "city": SemanticType.PLACE_NAME,
    "address": SemanticType.ADDRESS,
    "postcode": SemanticType.POSTCODE,
    "school": SemanticType.ORGANISATION_NAME,
}


def roles_of(fields: Mapping[str, ModelField]) -> Roles:
    """Return which of *fields* are compared, by their semantic type."""
    first: dict[SemanticType, str] = {}
    for name, field in fields.items():
        first.setdefault(field.type, name)
    born = first.get(SemanticType.BIRTH_DATE)
    told = told_column(born) if born is not None else None
    return Roles(birth_told=told, **{role: first.get(kind) for role, kind in _TYPES.items()})
