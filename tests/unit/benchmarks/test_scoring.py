"""Precision and recall of groups, counted in pairs of records."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.scoring import Agreement, agreement


def test_the_truth_found_is_perfect_whatever_its_groups_are_called() -> None:
    score = agreement(np.array([0, 0, 1, 1, 1, 2]), np.array([9, 9, 4, 4, 4, 0]))
    assert (score.precision, score.recall, score.f1) == (1, 1, 1)


def test_pairs_are_counted_not_records() -> None:
    # Five records of one person found as three and two: of ten pairs, three and one are left.
    assert agreement(np.zeros(5, dtype=np.int64), np.array([0, 0, 0, 1, 1])) == Agreement(10, 4, 4)


def test_putting_everybody_together_finds_everything_and_is_hardly_ever_right() -> None:
    score = agreement(np.array([0, 0, 1, 1]), np.zeros(4, dtype=np.int64))
    assert score == Agreement(true_pairs=2, found_pairs=6, common_pairs=2)
    assert score.recall == 1
    assert score.precision == pytest.approx(1 / 3)
    assert score.f1 == pytest.approx(0.5)


def test_putting_nobody_together_is_never_wrong_and_finds_nothing() -> None:
    score = agreement(np.array([0, 0, 1, 1]), np.arange(4))
    assert (score.precision, score.recall, score.f1) == (1, 0, 0)


def test_a_record_that_was_left_out_stands_alone() -> None:
    assert agreement(np.array([0, 0, 0, 0]), np.array([3, 3, -1, -1])) == Agreement(6, 1, 1)


def test_a_wrong_pair_costs_precision_only() -> None:
    score = agreement(np.array([0, 0, 1, 2]), np.array([0, 0, 1, 1]))
    assert (score.precision, score.recall) == (0.5, 1)


def test_records_must_be_the_same_on_both_sides() -> None:
    with pytest.raises(ValueError, match="3 records in the truth, 2 found"):
        agreement(np.array([0, 0, 1]), np.array([0, 0]))


def test_millions_of_pairs_are_counted_exactly() -> None:
    records = 300_000
    score = agreement(np.zeros(records, dtype=np.int64), np.zeros(records, dtype=np.int64))
    assert score.common_pairs == records * (records - 1) // 2
