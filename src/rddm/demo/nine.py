"""The nine services: who has an account in each, and what each asks for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    """
    One of the nine. ``share``: which part of the people between the ages in ``ages`` have an account, of grown-ups
    ``grown_ups``. ``fields``: the model's fields it asks for, with the share of records that have them.

    ``latin``: names in Latin letters. ``short_names``: the share of first names in a short form. ``family_contacts``: phone
    and address are the parents'. ``text_dates``: birth dates are typed as text, so even 31 February gets in.
    """

    name: str
    entity: str
    share: float
    ages: tuple[int, int]
    grown_ups: float
    fields: dict[str, float]
    in_files: bool = True
    can_delete: bool = True
    latin: bool = False
    short_names: float = 0.0
    family_contacts: bool = False
    upper_surname: bool = False
    text_dates: bool = False


SERVICES: tuple[Service, ...] = (
    Service(
        "register", "member", 0.72, (7, 35), 0.5,
        {"last_name": 1, "first_name": 1, "middle_name": 0.9, "birth_date": 0.98, "gender": 0.95, "phone": 0.85, "email": 0.7,
         "snils": 0.6, "region": 0.97, "city": 0.9, "organisation": 0.9},
        text_dates=True,
    ),
    Service(
        "camps", "camper", 0.52, (7, 18), 0.0,
        {"last_name": 1, "first_name": 1, "middle_name": 0.7, "birth_date": 0.98, "phone": 0.95, "email": 0.75, "school": 0.5,
         "city": 0.6},
        text_dates=True, family_contacts=True,
    ),
    Service(
        "contests", "pupil", 0.62, (7, 18), 0.0,
        {"last_name": 1, "first_name": 1, "middle_name": 0.75, "birth_date": 0.94, "phone": 0.4, "email": 0.5, "region": 0.95,
         "city": 0.9, "school": 0.95},
        text_dates=True, can_delete=False,
    ),
    Service(
        "academy", "student", 0.56, (8, 35), 0.1,
        {"last_name": 1, "first_name": 1, "middle_name": 0.2, "birth_date": 0.67, "gender": 0.6, "phone": 0.7, "email": 0.97},
    ),
    Service(
        "tickets", "customer", 0.5, (13, 60), 0.4, {"last_name": 1, "first_name": 1, "email": 1},
        can_delete=False, latin=True,
    ),
    Service(
        "volunteers", "volunteer", 0.62, (14, 60), 0.4,
        {"last_name": 1, "first_name": 1, "middle_name": 0.5, "birth_date": 0.92, "gender": 0.85, "phone": 0.9, "email": 0.9,
         "region": 0.8},
        in_files=False,
    ),
    Service(
        "federation", "athlete", 0.52, (7, 60), 0.2,
        {"last_name": 1, "first_name": 1, "middle_name": 0.85, "birth_date": 0.98, "gender": 0.9, "phone": 0.55, "email": 0.3,
         "snils": 0.5, "region": 0.95, "school": 0.5, "organisation": 0.95},
        in_files=False, upper_surname=True,
    ),
    Service(
        "app", "user", 0.58, (11, 60), 0.35, {"first_name": 1, "last_name": 0.05, "phone": 1},
        in_files=False, short_names=0.9,
    ),
    Service(
        "grants", "applicant", 0.36, (14, 35), 0.15,
        {"last_name": 1, "first_name": 1, "middle_name": 0.9, "birth_date": 1, "phone": 0.85, "email": 0.9, "snils": 0.7,
         "region": 0.85, "city": 0.5},
        text_dates=True,
    ),
)  # fmt: skip
BY_NAME = {service.name: service for service in SERVICES}
