"""Spoiling: each function here damages the values of one record as `rates.DIRT` says, and names what it did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from rddm.demo.nine import Service
from rddm.demo.population import Person
from rddm.demo.rates import DIRT
from rddm.demo.spelling import (
    MOJIBAKE,
    STANDARDS,
    as_mojibake,
    on_wrong_layout,
    transliterate,
    with_lookalikes,
    with_typo,
    with_wrong_digit,
)
from rddm.demo.wordlists import short_forms

Value = str | date | None
"""A value of one of the model's fields, before a service writes it in its own way."""

NO_TEXT = ("нет", "-", "не указано", "отсутствует")
NO_PHONE = ("+79999999999", "9999999999", "89000000000", "нет", "+7 (999) 999-99-99", "00000000000")
NO_EMAIL = ("test@test.ru", "нет", "-", "no@no.ru", "net@mail.ru")
CALL_CENTRE = {"contests": "9720000417", "federation": "9720000583", "register": "9720000291"}
"""The offices that type records for others, by service."""
_YO = str.maketrans("ёЁ", "еЕ")
IN_CP1251 = frozenset({"register"})


def soil(values: dict[str, Value], service: Service, person: Person, rng: Random) -> list[str]:
    """Spoil *values* in place; return the kinds of dirt, in the order applied."""
    done: list[str] = []
    done += _spoil_patronymic(values, rng)
    done += _spoil_birth_date(values, rng)
    done += _spoil_phone(values, service, rng)
    done += _spoil_email(values, service, person, rng)
    done += _spoil_snils(values, rng)
    done += _spoil_names(values, service, person, rng)
    return done


def _hits(rng: Random, kind: str) -> bool:
    return rng.random() < DIRT[kind].share


def _spoil_names(values: dict[str, Value], service: Service, person: Person, rng: Random) -> Iterator[str]:
    first, last = str(values["first_name"]), values["last_name"]
    if not service.latin:
        if not service.short_names and _hits(rng, "diminutive"):
            forms = short_forms(person.gender).get(person.first_name)
            if forms:
                first = rng.choice(forms)
                yield "diminutive"
        if "ё" in f"{first}{last}".lower() and _hits(rng, "yo_as_e"):
            first, last = first.translate(_YO), last and str(last).translate(_YO)
            yield "yo_as_e"
    if last and len(str(last)) > 3 and _hits(rng, "typo_name"):
        if len(first) > 3 and rng.random() < 0.35:
            first = with_typo(first, rng)
        else:
            last = with_typo(str(last), rng)
        yield "typo_name"
    values["first_name"], values["last_name"] = first, last
    if last and _hits(rng, "swapped_names"):
        values["first_name"], values["last_name"] = last, first
        yield "swapped_names"
    if service.latin:
        yield from _spoil_spelling(values, rng)
    else:
        yield from _spoil_script(values, service, rng)


def _spoil_script(values: dict[str, Value], service: Service, rng: Random) -> Iterator[str]:
    """Of the kinds that change letters at most one befalls a record."""
    names = [name for name in ("last_name", "first_name", "middle_name") if values.get(name)]
    if _hits(rng, "transliterated"):
        standard = rng.choice(STANDARDS)
        for name in ("last_name", "first_name", "middle_name"):
            if values.get(name) and values[name] not in NO_TEXT:
                values[name] = transliterate(str(values[name]), standard)
        yield "transliterated"
    elif _hits(rng, "latin_lookalike"):
        name = rng.choice(names)
        spoilt = with_lookalikes(str(values[name]), rng)
        if spoilt != values[name]:
            values[name] = spoilt
            yield "latin_lookalike"
    elif _hits(rng, "mojibake"):
        yield from _spoil_encoding(values, names, service, rng)
    elif _hits(rng, "wrong_layout"):
        for name in names:
            values[name] = on_wrong_layout(str(values[name]))
        yield "wrong_layout"
    else:
        yield from _spoil_spelling(values, rng)


def _spoil_encoding(values: dict[str, Value], names: list[str], service: Service, rng: Random) -> Iterator[str]:
    """All names of a record went the same wrong way."""
    # A file in cp1251 cannot hold the letters that come of reading as Latin-1.
    kinds = MOJIBAKE[:1] if service.name in IN_CP1251 else (rng.choice(MOJIBAKE), ("cp1251", "latin-1"))
    for written, read in kinds:
        spoilt = {name: as_mojibake(str(values[name]), written, read) for name in names}
        if all(spoilt.values()):
            values.update(spoilt)
            yield "mojibake"
            return


