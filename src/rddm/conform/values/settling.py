"""Cleaning until there is nothing left to clean, so that a clean value cleaned again stays as it is."""

from __future__ import annotations

from collections.abc import Callable

from rddm.contracts.normalised import Normalised, Rejected

_ROUNDS = 4


def settle(clean: Callable[[str], Normalised | Rejected], text: str) -> Normalised | Rejected:
    """
    Return *clean* of *text*, of the result, and so on until it stays, with the repairs of all rounds, each once.

    One mended error may show the next (a zero-width space inside mojibake). Text that never settles is rejected.
    """
    repairs: tuple[str, ...] = ()
    for _ in range(_ROUNDS):
        result = clean(text)
        if isinstance(result, Rejected) or result.value is None:
            return result
        repairs = tuple(dict.fromkeys(repairs + result.repairs))
        if result.value == text and not result.repairs:
            return Normalised(text, repairs)
        text = result.value
    return Rejected("never_clean")
