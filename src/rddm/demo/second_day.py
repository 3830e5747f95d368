"""What happens on day 2: newcomers, records that link two groups of one person's, corrections, changes, deletions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random

from rddm.demo.accounts import SECOND_DAY_MORNING, Account, Row, row_of
from rddm.demo.nine import BY_NAME, SERVICES
from rddm.demo.organisations import Organisations
from rddm.demo.population import FIRST_DAY, Person
from rddm.demo.rates import SECOND_DAY

_LINKING = ("grants", "federation", "register")
"""Services that ask for a document, an address and a phone."""


def _moment(rng: Random) -> datetime:
    return SECOND_DAY_MORNING + timedelta(seconds=rng.randrange(30_000))


def _accounts_by_person(accounts: Iterable[Account]) -> dict[int, list[Account]]:
    by_person: dict[int, list[Account]] = defaultdict(list)
    for account in accounts:
        by_person[account.person.no].append(account)
    return by_person


def open_newcomers(accounts: Sequence[Account], people: Sequence[Person], rng: Random) -> list[Account]:
    """Return accounts of some people in one more service, of their age."""
    known = _accounts_by_person(accounts)
    opened = []
    for person in rng.sample(list(people), max(1, round(len(people) * SECOND_DAY["newcomer"].share))):
        age = FIRST_DAY.year - person.born.year
        has = {account.service.name for account in known[person.no]}
        free = [one for one in SERVICES if one.name not in has and one.ages[0] < age < one.ages[1]]
        if free:
            moment = _moment(rng)
            opened.append(Account(rng.choice(free), person, moment, moment, day=2, reason="newcomer"))
    return opened


def open_linking(accounts: Sequence[Account], rng: Random) -> list[Account]:
    """
    Return accounts that show that two groups of records are one person, after the rows of day 1 have been written.

    Each gives document, name and birth date, as the person's other records do, and the phone of an app account or the
    e-mail address of a ticket account that stood alone so far.
    """
    by_person = _accounts_by_person(accounts)
    wanted = max(1, round(len(by_person) * SECOND_DAY["linking"].share))
    candidates = [own for own in by_person.values() if _lonely_contacts(own) and _known_by_name(own)]
    opened = []
    for own in rng.sample(candidates, min(wanted, len(candidates))):
        free = [name for name in _LINKING if name not in {account.service.name for account in own}]
        if free:
            moment = _moment(rng)
            opened.append(
                Account(
                    BY_NAME[rng.choice(free)],
                    own[0].person,
                    moment,
                    moment,
                    day=2,
                    reason="linking",
                    contacts=_lonely_contacts(own),
                )
            )
    return opened


def _contacts(accounts: Iterable[Account], field: str) -> set[str]:
    return {str(row.values[field]) for account in accounts for row in account.rows if row.values.get(field)}


def _lonely_contacts(own: Sequence[Account]) -> tuple[str | None, str | None] | None:
    """Return the phone only the app knows and the address only the ticket office knows; None when there are none."""
    phones, emails = (
        _contacts([one for one in own if one.service.name == service and one.day == 1], field)
        - _contacts([one for one in own if one.service.name != service], field)
        for service, field in (("app", "phone"), ("tickets", "email"))
    )
    return (min(phones, default=None), min(emails, default=None)) if phones or emails else None


def _known_by_name(own: Sequence[Account]) -> bool:
    """Tell whether a sound record of day 1 has surname and birth date, so that a new one will be linked to it."""
    return any(
        row.fit and row.day == 1 and row.values.get("last_name") and row.values.get("birth_date") == account.person.born
        for account in own
        for row in account.rows
    )


def write_second_day_rows(
    accounts: Sequence[Account], busy: set[tuple[str, str]], rng: Random, organisations: Organisations
) -> None:
    """Add to accounts of day 1 what happens to them on day 2. *busy*: (service, key) that participations refer to."""
    for account in accounts:
        if account.day == 1:
            can_go = account.service.can_delete and (account.service.name, account.key) not in busy
            row = _next_row(account, rng, organisations, can_go=can_go)
            if row is not None:
                account.rows.append(row)


def _next_row(account: Account, rng: Random, organisations: Organisations, *, can_go: bool) -> Row | None:
    last, chance = account.rows[-1], rng.random()
    moment = _moment(rng)
    reason = "updated" if last.fit else "corrected"
    if chance < SECOND_DAY[reason].share:
        row = row_of(account, moment, 2, rng, organisations, clean=True)
        row.dirt = (*row.dirt, reason)
        return row
    if last.fit and can_go and rng.random() < SECOND_DAY["deleted"].share:
        registered, values = last.registered_at, dict(last.values)
        return Row(last.service, last.key, last.person_no, 2, registered, moment, values, ("deleted",), "delete")
    return None
