"""What the first records of an unknown source give away: a title above the header, no text at all, a key with slips."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pyarrow as pa

MOST_TITLE_ROWS = 9
NEARLY_UNIQUE = 0.95
"""The share of records with a value of their own from which a column is taken for the key."""
_MADE_UP = re.compile(r"c\d+")
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


def key_slips(records: pa.Table, column: str) -> str | None:
    """
    Return what keeps *column* from being a perfect key of *records*, in words; None when it cannot be one.

    A source repeats records, leaves out a key here and there: up to 5 per cent, or one record, are forgiven.
    """
    # Records that are repeated whole are one.
    rows = records.group_by(records.column_names).aggregate([])
    values = rows.column(column).to_pylist()
    present = [value for value in values if value is not None and str(value).strip()]
    blank, twice = len(values) - len(present), len(present) - len(set(present))
    if not present or blank + twice > max(1, (1 - NEARLY_UNIQUE) * len(values)):
        return None
    slips = [f"{blank} without it"] if blank else []
    slips += [f"{twice} with another's"] if twice else []
    return f"of {len(values):,} records looked at, {' and '.join(slips)}" if slips else ""


def _named(names: Sequence[str]) -> int:
    """How many columns have a name that is not made up and not the number of another one's."""
    return len({_NUMBERED.sub("", name) for name in names if not _MADE_UP.fullmatch(name)})
