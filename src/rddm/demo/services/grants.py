"""The grants portal: a folder of daily XML deltas whose elements say whether they insert, update or delete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from xml.sax.saxutils import escape
from zlib import crc32

from rddm.demo.accounts import Row
from rddm.demo.participations import Listing, Participation
from rddm.demo.population import FIRST_DAY
from rddm.demo.services.rendering import phone, short_region, snils_text, text
from rddm.demo.world import World

_FIRST_DELTAS = 3
"""So many daily files make up what is there on day 1."""


def write_grants(world: World, folder: Path, day: int) -> None:
    """
    Write ``grants/<date>.xml``: on day 1 three of them, the first being the bulk, on day 2 one.

    The second file of day 1 breaks off in the middle of an element, as after a lost connection.
    """
    here = folder / "grants"
    here.mkdir(parents=True, exist_ok=True)
    applicants = _in_deltas(world.rows_of("grants", day), day)
    last = FIRST_DAY + timedelta(days=day - 1)
    for number, rows in enumerate(applicants):
        date = last - timedelta(days=len(applicants) - 1 - number)
        final = number == len(applicants) - 1
        elements = [
            *_section("seasons", (_season(one) for one in world.listings_of("grants", day) if number == 0)),
            *_section(
                "applications", (_application(one) for one in world.participations_of("application", day) if final)
            ),
            *_section("delegates", (_delegate(one) for one in world.participations_of("delegate", day) if final)),
            *_section("applicants", (_applicant(row, op) for row, op in rows)),
        ]
        document = "\n".join(
            ['<?xml version="1.0" encoding="UTF-8"?>', f"<delta><date>{date}</date>", *elements, "</delta>", ""]
        )
        if day == 1 and number == 1 and rows:
            document = _broken_off(document, _applicant(*rows[-1]))
        (here / f"{date}.xml").write_text(document, encoding="utf-8")


def _in_deltas(rows: Sequence[Row], day: int) -> list[list[tuple[Row, str]]]:
    """Return each file's rows with their operation; the versions of one key in the order of their time."""
    deltas: list[list[tuple[Row, str]]] = [[] for _ in range(_FIRST_DELTAS if day == 1 else 1)]
    known: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: (row.updated_at, row.key)):
        if day == 2:
            # Whoever was there on day 1 has more to its story than an insert.
            op = (
                "delete"
                if row.op == "delete"
                else "insert"
                if {"late_person", "newcomer", "linking"} & {*row.dirt}
                else "update"
            )
            deltas[0].append((row, op))
            continue
        chance = crc32(row.key.encode()) % 10
        number = {8: 1, 9: 2}.get(chance, 0)
        if row.key in known and "exact_duplicate" not in row.dirt:
            number = min(known[row.key] + 1, _FIRST_DELTAS - 1)
        deltas[number].append((row, "update" if row.key in known else "insert"))
        known[row.key] = number
    return deltas


def _section(name: str, elements: Iterable[str]) -> list[str]:
    return [f"<{name}>", *elements, f"</{name}>"]


def _element(tag: str, /, **children: str) -> str:
    inner = "".join(f"<{child}>{escape(value)}</{child}>" for child, value in children.items() if value)
    return f"<{tag}>{inner}</{tag}>"


def _applicant(row: Row, op: str) -> str:
    values = row.values
    return _element(
        "applicant",
        op=op,
        id=row.key,
        at=f"{row.updated_at:%Y-%m-%dT%H:%M:%S}",
        surname=text(values["last_name"]),
        name=text(values["first_name"]),
        patronymic=text(values["middle_name"]),
        birthday=text(values["birth_date"]),
        pension_no=snils_text(values["snils"], dashes=crc32(row.key.encode()) % 3 == 0),
        tel=phone(row),
        mail=text(values["email"]),
        region=short_region(values["region"]),
        town=text(values["city"]),
    )


def _season(listing: Listing) -> str:
    event = listing.event
    return _element(
        "season",
        op="insert",
        id=listing.key,
        title=listing.name,
        opens=event.starts_on.isoformat(),
        closes=event.ends_on.isoformat(),
        region=event.region.name,
    )


def _application(one: Participation) -> str:
    return _element(
        "application",
        op="insert",
        id=one.key,
        applicant=one.person.key,
        season=one.event.key,
        part=one.role,
        filed=f"{one.registered_at:%Y-%m-%dT%H:%M:%S}",
        state=one.status,
    )


def _delegate(one: Participation) -> str:
    return _element(
        "delegate",
        op="insert",
        id=one.key,
        membership_no=one.person.key,
        season=one.event.key,
        named=f"{one.registered_at:%Y-%m-%dT%H:%M:%S}",
        state=one.status,
    )


def _broken_off(document: str, element: str) -> str:
    """Return *document* ending in the middle of one more *element*."""
    end = document.rindex("</applicants>")
    return (
        document[:end] + element[: element.index("<surname>") + 14]
        if "<surname>" in element
        else document[:end] + element[:60]
    )
