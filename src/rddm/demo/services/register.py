"""The membership register: semicolon CSV in cp1251, transliterated column names, day-first dates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rddm.demo.accounts import Row
from rddm.demo.services.rendering import CsvStyle, day_first, day_name, phone, snils_text, text, write_csv
from rddm.demo.wordlists import regions
from rddm.demo.world import World

_STYLE = CsvStyle(delimiter=";", encoding="cp1251")
_MEMBER = (
    "nomer", "fam", "imya", "otch", "data_rozhd", "pol", "telefon", "pochta", "snils", "region", "gorod", "otdelenie",
    "vstupil", "izmeneno", "sostoyanie",
)  # fmt: skip
_KINDS = {"movement": "движение", "federation": "федерация", "club": "клуб"}


def write_register(world: World, folder: Path, day: int) -> None:
    """Write ``register/members_<day>.csv``, and on day 1 ``clubs.csv`` and ``regions.csv``."""
    here = folder / "register"
    members = map(_member, world.rows_of("register", day))
    write_csv(here / f"members_{day_name(day)}.csv", _STYLE, _MEMBER, members, damage=world if day == 1 else None)
    if day == 1:
        clubs = ("kod", "nazvanie", "tip", "vyshe", "region", "gorod")
        write_csv(here / "clubs.csv", _STYLE, clubs, _clubs(world))
        write_csv(here / "regions.csv", _STYLE, ("kod", "nazvanie", "tip", "vyshe"), _regions())


def _member(row: Row) -> tuple[str, ...]:
    values = row.values
    return (
        row.key,
        text(values["last_name"]),
        text(values["first_name"]),
        text(values["middle_name"]),
        day_first(values["birth_date"]),
        {"m": "М", "f": "Ж"}.get(text(values["gender"]), ""),
        phone(row),
        text(values["email"]),
        snils_text(values["snils"], dashes=True),
        text(values["region"]),
        text(values["city"]),
        f"ОТД-{text(values['organisation'])}" if values["organisation"] else "",
        f"{row.registered_at:%d.%m.%Y}",
        f"{row.updated_at:%d.%m.%Y %H:%M:%S}",
        "исключён" if row.op == "delete" else "действует",
    )


def _clubs(world: World) -> Iterator[tuple[str, ...]]:
    for one in world.organisations.everything:
        if one.kind in _KINDS:
            above = "" if one.parent is None else f"ОТД-{one.parent}"
            region = "" if one.region is None else one.region.name
            yield f"ОТД-{one.no}", one.name, _KINDS[one.kind], above, region, one.town or ""


def _regions() -> Iterator[tuple[str, ...]]:
    districts = {region.district: f"ФО{number}" for number, region in enumerate(regions(), start=1)}
    for district, code in districts.items():
        yield code, district, "округ", ""
    for region in regions():
        yield region.code, region.name, "регион", districts[region.district]
