"""
Match keys in drawers: the form in which they are looked up one record at a time.

A row of PostgreSQL costs forty bytes beside what is in it, so keys are kept some dozens together. A key's low bits choose its
*drawer*, what is left of it, cut to 32 bits with its kind, is its *label* in there, and beside each label lies the *number* of
a person who has the key: the first 32 bits of their id. What two keys or two people come to share by being cut finds one more
candidate now and then, and the comparison lets it go.
"""

from __future__ import annotations

from rddm.resolve.keys import COUNTED_KINDS, KIND_BITS, KIND_NUMBERS, kind_number_sql, limit_sql

DRAWER_BITS = 22
_LABEL_BITS = 32 - KIND_BITS
_SIGN = 1 << 31
"""PostgreSQL's integers have a sign."""


def drawer_of(key: int) -> int:
    return (key >> KIND_BITS) & ((1 << DRAWER_BITS) - 1)


def label_of(key: int) -> int:
    """
    Return what a key is known by in its drawer.

    >>> drawer_of(5 << 27 | 3 << 5 | 4), label_of(5 << 27 | 3 << 5 | 4) + 2**31 == 5 << 5 | 4
    (3, True)
    """
    rest = (key >> (KIND_BITS + DRAWER_BITS)) & ((1 << _LABEL_BITS) - 1)
    return (rest << KIND_BITS | key & ((1 << KIND_BITS) - 1)) - _SIGN


def drawer_sql(key: str = "key") -> str:
    """Return the SQL expression for `drawer_of`."""
    return f"(({key} >> {KIND_BITS}) & {2**DRAWER_BITS - 1})::INTEGER"


def label_sql(key: str = "key") -> str:
    """Return the SQL expression for `label_of`."""
    rest = f"(({key} >> {KIND_BITS + DRAWER_BITS}) & {2**_LABEL_BITS - 1})"
    return f"(({rest} << {KIND_BITS} | {kind_number_sql(key)}) - {_SIGN})::INTEGER"


def number_sql(golden_id: str) -> str:
    """Return the SQL expression for the number of a person: the first 32 bits of their id, with a sign."""
    return f"(('0x' || left({golden_id}::VARCHAR, 8))::BIGINT - {_SIGN})::INTEGER"


def findable_sql(keys: str, limit: int) -> str:
    """
    Return the query for the keys of *keys* (key) by which people are found: not only counted, and not of more than *limit*.
    """
    counted = ", ".join(str(KIND_NUMBERS[kind]) for kind in sorted(COUNTED_KINDS))
    return (
        f"SELECT key FROM {keys} WHERE {kind_number_sql()} NOT IN ({counted})"
        f" GROUP BY key HAVING count(*) <= {limit_sql(limit)}"
    )
