"""
Records of whole groups (people, events), and which of them counts most for each.

Everything is done with positions: a record is its place in the table, a group its place in the order of golden ids. Half
of the cost of a golden table is sorting; the records are sorted once per strategy and their values never move.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
Ranks = npt.NDArray[np.int8] | Mask

_ID_BYTES = 16


class Groups:
    """
    The records of *members*, grouped by golden id; groups are numbered in the order of their ids.

    *members* (see `rddm.curate.survivorship.golden_rows`) has every record of every group that it has any of. ``group``
    holds each record's group, ``count`` how many groups there are.
    """

    def __init__(self, members: pa.Table) -> None:
        self.members = members.combine_chunks()
        self.group, self.count = _numbered(id_halves(self.column("golden_id")))
        self._time = self._numbers("source_time")
        self._trust = self._numbers("trust")
        self._record = id_halves(self.column("record_id"))
        self._by_recency = cache(lambda: self._ordered(self._time, self._trust))
        self._by_trust = cache(lambda: self._ordered(self._trust, self._time))
        self.sizes = np.bincount(self.group, minlength=self.count)
        self.starts = np.cumsum(self.sizes) - self.sizes

    def column(self, name: str) -> pa.Array:
        """Return a column in one piece; ids as 16 bytes each."""
        column = self.members.column(name)
        whole = column.chunk(0) if column.num_chunks else pa.array([], column.type)
        return whole.storage if isinstance(whole, pa.ExtensionArray) else whole

    @property
    def any_record(self) -> Integers:
        """Any one record per group."""
        places: Integers = self._by_recency()[self.starts]
        return places

    def newest(self, has_value: Mask) -> Integers:
        """Return per group its newest record of those with a value, -1 where none has one."""
        return self._last(self._by_recency(), has_value)

    def most_trusted(self, has_value: Mask) -> Integers:
        """Return per group its most trusted record of those with a value, -1 where none has one."""
        return self._last(self._by_trust(), has_value)

    def rivals(self, codes: Codes) -> Integers:
        """
        Return the records with a value in the groups that have several, the newest of a group last.

        *codes*: each record's value as a number, -1 for none.
        """
        order = self._by_recency()
        ordered = codes[order]
        highest = np.maximum.reduceat(ordered, self.starts) if len(order) else ordered
        lowest = np.where(ordered < 0, np.iinfo(np.int32).max, ordered)
        lowest = np.minimum.reduceat(lowest, self.starts) if len(order) else lowest
        return order[(ordered >= 0) & np.repeat(lowest < highest, self.sizes)]

    def most_frequent(self, codes: Codes, rank: Ranks, tie: Ranks | None = None) -> Integers:
        """
        Return per group the newest record of its highest value by *rank*, then most frequent one; -1 where none has one.

        *codes*: each record's value as a number, -1 for none; *rank*: by record, the same for all of a group with one value.
        Of values that are as frequent, one stands that has a record with a higher *tie*, and that record stands for it.
        """
        chosen = self._last(self._by_recency(), codes >= 0)
        rivals = self.rivals(codes)
        if len(rivals):
            winners = self._winners(rivals, codes, rank, tie)
            chosen[self.group[winners]] = winners
        return chosen

    def distinct(self, codes: Integers, values: int) -> tuple[Integers, Integers]:
        """
        Return the distinct values of every group, as (offsets of the groups, values), ascending in each group.

        *codes*: each record's value, from 0 to *values* - 1.
        """
        pairs = np.sort(self.group * values + codes)
        pairs = pairs[_differs_from_next(pairs)]
        ends = np.cumsum(np.bincount(pairs // values, minlength=self.count))
        return np.concatenate([[0], ends]), pairs % values

    def _winners(self, rivals: Integers, codes: Codes, rank: Ranks, tie: Ranks | None) -> Integers:
        """Return the one record per group of *rivals* (records, the newest of a group last) that stands for its group."""
        if tie is not None:
            rivals = rivals[np.argsort(tie[rivals], kind="stable")]
        value = self.group[rivals] * (int(codes.max()) + 1) + codes[rivals]
        by_value = np.argsort(value, kind="stable")
        is_last = _differs_from_next(value[by_value])
        last = rivals[by_value[is_last]]
        records = np.diff(np.flatnonzero(is_last), prepend=-1)
        high, low = self._record
        # As delivered at the same time, the values of two sources weigh the same; the record id decides.
        evidence = (
            low[last],
            high[last],
            self._time[last],
            *(() if tie is None else (tie[last],)),
            records,
            rank[last],
        )
        best = np.lexsort((*evidence, self.group[last]))
        return last[best[_differs_from_next(self.group[last][best])]]

    def _last(self, order: Integers, has_value: Mask) -> Integers:
        places = np.where(has_value[order], np.arange(len(order)), -1)
        last = np.maximum.reduceat(places, self.starts) if len(order) else places
        return np.where(last < 0, -1, order[last])

    def _ordered(self, first: Integers, second: Integers) -> Integers:
        """Return the records by group, the one that counts most last: by *first*, *second* and record id."""
        order = np.lexsort((first, self.group))
        same = (np.diff(self.group[order]) == 0) & (np.diff(first[order]) == 0)
        tied = np.concatenate([[False], same]) | np.concatenate([same, [False]])
        rows = order[tied[: len(order)]]
        high, low = self._record
        order[tied[: len(order)]] = rows[
            np.lexsort((low[rows], high[rows], second[rows], first[rows], self.group[rows]))
        ]
        return order

    def _numbers(self, name: str) -> Integers:
        return np.asarray(self.column(name).cast(pa.int64()).to_numpy(zero_copy_only=False))


def id_halves(ids: pa.Array) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Return *ids* (16 bytes each, none null) as numbers, the first and the last 8 bytes of each; they sort as ids do."""
    halves = np.frombuffer(ids.buffers()[1], ">u8", 2 * len(ids), _ID_BYTES * ids.offset).reshape(-1, 2)
    halves = halves.astype(np.uint64)
    return np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1])


def encoded(column: pa.Array) -> tuple[Codes, pa.Array]:
    """Return the values of *column* as numbers, -1 for null, and what each number stands for."""
    dictionary = column.dictionary_encode()
    return np.asarray(pc.fill_null(dictionary.indices, -1).to_numpy(zero_copy_only=False)), dictionary.dictionary


def _numbered(ids: tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]) -> tuple[Integers, int]:
    """Return for each id the number of its value in ascending order, and how many values there are."""
    high, low = ids
    order = np.argsort(high)
    if (_differs_from_next(low[order]) > _differs_from_next(high[order])).any():
        order = np.lexsort((low, high))
    is_last = _differs_from_next(high[order]) | _differs_from_next(low[order])
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.cumsum(is_last) - is_last
    return numbers, int(is_last.sum())


def _differs_from_next(values: npt.NDArray[np.generic]) -> Mask:
    """Return for each value whether the next one is another; true for the last."""
    return np.concatenate([values[1:] != values[:-1], np.ones(min(len(values), 1), dtype=np.bool_)])
