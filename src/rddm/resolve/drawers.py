"""
Match keys in drawers: the form in which they are looked up one record at a time.

A row of PostgreSQL costs forty bytes beside what is in it, so keys are kept some dozens together. A key's low bits choose its
*drawer*. In there it is an *entry* of 64 bits for each person who has it: above its *label*, what is left of the key, cut to
32 bits with its kind, below the *number* of the person, the first 32 bits of their id. What two keys or two people come to
share by being cut finds one more candidate now and then, and the comparison lets it go. A key that too many share leads to
`NOBODY` alone, so that a question can tell it from one that nobody has.

All kinds find here, also those that a run only counts: everyone on a family's phone is few to look at for one question.
"""

from __future__ import annotations

from rddm.contracts.ids import id_order_sql
from rddm.resolve.keys import KIND_BITS, kind_number_sql, limit_sql

DRAWER_BITS = 20
LABEL_BITS = 32
_REST_BITS = LABEL_BITS - KIND_BITS
_SIGN = 1 << 31
"""PostgreSQL's integers have a sign."""
NOBODY = -_SIGN
"""The number of nobody; a person whose id begins with 32 zeros would have it, too."""


def drawer_of(key: int) -> int:
    return (key >> KIND_BITS) & ((1 << DRAWER_BITS) - 1)


def label_of(key: int) -> int:
    """
    Return what a key is known by in its drawer.

    >>> drawer_of(5 << 25 | 3 << 5 | 4), label_of(5 << 25 | 3 << 5 | 4) + 2**31 == 5 << 5 | 4
    (3, True)
    """
    rest = (key >> (KIND_BITS + DRAWER_BITS)) & ((1 << _REST_BITS) - 1)
    return (rest << KIND_BITS | key & ((1 << KIND_BITS) - 1)) - _SIGN


def drawer_sql(key: str = "key") -> str:
    """Return the SQL expression for `drawer_of`."""
    return f"(({key} >> {KIND_BITS}) & {2**DRAWER_BITS - 1})::INTEGER"


def label_sql(key: str = "key") -> str:
    """Return the SQL expression for `label_of`."""
    rest = f"(({key} >> {KIND_BITS + DRAWER_BITS}) & {2**_REST_BITS - 1})"
    return f"(({rest} << {KIND_BITS} | {kind_number_sql(key)}) - {_SIGN})::INTEGER"


def number_sql(golden_id: str) -> str:
    """Return the SQL expression for the number of a person: the first 32 bits of their id, with a sign."""
    return f"({id_order_sql(golden_id)}::BIGINT - {_SIGN})::INTEGER"


def entry_sql(key: str, number: str) -> str:
    """Return the SQL expression for the entry of a person's *number* under *key*; BIGINT."""
    return f"({label_sql(key)}::BIGINT * {1 << 32} + {number}::BIGINT + {_SIGN})"


def drawers_sql(owned: str, limit: int) -> str:
    """
    Return the query for the drawers of *owned* (key, number; one row per description); keys that too many share are nobody's.

    Columns: drawer INTEGER, entries BIGINT[]; grain: one drawer. Whoever counts a key needs all who have it in *owned*.
    """
    crowded = f"SELECT key FROM {owned} GROUP BY key HAVING count(*) > {limit_sql(limit)}"
    return (
        f"WITH crowded AS MATERIALIZED ({crowded})"
        f" SELECT {drawer_sql()} AS drawer, list({entry_sql('key', 'number')}) AS entries"
        f" FROM (SELECT DISTINCT key, number FROM {owned} WHERE key NOT IN (FROM crowded)"
        f" UNION ALL SELECT key, {NOBODY} FROM crowded) GROUP BY drawer"
    )
