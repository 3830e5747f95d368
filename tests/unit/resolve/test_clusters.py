from __future__ import annotations

import numpy as np
import pytest

from rddm.resolve.clusters import JUDGED_WEIGHT, CrossPair, agglomerate, component_labels, cut_component

THRESHOLD = 6.6


def test_a_contradiction_is_outweighed_only_by_the_rest_of_its_group() -> None:
    first, second = CrossPair(0, 1, 20.0, forbidden=False), CrossPair(1, 2, 19.0, forbidden=False)
    name_changed = CrossPair(0, 2, 4.0, forbidden=False, contradicting=True)
    assert agglomerate(3, [first, second, name_changed], threshold=2.0) == [0, 0, 0]
    twins = CrossPair(0, 2, -4.0, forbidden=False, contradicting=True)
    assert len(set(agglomerate(3, [first, second, twins], threshold=2.0))) > 1


def test_a_contradicting_pair_is_no_reason_to_join() -> None:
    pair = CrossPair(0, 1, 30.0, forbidden=False, contradicting=True)
    assert agglomerate(2, [pair], threshold=2.0) == [0, 1]


def test_a_chain_of_matches_is_one_group() -> None:
    pairs = [CrossPair(0, 1, 9.0, forbidden=False), CrossPair(1, 2, 8.0, forbidden=False)]
    assert agglomerate(3, pairs, THRESHOLD) == [0, 0, 0]


@pytest.mark.parametrize(
    "siblings", [CrossPair(0, 2, 3.0, forbidden=True), CrossPair(0, 2, -40.0, forbidden=False, contradicting=True)]
)
def test_a_record_that_fits_two_siblings_goes_to_one_who_is_surer_by_far_or_to_neither(siblings: CrossPair) -> None:
    first, second = CrossPair(0, 1, 12.0, forbidden=False), CrossPair(1, 2, 9.0, forbidden=False)
    assert agglomerate(3, [first, second, siblings], threshold=2.9) == [0, 0, 2]
    assert agglomerate(3, [first, second, siblings], threshold=3.0) == [0, 1, 2]
    assert agglomerate(3, [first, siblings], threshold=3.0) == [0, 0, 2]


def test_who_fits_two_twins_comes_to_neither_by_another_record_of_one_of_them() -> None:
    first, unnamed, second, second_again = range(4)
    pairs = [
        CrossPair(first, unnamed, 20.0, forbidden=False),
        *(CrossPair(first, other, -4.0, forbidden=False, contradicting=True) for other in (second, second_again)),
        CrossPair(unnamed, second, 19.0, forbidden=False),
        CrossPair(unnamed, second_again, 10.0, forbidden=False),
        CrossPair(second, second_again, 30.0, forbidden=False),
    ]
    assert agglomerate(4, pairs, threshold=2.0) == [first, unnamed, second, second]


def test_who_fits_two_is_whose_other_records_say_it() -> None:
    father, undated_with_mail, undated, son = range(4)
    pairs = [
        CrossPair(father, undated_with_mail, 25.0, forbidden=False),
        CrossPair(undated_with_mail, undated, 25.0, forbidden=False),
        *(
            CrossPair(a, b, 12.0, forbidden=False)
            for a, b in ((father, undated), (undated_with_mail, son), (undated, son))
        ),
        CrossPair(father, son, 12.0, forbidden=False, apart=True),
    ]
    assert agglomerate(4, pairs, THRESHOLD) == [father, father, father, son]


def test_a_steward_who_tells_two_apart_tells_apart_what_fits_both() -> None:
    pairs = [CrossPair(0, 1, 12.0, forbidden=False), CrossPair(1, 2, 12.0, forbidden=False)]
    assert agglomerate(3, pairs, THRESHOLD) == [0, 0, 0]
    assert agglomerate(3, pairs, THRESHOLD, different=[(0, 2)]) == [0, 1, 2]
    assert agglomerate(3, pairs, THRESHOLD, same=[(1, 2)], different=[(0, 2)]) == [0, 1, 1]


def test_two_groups_do_not_join_on_one_lucky_pair() -> None:
    inside = [CrossPair(0, 1, 15.0, forbidden=False), CrossPair(2, 3, 15.0, forbidden=False)]
    lucky = [CrossPair(1, 2, 8.0, forbidden=False)]
    against = [CrossPair(0, 2, -5.0, forbidden=False), CrossPair(0, 3, -5.0, forbidden=False)]
    assert agglomerate(4, inside + lucky, THRESHOLD) == [0, 0, 0, 0]
    assert agglomerate(4, inside + lucky + against, THRESHOLD) == [0, 0, 2, 2]


