"""Numbers, times and sizes as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime

LONGEST = 200
"""Characters of what somebody wrote that a list shows."""


def number(value: int) -> str:
    """
    Return a count with thousands apart.

    >>> number(81234)
    '81,234'
    """
    return f"{value:,}"


def moment(value: datetime | None) -> str:
    """
    Return a moment in UTC to the minute.

    >>> moment(datetime(2026, 3, 1, 12, 5, 59))
    '2026-03-01 12:05'
    """
    if value is None:
        return ""
    in_utc = value if value.tzinfo is None else value.astimezone(UTC)
    return in_utc.strftime("%Y-%m-%d %H:%M")


def day(value: datetime | None) -> str:
    """
    Return the day of a moment, in UTC.

    >>> day(datetime(2026, 3, 1, 12, 5, 59))
    '2026-03-01'
    """
    return moment(value)[:10]


def seconds(value: float) -> str:
    """
    Return a span of time in the units that people count it in.

    >>> seconds(0.21), seconds(75.2), seconds(3700)
    ('0.2 s', '1 min 15 s', '1 h 1 min')
    """
    if value < 60:
        return f"{value:.1f} s"
    if value < 3600:
        return f"{int(value // 60)} min {int(value % 60)} s"
    return f"{int(value // 3600)} h {int(value % 3600 // 60)} min"


def size(size_bytes: int) -> str:
    """
    Return a size with its unit.

    >>> size(512), size(3 * 1024**2)
    ('512 B', '3.0 MiB')
    """
    value = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def text(value: object) -> str:
    """Return a cell's value as text: nothing for none, ISO dates, times to the minute."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return moment(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def begun(words: str) -> str:
    """
    Return what somebody wrote, as much of it as a list has room for.

    >>> begun("twins"), len(begun("twins " * 100))
    ('twins', 200)
    """
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def golden_words(entity: str) -> str:
    """
    Return what many golden records of *entity* are called.

    >>> golden_words("person"), golden_words("club")
    ('people', 'golden records of club')
    """
    return "people" if entity == "person" else f"golden records of {entity}"


def percent(probability: float) -> str:
    """
    Return a probability in per cent, never rounded up to certainty.

    >>> percent(0.9927), percent(0.99999999), percent(0.5)
    ('99.3 %', '>99.9 %', '50.0 %')
    """
    if 0.9995 <= probability < 1:
        return ">99.9 %"
    return f"{probability:.1%}".replace("%", " %")
