"""The lists of names and places, with how common each is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class GivenName:
    """``weights`` by decade of birth: before 1990, 1990s, 2000s, 2010s."""

    name: str
    weights: tuple[float, float, float, float]
    short_forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Region:
    code: str
    name: str
    district: str
    weight: float
    towns: tuple[str, ...]


def _lines(name: str) -> list[str]:
    text = files("rddm.demo.words").joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@cache
def surnames() -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return masculine surnames and their weights: the most frequent first, falling as in Zipf's law."""
    names = tuple(dict.fromkeys(name for line in _lines("surnames.txt") for name in line.split()))
    return names, tuple(1 / (rank + 12) ** 0.9 for rank in range(len(names)))


@cache
def surname_roots() -> tuple[str, ...]:
    """Return roots of which more surnames can be made, for populations too large for the list."""
    return tuple(dict.fromkeys(root for line in _lines("roots.txt") for root in line.split()))


@cache
def given_names(gender: str) -> tuple[GivenName, ...]:
    """Return the given names of *gender* (``m`` or ``f``)."""
    found: dict[str, GivenName] = {}
    for line in _lines("given_names.txt"):
        head, weights, short_forms = line.split("|")
        name, of_gender = head.split()
        if of_gender == gender and name not in found:
            before, nineties, noughties, tens = (float(weight) for weight in weights.split())
            found[name] = GivenName(name, (before, nineties, noughties, tens), tuple(short_forms.split()))
    return tuple(found.values())


@cache
def short_forms(gender: str) -> dict[str, tuple[str, ...]]:
    """Return the short forms that people use for each given name of *gender*."""
    return {name.name: name.short_forms for name in given_names(gender)}


@cache
def regions() -> tuple[Region, ...]:
    """Return the regions, the largest cities of each first."""
    found = []
    for line in _lines("places.txt"):
        code, name, district, weight, towns = (part.strip() for part in line.split("|"))
        found.append(
            Region(code, name, district, float(weight), tuple(town.replace("_", " ") for town in towns.split()))
        )
    return tuple(found)
