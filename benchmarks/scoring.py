"""How right groups of records are, when the truth is known: pairs of records are what is counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Agreement:
    """
    ``found_pairs`` were put together, ``true_pairs`` belong together, ``common_pairs`` are both.

    Nothing put together is precise; nothing that belongs together is found in full.
    """

    true_pairs: int
    found_pairs: int
    common_pairs: int

    @property
    def precision(self) -> float:
        return self.common_pairs / self.found_pairs if self.found_pairs else 1.0

    @property
    def recall(self) -> float:
        return self.common_pairs / self.true_pairs if self.true_pairs else 1.0

    @property
    def f1(self) -> float:
        both = self.true_pairs + self.found_pairs
        return 2 * self.common_pairs / both if both else 1.0


def agreement(truth: Labels, found: Labels) -> Agreement:
    """
    Return how the groups *found* agree with those of *truth*: for each record the number of its group, same order.

    A negative number in *found* is a record that was put with no other.

    >>> agreement(np.array([0, 0, 0, 1]), np.array([7, 7, -1, -1]))
    Agreement(true_pairs=3, found_pairs=1, common_pairs=1)
    """
    if len(truth) != len(found):
        raise ValueError(f"{len(truth)} records in the truth, {len(found)} found")
    alone = found < 0
    groups = np.where(alone, found.max(initial=0) + 1 + np.arange(len(found)), found)
    _, cells = np.unique(np.stack([truth, groups]), axis=1, return_counts=True)
    return Agreement(_pairs(_sizes(truth)), _pairs(_sizes(groups)), _pairs(cells))


def _sizes(labels: Labels) -> Labels:
    return np.asarray(np.unique(labels, return_counts=True)[1], dtype=np.int64)


def _pairs(sizes: Labels) -> int:
    return int((sizes.astype(np.int64) * (sizes - 1) // 2).sum())
