"""How a source writes its dates: strptime formats, as far as the engine reads them."""

from __future__ import annotations

import re

SPECIFIERS = frozenset("aAbBcdfgGhHIjmMnpSTuUVwWxXyYzZ%") | frozenset(f"-{each}" for each in "djmyHIMS")
"""What may follow a ``%``; DuckDB's list of strptime, which the tests ask DuckDB for."""
_SPECIFIER = re.compile(r"%(-?.|$)", re.DOTALL)


def date_format_fault(written: str) -> str | None:
    """
    Return why *written* is no format that dates can be read by, as a sentence; None when it is one.

    >>> date_format_fault("%d.%m.%Y")
    >>> date_format_fault("%d.%Q")
    '`%Q` stands for no part of a date.'
    """
    if "%" not in written:
        return "a date's format is written with `%`."
    if "\0" in written:
        return "a character without a meaning stands in it."
    found = (match[1] for match in _SPECIFIER.finditer(written))
    wrong = next((each for each in found if each not in SPECIFIERS), None)
    if wrong is None:
        return None
    return f"`%{wrong}` stands for no part of a date." if wrong.strip("-") else "a `%` stands alone in it."
