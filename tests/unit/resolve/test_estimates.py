"""How right links are without known answers: sums that can be made by hand."""

from __future__ import annotations

import pytest

from rddm.resolve.estimates import FoundWith, WeighedPairs, fields_of, key_recall, threshold_curve
from rddm.resolve.explain import Strand, StrongestForest
from rddm.resolve.judgements import conflicts
from rddm.resolve.keys import KEY_KINDS, KeyKind
from rddm.resolve.told import odds_in_words, tell_fields
from rddm.resolve.weights import CLASSES, shipped_mixture

PHONE, SOUND, MIXED = (
    KeyKind(4, "phone_given", ("phone", "given")),
    KeyKind(6, "sound_birth", ("sound", "birth")),
    KEY_KINDS[13],
)
ALL = frozenset({"phone", "first_name", "last_name", "birth_date"})


def found(kinds: tuple[KeyKind, ...], matches: float, fields: frozenset[str] = ALL) -> FoundWith:
    return FoundWith(sum(1 << kind.number for kind in kinds), fields, matches)


def test_precision_is_the_mean_and_recall_the_share_of_what_is_expected() -> None:
    points = threshold_curve([WeighedPairs(1.0, 10, 7.0), WeighedPairs(8.0, 20, 19.8), WeighedPairs(-3.0, 70, 3.2)])
    assert [(point.threshold, point.pairs) for point in points] == [(-3.0, 100), (1.0, 30), (8.0, 20)]
    assert [point.precision for point in points] == pytest.approx([0.3, 26.8 / 30, 0.99])
    assert [point.recall for point in points] == pytest.approx([1.0, 26.8 / 30, 0.66])


def test_pairs_of_one_weight_are_one_point_of_the_curve() -> None:
    points = threshold_curve([WeighedPairs(2.0, 10, 8.0), WeighedPairs(2.0, 10, 6.0)])
    assert [(point.pairs, point.precision) for point in points] == [(20, 0.7)]


def test_no_pairs_give_no_curve_and_no_matches_no_recall() -> None:
    assert threshold_curve([]) == []
    assert threshold_curve([WeighedPairs(0.0, 5, 0.0)])[0].recall is None


def test_two_sides_that_fail_independently_tell_what_both_miss() -> None:
    """Of 10,000 matches one side finds 80 %, the other 90 %: both find 7,200, neither 200."""
    recall = key_recall([found((PHONE, SOUND), 7_200), found((PHONE,), 800), found((SOUND,), 1_800)], (PHONE, SOUND))
    assert recall is not None
    assert recall.recall == pytest.approx(0.98, abs=1e-4)
    assert {recall.first, recall.second} == {("phone_given",), ("sound_birth",)}
    assert recall.covered == 1.0


def test_a_key_of_both_sides_helps_to_find_but_not_to_reckon() -> None:
    """The key of phone and birth date finds 100 of the 200 that neither side finds."""
    recall = key_recall(
        [found((PHONE, SOUND), 7_200), found((PHONE,), 800), found((SOUND,), 1_800), found((MIXED,), 100)],
        (PHONE, SOUND, MIXED),
    )
    assert recall is not None
    assert recall.recall == pytest.approx(0.99, abs=1e-4)


def test_who_lacks_the_fields_is_not_counted_and_that_is_said() -> None:
    recall = key_recall(
        [
            found((PHONE, SOUND), 7_200),
            found((PHONE,), 800),
            found((SOUND,), 1_800),
            found((SOUND,), 9_800, ALL - {"phone"}),
        ],
        (PHONE, SOUND),
    )
    assert recall is not None
    assert recall.recall == pytest.approx(0.98, abs=1e-4)
    assert recall.covered == pytest.approx(0.5)


def test_keys_that_share_a_field_tell_nothing() -> None:
    assert key_recall([found((PHONE, MIXED), 9_000)], (PHONE, MIXED)) is None


def test_few_matches_tell_nothing() -> None:
    assert key_recall([found((PHONE, SOUND), 99)], (PHONE, SOUND)) is None


def test_every_part_of_a_key_belongs_to_a_comparison() -> None:
    fields = {field.name for field in tell_fields(shipped_mixture(), shipped_mixture())}
    assert {field for kind in KEY_KINDS for field in fields_of(kind)} <= fields


def test_shipped_weights_are_told_as_they_are() -> None:
    mixture = shipped_mixture()
    told = {field.name: field for field in tell_fields(mixture, mixture)}
    same = told["phone"].levels[0]
    assert same.level == "same"
    assert same.bits == same.shipped_bits
    assert set(same.shares) == set(CLASSES)
    assert same.bits["family"] == pytest.approx(0.0995, abs=1e-3)  # log2(0.75 / 0.70)


@pytest.mark.parametrize(
    ("bits", "words"), [(0.0, "says nothing"), (1.0, "2 times likelier"), (-5.0, "32 times less likely")]
)
def test_bits_are_told_as_odds(bits: float, words: str) -> None:
    assert odds_in_words(bits) == words


def test_the_weakest_link_is_the_one_without_which_a_group_falls_apart() -> None:
    ring = [Strand("a", "b", 9.0), Strand("b", "c", 8.0), Strand("c", "a", 7.0), Strand("c", "d", 7.5)]
    assert StrongestForest(ring).weakest == 7.5
    assert StrongestForest([]).weakest is None


def test_a_split_of_many_beside_a_large_same_is_told_of_at_once() -> None:
    star = [("0", str(place)) for place in range(1, 4000)]
    apart = [(str(place), str(place + 1)) for place in range(1, 3000)]
    elsewhere = [(f"x{place}", f"y{place}") for place in range(7000)]
    found = conflicts(star, [*elsewhere, *apart])
    assert [conflict.different for conflict in found] == apart
    assert all(len(conflict.chain) == 2 for conflict in found)


def test_words_conflict_along_a_chain_only() -> None:
    assert conflicts([("a", "b"), ("c", "d")], [("a", "c")]) == []
    (conflict,) = conflicts([("a", "b"), ("b", "c"), ("c", "d")], [("d", "a")])
    assert conflict.different == ("d", "a")
    assert [set(pair) for pair in conflict.chain] == [{"c", "d"}, {"b", "c"}, {"a", "b"}]
