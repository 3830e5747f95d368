"""Who has an account in which service, since when, and under what key."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from rddm.demo.multitude.calendar import DAY_SECONDS, day_number, days_of, moment_between, year_of
from rddm.demo.multitude.chance import Chance, Flags, Ints, mixed, parts
from rddm.demo.multitude.households import MOTHER, TODAY, People
from rddm.demo.nine import BY_NAME, SERVICES, Service
from rddm.demo.rates import RECORDS

_SINCE = day_number(date(2016, 1, 1))
_OPEN_TO_ALL = ("register", "tickets")
_LATELY = 1 << len(SERVICES)
"""The mark of those who fit nowhere and are registered all the same, in the last two months."""


@dataclass(frozen=True)
class Accounts:
    """
    One service's accounts in the order of its file; the key follows from the place (`keys`).

    ``person``: the person's number; ``again``: the account is a duplicate; ``updated``: seconds since 1970.
    """

    service: Service
    person: npt.NDArray[np.uint32]
    again: Flags
    updated: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.person)


def _ages(service: Service, people: People) -> tuple[Ints, Ints]:
    """Return the first and last day on which each of *people* may register."""
    parent = people["place"] >= MOTHER
    born = year_of(people["born"].astype(np.int64))
    youngest, oldest = np.where(parent, 18, service.ages[0]), np.where(parent, 80, service.ages[1])
    first = np.maximum(_SINCE, days_of(born + youngest, 6, 1))
    return first, np.minimum(TODAY, days_of(born + oldest, 6, 1))


def memberships(people: People, chance: Chance, pool: Executor) -> npt.NDArray[np.uint16]:
    """Return for each of *people* a set of services, as bits in the order of `SERVICES`; nobody is without one."""
    found = pool.map(
        lambda part: _some_memberships(people[part.start : part.stop], part.start, chance), parts(len(people))
    )
    return np.concatenate(list(found))


def _some_memberships(people: People, first: int, chance: Chance) -> npt.NDArray[np.uint16]:
    numbers = np.arange(first, first + len(people), dtype=np.int64)
    parent = people["place"] >= MOTHER
    activity = chance.triangular(numbers, "activity", 0.3, 1.5, 0.75)
    bits = np.zeros(len(people), np.uint16)
    able = {}
    for place, service in enumerate(SERVICES):
        opening, closing = _ages(service, people)
        able[service.name] = opening < closing
        share = np.where(parent, service.grown_ups, service.share) * activity
        member = able[service.name] & (chance.unit(numbers, f"member of {service.name}") < share)
        bits |= np.where(member, 1 << place, 0).astype(np.uint16)
    for name in _OPEN_TO_ALL:
        bits[(bits == 0) & able[name]] = 1 << SERVICES.index(BY_NAME[name])
    bits[bits == 0] = _LATELY | 1 << SERVICES.index(BY_NAME[_OPEN_TO_ALL[0]])
    return bits


def accounts_of(service: Service, people: People, bits: npt.NDArray[np.uint16], chance: Chance) -> Accounts:
    """Return the accounts of *people* with *service*, duplicates included, in the order in which its file has them."""
    person = np.flatnonzero(bits & np.uint16(1 << SERVICES.index(service)))
    pieces = [_opened(service, people, bits, person[part.start : part.stop], chance) for part in parts(len(person))]
    pieces = pieces or [_opened(service, people, bits, person, chance)]
    persons, again, registered, updated = (np.concatenate(column) for column in zip(*pieces, strict=True))
    # Ids in base 16 put a file in no order at all; the others count their accounts as they come.
    order_by = mixed(persons.astype(np.uint64) * 2 + again) if service.name in HEXADECIMAL else registered
    order = np.argsort(order_by, kind="stable")
    return Accounts(service, persons[order], again[order], updated[order])


def _opened(
    service: Service, people: People, bits: npt.NDArray[np.uint16], person: Ints, chance: Chance
) -> tuple[npt.NDArray[np.uint32], Flags, npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    own = chance.of(service.name)
    first, last = _ages(service, people[person])
    # The movement grows: the later of two draws.
    registered = np.maximum(
        moment_between(own, person, "registered", first, last),
        moment_between(own, person, "registered later", first, last),
    )
    lately = (bits[person] & _LATELY) != 0
    registered[lately] = (TODAY - 1 - own.below(person[lately], "lately", 60)) * DAY_SECONDS + DAY_SECONDS // 2
    next_day = registered // DAY_SECONDS + 1
    changed = own.hits(person, "updated", 0.6) & ~lately
    updated = np.where(changed, moment_between(own, person, "updated on", next_day, TODAY), registered)
    twice = own.hits(person, "duplicate", RECORDS["duplicate"].share) & ~lately
    moment = np.maximum(moment_between(own, person[twice], "again", next_day[twice], TODAY), registered[twice])
    return (
        np.concatenate([person, person[twice]]).astype(np.uint32),
        np.arange(len(person) + np.count_nonzero(twice)) >= len(person),
        np.concatenate([registered, moment]).astype(np.uint32),
        np.concatenate([np.maximum(updated, registered), moment]).astype(np.uint32),
    )


HEXADECIMAL = {"academy": 16, "app": 12}
"""Digits of the ids that are drawn, by service."""
