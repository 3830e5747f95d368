"""Families with their children, and what changes in a life: one compact row per person, made from the family's number."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from rddm.demo.multitude.calendar import day_between, day_number, days_of, year_of
from rddm.demo.multitude.chance import Chance, Flags, Ints, parts
from rddm.demo.multitude.names import Names
from rddm.demo.multitude.places import Places
from rddm.demo.population import FIRST_DAY
from rddm.demo.rates import LIFE

TODAY = day_number(FIRST_DAY)
NEVER = 32_767
"""A day that does not come: the largest of two bytes, in 2059."""
ALWAYS = -32_768
MOTHER, FATHER = 4, 5
"""The places of parents in a family, after up to four children."""
FAMILIES_AT_A_TIME = 1 << 17
_ROUND = 4

PERSON = np.dtype(
    [
        ("family", "u4"), ("place", "u1"), ("female", "?"), ("given", "u1"), ("father", "u1"), ("born", "i2"),
        ("surname", "u2"), ("married", "u2"), ("married_on", "i2"),
        ("household", "u2"), ("mother", "u1"), ("mother_born", "i2"),
        ("town", "u1"), ("school", "u2"), ("moved_on", "i2"), ("next_town", "u1"), ("next_school", "u2"),
        ("family_phone", "?"), ("phone_from", "i2"), ("new_phone_on", "i2"),
        ("family_email", "?"), ("email_from", "i2"), ("new_email_on", "i2"),
        ("family_email_rank", "u2"), ("email_rank", "u2"), ("new_email_rank", "u2"),
    ]
)  # fmt: skip
"""
Names, towns and schools by number, days since 1970. ``mother`` is her given name, ``household`` the family's surname,
``*_on`` the day of a change (`NEVER`). ``family_phone``: the mother's stands for it until ``phone_from``. The ranks say how many
had the same wish for an e-mail address before (`addresses`).
"""
People = npt.NDArray[np.void]


@dataclass(frozen=True)
class Society:
    """What families are made from."""

    chance: Chance
    names: Names
    places: Places

    def families(self, numbers: Ints) -> People:
        """Return the members of the families *numbers*, in order: children from the eldest, mother, father."""
        chance, names = self.chance, self.names
        many = len(numbers)
        eldest_year = 1995 + chance.triangular(numbers, "eldest", 0, 24, 14).astype(np.int64)
        eldest = day_between(chance, numbers, "birthday", days_of(eldest_year, 1, 1), days_of(eldest_year + 1, 1, 1))
        mother_born = days_of(
            eldest_year - 20 - chance.below(numbers, "mother's age", 15),
            1 + chance.below(numbers, "mother's month", 12),
            1 + chance.below(numbers, "mother's day", 28),
        )
        mother = self._given(numbers, "mother", np.ones(many, np.bool_), mother_born)
        father = chance.pick(numbers, "father", names.weights["m"][0])
        members = np.zeros((many, FATHER + 1), PERSON)
        births, present = self._births(numbers, eldest)
        born = np.where(present[:, :MOTHER], births, 0)
        members["born"][:, :MOTHER] = born
        members["born"][:, MOTHER], members["born"][:, FATHER] = mother_born, mother_born - 700
        members["female"][:, MOTHER] = True
        taken = [mother]
        for place in range(MOTHER):
            key = numbers * 8 + place
            female = chance.hits(key, "girl", 0.5)
            given = self._given(key, "name", female, born[:, place])
            for attempt in range(4):  # children of a family have different names, and not the mother's
                again = np.any([given == name for name in taken], axis=0)
                given[again] = self._given(key[again], f"name {attempt}", female[again], born[again, place])
            taken.append(given)
            members["female"][:, place], members["given"][:, place] = female, given
        members["given"][:, MOTHER], members["given"][:, FATHER] = mother, father
        shared = self._shared(numbers)
        shared["mother"], shared["mother_born"], shared["father"] = mother, mother_born, father
        for name in ("family", "household", "mother", "mother_born", "father", "town", "moved_on", "next_town"):
            members[name] = shared[name][:, None]
        members["surname"] = members["household"]
        members["place"] = np.arange(FATHER + 1, dtype=np.uint8)
        return np.asarray(members[present])

    def _births(self, numbers: Ints, eldest: Ints) -> tuple[Ints, Flags]:
        chance = self.chance
        children = 1 + chance.pick(numbers, "children", (0.52, 0.36, 0.09, 0.03))
        twins = (children > 1) & chance.hits(numbers, "twins", LIFE["twins"].share)
        births = np.empty((len(numbers), MOTHER), np.int64)
        births[:, 0] = eldest
        for place in range(1, MOTHER):
            gap = 400 + chance.below(numbers, f"gap {place}", 1801)
            births[:, place] = births[:, place - 1] + (np.where(twins, 0, gap) if place == 1 else gap)
        present = np.empty((len(numbers), FATHER + 1), np.bool_)
        present[:, :MOTHER] = (np.arange(MOTHER) < children[:, None]) & (births < day_number(date(2019, 1, 1)))
        for place in (MOTHER, FATHER):
            present[:, place] = chance.hits(numbers, f"member {place}", LIFE["grown_up_member"].share)
        return births, present

    def _given(self, numbers: Ints, purpose: str, female: Flags, born: Ints) -> Ints:
        names = self.names
        decades = names.decade(year_of(born))
        found = np.empty(len(numbers), np.int64)
        for decade in range(4):
            for gender, first in (("m", 0), ("f", names.boys)):
                chosen = np.flatnonzero((decades == decade) & (female == (gender == "f")))
                found[chosen] = first + self.chance.pick(numbers[chosen], purpose, names.weights[gender][decade])
        return found

    def _shared(self, numbers: Ints) -> People:
        chance, places = self.chance, self.places
        shared = np.zeros(len(numbers), PERSON)
        shared["family"] = numbers
        shared["household"] = chance.pick(numbers, "surname", self.names.surname_weights)
        shared["town"] = chance.pick(numbers, "town", places.weights)
        shared["next_town"] = chance.pick(numbers, "next town", places.weights)
        shared["moved_on"] = _changed_on(chance, numbers, "moved", np.zeros(len(numbers), np.int64))
        return shared

    def with_lives(self, people: People, first: int) -> None:
        """Fill in what each of *people*, numbered from *first*, has of their own."""
        chance, numbers = self.chance, np.arange(first, first + len(people), dtype=np.int64)
        born, place = people["born"].astype(np.int64), people["place"]
        child, parent = place < MOTHER, place >= MOTHER
        people["school"] = self.places.school_in(chance, numbers, "school", people["town"].astype(np.int64))
        people["next_school"] = self.places.school_in(
            chance, numbers, "next school", people["next_town"].astype(np.int64)
        )
        people["father"][parent] = chance.pick(numbers[parent], "grandfather", self.names.weights["m"][0])
        wedding_from = days_of(np.clip(year_of(born) + 19, 1970, 2100), 6, 1)
        may_marry = child & people["female"] & (wedding_from <= day_number(date(2025, 6, 1)))
        people["married"] = chance.pick(numbers, "husband's surname", self.names.surname_weights)
        people["married_on"] = np.where(may_marry, _changed_on(chance, numbers, "maiden_name", wedding_from), NEVER)
        for what, earliest, years in (("phone", 7, 6), ("email", 9, 5)):
            since = born + (365.25 * (earliest + years * chance.unit(numbers, f"{what} at"))).astype(np.int64)
            # A mother's phone and address are the family's; a father has his own.
            people[f"{what}_from"] = np.where(child, since, np.where(place == MOTHER, NEVER, ALWAYS))
            people[f"new_{what}_on"] = np.where(child, _changed_on(chance, numbers, f"new_{what}", since), NEVER)
            people[f"family_{what}"] = (place == MOTHER) | chance.hits(
                numbers, f"family {what}", LIFE[f"family_{what}"].share
            )


def _changed_on(chance: Chance, numbers: Ints, kind: str, since: Ints) -> Ints:
    """Return the day of a change of *kind*, some time after *since*; mostly `NEVER`."""
    earliest = np.maximum(since, day_number(date(2017, 1, 1)))
    changed = chance.hits(numbers, kind, LIFE[kind].share) & (earliest < TODAY - 60)
    return np.where(changed, day_between(chance, numbers, f"{kind} on", earliest, TODAY - 30), NEVER)


def _force_namesakes(people: People, chance: Chance) -> None:
    """Give some children the names and the birth date of a child of another family."""
    numbers = np.arange(len(people), dtype=np.int64)
    is_child = people["place"] < MOTHER
    children = np.flatnonzero(is_child)
    share = LIFE["namesake"].share * len(people) / max(1, len(children))
    copies = is_child & chance.hits(numbers, "namesake", share)
    patterns = is_child & ~copies & chance.hits(numbers, "namesake of", share * 1.2)
    for female in (False, True):
        groups = [np.flatnonzero(group & (people["female"] == female)) for group in (copies, patterns)]
        many = min(map(len, groups))
        copy, pattern = (
            group[np.argsort(chance.bits(group, "namesake order"), kind="stable")][:many] for group in groups
        )
        others = people["family"][copy] != people["family"][pattern]
        copy, pattern = copy[others], pattern[others]
        for name in ("given", "born", "surname"):
            people[name][copy] = people[name][pattern]
        people["married_on"][copy] = NEVER
        same = chance.hits(copy, "namesake_patronymic", LIFE["namesake_patronymic"].share)
        people["father"][copy[same]] = people["father"][pattern[same]]


def make_people(count: int, society: Society, pool: Executor) -> People:
    """Return *count* people, family by family; the place in the array is the person's number."""
    people = np.empty(count, PERSON)
    done = family = 0
    while done < count:
        # Some too few rather than too many: a family has 1.7 members on average, and the next round brings the rest.
        many = min(max((count - done) * 11 // 20 // _ROUND, 1000), FAMILIES_AT_A_TIME)
        starts = [family + part * many for part in range(_ROUND)]
        for members in pool.map(lambda start: society.families(np.arange(start, start + many, dtype=np.int64)), starts):  # noqa: B023 - used up before it changes
            kept = members[: count - done]
            people[done : done + len(kept)] = kept
            done += len(kept)
        family += many * _ROUND
    list(pool.map(lambda part: society.with_lives(people[part.start : part.stop], part.start), parts(count)))
    _force_namesakes(people, society.chance)
    return people
