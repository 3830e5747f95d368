"""Near misses: the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from rddm.project.document import Node

CLOSE_ENOUGH = 70.0
"""Per cent of similarity of longer names; below it a suggestion misleads (``phone`` for ``region``)."""
MOST_SLIPS = 2
"""Letters wrong, missing, too many or swapped with their neighbour, in a name that is long enough for it."""
LISTED = 12
"""A longer list of what there is gets cut."""


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """
    Return the sentence that helps someone who wrote *written* where one of *known* belongs.

    >>> did_you_mean("birth_dat", ["birth_date", "phone"])
    'Did you mean birth_date?'
    >>> did_you_mean("x", ["birth_date", "phone"])
    'There are: birth_date, phone.'
    """
    names = sorted(set(known))
    if not names:
        return "There are none."
    slips = max(0, min(MOST_SLIPS, (len(written) - 1) // 2))
    best = process.extractOne(written.lower(), names, scorer=OSA.distance, score_cutoff=slips) or process.extractOne(
        written.lower(), names, scorer=fuzz.ratio, score_cutoff=CLOSE_ENOUGH
    )
    if best is not None:
        return f"Did you mean {best[0]}?"
    return f"There are: {listed(names)}."


def did_you_mean_instead(written: Node, known: Iterable[str]) -> str:
    """Return `did_you_mean` for a value; for one from the environment, which nothing may hint at, what there is."""
    return did_you_mean("" if written.from_environment else str(written.value), known)


def listed(names: Iterable[str]) -> str:
    """Return *names* as a text, cut when there are many."""
    all_names = list(names)
    more = f" and {len(all_names) - LISTED} more" if len(all_names) > LISTED else ""
    return ", ".join(all_names[:LISTED]) + more
