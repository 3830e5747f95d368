"""The federation's office: a PostgreSQL database of athletes, schools, federations, competitions and entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import LiteralString

import psycopg

from rddm.demo.accounts import Row
from rddm.demo.participations import Listing, Participation
from rddm.demo.services.rendering import phone, snils_text, text
from rddm.demo.wordlists import regions
from rddm.demo.world import World

_TABLES: LiteralString = """
DROP SCHEMA IF EXISTS office CASCADE;
CREATE SCHEMA office;
CREATE TABLE office.regions (id integer PRIMARY KEY, title text NOT NULL);
CREATE TABLE office.towns (id integer PRIMARY KEY, title text NOT NULL, region_id integer NOT NULL REFERENCES office.regions);
CREATE TABLE office.schools (id integer PRIMARY KEY, title text NOT NULL, region_id integer REFERENCES office.regions, town text);
CREATE TABLE office.federations (id integer PRIMARY KEY, title text NOT NULL, kind text NOT NULL,
    region_id integer REFERENCES office.regions, town text, member_of integer REFERENCES office.federations);
CREATE TABLE office.athletes (id bigint PRIMARY KEY, family_name text, given_name text, patronymic text, date_of_birth date,
    is_female boolean, snils text, phone text, email text, region_id integer REFERENCES office.regions, school text,
    federation_id integer REFERENCES office.federations, changed_at timestamp NOT NULL, deleted_at timestamp);
CREATE TABLE office.competitions (id integer PRIMARY KEY, title text NOT NULL, first_day date, last_day date,
    region_id integer REFERENCES office.regions, held_by integer REFERENCES office.federations, changed_at timestamp NOT NULL);
CREATE TABLE office.entries (id integer PRIMARY KEY, athlete_id bigint, competition_id integer, capacity text, status text,
    entered_at timestamp, changed_at timestamp NOT NULL);
"""
_FEDERATIONS = {"movement", "federation", "club"}


def load_postgres(world: World, url: str, day: int) -> None:
    """
    Fill schema ``office`` of the database at *url* on day 1 (what was there before is dropped); change it on day 2.

    One transaction. *url* as libpq takes it, ``postgresql://…`` or key words.
    """
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        if day == 1:
            cursor.execute(_TABLES)
            _load_reference_tables(world, cursor)
        rows = {row.key: row for row in world.rows_of("federation", day)}
        if day == 2:
            cursor.execute("DELETE FROM office.athletes WHERE id = ANY(%s)", ([int(key) for key in rows],))
        _copy(cursor, "COPY office.athletes FROM STDIN", map(_athlete, rows.values()))
        _copy(cursor, "COPY office.competitions FROM STDIN", map(_competition, world.listings_of("federation", day)))
        _copy(cursor, "COPY office.entries FROM STDIN", map(_entry, world.participations_of("entry", day)))


def _copy(
    cursor: psycopg.Cursor[tuple[object, ...]], statement: LiteralString, rows: Iterable[Sequence[object]]
) -> None:
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _load_reference_tables(world: World, cursor: psycopg.Cursor[tuple[object, ...]]) -> None:
    everything = world.organisations.everything
    _copy(cursor, "COPY office.regions FROM STDIN", [(int(one.code), one.name) for one in regions()])
    towns = [(town, int(one.code)) for one in regions() for town in one.towns]
    _copy(cursor, "COPY office.towns FROM STDIN", [(number, *town) for number, town in enumerate(towns, start=1)])
    schools = [
        (2000 + one.no, one.name.replace("№ ", "№"), int(one.region.code), one.town)
        for one in everything
        if one.kind == "school" and one.region
    ]
    _copy(cursor, "COPY office.schools FROM STDIN", schools)
    federations = [
        (
            one.no,
            one.name.upper(),
            one.kind,
            int(one.region.code) if one.region else None,
            one.town,
            one.parent,
        )
        for one in everything
        if one.kind in _FEDERATIONS
    ]
    _copy(cursor, "COPY office.federations FROM STDIN", federations)


_CODES = {one.name: int(one.code) for one in regions()}


def _athlete(row: Row) -> tuple[str | int | date | datetime | bool | None, ...]:
    values = row.values
    organisation = text(values["organisation"])
    return (
        int(row.key),
        values["last_name"],
        values["first_name"],
        values["middle_name"],
        values["birth_date"],
        {"m": False, "f": True}.get(text(values["gender"])),
        snils_text(values["snils"], dashes=int(row.key) % 2 == 0) or None,
        phone(row) or None,
        values["email"],
        _CODES.get(text(values["region"])),
        values["school"],
        int(organisation) if organisation else None,
        row.updated_at,
        row.updated_at if row.op == "delete" else None,
    )


def _competition(listing: Listing) -> tuple[str | int | date | None, ...]:
    event = listing.event
    changed = f"2026-0{5 + (listing.day == 2)}-02 03:00:00"
    return (
        int(listing.key),
        listing.name,
        event.starts_on,
        event.ends_on,
        int(event.region.code),
        event.federation,
        changed,
    )


def _entry(one: Participation) -> tuple[str | int | datetime | None, ...]:
    return (
        int(one.key),
        int(one.person.key),
        int(one.event.key),
        one.role,
        one.status,
        one.registered_at,
        one.registered_at,
    )
