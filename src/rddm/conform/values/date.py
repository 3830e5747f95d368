"""Dates, and birth dates with their bounds."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.placeholders import NOTHING, PLACEHOLDER_FOUND, is_empty_mark
from rddm.contracts.normalised import Normalised, Rejected

DAY_MONTH_SWAPPED = "day_month_swapped"
TWO_DIGIT_YEAR = "two_digit_year"
EXCEL_SERIAL_DATE = "excel_serial_date"
LETTER_IN_NUMBER = "letter_in_number"

NOT_A_DATE = Rejected("not_a_date")
IMPOSSIBLE_DATE = "impossible_date"
INCOMPLETE_DATE = "incomplete_date"
DATE_OUT_OF_RANGE = Rejected("date_out_of_range")
BIRTH_DATE_IN_FUTURE = "birth_date_in_future"
BIRTH_DATE_TOO_EARLY = "birth_date_too_early"

LATEST = date(2100, 1, 1)
EARLIEST_BIRTH = date(1900, 1, 1)
EARLIEST, LAST = date(1800, 1, 1), date(2200, 1, 1)
PLACEHOLDER_DATES = frozenset(
    map(date.fromisoformat, ("0001-01-01", "1111-11-11", "1753-01-01", "1800-01-01", "1899-12-30", "1899-12-31"))
) | frozenset(map(date.fromisoformat, ("1900-01-01", "1970-01-01", "9999-12-31", "9999-01-01", "2999-12-31")))

_PLACEHOLDERS_TOLD = frozenset(
    told for day in map(date.isoformat, PLACEHOLDER_DATES) for told in (f"{day[:7]}-00", f"{day[:4]}-00-00")
)
"""Year and month of them, or the year alone, tell as little."""

_TIME = r"(?:[T ,]+\d{1,2}[:.]\d\d.*|T.*)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-./ ])(\d{{1,2}})\2(\d{{1,2}})\.?{_TIME}", re.ASCII)
_DAY_FIRST = re.compile(
    rf"(\d{{1,2}})\s?([-./, ])\s?(\d{{1,2}})\s?\2\s?(\d{{4}}|\d\d)\s?(?:г\.?|года?\.?)?{_TIME}", re.ASCII
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?\d{4,6}Z?)?", re.ASCII)
_COMPACT_DAY_FIRST = re.compile(r"(\d\d)(\d\d)(\d{4})", re.ASCII)
_EXCEL = re.compile(r"(\d{5})(?:[.,]\d+)?", re.ASCII)
_EPOCH = re.compile(r"-?\d{9,10}|-?\d{12,13}", re.ASCII)
_DAY_MONTH_NAME = re.compile(
    rf"(\d{{1,2}})(?:st|nd|rd|th|-?го)?[ .\-/]*([a-zа-яё]+)[ .,\-/]*(\d{{4}}|\d\d)\s?(?:г\.?|года?\.?)?{_TIME.lower()}"
)
_MONTH_NAME_DAY = re.compile(rf"([a-zа-яё]+)[ .\-/]*(\d{{1,2}})(?:st|nd|rd|th)?[ .,]+(\d{{4}}){_TIME.lower()}")
_YEAR_ONLY = re.compile(r"(\d{4})(?:\s?г\.?|\s?год)?", re.ASCII)
_MONTH_FIRST = re.compile(r"(\d{1,2})[./-](\d{4})", re.ASCII)
_MONTH_LAST = re.compile(r"(\d{4})-(\d{1,2})", re.ASCII)
_ZEROS = re.compile(r"[0\-./: T]+")
_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+|(?:пн|вт|ср|чт|пт|сб|вс),?\s+", re.IGNORECASE)

_MONTHS = {
    start: number
    for number, starts in enumerate(
        ("янв jan", "фев feb", "мар mar", "апр apr", "май мая мае may", "июн jun", "июл jul", "авг aug", "сен sep", "окт oct",
         "ноя nov", "дек dec"),
        start=1,
    )
    for start in starts.split()
}  # fmt: skip
_LETTER_AS_DIGIT = str.maketrans("OoОоlIЗзБб", "0000113366")
_EXCEL_DAY_ZERO = date(1899, 12, 30)
_EXCEL_SERIALS = range(10_000, 60_000)


def normalise_date(text: str) -> Normalised | Rejected:
    """
    Return a calendar date as ISO 8601 from any of the usual notations; a time of day is left out.

    Day before month unless that is impossible. Excel's serial numbers count from 1899-12-30.

    >>> normalise_date("5 марта 2010 г.")
    Normalised(value='2010-03-05', repairs=())
    >>> normalise_date("12/31/2010")
    Normalised(value='2010-12-31', repairs=('day_month_swapped',))
    >>> normalise_date("31.02.2010")
    Rejected(reason='impossible_date')
    """
    parsed = parse_date(text)
    if isinstance(parsed, Rejected):
        return Rejected(parsed.reason)
    if isinstance(parsed, Normalised):
        return parsed
    day, repairs = parsed
    if not EARLIEST <= day <= LAST:
        return DATE_OUT_OF_RANGE
    return Normalised(day.isoformat(), repairs)


def normalise_birth_date(text: str, latest: date = LATEST) -> Normalised | Rejected:
    """
    Return a birth date as ISO 8601; before 1900 or after *latest* it is none, and 01.01.1900 and its like say nothing. Of what
    cannot be, the year, month and day that were told come along.

    >>> normalise_birth_date("03.04.2011"), normalise_birth_date("01.01.1900")
    (Normalised(value='2011-04-03', repairs=()), Normalised(value=None, repairs=('placeholder',)))
    >>> normalise_birth_date("30.02.2010").told, normalise_birth_date("05.2010").told
    ('2010-02-30', '2010-05-00')
    """
    parsed = parse_date(text, latest)
    if isinstance(parsed, Rejected) and parsed.told in _PLACEHOLDERS_TOLD:
        return Rejected(parsed.reason)
    if not isinstance(parsed, tuple):
        return parsed
    day, repairs = parsed
    if day > latest:
        return Rejected(BIRTH_DATE_IN_FUTURE, day.isoformat())
    if day < EARLIEST_BIRTH:
        return Rejected(BIRTH_DATE_TOO_EARLY, day.isoformat())
    return Normalised(day.isoformat(), repairs)


def parse_date(text: str, latest: date = LATEST) -> tuple[date, tuple[str, ...]] | Normalised | Rejected:
    """
    Return the date and the repairs it took, or what there is instead, with what it tells all the same. *latest* decides the
    century of short years.
    """
    if len(text) > 80:
        return NOT_A_DATE
    text, invisible = clean_characters(text)
    if not text:
        return NOTHING
    if is_empty_mark(text) or _ZEROS.fullmatch(text):
        return PLACEHOLDER_FOUND
    text = _WEEKDAY.sub("", text.strip("'\"`() "), count=1)
    parts = _find_parts(text)
    letters: tuple[str, ...] = ()
    if parts is None and (mended := text.translate(_LETTER_AS_DIGIT)) != text:
        parts, letters = _find_parts(mended), (LETTER_IN_NUMBER,)
    if parts is None:
        return _read_number(text, invisible)
    built = _build(parts, latest)
    if isinstance(built, Rejected):
        return built
    day, repairs = built
    return PLACEHOLDER_FOUND if day in PLACEHOLDER_DATES else (day, invisible + letters + repairs)


def _find_parts(text: str) -> tuple[str, str, str] | None:
    """Return the texts of year, month and day."""
    if match := _YEAR_FIRST.fullmatch(text):
        return match[1], match[3], match[4]
    if match := _DAY_FIRST.fullmatch(text):
        return match[4], match[3], match[1]
    if match := _COMPACT.fullmatch(text):
        if "1800" <= match[1] <= "2199" and match[2] <= "12":
            return match[1], match[2], match[3]
        if (match := _COMPACT_DAY_FIRST.fullmatch(text)) and "1800" <= match[3] <= "2199":
            return match[3], match[2], match[1]
        return None
    lower = text.lower()
    if (match := _DAY_MONTH_NAME.fullmatch(lower)) and (month := _MONTHS.get(match[2][:3])):
        return match[3], str(month), match[1]
    if (match := _MONTH_NAME_DAY.fullmatch(lower)) and (month := _MONTHS.get(match[1][:3])):
        return match[3], str(month), match[2]
    return None


def _build(parts: tuple[str, str, str], latest: date) -> tuple[date, tuple[str, ...]] | Rejected:
    year, month, day = map(int, parts)
    repairs: tuple[str, ...] = ()
    if len(parts[0]) == 2:
        repairs = (TWO_DIGIT_YEAR,)
        # Without a bound the century turns at 2035; with one, nobody is from the future.
        year += 2000 if year + 2000 <= min(latest.year, 2035) else 1900
    if month > 12 >= day:
        month, day = day, month
        repairs = (DAY_MONTH_SWAPPED, *repairs)
    try:
        return date(year, month, day), repairs
    except ValueError:
        is_year_first = len(parts[0]) == 2 and day > 31  # 90-02-30, perhaps
        return Rejected(IMPOSSIBLE_DATE, None if is_year_first else _told(year, month, day))


def _told(year: int, month: int = 0, day: int = 0) -> str:
    return f"{year:04}-{month:02}-{day:02}"


def _read_number(text: str, invisible: tuple[str, ...]) -> tuple[date, tuple[str, ...]] | Normalised | Rejected:
    if (match := _EXCEL.fullmatch(text)) and int(match[1]) in _EXCEL_SERIALS:
        return _EXCEL_DAY_ZERO + timedelta(days=int(match[1])), (*invisible, EXCEL_SERIAL_DATE)
    if _EPOCH.fullmatch(text):
        seconds = int(text) // (1000 if len(text.lstrip("-")) > 10 else 1)
        day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).date()
        return PLACEHOLDER_FOUND if day in PLACEHOLDER_DATES else (day, invisible)
    if match := _YEAR_ONLY.fullmatch(text):
        return Rejected(INCOMPLETE_DATE, _told(int(match[1])))
    if match := _MONTH_FIRST.fullmatch(text):
        return Rejected(INCOMPLETE_DATE, _told(int(match[2]), int(match[1])))
    if match := _MONTH_LAST.fullmatch(text):
        return Rejected(INCOMPLETE_DATE, _told(int(match[1]), int(match[2])))
    return NOT_A_DATE
