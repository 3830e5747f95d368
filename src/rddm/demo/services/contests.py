"""School contests: a workbook whose sheets have headers of two rows, the upper one merged; some dates and phones are cells."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zlib import crc32

from rddm.demo.accounts import Row
from rddm.demo.organisations import Organisation
from rddm.demo.participations import Listing, Participation
from rddm.demo.services.rendering import day_first, day_name, phone, short_region, text
from rddm.demo.services.spreadsheet import Cell, Sheet, write_workbook
from rddm.demo.world import World

_PUPILS = (
    ("Карточка", "Ученик", None, None, None, "Где учится", None, None, "Контакты", None),
    ("Номер", "Фамилия", "Имя", "Отчество", "Дата рождения", "Регион", "Город", "Школа", "Телефон", "E-mail"),
)
_SCHOOLS = (("Школа", None, "Адрес", None), ("Код", "Название", "Регион", "Город"))
_CONTESTS = (("Конкурс", None, "Проведение", None), ("Код", "Название", "Дата", "Регион"))
_RESULTS = (
    ("Участие", None, None, "Итог", None, None),
    ("Номер", "Ученик", "Конкурс", "Роль", "Дата заявки", "Состояние"),
)


def write_contests(world: World, folder: Path, day: int) -> None:
    """Write ``contests/contests_<day>.xlsx`` with pupils, contests and results, and on day 1 schools."""
    schools = [one for one in world.organisations.everything if one.kind == "school"] if day == 1 else []
    write_workbook(
        folder / "contests" / f"contests_{day_name(day)}.xlsx",
        (
            Sheet("Участники", _PUPILS, [_pupil(row) for row in world.rows_of("contests", day)]),
            Sheet("Школы", _SCHOOLS, [_school(school) for school in schools]),
            Sheet("Конкурсы", _CONTESTS, [_contest(listing) for listing in world.listings_of("contests", day)]),
            Sheet("Результаты", _RESULTS, [_result(one) for one in world.participations_of("result", day)]),
        ),
    )


def _pupil(row: Row) -> tuple[Cell, ...]:
    values, chance = row.values, crc32(row.key.encode())
    born, number = values["birth_date"], phone(row)
    return (
        row.key,
        text(values["last_name"]),
        text(values["first_name"]),
        text(values["middle_name"]),
        # Whoever filled in the form used dates here and text there; numbers lose their plus sign.
        born if isinstance(born, date) and born.year > 1900 and chance % 3 == 0 else day_first(born),
        short_region(values["region"]),
        text(values["city"]),
        text(values["school"]).replace("№ ", "№") if chance % 2 else text(values["school"]),
        int("7" + number[2:]) if number.startswith("+7") and number[1:].isdigit() and chance % 3 else number,
        text(values["email"]),
    )


def _school(school: Organisation) -> tuple[Cell, ...]:
    region = "" if school.region is None else short_region(school.region.name)
    return f"ШК-{school.no}", school.name, region, school.town


def _contest(listing: Listing) -> tuple[Cell, ...]:
    return listing.key, listing.name, listing.event.starts_on, short_region(listing.event.region.name)


def _result(one: Participation) -> tuple[Cell, ...]:
    return one.key, one.person.key, one.event.key, one.role, f"{one.registered_at:%d.%m.%Y %H:%M}", one.status
