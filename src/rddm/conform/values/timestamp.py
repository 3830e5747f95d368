"""Points in time, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.date import EXCEL_SERIAL_DATE, parse_date
from rddm.conform.values.placeholders import NOTHING, PLACEHOLDER_FOUND, is_empty_mark
from rddm.contracts.normalised import Normalised, Rejected

NOT_A_TIMESTAMP = Rejected("not_a_timestamp")
TIMESTAMP_OUT_OF_RANGE = Rejected("timestamp_out_of_range")

_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LAST = datetime(1800, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_DATE_AND_TIME = re.compile(
    r"(?P<date>.*?\d(?:\s?г\.?|\s?года)?)[T ,]+(?:в )?(?P<hour>\d{1,2}):(?P<minute>\d\d)"
    r"(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?\s?(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"\s?(?P<zone>Z|z|UTC|GMT|MSK|мск|МСК|[+-]\d\d:?\d\d|[+-]\d\d)?(?:\s?\[.*\])?",
    re.ASCII,
)
_COMPACT = re.compile(r"(\d{8})T?(\d\d)(\d\d)(\d\d)Z?", re.ASCII)
_NUMBER = re.compile(r"\d{9,19}(?:\.\d{1,9})?", re.ASCII)
_EXCEL = re.compile(r"(\d{5})[.,](\d+)", re.ASCII)
_DIGITS_TO_UNIT = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}
_MOSCOW_MINUTES = 180


def normalise_timestamp(text: str) -> Normalised | Rejected:
    """
    Return a point in time as ``YYYY-MM-DD HH:MM:SS`` in UTC, with the fraction, up to microseconds, only where one was delivered.

    A time without zone is UTC; a bare date is its midnight. Bare numbers are seconds, milliseconds, micro- or
    nanoseconds since 1970 by their length.

    >>> normalise_timestamp("2024-05-01T10:00:00+03:00"), normalise_timestamp("1714546800")
    (Normalised(value='2024-05-01 07:00:00', repairs=()), Normalised(value='2024-05-01 07:00:00', repairs=()))
    """
    if len(text) > 80:
        return NOT_A_TIMESTAMP
    text, invisible = clean_characters(text)
    if not text:
        return NOTHING
    if is_empty_mark(text):
        return PLACEHOLDER_FOUND
    text = text.strip("'\"")
    read = _read_number(text) or _read_date_and_time(text)
    if not isinstance(read, tuple):
        return read
    moment, repairs = read
    if moment == _EPOCH_START:
        return PLACEHOLDER_FOUND
    if not _EARLIEST <= moment <= _LAST:
        return TIMESTAMP_OUT_OF_RANGE
    written = moment.replace(tzinfo=None).isoformat(sep=" ")
    return Normalised(written.rstrip("0") if "." in written else written, invisible + repairs)


def _read_number(text: str) -> tuple[datetime, tuple[str, ...]] | Rejected | None:
    if match := _COMPACT.fullmatch(text):
        day, hour, minute, second = match[1], match[2], match[3], match[4]
        read = _read_date_and_time(f"{day[:4]}-{day[4:6]}-{day[6:]} {hour}:{minute}:{second}")
        return read if isinstance(read, tuple) else NOT_A_TIMESTAMP
    if match := _EXCEL.fullmatch(text):
        seconds = round(float(f"0.{match[2][:12]}") * 86_400)
        day_zero = datetime(1899, 12, 30, tzinfo=UTC)
        return day_zero + timedelta(days=int(match[1]), seconds=seconds), (EXCEL_SERIAL_DATE,)
    if not _NUMBER.fullmatch(text):
        return None
    whole, _, fraction = text.partition(".")
    unit = _DIGITS_TO_UNIT.get(len(whole))
    if unit is None:
        return NOT_A_TIMESTAMP
    microseconds = int(whole) * 10**6 // unit
    if fraction and unit == 1:
        microseconds += int(fraction[:6].ljust(6, "0"))
    return _EPOCH_START + timedelta(microseconds=microseconds), ()


def _read_date_and_time(text: str) -> tuple[datetime, tuple[str, ...]] | Normalised | Rejected:
    match = _DATE_AND_TIME.fullmatch(text)
    parsed = parse_date(match["date"] if match else text)
    if isinstance(parsed, Rejected):
        return NOT_A_TIMESTAMP if parsed.reason == "not_a_date" else Rejected(parsed.reason)
    if isinstance(parsed, Normalised):
        return parsed
    day, repairs = parsed
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if not match:
        return midnight, repairs
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    if half := match["half"]:
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return NOT_A_TIMESTAMP
    microseconds = int((match["fraction"] or "")[:6].ljust(6, "0"))
    since = timedelta(
        hours=hour, minutes=minute - _offset_minutes(match["zone"]), seconds=second, microseconds=microseconds
    )
    try:
        return midnight + since, repairs
    except OverflowError:
        return TIMESTAMP_OUT_OF_RANGE


def _offset_minutes(zone: str | None) -> int:
    """Return how far *zone* is east of Greenwich."""
    if not zone:
        return 0
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        minutes = int(digits[:2]) * 60 + int(digits[2:])
        return -minutes if zone[0] == "-" else minutes
    return _MOSCOW_MINUTES if zone.casefold() in {"msk", "мск"} else 0
