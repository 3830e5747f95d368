"""Where the multitude lives: towns by size, and schools in proportion to the people."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np

from rddm.demo.multitude.chance import Chance, Ints
from rddm.demo.spelling import transliterate
from rddm.demo.wordlists import Region, regions

PEOPLE_PER_SCHOOL = 2_500
"""All who ever went there and are members: a thousand pupils today, half of them members, for a score of years."""
_KINDS = ("Школа", "Школа", "Школа", "Школа", "Гимназия", "Лицей")


@dataclass(frozen=True)
class Places:
    """Towns by number, with their share of the people; each has the schools ``first_school[town]`` to before the next town's."""

    towns: tuple[str, ...]
    regions: tuple[Region, ...]
    weights: tuple[float, ...]
    schools: tuple[int, ...]

    @cached_property
    def first_school(self) -> Ints:
        return np.array([0, *accumulate(self.schools)], np.int64)

    def school_in(self, chance: Chance, numbers: Ints, purpose: str, towns: Ints) -> Ints:
        """Return a school in each of *towns*; the first schools of a town are the large ones."""
        many = np.array(self.schools, np.int64)[towns]
        drawn = np.minimum(chance.below(numbers, purpose, many), chance.below(numbers, f"{purpose} again", many))
        return np.asarray(self.first_school[towns] + drawn, np.int64)

    def school_names(self, chance: Chance) -> list[str]:
        """Return the schools' names: numbered within their town."""
        everyone = np.arange(sum(self.schools), dtype=np.int64)
        kinds = chance.below(everyone, "kind of school", len(_KINDS))
        numbers = [number + 1 for many in self.schools for number in range(many)]
        return [f"{_KINDS[kind]} № {number}" for kind, number in zip(kinds, numbers, strict=True)]

    def school_emails(self) -> list[str]:
        """Return the schools' addresses, unlike each other and anybody's own."""
        return [
            f"school{number + 1}.{transliterate(town, 'icao').lower().replace(' ', '-')}@obrazovanie.alt"
            for town, many in zip(self.towns, self.schools, strict=True)
            for number in range(many)
        ]


def places_for(people: int) -> Places:
    """Return the towns, with at least the demo's schools and more where *people* are many."""
    found: list[tuple[str, Region, float, int]] = []
    for region in regions():
        for place, town in enumerate(region.towns):
            # The first town has half of the region, the next half of the rest, the last what is left.
            share = 0.5 ** (place + 1) if place + 1 < len(region.towns) else 0.5**place
            found.append((town, region, region.weight * share, max(3, 16 // (place + 1))))
    whole = sum(weight for _, _, weight, _ in found)
    return Places(
        towns=tuple(town for town, _, _, _ in found),
        regions=tuple(region for _, region, _, _ in found),
        weights=tuple(weight for _, _, weight, _ in found),
        schools=tuple(max(least, round(people * weight / whole / PEOPLE_PER_SCHOOL)) for *_, weight, least in found),
    )
