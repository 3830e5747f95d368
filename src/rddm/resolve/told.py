"""The learnt weights told: what each level of each comparison weighs, and how that differs from what is shipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rddm.resolve.clusters import COMPONENT_LIMIT
from rddm.resolve.comparisons import COMPARISONS, MISSING
from rddm.resolve.refusals import Refusal
from rddm.resolve.weights import CLASSES, Mixture

CLASS_WORDS: Mapping[str, str] = {
    "match": "one person",
    "family": "a family",
    "namesake": "namesakes",
    "random": "strangers",
}
"""What the kinds of pairs are called to a reader."""
CONTRADICTION_WORDS: Mapping[str, str] = {
    "two_documents": "two insurance numbers",
    "exclusive_source": "two records of a source that has nobody twice",
    "birth_date_and_given_name": "two birth dates and two given names",
    "gender_and_given_name": "two genders and two given names",
    "twins": "twins",
    "born_a_generation_apart": "born a generation apart",
}
"""Why two can hardly be one, by the code that pairs are stored with (`rddm.resolve.comparisons.contradiction_sql`)."""


def contradiction_in_words(code: str) -> str:
    """
    Return a contradiction as a reader is told it.

    >>> contradiction_in_words("two_documents")
    'two insurance numbers'
    """
    return CONTRADICTION_WORDS.get(code, code.replace("_", " "))


def refusal_in_short(refusal: Refusal) -> str:
    """
    Return why two stayed two, for a line of a list.

    >>> refusal_in_short(Refusal("outweighed", 4, 4, -7.5))
    'all 4 pairs: -7.5'
    """
    what = contradiction_in_words(refusal.contradiction or "")
    return {
        "told_apart": "told apart by a steward",
        "not_compared": "no match key finds it",
        "cut": f"cut: more than {COMPONENT_LIMIT} in a chain",
        "contradiction": what,
        "forbidden": f"{refusal.pairs:,} of {refusal.of_pairs:,} pairs: {what}",
        "apart": f"{refusal.pairs:,} of {refusal.of_pairs:,} pairs: {what}",
        "outweighed": f"all {refusal.of_pairs:,} pairs: {refusal.evidence:+.1f}",
        "earlier": "refused while grouping",
    }[refusal.code]


def refusal_in_words(refusal: Refusal) -> str:
    """
    Return why two stayed two although records of theirs match.

    >>> refusal_in_words(Refusal("forbidden", 2, 4, -7.5, "two_documents"))
    '2 of the 4 pairs between them have two insurance numbers, which no evidence outweighs'
    """
    what = contradiction_in_words(refusal.contradiction or "")
    some = f"{refusal.pairs:,} of the {refusal.of_pairs:,} pairs between them"
    return {
        "told_apart": "a steward told records of theirs apart, and every run goes by that",
        "not_compared": f"{some} would match, but no match key finds one of these, so no run has compared them",
        "cut": f"they were in a chain of more than {COMPONENT_LIMIT} descriptions, which was cut between them at its weakest"
        " pairs",
        "contradiction": f"{some} weigh enough to match, but all of these contradict themselves ({what}) and so join nobody",
        "forbidden": f"{some} have {what}, which no evidence outweighs",
        "apart": f"{some} were {what}, and no other agrees in birth date or number",
        "outweighed": f"taken together, the {refusal.of_pairs:,} pairs between them stand at {refusal.evidence:+.1f}, and groups"
        " join from 0 on",
        "earlier": "they were refused while the groups grew, the surest pairs first, or one of them fits somebody else too well"
        f" to be either; as they are now, the {refusal.of_pairs:,} pairs between them stand at {refusal.evidence:+.1f}",
    }[refusal.code]


@dataclass(frozen=True)
class LevelTold:
    """
    One level of a comparison. ``shares``: how often pairs of each class have it, 0 to 1; ``bits``: what it weighs for a match
    against each other class, in bits; ``shipped_bits``: the same before anything was learnt. None where a class never has it.
    """

    level: str
    shares: Mapping[str, float]
    bits: Mapping[str, float | None]
    shipped_bits: Mapping[str, float | None]


@dataclass(frozen=True)
class FieldTold:
    """A comparison and its levels, the most alike first; ``has_terms``: common values weigh less."""

    name: str
    has_terms: bool
    levels: Sequence[LevelTold]


def tell_fields(learnt: Mixture, shipped: Mixture) -> list[FieldTold]:
    """Return what every level of every comparison weighs by *learnt*, and by *shipped*."""
    return [
        FieldTold(
            comparison.name,
            comparison.term is not None,
            [
                LevelTold(
                    words,
                    {name: float(learnt.levels[number, place, level]) for number, name in enumerate(CLASSES)},
                    _bits(learnt, place, level),
                    _bits(shipped, place, level),
                )
                for level, words in sorted(comparison.words.items())
                if level != MISSING
            ],
        )
        for place, comparison in enumerate(COMPARISONS)
    ]


def _bits(mixture: Mixture, place: int, level: int) -> dict[str, float | None]:
    match, *others = (float(each) for each in mixture.levels[:, place, level])
    return {
        name: float(np.log2(match / other)) if match > 0 and other > 0 else None
        for name, other in zip(CLASSES[1:], others, strict=True)
    }


def odds_in_words(bits: float) -> str:
    """
    Return what *bits* of weight mean.

    >>> odds_in_words(3.0), odds_in_words(-10.0), odds_in_words(0.05), odds_in_words(25.2)
    ('8 times likelier', '1,000 times less likely', 'says nothing', '39 million times likelier')
    """
    if abs(bits) < 0.1:
        return "says nothing"
    factor = 2.0 ** abs(bits)
    return f"{round_odds(factor)} times {'likelier' if bits > 0 else 'less likely'}"


def round_odds(factor: float) -> str:
    """
    Return odds in two significant digits; no reader needs more of them.

    >>> round_odds(7.0), round_odds(1234.0), round_odds(2.5e9)
    ('7', '1,200', '2.5 billion')
    """
    for unit, name in ((1e12, " trillion"), (1e9, " billion"), (1e6, " million")):
        if factor >= unit:
            return f"{_two_digits(factor / unit)}{name}"
    return _two_digits(factor)


def _two_digits(value: float) -> str:
    if value < 10:
        return f"{value:.1f}".removesuffix(".0")
    digits = len(str(int(value)))
    return f"{round(value, 2 - digits):,.0f}"
