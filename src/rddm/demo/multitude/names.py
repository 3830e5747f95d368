"""The multitude's names: more surnames than the demo's list has, and numbers for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import md5

import numpy as np

from rddm.demo.multitude.chance import Ints
from rddm.demo.spelling import feminine_surname, patronymic, transliterate
from rddm.demo.wordlists import given_names, short_forms, surname_roots, surnames

LATIN_STANDARDS = ("icao", "bgn", "chat")
"""How people spell themselves in an e-mail address."""

_ENDINGS = """
ов ин ский енко анов аков иков уков ухин ухов ушин ушкин ушков ышев ышкин улин улов унин унов уев аев еев ягин якин яков ятин
ятников ашов ашин ашкин ошин ошкин ычев ичев ищев ищенко иненко ановский овский ицкий ченко цов ников атов аров арев ырев ырин
ыгин ихин ежин енков ельников елев алов ушенко очкин ичкин ёнков овников овцев
""".split()  # noqa: SIM905 - a table of words is read by people
_HUSHING = "жчшщц"
_SOFT_AFTER = {"ы": "и", "ю": "у", "я": "а"}


def derived_surname(root: str, ending: str) -> str:
    """
    Return a surname as Russian makes them: a root, what is added to it, spelt by the rules for hushing and back consonants.

    >>> derived_surname("Барсук", "ов"), derived_surname("Чиж", "ов"), derived_surname("Бык", "ышев")
    ('Барсуков', 'Чижев', 'Быкишев')
    """
    last, first = root[-1], ending[0]
    if last in _HUSHING and first == "о":
        ending = "е" + ending[1:]
    elif last in _HUSHING or last in "гкх":
        ending = _SOFT_AFTER.get(first, first) + ending[1:]
    return root + ending


@cache
def many_surnames() -> tuple[tuple[str, ...], tuple[float, ...]]:
    """
    Return some 47,000 masculine surnames and their weights: the demo's list, then what is derived from roots, in no order.

    The weights fall as in Zipf's law (Mandelbrot's form): the first name stands for one person in a hundred, the hundred
    commonest for a quarter of all. Unbegaun counted 16 % for the latter in Saint Petersburg's directory of 1910, a city of
    many origins ("Russian Surnames", supplement II); a list of some hundred names would give every namesake ten others.
    """
    head, _ = surnames()
    stems = [name[:-2] for name in head if name.endswith(("ов", "ев", "ин")) and len(name) > 5]
    roots = [*surname_roots(), *(stem for stem in stems if stem[-1] not in "аеёиоуыэюя")]
    tail = {derived_surname(root, ending) for root in dict.fromkeys(roots) for ending in _ENDINGS} - set(head)
    names = (*head, *sorted(tail, key=lambda name: md5(name.encode(), usedforsecurity=False).digest()))
    return names, tuple(1 / (rank + 12) for rank in range(len(names)))


@dataclass(frozen=True)
class Names:
    """
    Every name by number: ``given`` the boys' then the girls', of which ``boys`` are boys'; ``forms`` of surnames, twice the
    surname's number plus one for the feminine; ``patronymics`` likewise by the father's name.

    ``weights[decade]`` of given names (0 for the other gender's half where ``girls_weights``), see `wordlists.GivenName`.
    ``latin``: each different spelling of a given name or surname form, then initials; ``given_latin[standard]`` and
    ``form_latin[standard]`` are places in it, ``initial`` goes from a place to that of its first letter.
    """

    given: tuple[str, ...]
    boys: int
    weights: dict[str, tuple[tuple[float, ...], ...]]
    shorts: tuple[tuple[str, ...], ...]
    forms: tuple[str, ...]
    surname_weights: tuple[float, ...]
    patronymics: tuple[str, ...]
    latin: tuple[str, ...]
    given_latin: Ints
    form_latin: Ints
    initial: Ints

    def decade(self, years: Ints) -> Ints:
        """Return for birth *years* which of the four columns of weights holds."""
        return np.clip((years - 1980) // 10, 0, 3)


@cache
def all_names() -> Names:
    """Return the multitude's names, numbered; made once."""
    by_gender = {gender: given_names(gender) for gender in "mf"}
    given = tuple(name.name for gender in "mf" for name in by_gender[gender])
    last, surname_weights = many_surnames()
    forms = tuple(form for name in last for form in (name, feminine_surname(name)))
    places: dict[str, int] = {}

    def spelt(words: tuple[str, ...]) -> Ints:
        spellings = [
            [places.setdefault(transliterate(word, standard).lower().replace(" ", ""), len(places)) for word in words]
            for standard in LATIN_STANDARDS
        ]
        return np.array(spellings, np.int64)

    given_latin, form_latin = spelt(given), spelt(forms)
    initial = [places.setdefault(word[:1], len(places)) for word in list(places)]
    return Names(
        given=given,
        boys=len(by_gender["m"]),
        weights={
            gender: tuple(tuple(name.weights[decade] for name in names) for decade in range(4))
            for gender, names in by_gender.items()
        },
        shorts=tuple(short_forms(gender)[name.name] for gender in "mf" for name in by_gender[gender]),
        forms=forms,
        surname_weights=surname_weights,
        patronymics=tuple(patronymic(father.name, gender) for father in by_gender["m"] for gender in "mf"),
        latin=tuple(places),
        given_latin=given_latin,
        form_latin=form_latin,
        initial=np.array(initial, np.int64),
    )
