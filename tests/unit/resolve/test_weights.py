from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import UUID

import duckdb
import numpy as np
import pytest

from rddm.project.settings import LEAST_MATCH_PROBABILITY
from rddm.resolve.asked import Compared
from rddm.resolve.comparisons import (
    ALIKE,
    CLOSE,
    COMPARISONS,
    DIFFERENT,
    LEVELS,
    MISSING,
    NAMES,
    SAME,
    levels_of,
    pattern_of,
)
from rddm.resolve.explain import Strand, StrongestForest, explain_pair
from rddm.resolve.known import Asked, Candidate, Thresholds, recognise
from rddm.resolve.weights import (
    CLASSES,
    MOST_MATCH_PROBABILITY,
    ODDS_FACTOR,
    TERMS_BY_CLASS,
    Chance,
    Mixture,
    Seen,
    choose_match_probability,
    class_bits,
    learn_mixture,
    measure_chance,
    pattern_bits,
    probability_of,
    seen_weights,
    shipped_mixture,
    show_generations,
    total_bits,
    weight_of,
    weight_sql,
)


def pattern(**levels: int) -> int:
    return pattern_of(tuple(levels.get(name, MISSING) for name in NAMES))


def weight(mixture: Mixture, number: int) -> float:
    bits = class_bits(mixture, [number])[0]
    return total_bits(dict(zip(CLASSES, bits.tolist(), strict=True)))


TWIN = pattern(last_name=SAME, first_name=DIFFERENT, middle_name=SAME, birth_date=SAME, phone=SAME, place=SAME)
SAME_PERSON = pattern(last_name=SAME, first_name=SAME, birth_date=SAME, phone=SAME)
NAMESAKE = pattern(last_name=SAME, first_name=SAME, birth_date=DIFFERENT, place=DIFFERENT)


def test_a_pattern_remembers_the_level_of_every_field() -> None:
    levels = tuple(place % LEVELS for place in range(len(COMPARISONS)))
    assert levels_of(pattern_of(levels)) == levels


def test_the_probabilities_of_every_class_and_field_sum_to_one() -> None:
    assert shipped_mixture().levels.sum(axis=2) == pytest.approx(1)


def test_evidence_of_one_family_counts_once() -> None:
    mixture = shipped_mixture()
    assert weight(mixture, SAME_PERSON) > weight_of(0.99)
    assert weight(mixture, TWIN) < weight_of(0.9)
    assert weight(mixture, NAMESAKE) < 0


def test_a_missing_field_says_nothing() -> None:
    mixture = shipped_mixture()
    found = explain_pair(mixture, pattern(first_name=SAME, phone=SAME), {}, {})
    assert {one.field for one in found.contributions if one.weight == 0} == set(NAMES) - {"first_name", "phone"}


def test_the_waterfall_sums_to_the_weight() -> None:
    mixture = shipped_mixture()
    for number in (SAME_PERSON, TWIN, NAMESAKE):
        found = explain_pair(mixture, number, {}, {})
        assert found.prior + sum(one.weight for one in found.contributions) == pytest.approx(found.total)
        assert found.total == pytest.approx(weight(mixture, number))


def test_a_rare_name_proves_more_than_a_common_one() -> None:
    mixture = shipped_mixture()
    number = pattern(last_name=SAME, first_name=SAME, birth_date=SAME)
    rare, common = (explain_pair(mixture, number, {"last_name": bits}, {}).total for bits in (-5.0, 3.0))
    assert rare > common + 4


