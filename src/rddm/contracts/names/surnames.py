"""What the ending of a Russian surname tells: that it is one, whose gender it has, and its form without gender."""

from __future__ import annotations

import re
from typing import Literal

from rddm.contracts.names.known import fold_name

_FEMALE_ENDING = re.compile(r"\w+(?:ова|ева|ина|ына|ская|цкая|ova|eva|ina|skaya|skaia|tskaya|skaja)")
_MALE_ENDING = re.compile(r"\w+(?:ов|ев|ин|ын|ский|цкий|ской|ov|ev|in|off|eff|sky|skiy|skii|ski|skij)")
_OTHER_ENDING = re.compile(
    r"\w{2,}(?:ко|енко|ук|юк|чук|ых|их|ян|янц|дзе|швили|ич|ец|ейко|аго|enko|chuk|yan|dze|shvili)"
)


def surname_gender(name: str) -> Literal["female", "male"] | None:
    """
    Return the gender that a surname's ending tells; None where it tells none (Шевченко, Мюллер).

    >>> surname_gender("Щербакова"), surname_gender("Shcherbakov"), surname_gender("Шевченко")
    ('female', 'male', None)
    """
    folded = fold_name(name)
    if _FEMALE_ENDING.fullmatch(folded):
        return "female"
    return "male" if _MALE_ENDING.fullmatch(folded) else None


def looks_like_russian_surname(name: str) -> bool:
    """
    Tell whether *name* ends as surnames in and around Russia do.

    >>> [looks_like_russian_surname(name) for name in ("Иванова", "Шевчук", "Саакян", "Anna")]
    [True, True, True, False]
    """
    folded = fold_name(name)
    return surname_gender(folded) is not None or bool(_OTHER_ENDING.fullmatch(folded))


def ungendered_surname(name: str) -> str:
    """
    Return the surname folded and in its male form, so that brothers and sisters, wives and husbands read the same.

    Works word by word in double surnames.

    >>> ungendered_surname("Щербакова"), ungendered_surname("Римская-Корсакова"), ungendered_surname("Ivanova")
    ('щербаков', 'римский-корсаков', 'ivanov')
    """
    return "-".join(map(_ungender, fold_name(name).split("-")))


def _ungender(word: str) -> str:
    if len(word) < 5:
        return word
    if word.endswith(("ова", "ева", "ёва", "ина", "ына", "ova", "eva", "ina")):
        return word[:-1]
    for female, male in (("ская", "ский"), ("цкая", "цкий"), ("skaya", "sky"), ("skaia", "sky"), ("skaja", "sky")):
        if word.endswith(female):
            return word[: -len(female)] + male
    return word
