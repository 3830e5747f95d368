"""What each service knows about whom: accounts, their versions, and the days on which they are delivered."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from rddm.demo.dirt import soil, soil_fatally
from rddm.demo.population import FIRST_DAY, Person
from rddm.demo.rates import LIFE, RECORDS, SECOND_DAY
from rddm.demo.spelling import STANDARDS, transliterate
from rddm.demo.wordlists import short_forms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random

    from rddm.demo.organisations import Organisations

Value = str | date | None
SECOND_DAY_MORNING = datetime.combine(FIRST_DAY + timedelta(days=1), time(9))


@dataclass(frozen=True, slots=True)
class Service:
    """
    One of the nine. ``share``: which part of the people between the ages in ``ages`` have an account, of grown-ups
    ``grown_ups``. ``fields``: the model's fields it asks for, with the share of records that have them.
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


SERVICES: tuple[Service, ...] = (
    Service(
        "register", "member", 0.72, (7, 35), 0.5,
        {"last_name": 1, "first_name": 1, "middle_name": 0.9, "birth_date": 0.98, "gender": 0.95, "phone": 0.8, "email": 0.55,
         "snils": 0.6, "region": 0.97, "city": 0.9, "organisation": 0.9},
    ),
    Service(
        "camps", "camper", 0.52, (7, 18), 0.0,
        {"last_name": 1, "first_name": 1, "middle_name": 0.7, "birth_date": 0.98, "phone": 0.95, "email": 0.6, "school": 0.5,
         "city": 0.6},
        family_contacts=True,
    ),
    Service(
        "contests", "pupil", 0.62, (7, 18), 0.0,
        {"last_name": 1, "first_name": 1, "middle_name": 0.75, "birth_date": 0.94, "phone": 0.2, "email": 0.4, "region": 0.95,
         "city": 0.9, "school": 0.95},
        can_delete=False,
    ),
    Service(
        "academy", "student", 0.56, (8, 35), 0.1,
        {"last_name": 1, "first_name": 1, "middle_name": 0.2, "birth_date": 0.67, "gender": 0.6, "phone": 0.55, "email": 0.97},
    ),
    Service(
        "tickets", "customer", 0.44, (9, 60), 0.4, {"last_name": 1, "first_name": 1, "email": 1},
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
        {"last_name": 1, "first_name": 1, "middle_name": 0.85, "birth_date": 0.98, "gender": 0.9, "phone": 0.4, "email": 0.2,
         "snils": 0.5, "region": 0.95, "school": 0.5, "organisation": 0.95},
        in_files=False, upper_surname=True,
    ),
    Service(
        "app", "user", 0.56, (9, 60), 0.35, {"first_name": 1, "last_name": 0.05, "phone": 1},
        in_files=False, short_names=0.9,
    ),
    Service(
        "grants", "applicant", 0.36, (14, 35), 0.15,
        {"last_name": 1, "first_name": 1, "middle_name": 0.9, "birth_date": 1, "phone": 0.85, "email": 0.9, "snils": 0.7,
         "region": 0.85, "city": 0.5},
    ),
)  # fmt: skip
BY_NAME = {service.name: service for service in SERVICES}


@dataclass(slots=True)
class Row:
    """
    One record of one person as delivered on *day*, values still in the model's fields. Files deliver rows in list order.

    ``op`` is ``upsert`` or ``delete``; ``fit`` is false for those that must end in quarantine.
    """

    service: str
    key: str
    person_no: int
    day: int
    registered_at: datetime
    updated_at: datetime
    values: dict[str, Value]
    dirt: tuple[str, ...] = ()
    op: str = "upsert"
    fit: bool = True


@dataclass(slots=True)
class Account:
    """One person's account in one service before it has a key; its rows are made from it."""

    service: Service
    person: Person
    registered_at: datetime
    updated_at: datetime
    day: int = 1
    again: bool = False
    reason: str = ""
    key: str = ""
    rows: list[Row] = field(default_factory=list)


def _moment(rng: Random, first: date, last: date) -> datetime:
    day = first + timedelta(days=int(rng.random() * max(1, (last - first).days)))
    return datetime.combine(day, time(7)) + timedelta(seconds=int(rng.random() * 57_600))


def _registration(rng: Random, service: Service, person: Person) -> datetime | None:
    """Return when *person* may have registered with *service*, or None when never of the right age since 2015."""
    youngest, oldest = (18, 80) if person.is_parent else service.ages
    first = max(date(2016, 1, 1), date(person.born.year + youngest, 6, 1))
    last = min(FIRST_DAY, date(person.born.year + oldest, 6, 1))
    return _moment(rng, first, last) if first < last else None


