"""Patronymics: Иванович, Ильинична, Али оглы, and their Latin spellings."""

from __future__ import annotations

import re
from typing import Literal

from rddm.contracts.names import given_names
from rddm.contracts.names.known import fold_name
from rddm.contracts.names.romanisation import romanisation_key

_MALE = re.compile(
    r"\w{2,}(?:ович|евич|йович|ovich|evich|ovych|evych)"
    r"|[\w' -]+[ -](?:оглы|оглу|угли|улы|ogly|oglu|ogli|ugli|uly)"
)
_FEMALE = re.compile(
    r"\w{2,}(?:овна|евна|ична|инична|івна|ївна|ovna|evna|ichna|inichna|ivna)"
    r"|[\w' -]+[ -](?:кызы|гызы|кизи|qizi|kyzy|kizi|gyzy|kizy)"
)
_SHORT_MALE = frozenset(
    [
        "ильич",
        "кузьмич",
        "лукич",
        "фомич",
        "никитич",
        "саввич",
        "ионич",
        "силыч",
        "данилыч",
        "иваныч",
        "палыч",
        "ilyich",
        "ilich",
        "kuzmich",
        "lukich",
        "fomich",
        "nikitich",
        "savvich",
    ]
)


def patronymic_gender(name: str) -> Literal["female", "male"] | None:
    """
    Return whose patronymic *name* has the form of: a son's, a daughter's, or None if it is no patronymic.

    >>> [patronymic_gender(name) for name in ("Ильинична", "Ivanovich", "Али оглы", "Иван")]
    ['female', 'male', 'male', None]
    """
    folded = fold_name(name)
    if _FEMALE.fullmatch(folded):
        return "female"
    return "male" if folded in _SHORT_MALE or _MALE.fullmatch(folded) else None


def is_patronymic(name: str) -> bool:
    """
    Tell whether *name* has the form of a patronymic. Some surnames have it too (Рабинович): see `is_known_patronymic`.

    >>> [is_patronymic(name) for name in ("Петрович", "Петровна", "Али кызы", "Petrovna", "Петров")]
    [True, True, True, True, False]
    """
    return patronymic_gender(name) is not None


def _derive(name: str) -> set[str]:
    """Patronymics formed from a male given name, folded."""
    if name.endswith(("ий", "ии")):
        stem = name[:-2]
        return {stem + "ьевич", stem + "ьевна", stem + "иевич", stem + "иевна"}
    if name.endswith(("й", "ь")):
        return {name[:-1] + "евич", name[:-1] + "евна"}
    if name.endswith(("а", "я")):
        stem = name[:-1]
        return {stem + "ич", stem + "ична", stem + "инична", stem + "ович", stem + "овна", stem + "евич", stem + "евна"}
    if name.endswith(("и", "е", "у")):
        return {name + "евич", name + "евна"}
    if name.endswith("о"):
        return {name[:-1] + "ович", name[:-1] + "овна"}
    return {name + "ович", name + "овна", name + "евич", name + "евна"}


_IRREGULAR = (
    "львович львовна павлович павловна петрович петровна яковлевич яковлевна ильич ильинична лукич лукинична михайлович"
    " михайловна гаврилович гавриловна данилович даниловна кузьмич кузьминична фомич фоминична никитич никитична"
)
_KNOWN = frozenset(_IRREGULAR.split()).union(
    *(_derive(fold_name(name)) for name in (given_names.RUSSIAN_MALE + given_names.REGIONAL_MALE).split())
)
_KNOWN_ROMANISED = frozenset(map(romanisation_key, _KNOWN))


def is_known_patronymic(name: str) -> bool:
    """
    Tell whether *name* is the patronymic of a known given name, so that it is hardly a surname.

    >>> [is_known_patronymic(name) for name in ("Иванович", "Sergeevna", "Али оглы", "Рабинович")]
    [True, True, True, False]
    """
    folded = fold_name(name)
    if folded in _KNOWN:
        return True
    if " " in folded or "-" in folded:
        return is_patronymic(folded)
    return folded.isascii() and is_patronymic(folded) and romanisation_key(folded) in _KNOWN_ROMANISED