def test_a_stewards_same_outweighs_every_contradiction() -> None:
    pairs = [CrossPair(0, 1, -30.0, forbidden=True)]
    assert agglomerate(2, pairs, THRESHOLD, same=[(0, 1)]) == [0, 0]


def test_a_stewards_different_keeps_apart_what_a_third_record_would_join() -> None:
    pairs = [CrossPair(a, b, 20.0, forbidden=False) for a, b in ((0, 1), (0, 2), (1, 2))]
    groups = agglomerate(3, pairs, THRESHOLD, different=[(0, 2)])
    assert groups[0] != groups[2]
    assert agglomerate(3, [], THRESHOLD, same=[(0, 1), (1, 2)], different=[(0, 2)]) == [0, 0, 2]


def test_a_giant_is_cut_at_its_weakest_pairs() -> None:
    count = 20
    a, b = np.arange(count - 1), np.arange(1, count)
    weights = np.where(a == 9, 7.0, 20.0)
    labels = cut_component(count, a, b, weights, limit=12)
    assert len(set(labels[:10])) == len(set(labels[10:])) == 1
    assert labels[0] != labels[19]


def test_a_giant_that_cannot_be_cut_falls_apart() -> None:
    count = 30
    a, b = (side.astype(np.int64) for side in np.triu_indices(count, 1))
    labels = cut_component(count, a, b, np.full(len(a), 1e5), limit=10)
    assert len(set(labels.tolist())) == count


def test_what_people_joined_stays_together_however_much_it_is() -> None:
    count = 300
    labels = cut_component(count, np.zeros(count - 1, np.int64), np.arange(1, count), np.full(count - 1, JUDGED_WEIGHT))
    assert set(labels.tolist()) == {labels[0]}


def test_of_a_giant_that_cannot_be_cut_only_what_people_joined_stays_together() -> None:
    count = 30
    a, b = (side.astype(np.int64) for side in np.triu_indices(count, 1))
    weights = np.where((a < 5) & (b < 5), JUDGED_WEIGHT, 1e5)
    labels = cut_component(count, a, b, weights, limit=10)
    assert len(set(labels[:5].tolist())) == 1
    assert len(set(labels.tolist())) == count - 4


def test_nodes_without_edges_are_components_of_their_own() -> None:
    assert len(set(component_labels(3, np.array([0]), np.array([1])).tolist())) == 2


def _apart(a: int, b: int) -> CrossPair:
    return CrossPair(a, b, 12.0, forbidden=False, apart=True)


def _alike(a: int, b: int, weight: float = 12.0) -> CrossPair:
    return CrossPair(a, b, weight, forbidden=False)


def test_records_without_a_birth_date_do_not_make_one_of_father_and_son() -> None:
    father, son, undated = 0, 1, range(2, 8)
    pairs = [_apart(father, son)]
    pairs += [_alike(a, b) for a in (father, son, *undated) for b in undated if a < b]
    groups = agglomerate(8, pairs, THRESHOLD)
    assert groups == [father, son, *[undated[0]] * len(undated)]
    surely_the_father = [
        _alike(father, undated[0], 25.0),
        *(pair for pair in pairs if (pair.a, pair.b) != (father, undated[0])),
    ]
    groups = agglomerate(8, surely_the_father, THRESHOLD)
    assert groups[father] == groups[undated[0]] != groups[son]


def test_a_number_makes_one_of_two_who_were_born_a_generation_apart_and_then_one_date_is_wrong() -> None:
    right, mistyped, without_number = 0, 1, 2
    same_number = CrossPair(right, mistyped, 14.0, forbidden=False, agree=True)
    for surest in (9.0, 19.0):
        same_date = CrossPair(right, without_number, surest, forbidden=False, agree=True)
        pairs = [same_number, same_date, _apart(mistyped, without_number)]
        assert agglomerate(3, pairs, THRESHOLD) == [0, 0, 0]
    undated = [_alike(right, without_number), _alike(mistyped, without_number), _apart(right, mistyped)]
    assert agglomerate(3, undated, THRESHOLD) == [0, 1, 2]


def test_a_stewards_same_makes_one_of_two_who_were_born_a_generation_apart() -> None:
    same_date = CrossPair(0, 2, 12.0, forbidden=False, agree=True)
    assert agglomerate(3, [_apart(0, 1), same_date, _apart(1, 2)], THRESHOLD, same=[(0, 1)]) == [0, 0, 0]