def _spoil_spelling(values: dict[str, Value], rng: Random) -> Iterator[str]:
    names = [name for name in ("last_name", "first_name", "middle_name") if values.get(name)]
    if _hits(rng, "letter_case"):
        upper = rng.random() < 0.6
        for name in names:
            text = str(values[name])
            values[name] = text.upper() if upper else text.lower()
        yield "letter_case"
    if _hits(rng, "stray_spaces"):
        name = rng.choice(names)
        values[name] = rng.choice((" {}", "{} ", "  {} ", "{}\u00a0")).format(values[name])
        yield "stray_spaces"


def _spoil_patronymic(values: dict[str, Value], rng: Random) -> Iterator[str]:
    if values.get("middle_name") and _hits(rng, "placeholder_text"):
        values["middle_name"] = rng.choice(NO_TEXT)
        yield "placeholder_text"


def _spoil_birth_date(values: dict[str, Value], rng: Random) -> Iterator[str]:
    born = values.get("birth_date")
    if not isinstance(born, date):
        return
    if born.day <= 12 and born.day != born.month and _hits(rng, "swapped_day_month"):
        values["birth_date"] = date(born.year, born.day, born.month)
        yield "swapped_day_month"
    elif _hits(rng, "typo_birth_date"):
        values["birth_date"] = _beside(born, rng)
        yield "typo_birth_date"
    elif _hits(rng, "placeholder_birth_date"):
        values["birth_date"] = date(1900, 1, 1)
        yield "placeholder_birth_date"


def _beside(born: date, rng: Random) -> date:
    kind = rng.randrange(3)
    if kind == 0:
        return born + timedelta(days=rng.choice((-10, -1, 1, 10)))
    day = min(born.day, 28)
    if kind == 1:
        return date(born.year, born.month % 12 + 1, day)
    return date(born.year + rng.choice((-1, 1)), born.month, day)


def _spoil_phone(values: dict[str, Value], service: Service, rng: Random) -> Iterator[str]:
    # The app sends a code to the number before it opens.
    if not values.get("phone") or service.name == "app":
        return
    if service.name in CALL_CENTRE and _hits(rng, "call_centre_phone"):
        values["phone"] = CALL_CENTRE[service.name]
        yield "call_centre_phone"
    elif _hits(rng, "placeholder_phone"):
        values["phone"] = rng.choice(NO_PHONE)
        yield "placeholder_phone"
    elif _hits(rng, "typo_phone"):
        values["phone"] = with_wrong_digit(str(values["phone"]), rng)
        yield "typo_phone"


def _spoil_email(values: dict[str, Value], service: Service, person: Person, rng: Random) -> Iterator[str]:
    if service.name == "contests" and _hits(rng, "school_email"):
        values["email"] = f"school{person.school.last}@obrazovanie.alt"
        yield "school_email"
    elif not values.get("email"):
        return
    elif service.name != "tickets" and _hits(rng, "placeholder_email"):
        values["email"] = rng.choice(NO_EMAIL)
        yield "placeholder_email"
    elif _hits(rng, "typo_email"):
        local, _, host = str(values["email"]).partition("@")
        place = rng.randrange(len(local))
        values["email"] = f"{local[:place]}{local[place + 1 :] or 'x'}@{host}"
        yield "typo_email"


def _spoil_snils(values: dict[str, Value], rng: Random) -> Iterator[str]:
    if values.get("snils") and _hits(rng, "typo_snils"):
        values["snils"] = with_wrong_digit(str(values["snils"]), rng)
        yield "typo_snils"


def soil_fatally(values: dict[str, Value], service: Service, rng: Random) -> list[str]:
    """
    Spoil *values* in place so that the record must wait in quarantine, or at least its birth date be left out (by the model's
    ``on_invalid``); return the kinds, usually none, at most one.
    """
    return list(_spoil_past_mending(values, service, rng))


def _spoil_past_mending(values: dict[str, Value], service: Service, rng: Random) -> Iterator[str]:
    born = values.get("birth_date")
    if isinstance(born, date) and born.year > 1900 and _hits(rng, "future_birth_date"):
        # Not 2087 for 1987, which could be told from its digits: in the next century.
        values["birth_date"] = date(2100 + born.year % 100, born.month, min(born.day, 28))
        yield "future_birth_date"
    elif isinstance(born, date) and born.year > 1900 and service.text_dates and _hits(rng, "impossible_birth_date"):
        values["birth_date"] = f"{born.year}-02-31"
        yield "impossible_birth_date"
    elif service.name == "app" and _hits(rng, "no_contact"):
        values["phone"], values["last_name"] = None, None
        yield "no_contact"
    elif service.name != "app" and _hits(rng, "no_name"):
        values.update(dict.fromkeys({"last_name", "first_name", "middle_name"} & values.keys()))
        yield "no_name"
