"""What the first records of an unknown source give away: a title above the header, no text at all, a key with slips."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

MOST_TITLE_ROWS = 9
NEARLY_UNIQUE = 0.95
"""The share of records with a value of their own from which a column is taken for the key."""
_MADE_UP = re.compile(r"c\d+")
_NUMERIC_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d\d)", re.ASCII)
MONTHS = 12
_NUMBERED = re.compile(r"_\d+$")


def rows_above_header(names: Sequence[str], look: Callable[[int], Sequence[str]]) -> int:
    """
    Return how many rows stand above the header of a table that gives columns *names* when its first row is taken for it.

    *look* gives the columns when so many rows are passed over. A title names one column, or one merged cell over all.
    """
    if _named(names) > 1:
        return 0
    for rows in range(1, MOST_TITLE_ROWS + 1):
        found = look(rows)
        if _named(found) > 1 and 2 * _named(found) >= len(found):
            return rows
    return 0


def is_text(names: Sequence[str]) -> bool:
    """Whether *names* of columns can have been written by people: bytes of another kind give them control characters."""
    return all(name.isprintable() and "\ufffd" not in name for name in (each.strip() for each in names))


@dataclass(frozen=True)
class KeySeen:
    """How *column* does as the key of the records looked at, of which those that are repeated whole count once."""

    column: str
    records: int
    blank: int
    repeated: int

    @property
    def is_clean(self) -> bool:
        return self.blank < self.records and not self.blank + self.repeated

    @property
    def is_nearly_clean(self) -> bool:
        """A source repeats records, leaves out a key here and there: up to 5 per cent, or one record, are forgiven."""
        return self.blank < self.records and self.blank + self.repeated <= max(1, (1 - NEARLY_UNIQUE) * self.records)

    @property
    def slips(self) -> str:
        """What keeps it from being a perfect key, in counts; empty when nothing does."""
        slips = [f"{self.blank:,} without it"] if self.blank else []
        slips += [f"{self.repeated:,} with another's"] if self.repeated else []
        return f"of {self.records:,} records looked at, {' and '.join(slips)}" if slips else ""


def key_seen(records: pa.Table, column: str) -> KeySeen:
    """Return how *column* does as the key of *records*."""
    rows = records.group_by(records.column_names).aggregate([])
    values = rows.column(column).to_pylist()
    present = [value for value in values if value is not None and str(value).strip()]
    return KeySeen(column, len(values), len(values) - len(present), len(present) - len(set(present)))


def month_first_format(values: Sequence[object]) -> str | None:
    """
    Return the format of a column of dates whose *values* prove that it writes the month before the day; None if they do not.

    >>> month_first_format(["02/07/2014", "12/31/2014", None]), month_first_format(["02/07/2014"])
    ('%m/%d/%Y', None)
    >>> month_first_format(["12/31/2014", "31/12/2014"])
    """
    found = [match for value in values if (match := _NUMERIC_DATE.fullmatch(str(value).strip())) is not None]
    signs = {match[2] for match in found}
    years = {len(match[4]) for match in found}
    is_proven = any(int(match[3]) > MONTHS for match in found) and all(int(match[1]) <= MONTHS for match in found)
    if not is_proven or len(signs) > 1 or len(years) > 1:
        return None
    (sign,) = signs
    return f"%m{sign}%d{sign}{'%Y' if years == {4} else '%y'}"


def lists_objects(values: Sequence[object]) -> bool:
    """Whether *values* of a column hold JSON lists of objects, out of which SQL must take a value."""
    texts = [value for value in values if isinstance(value, str) and value.lstrip().startswith("[")]
    try:
        found = [each for text in texts for each in json.loads(text)]
    except (ValueError, RecursionError):
        return False
    return bool(found) and all(isinstance(each, dict) for each in found)


def _named(names: Sequence[str]) -> int:
    """How many columns have a name that is not made up and not the number of another one's."""
    return len({_NUMBERED.sub("", name) for name in names if not _MADE_UP.fullmatch(name)})
