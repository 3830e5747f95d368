"""Whether a file's first row is its header, or somebody's data because there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rddm.contracts.names import is_given_name, is_patronymic

NO_HEADER = (
    "its first row looks like data and not like a header. If the file has none, say `header_rows: 0` under `read`, and map c1,"
    " c2, …; if that row is its header, say `header_rows: 1`"
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DAY = r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[./][0-9]{1,2}[./](?:[0-9]{4}|[0-9]{2}))"
_DATE = re.compile(rf"{_DAY}(?:[T ][0-9].*)?")
_YEARS = r"(?:(?:19|20)[0-9]{2}[^0-9]+){2}"
_LONG_NUMBER = re.compile(rf"(?!{_DAY}|{_YEARS})\+?(?:[\s().-]*[0-9]){{10,}}")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")


def is_surely_data(names: Sequence[str]) -> bool:
    """
    Tell whether *names* hold what no column is called: an e-mail address, a number of ten digits, a date beside other data.

    Dates alone are columns of a calendar.

    >>> is_surely_data(["1", "Иванов", "05.03.2010"]), is_surely_data(["name", "01.09.2026", "02.09.2026"])
    (True, False)
    """
    if any(holds_data(name) for name in names):
        return True
    return any(map(_is_date, names)) and any(_is_number(name) or _is_name(name) for name in names)


def is_likely_data(names: Sequence[str]) -> bool:
    """
    Tell whether *names* look more like a record than like a header: two of them are numbers, dates, people's names, repeated.

    >>> is_likely_data(["7", "Иванов Иван", "Самара"]), is_likely_data(["id", "name", "name"])
    (True, False)
    """
    filled = [name.strip().casefold() for name in names if name.strip()]
    signs = sum(_is_number(name) or _is_date(name) or _is_name(name) for name in names)
    return is_surely_data(names) or signs + (len(set(filled)) < len(filled)) > 1


def shown(names: Sequence[str]) -> str:
    """
    Return *names* of columns for a message; where they look like a record, how many there are and what that may come from.

    >>> shown(["id", "name"]), shown(["7", "Иван"])
    ('id, name', '2 columns whose names look like data: has a file no header? Then say `header_rows: 0` under `read`')
    """
    if is_likely_data(names):
        return f"{len(names):,} columns whose names look like data: has a file no header? Then say `header_rows: 0` under `read`"
    return ", ".join(names)


def holds_data(name: str) -> bool:
    """Tell whether the *name* of one column is, or begins with, what belongs to somebody: an address, a long number."""
    name = name.strip()
    return bool(_EMAIL.fullmatch(name) or _LONG_NUMBER.match(name))


def _is_date(name: str) -> bool:
    return _DATE.fullmatch(name.strip()) is not None


def _is_number(name: str) -> bool:
    return _NUMBER.fullmatch(name.strip()) is not None


def _is_name(name: str) -> bool:
    words = name.split()
    return len(words) <= 3 and any(is_given_name(word) or is_patronymic(word) for word in words)
