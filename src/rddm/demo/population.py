"""Who lives in the invented world: families with their children, and what changes in a life."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

from rddm.demo.organisations import Home, Organisations
from rddm.demo.rates import LIFE
from rddm.demo.spelling import feminine_surname, patronymic, snils, transliterate
from rddm.demo.wordlists import GivenName, given_names, regions, surnames

T = TypeVar("T")

FIRST_DAY = date(2026, 6, 1)
"""Day 1 of the demo: what the services delivered up to its end."""
PHONE_CODES = ("972", "973", "974", "975", "976")
"""Mobile codes that the Russian numbering plan has given to no operator."""
EMAIL_HOSTS = ("pochta.alt", "pismo.alt", "skvorechnik.alt", "yunost.alt", "kostyor.alt")
"""``.alt`` never appears in the DNS (RFC 9476), so nobody can have an address there."""
SNILS_FROM = 900_000_000
"""Insurance numbers are issued upwards and are far from here."""


@dataclass(frozen=True, slots=True)
class History(Generic[T]):
    """A value and what it became: each with the day from which it holds, oldest first."""

    steps: tuple[tuple[date, T], ...]

    def at(self, day: date) -> T:
        """Return the value on *day*."""
        current = self.steps[0][1]
        for since, value in self.steps[1:]:
            if since > day:
                break
            current = value
        return current

    @property
    def last(self) -> T:
        return self.steps[-1][1]

    @property
    def first(self) -> T:
        return self.steps[0][1]


def always(value: T) -> History[T]:
    """Return the history of a value that never changes."""
    return History(((date.min, value),))


@dataclass(frozen=True, slots=True)
class Person:
    """One human being. Phones are ten national digits; ``school`` and ``club`` are organisation numbers."""

    no: int
    family: int
    gender: str
    first_name: str
    middle_name: str
    born: date
    last_name: History[str]
    home: History[Home]
    phone: History[str | None]
    email: History[str | None]
    second_email: str
    family_phone: str
    family_email: str
    snils: str
    school: History[int]
    club: History[int]
    is_parent: bool = False


@dataclass
class _Numbers:
    """What must not be given out twice."""

    rng: Random
    phones: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    documents: int = 0

    def phone(self) -> str:
        while True:
            number = self.rng.choice(PHONE_CODES) + f"{self.rng.randrange(10_000_000):07d}"
            # A number of one repeated digit is what a placeholder looks like.
            if number not in self.phones and len(set(number[3:])) > 2:
                self.phones.add(number)
                return number

    def email(self, first: str, last: str, born: date) -> str:
        rng = self.rng
        given, family = (
            transliterate(name, rng.choice(("icao", "bgn", "chat"))).lower().replace(" ", "") for name in (first, last)
        )
        match int(rng.random() * 6):
            case 0:
                local = f"{given}.{family}"
            case 1:
                local = f"{family}{given[:1]}{born.year % 100:02d}"
            case 2:
                local = f"{given}_{family}"
            case 3:
                local = f"{family}.{born.year}"
            case 4:
                local = f"{given}{born.day:02d}{born.month:02d}"
            case _:
                local = f"{rng.choice(NICKS)}{rng.randrange(10, 9999)}"
        address = f"{local}@{rng.choice(EMAIL_HOSTS)}"
        while address in self.emails:
            address = f"{local}{rng.randrange(1, 9999)}@{rng.choice(EMAIL_HOSTS)}"
        self.emails.add(address)
        return address

    def snils(self) -> str:
        self.documents += self.rng.randint(1, 4000)
        return snils(SNILS_FROM + self.documents)


NICKS = ("zvezda", "kometa", "lisa", "volk", "sova", "iskra", "veter", "orlenok", "kot", "turist", "skripka", "atom")


class _Draw:
    """Names drawn as often as they occur; the running sums are made once."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self._surnames, weights = surnames()
        self._surname_sums = list(accumulate(weights))
        self._names = {
            (gender, decade): (names, list(accumulate(name.weights[decade] for name in names)))
            for gender in "mf"
            for decade in range(4)
            for names in (given_names(gender),)
        }
        self._regions = regions()
        self._region_sums = list(accumulate(region.weight for region in self._regions))

    def _pick(self, values: Sequence[T], sums: list[float]) -> T:
        return values[bisect(sums, self.rng.random() * sums[-1], 0, len(sums) - 1)]

    def surname(self) -> str:
        return self._pick(self._surnames, self._surname_sums)

    def given(self, gender: str, born: date) -> str:
        decade = max(0, min(3, (born.year - 1980) // 10))
        names, sums = self._names[gender, decade]
        name: GivenName = self._pick(names, sums)
        return name.name

    def home(self) -> Home:
        region = self._pick(self._regions, self._region_sums)
        towns = region.towns
        # A region's first town is about half of it, the next half of the rest, and so on.
        place = 0
        while place + 1 < len(towns) and self.rng.random() < 0.5:
            place += 1
        return Home(region, towns[place])


def _day_between(rng: Random, first: date, last: date) -> date:
    return first + timedelta(days=rng.randrange(max(1, (last - first).days)))


def _changing(rng: Random, share: float, draw: Callable[[], T], since: date) -> History[T]:
    """Return a history of one drawn value, or with probability *share* of two, the other some time after *since*."""
    first = draw()
    earliest = max(since, date(2017, 1, 1))
    if rng.random() >= share or earliest >= FIRST_DAY - timedelta(days=60):
        return always(first)
    return History(((date.min, first), (_day_between(rng, earliest, FIRST_DAY - timedelta(days=30)), draw())))


@dataclass(frozen=True)
class _Household:
    """What the members of a family share. ``phone`` and ``email`` are the mother's."""

    no: int
    surname: str
    father: str
    homes: History[Home]
    phone: str
    email: str


class _Town:
    """Makes families one after another."""

    def __init__(self, rng: Random, organisations: Organisations) -> None:
        self.rng = rng
        self.draw = _Draw(rng)
        self.numbers = _Numbers(rng)
        self.organisations = organisations
        self.people: list[Person] = []
        self.families = 0

    def family(self) -> None:
        rng, draw = self.rng, self.draw
        surname, eldest = draw.surname(), self._first_birthday()
        mother_born = date(eldest.year - rng.randint(20, 34), rng.randint(1, 12), rng.randint(1, 28))
        mother = draw.given("f", mother_born)
        self.families += 1
        household = _Household(
            no=self.families,
            surname=surname,
            father=draw.given("m", date(1978, 1, 1)),
            homes=_changing(rng, LIFE["moved"].share, draw.home, date(2017, 1, 1)),
            phone=self.numbers.phone(),
            email=self.numbers.email(mother, feminine_surname(surname), mother_born),
        )
        names = {mother}
        for born in self._births(eldest):
            gender = rng.choice("mf")
            first = draw.given(gender, born)
            while first in names:
                first = draw.given(gender, born)
            names.add(first)
            self._add_child(household, gender, first, born)
        for gender, first, born in (
            ("f", mother, mother_born),
            ("m", household.father, mother_born - timedelta(days=700)),
        ):
            if rng.random() < LIFE["grown_up_member"].share:
                self._add_parent(household, gender, first, born)

    def _first_birthday(self) -> date:
        """Members are 8 to 31; most are at school."""
        year = 1995 + int(self.rng.triangular(0, 24, 14))
        return _day_between(self.rng, date(year, 1, 1), date(year + 1, 1, 1))

    def _births(self, eldest: date) -> list[date]:
        rng = self.rng
        children = rng.choices((1, 2, 3, 4), (0.52, 0.36, 0.09, 0.03))[0]
        twins = children > 1 and rng.random() < LIFE["twins"].share
        births = [eldest, eldest] if twins else [eldest]
        while len(births) < children:
            births.append(births[-1] + timedelta(days=rng.randint(400, 2200)))
        return [born for born in births if born < date(2019, 1, 1)]

    def _add_child(self, household: _Household, gender: str, first: str, born: date) -> None:
        rng, numbers = self.rng, self.numbers
        last = feminine_surname(household.surname) if gender == "f" else household.surname
        phone_from = born + timedelta(days=int(365.25 * rng.uniform(7, 13)))
        email_from = born + timedelta(days=int(365.25 * rng.uniform(9, 14)))
        phones = _changing(rng, LIFE["new_phone"].share, numbers.phone, phone_from)
        emails = _changing(rng, LIFE["new_email"].share, lambda: numbers.email(first, last, born), email_from)
        self.people.append(
            Person(
                no=len(self.people),
                family=household.no,
                gender=gender,
                first_name=first,
                middle_name=patronymic(household.father, gender),
                born=born,
                last_name=self._surnames(gender, last, born),
                home=household.homes,
                phone=_since(
                    household.phone if rng.random() < LIFE["family_phone"].share else None, phone_from, phones
                ),
                email=_since(
                    household.email if rng.random() < LIFE["family_email"].share else None, email_from, emails
                ),
                second_email=_second_email(len(self.people)),
                family_phone=household.phone,
                family_email=household.email,
                snils=numbers.snils(),
                school=self._near(household, self.organisations.school_in),
                club=self._near(household, self.organisations.club_in),
            )
        )

    def _near(self, household: _Household, choose: Callable[[Random, Home], int]) -> History[int]:
        return History(tuple((since, choose(self.rng, home)) for since, home in household.homes.steps))

    def _surnames(self, gender: str, last: str, born: date) -> History[str]:
        from_day = date(born.year + 19, 6, 1)
        if gender == "m" or from_day > date(2025, 6, 1):
            return always(last)
        married = _changing(self.rng, LIFE["maiden_name"].share, self.draw.surname, from_day)
        return History(((date.min, last), *((day, feminine_surname(name)) for day, name in married.steps[1:])))

    def _add_parent(self, household: _Household, gender: str, first: str, born: date) -> None:
        numbers = self.numbers
        last = feminine_surname(household.surname) if gender == "f" else household.surname
        # The family's phone and address are the mother's.
        own = gender == "f"
        self.people.append(
            Person(
                no=len(self.people),
                family=household.no,
                gender=gender,
                first_name=first,
                middle_name=patronymic(self.draw.given("m", date(1960, 1, 1)), gender),
                born=born,
                last_name=always(last),
                home=household.homes,
                phone=always(household.phone if own else numbers.phone()),
                email=always(household.email if own else numbers.email(first, last, born)),
                second_email=_second_email(len(self.people)),
                family_phone=household.phone,
                family_email=household.email,
                snils=numbers.snils(),
                school=self._near(household, self.organisations.school_in),
                club=self._near(household, self.organisations.club_in),
                is_parent=True,
            )
        )


def _second_email(no: int) -> str:
    """Return an address that nobody else has: the others have no dot before a number in base 16."""
    return f"{NICKS[no % len(NICKS)]}.{no:x}@{EMAIL_HOSTS[no % len(EMAIL_HOSTS)]}"


def _since(before: str | None, day: date, history: History[str]) -> History[str | None]:
    steps: tuple[tuple[date, str | None], ...] = ((date.min, before), (day, history.first), *history.steps[1:])
    return History(steps)


def _force_namesakes(rng: Random, people: list[Person]) -> None:
    """Give some people the names and the birth date of somebody of another family."""
    wanted = max(1, round(len(people) * LIFE["namesake"].share))
    while wanted:
        one, other = rng.sample(range(len(people)), 2)
        pattern, copy = people[one], people[other]
        if pattern.family == copy.family or pattern.is_parent or copy.is_parent or pattern.gender != copy.gender:
            continue
        wanted -= 1
        same_patronymic = rng.random() < LIFE["namesake_patronymic"].share
        people[other] = replace(
            copy,
            first_name=pattern.first_name,
            last_name=always(pattern.last_name.first),
            born=pattern.born,
            middle_name=pattern.middle_name if same_patronymic else copy.middle_name,
        )


def invent_people(count: int, rng: Random, organisations: Organisations) -> tuple[Person, ...]:
    """Return *count* people, family by family; ``no`` is the place in the tuple."""
    town = _Town(rng, organisations)
    while len(town.people) < count:
        town.family()
    people = town.people[:count]
    _force_namesakes(rng, people)
    return tuple(people)
