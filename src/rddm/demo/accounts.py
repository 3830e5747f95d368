"""What each service knows about whom: accounts, their versions, and the days on which they are delivered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from rddm.demo.dirt import Value, soil, soil_fatally
from rddm.demo.nine import BY_NAME, SERVICES, Service
from rddm.demo.organisations import Organisations
from rddm.demo.population import FIRST_DAY, Person
from rddm.demo.rates import LIFE, RECORDS
from rddm.demo.spelling import STANDARDS, transliterate
from rddm.demo.wordlists import short_forms

SECOND_DAY_MORNING = datetime.combine(FIRST_DAY + timedelta(days=1), time(9))


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
    """
    One person's account in one service; its rows are made from it, its key is given later.

    ``contacts``: the phone and e-mail address to give rather than those of the moment, and then everything is filled in.
    """

    service: Service
    person: Person
    registered_at: datetime
    updated_at: datetime
    day: int = 1
    again: bool = False
    reason: str = ""
    contacts: tuple[str | None, str | None] | None = None
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
    if first >= last:
        return None
    # The movement grows: the later of two draws.
    return max(_moment(rng, first, last), _moment(rng, first, last))


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
    if rng.random() < 0.6:
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


# --- keys -------------------------------------------------------------------------------------------------------------


_KEYS: dict[str, Callable[[int, Random], str]] = {
    "register": lambda number, _: f"РМ-{100_000 + number}",
    "contests": lambda number, _: f"У{number:06d}",
    "academy": lambda _, rng: f"{rng.getrandbits(64):016x}",
    "app": lambda _, rng: f"u_{rng.getrandbits(48):012x}",
    "grants": lambda number, _: f"GR-{number:06d}",
    "tickets": lambda number, _: f"{7_000_000 + 3 * number}",
    "camps": lambda number, _: f"{1000 + number}",
    "volunteers": lambda number, _: f"{1000 + number}",
    "federation": lambda number, _: f"{1000 + number}",
}


def number_accounts(accounts: Sequence[Account], taken: Counter[str], rng: Random) -> None:
    """Give each account its service's own key, in the order of registration. *taken*: how many each service gave out."""
    for account in sorted(
        accounts, key=lambda account: (account.registered_at, account.person.no, account.service.name)
    ):
        taken[account.service.name] += 1
        account.key = _KEYS[account.service.name](taken[account.service.name], rng)


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
    if account.contacts is not None:
        phone, email = account.contacts
    if service.name == "tickets":
        email = person.second_email if rng.random() < LIFE["second_email"].share else email or person.family_email
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
    keep_all = account.contacts is not None
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
    row = row_of(account, moment, account.day, rng, organisations, clean=clean)
    account.rows.append(row)
    if not account.service.in_files or account.day == 2 or not row.fit:
        return
    if rng.random() < RECORDS["older_version"].share and account.updated_at > account.registered_at:
        older = row_of(account, account.registered_at, 1, rng, organisations, clean=True)
        older.dirt = (*older.dirt, "older_version")
        # Without a time of change in the file, as in the contests' workbooks, the last to arrive counts as the newest.
        account.rows.insert(0 if account.service.name == "contests" else rng.randrange(2), older)
    elif rng.random() < RECORDS["exact_duplicate"].share:
        account.rows.append(Row(*(getattr(row, name) for name in Row.__slots__)))
        account.rows[-1].dirt = (*row.dirt, "exact_duplicate")


def row_of(
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
