"""What a piece of one service's file is made of: the accounts, who they belong to, and the draws for them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from rddm.demo.multitude.calendar import DAY_SECONDS, year_of
from rddm.demo.multitude.chance import Chance, Flags, Ints
from rddm.demo.multitude.households import MOTHER, People
from rddm.demo.nine import Service
from rddm.demo.rates import DIRT


@dataclass(frozen=True)
class Piece:
    """
    Some records of one service. ``person``: numbers of people; ``number``: of records within the service, for draws.

    ``people``: the person's row, once per record; ``moment``: when the record was written, in seconds since 1970. ``tally``
    counts what was done to records, by kind.
    """

    service: Service
    chance: Chance
    person: Ints
    number: Ints
    moment: Ints
    people: People
    tally: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.person)

    @cached_property
    def day(self) -> Ints:
        return self.moment // DAY_SECONDS

    @cached_property
    def is_parent(self) -> Flags:
        return np.asarray(self.people["place"] >= MOTHER, np.bool_)

    @cached_property
    def under_16(self) -> Flags:
        return ~self.is_parent & (year_of(self.day) - year_of(self.whole("born")) < 16)

    def whole(self, name: str) -> Ints:
        """Return a field of the people as whole numbers of eight bytes."""
        return self.people[name].astype(np.int64)

    def has(self, name: str) -> Flags:
        """Return which records have the field *name* filled in."""
        return self.chance.hits(self.number, f"has {name}", self.service.fields[name])

    def befalls(self, kind: str, where: Flags | None = None) -> Ints:
        """Return the places of records that *kind* of dirt befalls, only *where* given."""
        hit = self.chance.hits(self.number, kind, DIRT[kind].share)
        return np.flatnonzero(hit if where is None else hit & where)

    def below(self, purpose: str, limit: int, places: Ints | None = None) -> Ints:
        """Return whole numbers below *limit* for the records at *places*."""
        return self.chance.below(self.number if places is None else self.number[places], purpose, limit)

    def note(self, kind: str, places: Ints) -> None:
        """Count the records at *places*."""
        self.tally[kind] += len(places)
