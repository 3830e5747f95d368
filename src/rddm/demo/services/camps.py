"""Summer camps: comma CSV in UTF-8 with a byte order mark; the whole name in one column; the parents' contacts."""

from __future__ import annotations

from pathlib import Path

from rddm.demo.accounts import Row
from rddm.demo.participations import Listing, Participation
from rddm.demo.services.rendering import CsvStyle, day_name, full_name, phone, text, write_csv
from rddm.demo.world import World

_STYLE = CsvStyle(delimiter=",", encoding="utf-8", mark=True)
_CAMPER = ("camper_id", "full_name", "dob", "parent_phone", "parent_email", "school", "city", "updated_at", "deleted")
_SHIFT = ("shift_id", "title", "starts", "ends", "region")
_BOOKING = ("booking_id", "camper_id", "shift_id", "role", "booked_at", "status")


def write_camps(world: World, folder: Path, day: int) -> None:
    """Write ``campers``, ``shifts`` and ``bookings``; on day 1 the campers in two files."""
    here, stamp = folder / "camps", day_name(day)
    campers = [_camper(row) for row in world.rows_of("camps", day)]
    half = (len(campers) + 1) // 2 if day == 1 else len(campers)
    for number, part in enumerate((campers[:half], campers[half:]), start=1):
        if part:
            damage = world if day == 1 else None
            write_csv(here / f"campers_{stamp}_{number}.csv", _STYLE, _CAMPER, part, damage)
    write_csv(here / f"shifts_{stamp}.csv", _STYLE, _SHIFT, map(_shift, world.listings_of("camps", day)))
    write_csv(here / f"bookings_{stamp}.csv", _STYLE, _BOOKING, map(_booking, world.participations_of("booking", day)))


def _camper(row: Row) -> tuple[str, ...]:
    values = row.values
    return (
        row.key,
        full_name(row),
        text(values["birth_date"]),
        phone(row),
        text(values["email"]),
        text(values["school"]),
        text(values["city"]),
        f"{row.updated_at:%Y-%m-%d %H:%M:%S}",
        "1" if row.op == "delete" else "0",
    )


def _shift(listing: Listing) -> tuple[str, ...]:
    event = listing.event
    return listing.key, listing.name, event.starts_on.isoformat(), event.ends_on.isoformat(), event.region.name


def _booking(one: Participation) -> tuple[str, ...]:
    return one.key, one.person.key, one.event.key, one.role, f"{one.registered_at:%Y-%m-%d %H:%M:%S}", one.status
