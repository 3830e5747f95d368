"""Dates as numbers: days since 1970, moments as seconds since 1970, and the way back to year, month and day."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np

from rddm.demo.multitude.chance import Chance, Ints

DAY_SECONDS = 86_400
FIRST_YEAR, LAST_YEAR = 1890, 2199
_DAYS = np.arange(f"{FIRST_YEAR}-01-01", f"{LAST_YEAR + 1}-01-01", dtype="datetime64[D]")
_FIRST_DAY = int(_DAYS[0].astype(np.int64))
_EVERY_MONTH = np.arange(f"{FIRST_YEAR}-01", f"{LAST_YEAR + 1}-01", dtype="datetime64[M]")
_MONTH_STARTS = _EVERY_MONTH.astype("datetime64[D]").astype(np.int64)
_MONTHS = _DAYS.astype("datetime64[M]").astype(np.int64)
_YEAR, _MONTH = 1970 + _MONTHS // 12, _MONTHS % 12 + 1
_DAY = _DAYS.astype(np.int64) - _MONTH_STARTS[_MONTHS - _MONTHS[0]] + 1


def day_number(day: date) -> int:
    """Return the days from 1970 to *day*."""
    return (day - date(1970, 1, 1)).days


def days_of(years: Ints, months: Ints | int, days: Ints | int) -> Ints:
    """Return the day numbers of dates that exist."""
    return np.asarray(_MONTH_STARTS[(years - FIRST_YEAR) * 12 + months - 1] + days - 1, np.int64)


def parts_of(days: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the year, month and day of the month of day numbers."""
    places = days - _FIRST_DAY
    return _YEAR[places], _MONTH[places], _DAY[places]


def year_of(days: Ints) -> Ints:
    """Return the year of day numbers."""
    return np.asarray(_YEAR[days - _FIRST_DAY], np.int64)


def day_between(chance: Chance, numbers: Ints, purpose: str, first: Ints | int, last: Ints | int) -> Ints:
    """Return days from *first* up to before *last*; *first* where there is none."""
    return np.asarray(
        first + chance.below(numbers, purpose, np.maximum(1, np.asarray(last - first, np.int64))), np.int64
    )


def moment_between(chance: Chance, numbers: Ints, purpose: str, first: Ints | int, last: Ints | int) -> Ints:
    """Return moments in waking hours (7 to 23) of days from *first* up to before *last*."""
    days = day_between(chance, numbers, purpose, first, last)
    return np.asarray(days * DAY_SECONDS + 7 * 3600 + chance.below(numbers, f"{purpose}, time", 57_600), np.int64)


@cache
def date_texts(*, day_first: bool) -> list[str]:
    """
    Return every date as text, beginning with `FIRST_YEAR`, then every year's 31 February; `date_places` leads there.

    The list is made once and must not be changed.
    """
    texts = _DAYS.astype(str).tolist() + [f"{year}-02-31" for year in range(FIRST_YEAR, LAST_YEAR + 1)]
    return [".".join(reversed(text.split("-"))) for text in texts] if day_first else texts


def date_places(days: Ints) -> Ints:
    """Return where in `date_texts` the days stand."""
    return days - _FIRST_DAY


def impossible_places(years: Ints) -> Ints:
    """Return where in `date_texts` the 31 February of *years* stands."""
    return len(_DAYS) + years - FIRST_YEAR
