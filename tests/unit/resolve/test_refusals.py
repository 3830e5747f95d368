"""What is told to have kept two groups apart is what grouping went by."""

from __future__ import annotations

from itertools import combinations

from hypothesis import example, given
from hypothesis import strategies as st

from rddm.resolve.clusters import CONTRADICTION_BITS, CrossPair, agglomerate
from rddm.resolve.comparisons import GENERATION_APART
from rddm.resolve.refusals import Crossing, Refusal, Standing, refusal_of

THRESHOLD = 6.0


def crossing(pairs: list[CrossPair], groups: list[int], first: int, second: int) -> Crossing:
    """Return what lies between two groups, of pairs within the limit of weight."""
    across = [pair for pair in pairs if {groups[pair.a], groups[pair.b]} == {first, second}]
    matching = [pair for pair in across if pair.weight >= THRESHOLD]
    joining = [pair for pair in matching if not (pair.forbidden or pair.contradicting or pair.apart)]
    codes = [
        "two_documents" if pair.forbidden else "twins" if pair.contradicting else GENERATION_APART
        for pair in across
        if pair.forbidden or pair.contradicting or pair.apart
    ]
    return Crossing(
        len(across),
        len(matching),
        len(joining),
        sum(pair.weight - CONTRADICTION_BITS * pair.contradicting for pair in across),
        contradictions={code: codes.count(code) for code in codes},
        agree=any(pair.agree and not pair.apart for pair in across),
        several=all(groups.count(each) > 1 for each in (first, second)),
    )


@st.composite
def components(draw: st.DrawFn) -> tuple[int, list[CrossPair]]:
    count = draw(st.integers(2, 6))
    kinds = st.sampled_from(["", "", "", "forbidden", "contradicting", "apart", "agree", "apart and agree"])
    pairs = []
    for a, b in combinations(range(count), 2):
        kind, weight = draw(kinds), draw(st.integers(-20, 20))
        pairs.append(
            CrossPair(
                a,
                b,
                float(weight),
                kind == "forbidden",
                kind in ("forbidden", "contradicting"),
                "apart" in kind,
                "agree" in kind,
            )
        )
    return count, pairs


FATHER_SON_AND_UNDATED = [
    CrossPair(0, 1, 5.0, forbidden=False, apart=True, agree=True),
    CrossPair(0, 2, 19.0, forbidden=False),
    CrossPair(1, 2, 7.0, forbidden=False),
]


@given(components())
@example((3, FATHER_SON_AND_UNDATED))
def test_every_two_groups_that_match_have_a_reason_that_grouping_honours(
    component: tuple[int, list[CrossPair]],
) -> None:
    count, pairs = component
    groups = agglomerate(count, pairs, THRESHOLD)
    for first, second in combinations(sorted(set(groups)), 2):
        found = crossing(pairs, groups, first, second)
        refusal = refusal_of(found, Standing())
        assert (refusal is not None) is (found.matching > 0)
        if refusal is not None:
            # Grown as they are, the two would be refused by any pair that could join them; or nothing speaks against it now.
            held = [(a, b) for a, b in combinations(range(count), 2) if groups[a] == groups[b]]
            across = [pair for pair in pairs if {groups[pair.a], groups[pair.b]} == {first, second}]
            again = agglomerate(count, across, THRESHOLD, same=held)
            are_two = len({again[place] for place in range(count) if groups[place] in (first, second)}) > 1
            assert are_two is (refusal.code != "earlier")


def test_what_is_told_goes_by_the_order_in_which_it_is_asked() -> None:
    found = Crossing(6, 2, 1, -3.0, "twins", {"two_documents": 1, GENERATION_APART: 2}, several=True)
    assert refusal_of(found, Standing(told_apart=True)) == Refusal("told_apart", 6, 6, -3.0)
    assert refusal_of(found, Standing(connected=False)) == Refusal("not_compared", 2, 6, -3.0)
    assert refusal_of(found, Standing(cut=True)) == Refusal("cut", 2, 6, -3.0)
    assert refusal_of(found, Standing()) == Refusal("forbidden", 1, 6, -3.0, "two_documents")
    apart = Crossing(6, 2, 1, -3.0, None, {GENERATION_APART: 2}, several=True)
    assert refusal_of(apart, Standing()) == Refusal("apart", 2, 6, -3.0, GENERATION_APART)
    agreeing = Crossing(6, 2, 1, -3.0, None, {GENERATION_APART: 2}, agree=True, several=True)
    assert refusal_of(agreeing, Standing()) == Refusal("outweighed", 6, 6, -3.0)
    assert refusal_of(Crossing(1, 1, 0, 4.0, "twins", {"twins": 1}), Standing()) == Refusal(
        "contradiction", 1, 1, 4.0, "twins"
    )
    assert refusal_of(Crossing(1, 0, 0, 4.0), Standing()) is None
    assert refusal_of(Crossing(2, 1, 1, 4.0), Standing()) == Refusal("earlier", 2, 2, 4.0)
