"""
Everybody's phones, e-mail addresses and insurance numbers: nobody has another's.

Numbers are dealt by scattering: the first owner, the second and so on go through a fixed range in a mixed order. Addresses are
wished for, and whoever wishes for one that is gone gets digits behind it; the rank among those who wished for it is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from rddm.demo.multitude.calendar import FIRST_YEAR, parts_of
from rddm.demo.multitude.chance import Chance, Ints, parts, scattered
from rddm.demo.multitude.households import NEVER, People
from rddm.demo.multitude.names import Names
from rddm.demo.population import EMAIL_HOSTS, NICKS, SNILS_FROM

PHONE_PRIME = 49_999_991
"""The largest that serves below five codes of ten million numbers each."""
SNILS_PRIME = 99_999_971
MOST_PEOPLE = 15_000_000
"""What the phones are enough for: one per family, two per person."""
RANKS_PRIME = 9_967
_PATTERNS = 6


def family_phones(families: Ints) -> Ints:
    """Return the mothers' phones: numbers from 0 to `PHONE_PRIME`."""
    return scattered(families * 3, PHONE_PRIME)


def own_phones(people: Ints, second: Ints) -> Ints:
    """Return people's own phones, the first or (*second* 1) the next one."""
    return scattered(people * 3 + 1 + second, PHONE_PRIME)


def insurance_numbers(people: Ints) -> Ints:
    """Return insurance numbers of nine digits."""
    return SNILS_FROM + scattered(people, SNILS_PRIME)


@dataclass(frozen=True)
class Wishes:
    """
    The e-mail addresses that people wish for, in parts: places in `Names.latin` (then the nicknames) and in `tails`.

    ``pattern`` is one of six: anna.ivanova, ivanovaa98, anna_ivanova, ivanova.1998, anna0305, zvezda2718.
    """

    pattern: Ints
    first: Ints
    second: Ints
    tail: Ints
    host: Ints

    def code(self) -> Ints:
        """Return one number for each wish, equal for equal wishes."""
        code = self.pattern * len(EMAIL_HOSTS) + self.host
        code = (code << 19) + self.first
        return (((code << 19) + self.second) << 15) + self.tail


def tails() -> list[str]:
    """Return what may end a local part: nothing, two digits of a year, a dot and a year, day and month, a number."""
    years = [f".{year}" for year in range(FIRST_YEAR, FIRST_YEAR + 200)]
    days = [f"{day:02}{month:02}" for day in range(1, 32) for month in range(1, 13)]
    return ["", *(f"{year:02}" for year in range(100)), *years, *days, *(str(number) for number in range(10, 9999))]


_YEARS_AT, _DAYS_AT, _NUMBERS_AT = 101, 301, 301 + 372


def wishes(chance: Chance, owners: Ints, names: Names, given: Ints, form: Ints, born: Ints) -> Wishes:
    """Return what *owners* of the names and the birth dates wish for; *owners* are numbers of addresses, not of people."""
    standard = chance.below(owners, "spelling", len(names.given_latin))
    first, last = names.given_latin[standard, given], names.form_latin[standard, form]
    year, month, day = parts_of(born)
    nick = len(names.latin) + chance.below(owners, "nick", len(NICKS))
    nothing = np.zeros_like(owners)
    birthday = _DAYS_AT + (day - 1) * 12 + month - 1
    number = _NUMBERS_AT + chance.below(owners, "number", 9_989)
    pattern = chance.below(owners, "pattern", _PATTERNS)
    return Wishes(
        pattern=pattern,
        first=np.choose(pattern, (first, last, first, last, first, nick)),
        second=np.choose(pattern, (last, names.initial[first], last, nothing, nothing, nothing)),
        tail=np.choose(pattern, (nothing, 1 + year % 100, nothing, _YEARS_AT + year - FIRST_YEAR, birthday, number)),
        host=chance.below(owners, "host", len(EMAIL_HOSTS)),
    )


def family_owner(families: Ints) -> Ints:
    """Return the number of a family's address, for `wishes`."""
    return families * 3


def own_owner(people: Ints, second: Ints) -> Ints:
    """Return the number of a person's own address, the first or (*second* 1) the next one, for `wishes`."""
    return people * 3 + 1 + second


def deal_addresses(people: People, names: Names, chance: Chance, pool: Executor) -> None:
    """Fill in the ranks of *people*'s addresses: how many wished for the same before."""
    numbers = np.arange(len(people), dtype=np.int64)
    heads = np.flatnonzero(np.diff(people["family"].astype(np.int64), prepend=-1))
    changing = np.flatnonzero(people["new_email_on"] != NEVER)
    codes = np.concatenate(
        [
            *_codes(lambda part: _family_wishes(people[part], names, chance), heads, pool),
            *_codes(lambda part: own_wishes(people[part], part, np.zeros_like(part), names, chance), numbers, pool),
            *_codes(lambda part: own_wishes(people[part], part, np.ones_like(part), names, chance), changing, pool),
        ]
    )
    ranks = _ranks(codes)
    del codes
    people["family_email_rank"] = np.repeat(ranks[: len(heads)], np.diff(heads, append=len(people)))
    people["email_rank"] = ranks[len(heads) : len(heads) + len(people)]
    people["new_email_rank"][changing] = ranks[len(heads) + len(people) :]


def own_wishes(people: People, numbers: Ints, second: Ints, names: Names, chance: Chance) -> Wishes:
    """Return what *people*, numbered *numbers*, wish for themselves, the first time or (*second* 1) the next."""
    form = people["surname"].astype(np.int64) * 2 + people["female"]
    born = people["born"].astype(np.int64)
    return wishes(chance, own_owner(numbers, second), names, people["given"].astype(np.int64), form, born)


def _family_wishes(people: People, names: Names, chance: Chance) -> Wishes:
    form = people["household"].astype(np.int64) * 2 + 1
    owners = family_owner(people["family"].astype(np.int64))
    return wishes(
        chance, owners, names, people["mother"].astype(np.int64), form, people["mother_born"].astype(np.int64)
    )


def _codes(wish: Callable[[Ints], Wishes], places: Ints, pool: Executor) -> list[Ints]:
    return list(pool.map(lambda part: wish(places[part.start : part.stop]).code(), parts(len(places))))


def _ranks(codes: Ints) -> Ints:
    """Return for each code how many equal ones stand before it."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    place = np.arange(len(codes), dtype=np.int64)
    starts = np.where(np.diff(ordered, prepend=-1) != 0, place, 0)
    ranks = np.empty(len(codes), np.int64)
    ranks[order] = place - np.maximum.accumulate(starts)
    return ranks


def rank_texts() -> list[str]:
    """Return what stands behind an address wished for by others before, by rank: no digits, then some, all different."""
    return ["", *(str(rank * 3571 % RANKS_PRIME + 1 if rank < RANKS_PRIME else rank + 1) for rank in range(1, 1 << 16))]
