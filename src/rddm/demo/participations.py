"""Who took part in what, and which of these records come before the person or the event they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from rddm.demo.accounts import SECOND_DAY_MORNING, Account
from rddm.demo.organisations import Event
from rddm.demo.population import FIRST_DAY
from rddm.demo.rates import RECORDS


class Place(NamedTuple):
    """Where a record is found: the source, its entity, its key."""

    source: str
    entity: str
    key: str


@dataclass(frozen=True, slots=True)
class Participation:
    service: str
    entity: str
    key: str
    person: Place
    event: Place
    role: str
    status: str
    registered_at: datetime
    day: int


@dataclass(frozen=True, slots=True)
class Listing:
    """An event as one service delivers it."""

    service: str
    key: str
    event: Event
    name: str
    day: int


EVENT_ENTITIES = {
    "camps": "shift",
    "contests": "contest",
    "academy": "course",
    "tickets": "event",
    "volunteers": "project",
    "federation": "competition",
    "grants": "season",
}
_MANY = {
    "camps": ("booking", 1.3, ("участник",)),
    "contests": ("result", 1.4, ("участник", "участник", "призёр", "победитель")),
    "academy": ("enrolment", 1.1, ("слушатель",)),
    "tickets": ("ticket", 1.1, ("зритель", "зритель", "гость")),
    "volunteers": ("shift", 0.9, ("волонтёр", "волонтёр", "координатор")),
    "federation": ("entry", 0.8, ("спортсмен", "спортсмен", "тренер")),
    "app": ("checkin", 0.5, ("участник",)),
    "grants": ("application", 0.7, ("заявитель", "соавтор")),
}
"""Per service: the entity, how many for each account, the roles."""
_STATUSES = ("подтверждено", "подтверждено", "подтверждено", "ожидает", "отменено", "состоялось")
_DELEGATES = 0.06
"""Of the register's members so many are named in the grants portal by their membership number."""


def list_events(events: Sequence[Event], rng: Random) -> tuple[Listing, ...]:
    """Return each event as its service delivers it, and again where the ticket office sells it; a few come on day 2."""
    listings = []
    for event in events:
        day = 2 if rng.random() < RECORDS["late_event"].share else 1
        prefix = {"camps": "S", "contests": "К", "academy": "c-", "grants": "GS-"}.get(event.service, "")
        listings.append(Listing(event.service, f"{prefix}{100 + event.no}", event, event.name, day))
        if event.also_in:
            name = event.name.replace(",", " ,") if rng.random() < 0.3 else event.name.upper()
            listings.append(Listing(event.also_in, str(90_000 + event.no), event, name, 1))
    return tuple(listings)


class _Writer:
    def __init__(self, rng: Random, listings: Sequence[Listing]) -> None:
        self.rng = rng
        self.events: dict[str, list[Listing]] = {}
        for listing in listings:
            self.events.setdefault(listing.service, []).append(listing)
        self.written: dict[str, int] = {}

    def write(self, service: str, entity: str, person: Place, since: datetime, day: int, role: str) -> Participation:
        rng = self.rng
        # Check-ins happen at the federation's competitions: an event of another service.
        event_service = "federation" if service == "app" else service
        listing = rng.choice(self.events[event_service])
        if listing.day == 2 and rng.random() < 0.5:
            listing = rng.choice(self.events[event_service])
        number = self.written[entity] = self.written.get(entity, 0) + 1
        end = datetime.combine(FIRST_DAY, datetime.min.time())
        moment = since + timedelta(seconds=int(max(60.0, (end - since).total_seconds()) * rng.random()))
        if day == 2:
            moment = SECOND_DAY_MORNING + timedelta(seconds=rng.randrange(40_000))
        return Participation(
            service,
            entity,
            f"{entity[0]}{number:07d}" if service in {"app", "academy", "contests"} else str(500_000 + number),
            person,
            Place(event_service, EVENT_ENTITIES[event_service], listing.key),
            role,
            rng.choice(_STATUSES),
            moment,
            day,
        )


def invent_participations(
    accounts: Sequence[Account], listings: Sequence[Listing], rng: Random
) -> tuple[Participation, ...]:
    """Return the participations of both days, by service and in order of writing."""
    writer = _Writer(rng, listings)
    found: list[Participation] = []
    for account in accounts:
        found.extend(_of_account(account, writer, rng))
    return tuple(sorted(found, key=lambda participation: participation.day))


def _of_account(account: Account, writer: _Writer, rng: Random) -> Iterator[Participation]:
    service = account.service.name
    person = Place(service, account.service.entity, account.key)
    if service == "register":
        if rng.random() < _DELEGATES and account.reason in {"", "late_person"}:
            yield writer.write("grants", "delegate", person, account.registered_at, 1, "делегат")
        return
    entity, mean, roles = _MANY[service]
    many = min(6, int(rng.expovariate(1 / mean) + 0.5))
    if account.reason == "late_person":
        # They come early: their person is delivered on day 2 only.
        many = max(many, 1)
    for _ in range(many):
        day = 2 if account.reason in {"newcomer", "linking"} or rng.random() < 0.01 else 1
        owner = person
        if rng.random() < RECORDS["orphan"].share:
            owner = Place(service, account.service.entity, f"{person.key}9999")
        yield writer.write(service, entity, owner, account.registered_at, day, rng.choice(roles))