def _membership(rng: Random, person: Person, activity: float) -> Iterable[Account]:
    for service in SERVICES:
        share = service.grown_ups if person.is_parent else service.share
        if rng.random() >= share * activity:
            continue
        yield from _accounts_in(rng, service, person)


def _accounts_in(rng: Random, service: Service, person: Person) -> Iterable[Account]:
    registered = _registration(rng, service, person)
    if registered is None:
        return
    updated = registered
    if rng.random() < 0.5:
        updated = _moment(rng, registered.date() + timedelta(days=1), FIRST_DAY)
    updated = max(updated, registered)
    late = rng.random() < RECORDS["late_person"].share
    yield Account(service, person, registered, updated, day=2 if late else 1, reason="late_person" if late else "")
    if rng.random() < RECORDS["duplicate"].share:
        again = _moment(rng, registered.date() + timedelta(days=1), FIRST_DAY)
        yield Account(service, person, max(again, registered), max(again, registered), again=True)


def open_accounts(people: Sequence[Person], rng: Random) -> list[Account]:
    """Return everybody's accounts as of the first day (late ones too); nobody is without one."""
    accounts: list[Account] = []
    everyone_can = (BY_NAME["register"], BY_NAME["tickets"])
    for person in people:
        activity = rng.triangular(0.3, 1.5, 0.75)
        own = list(_membership(rng, person, activity))
        if not own:
            own = list(_accounts_in(rng, everyone_can[0], person)) or list(_accounts_in(rng, everyone_can[1], person))
        if not own:
            moment = datetime.combine(FIRST_DAY - timedelta(days=rng.randint(1, 60)), time(12))
            own = [Account(everyone_can[0], person, moment, moment)]
        accounts.extend(own)
    return accounts


def open_second_day_accounts(accounts: Sequence[Account], people: Sequence[Person], rng: Random) -> list[Account]:
    """Return the accounts that are opened on day 2: newcomers, and some that link two groups of one person's records."""
    known: dict[int, set[str]] = defaultdict(set)
    for account in accounts:
        known[account.person.no].add(account.service.name)
    opened = []

    def open_one(person: Person, choice: Sequence[str], reason: str) -> None:
        free = [name for name in choice if name not in known[person.no]]
        if free:
            moment = SECOND_DAY_MORNING + timedelta(seconds=rng.randrange(30_000))
            opened.append(Account(BY_NAME[rng.choice(free)], person, moment, moment, day=2, reason=reason))
            known[person.no].add(opened[-1].service.name)

    for person in rng.sample(list(people), max(1, round(len(people) * SECOND_DAY["newcomer"].share))):
        open_one(person, tuple(BY_NAME), "newcomer")
    torn = [person for person in people if len(person.last_name.steps) > 1 or len(person.phone.steps) > 2]
    for person in rng.sample(torn, min(len(torn), max(1, round(len(people) * SECOND_DAY["linking"].share)))):
        open_one(person, ("federation", "grants", "register"), "linking")
    return opened


# --- keys -------------------------------------------------------------------------------------------------------------


def _key(service: str, number: int, rng: Random) -> str:
    match service:
        case "register":
            return f"РМ-{100_000 + number}"
        case "contests":
            return f"У{number:06d}"
        case "academy":
            return f"{rng.getrandbits(64):016x}"
        case "app":
            return f"u_{rng.getrandbits(48):012x}"
        case "grants":
            return f"GR-{number:06d}"
        case "tickets":
            return str(7_000_000 + 3 * number)
        case _:
            return str(1000 + number)


def number_accounts(accounts: Sequence[Account], rng: Random) -> None:
    """Give each account its service's own key, in the order of registration."""
    numbers: dict[str, int] = defaultdict(int)
    for account in sorted(
        accounts, key=lambda account: (account.registered_at, account.person.no, account.service.name)
    ):
        numbers[account.service.name] += 1
        account.key = _key(account.service.name, numbers[account.service.name], rng)


# --- rows -------------------------------------------------------------------------------------------------------------


