"""What the raw table calls the columns that a source delivers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, count, takewhile

import pyarrow as pa

from rddm.contracts.tables.raw import ENVELOPE_NAMES


def with_safe_names(records: pa.Table, held: Mapping[str, str] | None = None) -> pa.Table:
    """Return *records* with their columns named by `safe_names`; *held* is None where no raw table is asked."""
    return records.rename_columns(safe_names(records.column_names, held or {}))


def safe_names(delivered: Sequence[str], held: Mapping[str, str]) -> list[str]:
    """
    Return, for the *delivered* names, ones that differ also without regard to case and leave the envelope's names alone.

    Lake columns are case-insensitive: a source's ``ID`` next to its ``id`` becomes ``ID_2``. *held*: the names in the raw table,
    by their lower case. What was called so once is called so again, whatever is delivered with it, and in whatever order. No name
    can hold a null character.

    >>> safe_names(["ID", "id"], {})
    ['ID_2', 'id']
    >>> safe_names(["ID"], {"id": "id", "id_2": "ID_2"})
    ['ID_2']
    """
    wanted = [name.replace("\0", "").strip() or f"c{place}" for place, name in enumerate(delivered, start=1)]
    alike = Counter(name.lower() for name in wanted)

    def turn(place: int) -> tuple[bool, bool, str]:
        """Those that are held first, then those that no other is like; of the others, small letters before capitals."""
        name = wanted[place]
        return held.get(name.lower()) != name, alike[name.lower()] > 1, name.swapcase()

    names, taken = list(wanted), set(ENVELOPE_NAMES)
    for place in sorted(range(len(wanted)), key=turn):
        names[place] = _free(wanted[place], held, taken)
        taken.add(names[place].lower())
    return names


def _free(name: str, held: Mapping[str, str], taken: Collection[str]) -> str:
    """Return *name*, or *name* with a number: as it is *held*, or else as neither is *taken* nor held what is numbered."""
    in_use = takewhile(lambda each: each.lower() in held or each.lower() in taken, _spellings(name))
    known = (each for each in in_use if held.get(each.lower()) == each and each.lower() not in taken)
    free = (
        each for each in _spellings(name) if each.lower() not in taken and (each == name or each.lower() not in held)
    )
    return next(chain(known, free))


def _spellings(name: str) -> Iterator[str]:
    return chain([name], (f"{name}_{number}" for number in count(2)))
