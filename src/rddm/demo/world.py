"""The whole invented world in one value, and the truth about it."""

from __future__ import annotations

import gc
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

import pyarrow as pa

from rddm.demo.accounts import Account, Row, number_accounts, open_accounts, write_rows
from rddm.demo.nine import SERVICES
from rddm.demo.organisations import Event, Organisations, invent_events, invent_organisations
from rddm.demo.participations import (
    EVENT_ENTITIES,
    Listing,
    Participation,
    Place,
    invent_participations,
    list_events,
)
from rddm.demo.population import Person, invent_people
from rddm.demo.second_day import open_linking, open_newcomers, write_second_day_rows

ENTITIES = {service.name: service.entity for service in SERVICES}


@dataclass(frozen=True)
class World:
    """
    Everything there is. ``rows``: by service, the records of people in order of delivery, of both days.

    Equal for equal ``seed`` and number of people.
    """

    seed: int
    organisations: Organisations
    events: tuple[Event, ...]
    listings: tuple[Listing, ...]
    people: tuple[Person, ...]
    rows: dict[str, tuple[Row, ...]]
    participations: tuple[Participation, ...]

    def rows_of(self, service: str, day: int) -> list[Row]:
        """Return what *service* delivers about people on *day*."""
        return [row for row in self.rows[service] if row.day == day]

    def listings_of(self, service: str, day: int) -> list[Listing]:
        """Return the events that *service* delivers on *day*."""
        return [listing for listing in self.listings if listing.service == service and listing.day == day]

    def participations_of(self, entity: str, day: int) -> list[Participation]:
        """Return the participations called *entity* by their service (the names are different) of *day*."""
        return [one for one in self._participations_by_entity[entity] if one.day == day]

    @cached_property
    def _participations_by_entity(self) -> dict[str, list[Participation]]:
        by_entity: dict[str, list[Participation]] = defaultdict(list)
        for one in self.participations:
            by_entity[one.entity].append(one)
        return by_entity

    @cached_property
    def fit_from(self) -> dict[Place, int]:
        """The day on which each person and event is first delivered in a form that needs no quarantine."""
        days: dict[Place, int] = {
            Place(listing.service, EVENT_ENTITIES[listing.service], listing.key): listing.day
            for listing in self.listings
        }
        for service, rows in self.rows.items():
            for row in rows:
                place = Place(service, ENTITIES[service], row.key)
                if row.fit and row.op == "upsert":
                    days[place] = min(days.get(place, 2), row.day)
        return days

    def truth(self) -> pa.Table:
        """
        Return who is who: one row per key of a person, ordered by source and key.

        Columns ``source``, ``entity``, ``key`` (as the source delivers it), ``person_no``, ``day`` (first delivered),
        ``fit_from_day`` (first without a reason for quarantine; null for never), ``dirt`` (the kinds in all its versions).
        """
        found: dict[Place, tuple[int, int, set[str]]] = {}
        for service, rows in self.rows.items():
            for row in rows:
                place = Place(service, ENTITIES[service], row.key)
                _, day, dirt = found.setdefault(place, (row.person_no, row.day, set()))
                dirt.update(row.dirt)
                found[place] = (row.person_no, min(day, row.day), dirt)
        places = sorted(found)
        return pa.table(
            {
                "source": [place.source for place in places],
                "entity": [place.entity for place in places],
                "key": [place.key for place in places],
                "person_no": pa.array([found[place][0] for place in places], pa.int64()),
                "day": pa.array([found[place][1] for place in places], pa.int8()),
                "fit_from_day": pa.array([self.fit_from.get(place) for place in places], pa.int8()),
                "dirt": pa.array([sorted(found[place][2]) for place in places], pa.list_(pa.string())),
            }
        )

    def early(self) -> pa.Table:
        """
        Return the participations of day 1 that must wait beyond it: one row each, ordered by source and key.

        Columns ``source``, ``entity``, ``key``, ``waits_for_source``, ``waits_for_entity``, ``waits_for_key``, and
        ``released_on_day`` (null when its person or event never comes).
        """
        columns: dict[str, list[object]] = {
            name: []
            for name in (
                "source",
                "entity",
                "key",
                "waits_for_source",
                "waits_for_entity",
                "waits_for_key",
                "released_on_day",
            )
        }
        for one in sorted(self.participations, key=lambda one: (one.service, one.entity, one.key)):
            missing = [parent for parent in (one.person, one.event) if self.fit_from.get(parent, 3) > 1]
            if one.day > 1 or not missing:
                continue
            # With two parents missing it goes when the later one is there.
            last = max(missing, key=lambda parent: self.fit_from.get(parent, 3))
            values = (one.service, one.entity, one.key, *last, self.fit_from.get(last))
            for name, value in zip(columns, values, strict=True):
                columns[name].append(value)
        types = [pa.string()] * 6 + [pa.int8()]
        return pa.table(
            {name: pa.array(values, kind) for (name, values), kind in zip(columns.items(), types, strict=True)}
        )


def invent_world(people: int = 20_000, seed: int = 2026) -> World:
    """
    Return a world of *people* people, about four records each.

    Every part draws from a stream of its own, so that a change to one leaves the others as they were.
    """
    collecting = gc.isenabled()
    gc.disable()  # a million small objects that all stay: looking for garbage among them takes a third of the time
    try:
        return _invent(people, seed)
    finally:
        if collecting:
            gc.enable()


def _invent(people: int, seed: int) -> World:
    def stream(name: str) -> Random:
        return Random(f"{seed}:{people}:{name}")

    organisations = invent_organisations(stream("organisations"))
    events = invent_events(stream("events"), organisations)
    listings = list_events(events, stream("listings"))
    everybody = invent_people(people, stream("people"), organisations)
    accounts = open_accounts(everybody, stream("accounts"))
    accounts += open_newcomers(accounts, everybody, stream("newcomers"))
    keys, taken, rows = stream("keys"), Counter[str](), stream("rows")
    number_accounts(accounts, taken, keys)
    for account in accounts:
        write_rows(account, rows, organisations)
    linking = open_linking(accounts, stream("linking"))
    number_accounts(linking, taken, keys)
    for account in linking:
        write_rows(account, rows, organisations)
    accounts += linking
    participations = invent_participations(accounts, listings, stream("participations"))
    busy = {(one.person.source, one.person.key) for one in participations}
    write_second_day_rows(accounts, busy, stream("second day rows"), organisations)
    return World(seed, organisations, events, listings, everybody, _by_service(accounts), participations)


def _by_service(accounts: Sequence[Account]) -> dict[str, tuple[Row, ...]]:
    by_service: dict[str, list[tuple[str, Row]]] = {service.name: [] for service in SERVICES}
    for account in accounts:
        by_service[account.service.name].extend((account.key, row) for row in account.rows)
    # Hexadecimal keys put the files of the academy and the app in no order at all, which is how they come.
    return {name: tuple(row for _, row in sorted(rows, key=lambda pair: pair[0])) for name, rows in by_service.items()}
