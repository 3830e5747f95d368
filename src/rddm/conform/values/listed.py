"""Lists of values, as services deliver several phones of one person: one of them is taken."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

LIST_ITEM = "list_item_"
"""The rule by which one item of several was taken; its place in the list, from 1, follows."""
_ITEM_RULE = re.compile(rf"{LIST_ITEM}([0-9]+)")


def taken(text: str, is_value: Callable[[str], bool]) -> tuple[str, tuple[str, ...]]:
    """
    Return the text to clean, and the repair that taking it is: of a JSON list the first item for which *is_value* holds.

    Taking the only filled item, or one that all others repeat, repairs nothing. Where no item is a value it is the first
    filled one, so that the reason is found with it. Any other text, also a list of objects, is returned as it is.

    >>> taken('["call after 6", "+7 912 345-67-89"]', lambda item: "+" in item)
    ('+7 912 345-67-89', ('list_item_2',))
    >>> taken('[null, "a@b.ru"]', lambda item: True), taken("[]", lambda item: True), taken("[at]", lambda item: True)
    (('a@b.ru', ()), ('', ()), ('[at]', ()))
    """
    items = list_items(text)
    if items is None:
        return text, ()
    filled = {number: item for number, item in enumerate(items, start=1) if item}
    for number, item in filled.items():
        if is_value(item):
            return item, (f"{LIST_ITEM}{number}",) if len(set(filled.values())) > 1 else ()
    return next(iter(filled.values()), ""), ()


def list_items(text: str) -> list[str] | None:
    """Return the items of a JSON list as trimmed texts, empty for null; None if *text* is no list of plain values."""
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        found = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    if not all(item is None or isinstance(item, str) for item in found):
        return None
    return [item.strip() if item else "" for item in found]


def item_of_rule(rule: str) -> int | None:
    """
    Return which item of a list was taken, from 1, by *rule*; None for every other rule.

    >>> item_of_rule("list_item_12"), item_of_rule("several_values")
    (12, None)
    """
    match = _ITEM_RULE.fullmatch(rule)
    return int(match[1]) if match else None