def test_two_descriptions_prove_less_where_more_people_are_compared() -> None:
    number = pattern(last_name=SAME, first_name=SAME, birth_date=SAME)
    patterns = [*map(Seen, (SAME_PERSON, TWIN, NAMESAKE, number))]
    small, large = (
        _learnt(patterns, [size * 3 // 5, size // 10, size // 10, size // 5], measure_chance(size))
        for size in (20_000, 20_000_000)
    )
    assert weight(small, number) > weight(large, number) + 5


def test_too_little_data_teaches_nothing() -> None:
    assert learn_mixture([Seen(SAME_PERSON)], [10], measure_chance(10)) is None
    assert learn_mixture([], [], measure_chance(10_000)) is None


def test_no_class_runs_away_whatever_the_data_say() -> None:
    odd = _learnt([Seen(TWIN), Seen(NAMESAKE)], [500_000, 500_000], measure_chance(1_000_000))
    prior = shipped_mixture().levels[:2]
    inner = prior > 0
    ratio = (odd.levels[:2][inner] / (1 - odd.levels[:2][inner])) / (prior[inner] / (1 - prior[inner]))
    assert ratio.max() < ODDS_FACTOR * 3
    assert weight(odd, SAME_PERSON) > weight(odd, TWIN)


def test_learning_does_not_depend_on_the_order_of_patterns() -> None:
    patterns, counts = [*map(Seen, (SAME_PERSON, TWIN, NAMESAKE))], [9_000, 2_000, 4_000]
    one = _learnt(patterns, counts, measure_chance(20_000))
    other = _learnt(patterns[::-1], counts[::-1], measure_chance(20_000))
    assert np.array_equal(one.levels, other.levels)
    assert one.match_probability == other.match_probability


@pytest.mark.parametrize(
    ("number", "terms"),
    [
        (SAME_PERSON, {"last_name": 3.0, "first_name": 5.0, "phone": 2.0}),
        (TWIN, {"last_name": 3.0, "phone": 2.0}),
        (NAMESAKE, {"last_name": 3.0}),
    ],
)
def test_a_weight_is_summed_up_alike_in_runs_in_learning_in_explaining_and_in_looking_up(
    number: int, terms: dict[str, float]
) -> None:
    mixture = shipped_mixture()
    in_family = sum(bits for name, bits in terms.items() if name in TERMS_BY_CLASS["family"])
    match, family, chance = (float(bits[0]) for bits in pattern_bits(mixture, [number]))
    columns = {
        "match": match, "family": family, "chance": chance,
        "family_terms": in_family, "chance_terms": sum(terms.values()),
    }  # fmt: skip
    with duckdb.connect() as connection:
        listed = ", ".join(f"{value}::DOUBLE AS {name}" for name, value in columns.items())
        ((in_a_run,),) = connection.execute(f"SELECT {weight_sql()} FROM (SELECT {listed})").fetchall()
    learning = seen_weights(mixture, [Seen(number, int(in_family), int(sum(terms.values())))])[0]
    nothing = dict.fromkeys(column for each in COMPARISONS for column in each.columns)
    candidate = Candidate(UUID(int=1), nothing, Compared(number, None, terms))
    looked_up = recognise(mixture, Asked(nothing), [candidate], Thresholds(0.9, 0.6), 1)
    assert learning == pytest.approx(in_a_run)
    assert explain_pair(mixture, number, terms, {}).total == pytest.approx(in_a_run)
    assert looked_up.probability == pytest.approx(probability_of(in_a_run))


def test_the_threshold_rises_with_the_share_of_doubtful_pairs() -> None:
    mixture = shipped_mixture()
    number = pattern(last_name=SAME, first_name=SAME, birth_date=SAME)
    by_terms = {
        probability_of(float(seen_weights(mixture, [Seen(number, 0, terms)])[0])): Seen(number, 0, terms)
        for terms in range(-30, 30)
    }
    doubt = min(each for each in by_terms if each > LEAST_MATCH_PROBABILITY)
    pairs = [Seen(SAME_PERSON), by_terms[doubt]]
    assert doubt - 1e-6 < choose_match_probability(mixture, pairs, [10_000, 1]) <= doubt
    assert choose_match_probability(mixture, pairs, [10_000, 10_000]) == MOST_MATCH_PROBABILITY


def test_pairs_of_one_probability_are_let_in_together_or_not_at_all() -> None:
    mixture = shipped_mixture()
    doubtful = pattern(last_name=SAME, first_name=SAME, birth_date=SAME)
    terms = next(each for each in range(30, -30, -1) if seen_weights(mixture, [Seen(doubtful, 0, each)])[0] > 3)
    seen = [Seen(SAME_PERSON), Seen(doubtful, 0, terms), Seen(doubtful, 0, terms, apart=True)]
    for order in (seen, [seen[0], seen[2], seen[1]]):
        counts = [{False: 1, True: 10_000}[each.apart] if each is not seen[0] else 10_000 for each in order]
        assert choose_match_probability(mixture, order, counts) == MOST_MATCH_PROBABILITY


def test_a_few_pairs_teach_a_little() -> None:
    few, many = (
        _learnt([Seen(SAME_PERSON)], [count], measure_chance(10_000)).levels[0, NAMES.index("phone"), SAME]
        for count in (30, 3_000)
    )
    assert shipped_mixture().levels[0, NAMES.index("phone"), SAME] < few < many


def test_relatives_are_told_apart_only_where_the_data_show_families() -> None:
    brothers = pattern(last_name=SAME, first_name=DIFFERENT, middle_name=SAME, birth_date=DIFFERENT, phone=SAME)
    with_families = _learnt([Seen(SAME_PERSON), Seen(brothers)], [5_000, 1_000], measure_chance(10_000))
    without = _learnt([Seen(SAME_PERSON)], [5_000], measure_chance(10_000))
    assert with_families.families
    assert not without.families


def test_fathers_and_sons_of_one_name_show_in_the_years_between_them_and_teach_nothing() -> None:
    unlike = pattern(last_name=SAME, first_name=SAME, birth_date=DIFFERENT, phone=SAME)
    people, nearer, generation = Seen(SAME_PERSON), Seen(unlike), Seen(unlike, apart=True)
    slips = _learnt([people, nearer, generation], [5_000, 40, 20], measure_chance(10_000))
    relatives = _learnt([people, nearer, generation], [5_000, 40, 2_000], measure_chance(10_000))
    without = _learnt([people, nearer], [5_000, 40], measure_chance(10_000))
    assert (slips.families, relatives.families, without.families) == (False, True, False)
    assert np.array_equal(relatives.levels, without.levels)


@pytest.mark.parametrize(
    ("apart", "near", "shown"),
    [(3, 2, False), (4, 0, False), (5, 0, True), (20, 40, False), (60, 50, False), (600, 500, True), (0, 0, False)],
)
def test_a_few_dates_that_differ_are_chance(apart: int, near: int, shown: bool) -> None:  # noqa: FBT001 - a case's column
    unlike = pattern(last_name=SAME, first_name=SAME, birth_date=DIFFERENT, address=SAME)
    assert show_generations([Seen(unlike, apart=True), Seen(unlike)], [apart, near]) is shown
    elsewhere = pattern(last_name=SAME, first_name=SAME, birth_date=DIFFERENT, place=SAME)
    assert not show_generations([Seen(elsewhere, apart=True), Seen(elsewhere)], [apart, near])


def test_a_model_of_an_older_version_has_what_it_did_not_know_as_shipped() -> None:
    mixture = shipped_mixture()
    stored = json.loads(mixture.to_json())
    for name in CLASSES:
        del stored["levels"][name]["address"]
    del stored["match_probability"]
    assert np.array_equal(Mixture.from_json(json.dumps(stored)).levels, mixture.levels)


def test_a_model_comes_back_from_the_table_as_it_was() -> None:
    mixture = shipped_mixture()
    back = Mixture.from_json(mixture.to_json())
    assert np.array_equal(back.levels, mixture.levels)
    assert np.array_equal(back.shares, mixture.shares)


def test_weight_and_probability_are_the_same_thing() -> None:
    assert probability_of(weight_of(0.99)) == pytest.approx(0.99)


def test_the_strongest_path_avoids_the_weak_link() -> None:
    strands = [Strand("a", "d", 7.0), Strand("a", "b", 12.0), Strand("b", "c", 11.0), Strand("c", "d", 10.0)]
    assert [(one.a, one.b) for one in StrongestForest(strands).path("d", "a")] == [("c", "d"), ("b", "c"), ("a", "b")]


def test_every_level_that_is_tested_has_words() -> None:
    for comparison in COMPARISONS:
        assert {level for level, _ in comparison.tests} | {DIFFERENT} == comparison.words.keys()
        assert comparison.words.keys() <= {SAME, ALIKE, CLOSE, DIFFERENT}


def _learnt(seen: Sequence[Seen], counts: Sequence[int], chance: Chance) -> Mixture:
    mixture = learn_mixture(seen, counts, chance)
    assert mixture is not None
    return mixture