def describe(account: Account, moment: datetime, rng: Random, organisations: Organisations) -> dict[str, Value]:
    """Return what the person would truthfully tell the service at *moment*, in the fields it asks for."""
    service, person, day = account.service, account.person, moment.date()
    home = person.home.at(day)
    phone, email = person.phone.at(day), person.email.at(day)
    under_16 = not person.is_parent and day.year - person.born.year < 16
    if (under_16 and service.family_contacts) or (under_16 and rng.random() < LIFE["family_phone_later"].share):
        phone = person.family_phone
        email = person.family_email if service.family_contacts else email
    if account.reason == "linking":
        phone, email = person.phone.last or person.family_phone, person.email.last
    if service.name == "tickets":
        email = person.second_email if email is None or rng.random() < LIFE["second_email"].share else email
    if service.name == "app" and phone is None:
        phone = person.family_phone
    told: dict[str, Value] = {
        "last_name": person.last_name.at(day),
        "first_name": person.first_name,
        "middle_name": person.middle_name,
        "birth_date": person.born,
        "gender": person.gender,
        "phone": phone,
        "email": email,
        "snils": person.snils,
        "region": home.region.name,
        "city": home.town,
        "school": organisations.everything[person.school.at(day)].name,
        "organisation": str(person.club.at(day)),
    }
    keep_all = account.reason == "linking"
    return {
        name: told[name] if filled >= 1 or keep_all or rng.random() < filled else None
        for name, filled in service.fields.items()
    }


def write_rows(account: Account, rng: Random, organisations: Organisations) -> None:
    """Make the rows by which the account is delivered, dirt included."""
    clean = account.reason in {"late_person", "linking"}
    moment = account.updated_at
    if account.day == 2:
        # Who comes late comes with the time of coming: services that are asked for changes only would never show them.
        moment = max(moment, SECOND_DAY_MORNING + timedelta(seconds=rng.randrange(30_000)))
    row = _row(account, moment, account.day, rng, organisations, clean=clean)
    account.rows.append(row)
    if not account.service.in_files or account.day == 2 or not row.fit:
        return
    if rng.random() < RECORDS["older_version"].share and account.updated_at > account.registered_at:
        older = _row(account, account.registered_at, 1, rng, organisations, clean=True)
        older.dirt = (*older.dirt, "older_version")
        account.rows.insert(rng.randrange(2), older)
    elif rng.random() < RECORDS["exact_duplicate"].share:
        account.rows.append(Row(*(getattr(row, name) for name in Row.__slots__)))
        account.rows[-1].dirt = (*row.dirt, "exact_duplicate")


def _row(
    account: Account, moment: datetime, day: int, rng: Random, organisations: Organisations, *, clean: bool = False
) -> Row:
    service = account.service
    values = describe(account, moment, rng, organisations)
    dirt: list[str] = ["duplicate"] if account.again else []
    if account.reason:
        dirt.append(account.reason)
    if service.short_names and rng.random() < service.short_names:
        forms = short_forms(account.person.gender).get(account.person.first_name)
        if forms:
            values["first_name"] = rng.choice(forms)
            dirt.append("diminutive")
    if service.latin:
        standard = rng.choice(STANDARDS)
        for name in ("last_name", "first_name"):
            values[name] = transliterate(str(values[name]), standard)
        dirt.append("transliterated")
    if service.upper_surname:
        values["last_name"] = str(values["last_name"]).upper()
    fit = True
    if not clean:
        dirt += soil(values, service, account.person, rng)
        fatal = soil_fatally(values, service, rng)
        dirt += fatal
        fit = not fatal
    return Row(
        service.name, account.key, account.person.no, day, account.registered_at, moment, values, tuple(dirt), fit=fit
    )


def write_second_day_rows(
    accounts: Sequence[Account], busy: set[tuple[str, str]], rng: Random, organisations: Organisations
) -> None:
    """Add to accounts of day 1 what happens to them on day 2. *busy*: (service, key) that participations refer to."""
    for account in accounts:
        if account.day == 1:
            _continue_on_second_day(account, busy, rng, organisations)


def _continue_on_second_day(
    account: Account, busy: set[tuple[str, str]], rng: Random, organisations: Organisations
) -> None:
    last, chance = account.rows[-1], rng.random()
    moment = SECOND_DAY_MORNING + timedelta(seconds=rng.randrange(30_000))
    reason = "updated" if last.fit else "corrected"
    can_go = account.service.can_delete and (account.service.name, account.key) not in busy
    if chance < SECOND_DAY[reason].share:
        row = _row(account, moment, 2, rng, organisations, clean=True)
        row.dirt = (*row.dirt, reason)
        account.rows.append(row)
    elif last.fit and can_go and rng.random() < SECOND_DAY["deleted"].share:
        registered, values = last.registered_at, dict(last.values)
        gone = Row(last.service, last.key, last.person_no, 2, registered, moment, values, ("deleted",), "delete")
        account.rows.append(gone)
