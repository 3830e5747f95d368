"""
What an agreement weighs: a mixture of four latent classes of candidate pairs, learnt by EM on counts of patterns.

A pair is a *match* (one person), of one *family* (shares name, phone, home because they live together), a *namesake*
(shares names, perhaps a birth date, by chance) or *random* (met in a match key). Within a class, fields are
independent; across classes they are not, which is how family name, patronymic, phone and school of one family come to
count once. The match weight is the log2 of the odds of match against the other three together (Fellegi and Sunter 1969;
latent classes: Winkler 1988, Larsen and Rubin 2001).

Priors are Dirichlet with the shipped parameters as mean and a strength that grows with the data; besides, no odds leave
the shipped ones by more than a factor. So a class adapts to the data and cannot wander off to become another one, not
even where one of the four has hardly any pairs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rddm.project.settings import LEAST_MATCH_PROBABILITY, ProbabilisticIdentity
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
)

CLASSES = ("match", "family", "namesake", "random")
FAMILY = CLASSES.index("family")
Floats = npt.NDArray[np.float64]

LEAST_DESCRIPTIONS = 200
"""Fewer descriptions than this teach nothing: who they stand for is not known, so the shipped parameters are used."""
PRIOR_STRENGTH = 0.1
"""Weight of the shipped parameters against the data of a class."""
LEAST_PRIOR = 100.0
"""... and its least size, in pairs."""
ODDS_FACTOR = 10.0
"""How far the odds of a level may be learnt away from the shipped ones, up or down."""
SHARE_PRIOR = 100.0
"""Weight of the shipped shares, in pairs: how many candidates are chance depends on the keys, not on people."""
FAMILIES_SEEN = 3.0
"""The data show families where they have this many times the family pairs that the prior alone puts there."""
CERTAIN_DEVIATIONS = 2
"""A count is no chance that is off by this many standard deviations: the usual."""
ITERATIONS = 200

PRECISION = 0.98
"""Of all pairs that are joined, the share that must be expected to be right..."""
MOST_MATCH_PROBABILITY = 0.99
"""... with a match probability that need not be above this, nor is below `LEAST_MATCH_PROBABILITY`."""

_SHARES = {"match": 0.5, "family": 0.1}
_LEVELS: dict[str, dict[str, dict[int, float]]] = {
    "match": {
        "last_name": {SAME: 0.93, ALIKE: 0.01, CLOSE: 0.03, DIFFERENT: 0.03},
        "first_name": {SAME: 0.88, ALIKE: 0.08, CLOSE: 0.03, DIFFERENT: 0.01},
        "middle_name": {SAME: 0.95, CLOSE: 0.03, DIFFERENT: 0.02},
        "birth_date": {SAME: 0.94, ALIKE: 0.04, CLOSE: 0.01, DIFFERENT: 0.01},
        "gender": {SAME: 0.99, DIFFERENT: 0.01},
        "phone": {SAME: 0.75, ALIKE: 0.02, DIFFERENT: 0.23},
        "email": {SAME: 0.7, ALIKE: 0.06, DIFFERENT: 0.24},
        "snils": {SAME: 0.99, DIFFERENT: 0.01},
        "document_number": {SAME: 0.85, ALIKE: 0.05, DIFFERENT: 0.1},
        "address": {SAME: 0.6, ALIKE: 0.15, CLOSE: 0.08, DIFFERENT: 0.17},
        "place": {SAME: 0.5, ALIKE: 0.3, CLOSE: 0.12, DIFFERENT: 0.08},
    },
    "family": {
        "last_name": {SAME: 0.9, ALIKE: 0.01, CLOSE: 0.02, DIFFERENT: 0.07},
        "first_name": {SAME: 0.01, ALIKE: 0.01, CLOSE: 0.01, DIFFERENT: 0.97},
        "middle_name": {SAME: 0.75, CLOSE: 0.02, DIFFERENT: 0.23},
        "birth_date": {SAME: 0.05, ALIKE: 0.01, CLOSE: 0.04, DIFFERENT: 0.9},
        "gender": {SAME: 0.5, DIFFERENT: 0.5},
        "phone": {SAME: 0.7, ALIKE: 0.01, DIFFERENT: 0.29},
        "email": {SAME: 0.3, ALIKE: 0.02, DIFFERENT: 0.68},
        "snils": {SAME: 0.0005, DIFFERENT: 0.9995},
        "document_number": {SAME: 0.005, ALIKE: 0.01, DIFFERENT: 0.985},
        "address": {SAME: 0.6, ALIKE: 0.15, CLOSE: 0.08, DIFFERENT: 0.17},
        "place": {SAME: 0.5, ALIKE: 0.3, CLOSE: 0.12, DIFFERENT: 0.08},
    },
}
_CHANCE: dict[str, dict[int, float]] = {
    "last_name": {SAME: 0.002, ALIKE: 0.0003, CLOSE: 0.004, DIFFERENT: 0.9937},
    "first_name": {SAME: 0.015, ALIKE: 0.008, CLOSE: 0.001, DIFFERENT: 0.976},
    "middle_name": {SAME: 0.02, CLOSE: 0.004, DIFFERENT: 0.976},
    "birth_date": {SAME: 0.00015, ALIKE: 0.003, CLOSE: 0.008, DIFFERENT: 0.98885},
    "gender": {SAME: 0.5, DIFFERENT: 0.5},
    "phone": {ALIKE: 1e-7},
    "email": {ALIKE: 1e-5},
    "snils": {},
    "document_number": {ALIKE: 1e-5},
    "address": {SAME: 2e-5, ALIKE: 3e-4, CLOSE: 0.01, DIFFERENT: 0.98968},
    "place": {SAME: 0.003, ALIKE: 0.015, CLOSE: 0.05, DIFFERENT: 0.932},
}
"""How any two people compare."""
STRANGERS = {"phone": 0.05, "email": 0.02, "snils": 0.001, "document_number": 0.01}
"""
With how many descriptions of strangers one shares an identifier: numbers are handed on, mailboxes lent, digits
mistyped.
"""
NEIGHBOURS = {"phone": 0.5}
"""With how many descriptions of strangers one's number differs in a digit: numbers are handed out side by side."""
_NAMESAKE_PLACE = {SAME: 0.02, ALIKE: 0.08, CLOSE: 0.2, DIFFERENT: 0.7}
"""Where a name is common, it is common among neighbours."""
_NAMESAKE_MAILBOX = {ALIKE: 0.03, DIFFERENT: 0.97}
"""People make mailbox names of their own names."""
NAMESAKE_SHARE = 0.5
"""How many more namesakes there are than independent first and last names would give, when nobody counted them..."""
NAMESAKE_BOUNDS = (0.1, 4.0)
"""... and within what bounds a count is believed."""
SHIPPED_DESCRIPTIONS, SHIPPED_PAIRS = 100_000, 200_000
"""So many descriptions and candidate pairs the shipped chances and shares are for."""
CHANCE_PRIOR_PAIRS = 2_000.0
"""Weight of the shipped chances against a sample of pairs of any two descriptions, in pairs."""

_CHANCE_TERMS = tuple(comparison.name for comparison in COMPARISONS if comparison.term)
TERMS_BY_CLASS: dict[str, tuple[str, ...]] = {
    "match": (),
    "family": tuple(comparison.name for comparison in COMPARISONS if comparison.term_in_family),
    "namesake": _CHANCE_TERMS,
    "random": _CHANCE_TERMS,
}
"""
Where an agreement is chance, common values make it likelier. A family shares its name, phone and mail for a
reason.
"""


@dataclass(frozen=True)
class Mixture:
    """
    ``shares`` per class; ``levels`` class × comparison × level: probability of each level but `MISSING`, which
    tells nothing. From ``match_probability`` on, two are one. ``families``: whether the
    data show any.
    """

    shares: Floats
    levels: Floats
    match_probability: float = MOST_MATCH_PROBABILITY
    families: bool = True

    def to_json(self) -> str:
        shares = dict(zip(CLASSES, self.shares.tolist(), strict=True))
        levels = {
            name: dict(zip(NAMES, self.levels[place].tolist(), strict=True)) for place, name in enumerate(CLASSES)
        }
        chosen = {"match_probability": self.match_probability, "families": self.families}
        return json.dumps({"shares": shares, "levels": levels, **chosen})

    @classmethod
    def from_json(cls, text: str) -> Mixture:
        """Return the stored mixture; what it does not know yet - a field, the threshold - is as shipped."""
        stored: Mapping[str, Any] = json.loads(text)
        shares = np.array([stored["shares"][name] for name in CLASSES], dtype=np.float64)
        levels = shipped_mixture().levels
        for place, name in enumerate(CLASSES):
            for field, known in stored["levels"][name].items():
                levels[place, NAMES.index(field)] = known
        return cls(
            shares, levels, stored.get("match_probability", MOST_MATCH_PROBABILITY), stored.get("families", True)
        )


@dataclass(frozen=True)
class Chance:
    """
    How any two of *descriptions* compare: ``levels`` as class levels. With it the number of coincidences is known, not
    learnt. ``same_names``: how many pairs share family name and given name, people's own included; 0: nobody counted.

    Two people agree on a name or a date as often as those are common, and there are descriptions² / 2 pairs to do so.
    Candidate pairs cannot tell: they were chosen for agreeing.
    """

    descriptions: int
    levels: Floats
    same_names: float = 0.0


@dataclass(frozen=True, order=True)
class Seen:
    """
    What candidate pairs look like: ``pattern``, the term weights against a family and against chance, in whole bits, and
    whether the two were born a generation apart as no number agrees (`rddm.resolve.comparisons.GENERATION_APART`).
    """

    pattern: int
    family_terms: int = 0
    chance_terms: int = 0
    apart: bool = False


def _table(levels: Mapping[str, Mapping[int, float]]) -> Floats:
    table = np.zeros((len(NAMES), LEVELS))
    for field, name in enumerate(NAMES):
        for level, probability in levels[name].items():
            table[field, level] = probability
    return table


def measure_chance(
    descriptions: int, patterns: Sequence[int] = (), counts: Sequence[int] = (), same_names: float = 0.0
) -> Chance:
    """
    Return the chances for *descriptions*, from *counts* of *patterns* of pairs drawn blindly, or the shipped ones
    without them.

    Identifiers are different: nearly all who share one are the same person or family. For those, how many strangers
    share it is shipped.
    """
    prior = _table(_CHANCE)
    hot = _one_hot(patterns)
    seen = np.einsum("pfl,p->fl", hot, np.array(counts, dtype=np.float64)) if len(patterns) else np.zeros_like(prior)
    levels = (seen + CHANCE_PRIOR_PAIRS * prior) / np.maximum(seen.sum(axis=1, keepdims=True) + CHANCE_PRIOR_PAIRS, 1)
    for name, strangers in STRANGERS.items():
        field = NAMES.index(name)
        levels[field] = prior[field]
        levels[field, SAME] = strangers / max(descriptions, 2)
        levels[field, ALIKE] = max(prior[field, ALIKE], NEIGHBOURS.get(name, 0.0) / max(descriptions, 2))
        levels[field, DIFFERENT] = 1 - levels[field, SAME] - levels[field, ALIKE]
    return Chance(descriptions, levels, same_names)


def _coincidences(chance: Chance, pairs: float, found: Mixture | None) -> tuple[Floats, Floats]:
    """
    Return shares (in candidate pairs; above 1, for most pairs are no candidates) and levels of namesake and random.

    The blind sample has matches in it; where they are known (*found*), their part in agreeing is taken out.
    """
    everything = chance.descriptions**2 / 2
    levels = chance.levels.copy()
    if found is not None:
        for place in range(2):
            matches = found.shares[place] * pairs / everything
            levels -= matches * np.where(np.arange(LEVELS) == SAME, found.levels[place], 0)
        levels = np.maximum(levels, chance.levels / 3)
        levels /= levels.sum(axis=1, keepdims=True)
    last, first, mail, place = map(NAMES.index, ("last_name", "first_name", "email", "place"))
    namesake = levels.copy()
    namesake[[last, first]] = 0
    namesake[[last, first], SAME] = 1 - 3e-3
    namesake[[last, first], ALIKE:] = 1e-3
    given = _table({**_CHANCE, "place": _NAMESAKE_PLACE, "email": _NAMESAKE_MAILBOX})
    namesake[place] = given[place]
    namesake[mail, [ALIKE, DIFFERENT]] = given[mail, [ALIKE, DIFFERENT]]
    random_share = everything / pairs
    by_chance = random_share * levels[last, SAME] * levels[first, SAME]
    more = NAMESAKE_SHARE
    if found is not None and chance.same_names:
        own = float((found.shares[:2] * found.levels[:2, last, SAME] * found.levels[:2, first, SAME]).sum())
        more = float(np.clip((chance.same_names / pairs - own) / by_chance - 1, *NAMESAKE_BOUNDS))
    namesake_share = by_chance * more
    return np.array([namesake_share, random_share]), np.stack([namesake, levels])


def shipped_mixture() -> Mixture:
    """
    Return the parameters to start from: rough knowledge of how people, families and services are, from no data
    set.
    """
    learnable = np.stack([_table(_LEVELS[name]) for name in CLASSES[:2]])
    shares, levels = _coincidences(measure_chance(SHIPPED_DESCRIPTIONS), SHIPPED_PAIRS, None)
    return Mixture(np.array([*_SHARES.values(), *shares]), np.concatenate([learnable, levels]))


def _one_hot(patterns: Sequence[int]) -> Floats:
    """Pattern × comparison × level, 1 where it has that level; all 0 where the field is missing."""
    levels = np.array([levels_of(pattern) for pattern in patterns], dtype=np.int64).reshape(-1, len(NAMES))
    hot: Floats = (levels[:, :, None] == np.arange(LEVELS)).astype(np.float64)
    hot[:, :, MISSING] = 0
    return hot


def class_bits(mixture: Mixture, patterns: Sequence[int]) -> Floats:
    """
    Return pattern × class: log2 of the joint probability of class and pattern, term weights aside.

    Field by field, so that a pattern's bits are the same to the last whatever other patterns are asked for with it.
    """
    levels = np.array([levels_of(pattern) for pattern in patterns], dtype=np.int64).reshape(-1, len(NAMES))
    logs = np.log2(np.where(mixture.levels > 0, mixture.levels, 1.0))
    logs[:, :, MISSING] = 0
    bits: Floats = np.tile(np.log2(mixture.shares), (len(levels), 1))
    for field in range(len(NAMES)):
        bits += logs[:, field, :].T[levels[:, field]]
    return bits


def _rounded(values: Floats) -> Floats:
    """Nine significant digits: the same on every machine, whatever order its processor adds in."""
    return np.array([float(f"{value:.9g}") for value in values.ravel()], dtype=np.float64).reshape(values.shape)


def _bound(learnt: Floats, prior: Floats, factor: float) -> Floats:
    """
    Keep the odds of each probability within *factor* of the prior's; probabilities still sum to 1 along the last
    axis.
    """
    inner = np.clip(prior, 1e-12, 1 - 1e-12)
    odds = inner / (1 - inner)
    low, high = odds / factor, odds * factor
    bounded = np.where(prior > 0, np.clip(learnt, low / (1 + low), high / (1 + high)), 0.0)
    return np.asarray(bounded / bounded.sum(axis=-1, keepdims=True), dtype=np.float64)


def _term_bits(seen: Sequence[Seen]) -> Floats:
    """Return what was *seen* × class: the bits that term weights add to each class."""
    by_class = {(): "", TERMS_BY_CLASS["family"]: "family_terms", _CHANCE_TERMS: "chance_terms"}
    columns = [by_class[TERMS_BY_CLASS[name]] for name in CLASSES]
    return np.array([[getattr(one, column) if column else 0 for column in columns] for one in seen], dtype=np.float64)


def learn_mixture(seen: Sequence[Seen], counts: Sequence[int], chance: Chance) -> Mixture | None:
    """
    Return the mixture that explains *counts* of what was *seen* of candidate pairs best; None if they are too few.

    Match and family are learnt (maximum a posteriori, EM); namesake and random follow from *chance*, and so do the given
    names of a family: brothers and sisters share everything else, but not those. Priors keep few pairs from teaching much.
    Where fathers and sons of one name show (`show_generations`), the data have families, and those pairs do not teach: they
    are never joined, and would pass for matches whose birth dates differ.
    """
    generations = show_generations(seen, counts)
    if generations:
        pairs = [(one, count) for one, count in zip(seen, counts, strict=True) if not one.apart]
        seen, counts = [one for one, _ in pairs], [count for _, count in pairs]
    prior = shipped_mixture()
    total = float(sum(counts))
    if chance.descriptions < LEAST_DESCRIPTIONS or total == 0:
        return None
    ordered = sorted(zip(seen, counts, strict=True))  # sums of floats depend on their order
    hot = _one_hot([one.pattern for one, _ in ordered])
    terms = _term_bits([one for one, _ in ordered])
    weights: Floats = np.array([count for _, count in ordered], dtype=np.float64)
    flat = hot.reshape(len(weights), -1)
    informative: Floats = hot.sum(axis=2)
    mixture = prior
    for _ in range(ITERATIONS):
        shares, levels = _coincidences(chance, total, mixture)
        mixture = Mixture(np.concatenate([mixture.shares[:2], shares]), np.concatenate([mixture.levels[:2], levels]))
        bits = flat @ np.log2(np.where(mixture.levels > 0, mixture.levels, 1)).reshape(len(CLASSES), -1).T
        bits += np.log2(mixture.shares) + terms
        likelihood = np.exp2(bits - bits.max(axis=1, keepdims=True))
        share = (likelihood / likelihood.sum(axis=1, keepdims=True) * weights[:, None])[:, :2]
        shown = (share.T @ flat).reshape(2, len(NAMES), LEVELS)
        sizes = share.T @ informative
        strength = np.maximum(LEAST_PRIOR, PRIOR_STRENGTH * sizes)[:, :, None]
        learnt = (shown + strength * prior.levels[:2]) / (sizes[:, :, None] + strength)
        bounded = _bound(learnt, prior.levels[:2], ODDS_FACTOR)
        bounded[FAMILY, NAMES.index("first_name")] = levels[1, NAMES.index("first_name")]
        found = (share.sum(axis=0) + SHARE_PRIOR * prior.shares[:2]) / (total + SHARE_PRIOR)
        moved = float(np.abs(bounded - mixture.levels[:2]).max())
        mixture = Mixture(np.concatenate([found, shares]), np.concatenate([bounded, levels]))
        if moved < 1e-6:
            break
    learnt = Mixture(_rounded(mixture.shares), _rounded(mixture.levels))
    families = generations or bool(mixture.shares[FAMILY] * total > FAMILIES_SEEN * SHARE_PRIOR * prior.shares[FAMILY])
    return replace(learnt, match_probability=choose_match_probability(learnt, seen, counts), families=families)


def show_generations(seen: Sequence[Seen], counts: Sequence[int]) -> bool:
    """
    Tell whether *counts* of pairs *seen* have fathers and sons of one name.

    Of one person's birth dates that differ by more than a slip, most still have years that are near: of eight digits only one
    or two put a generation between them. So where, of pairs of one name and one home that no number tells apart or together,
    more lie a generation apart than nearer, by more than twice the standard deviation of such a count, those are two people.
    """
    apart = near = 0
    for one, count in zip(seen, counts, strict=True):
        level = dict(zip(NAMES, levels_of(one.pattern), strict=True))
        is_one_name = level["last_name"] == level["first_name"] == SAME
        is_one_home = SAME in (level["phone"], level["email"], level["address"])
        is_numbered = level["snils"] != MISSING or level["document_number"] == SAME
        if is_one_name and is_one_home and not is_numbered and level["birth_date"] == DIFFERENT:
            apart, near = apart + count * one.apart, near + count * (not one.apart)
    return apart > near and (apart - near) ** 2 > CERTAIN_DEVIATIONS**2 * (apart + near)


def seen_weights(mixture: Mixture, seen: Sequence[Seen]) -> Floats:
    """Return the match weight of what was *seen*."""
    bits = class_bits(mixture, [one.pattern for one in seen]) + _term_bits(seen).reshape(-1, len(CLASSES))
    weights: Floats = bits[:, 0] - np.logaddexp2.reduce(bits[:, 1:], axis=1)
    return weights


def choose_match_probability(mixture: Mixture, seen: Sequence[Seen], counts: Sequence[int]) -> float:
    """
    Return the lowest match probability from which on all of *counts* pairs *seen* together are expected to be right in
    `PRECISION` of cases, between `LEAST_MATCH_PROBABILITY` and `MOST_MATCH_PROBABILITY`.

    No truth is needed: of the pairs at a probability p, a share p is expected to match.
    """
    each = 1 / (1 + np.exp2(-seen_weights(mixture, seen)))
    distinct, place = np.unique(each, return_inverse=True)
    probabilities = distinct[::-1]
    pairs = np.bincount(place, weights=np.array(counts, dtype=np.float64), minlength=len(distinct))[::-1]
    expected = np.cumsum(pairs * probabilities) / np.maximum(np.cumsum(pairs), 1)
    lowest = float(np.min(probabilities[expected >= PRECISION], initial=1.0))
    bounded = min(max(lowest, LEAST_MATCH_PROBABILITY), MOST_MATCH_PROBABILITY)
    # Down, or the very pairs that it was chosen for would be just below it.
    return math.floor(bounded * 1e6) / 1e6


def match_probability_of(identity: ProbabilisticIdentity, mixture: Mixture) -> float:
    """Return the match probability from which on two are one: as set, else as learnt."""
    return identity.match_probability or mixture.match_probability


def pattern_bits(mixture: Mixture, patterns: Sequence[int]) -> tuple[Floats, Floats, Floats]:
    """
    Return for each pattern the bits of match, of family and of chance (namesake or random), as `weight_sql` takes them.
    """
    bits = class_bits(mixture, patterns)
    match, family, namesake, random = (bits[:, place] for place in range(len(CLASSES)))
    return match, family, np.logaddexp2(namesake, random)


def weight_sql() -> str:
    """
    Return the SQL expression for the match weight, over the columns ``match, family, chance`` (see `pattern_bits`),
    ``family_terms`` and ``chance_terms`` (see `rddm.resolve.comparisons.compare_sql`).
    """
    return "match - log2(pow(2.0, family + family_terms) + pow(2.0, chance + chance_terms))"


def total_bits(bits: Mapping[str, float]) -> float:
    """Return the match weight for the joint log2 probabilities *bits* per class."""
    others = np.array([bits[name] for name in CLASSES[1:]])
    top = float(others.max())
    return float(bits["match"] - (top + np.log2(np.exp2(others - top).sum())))


def probability_of(weight: float) -> float:
    """
    Return the match probability for a match weight.

    >>> probability_of(0.0)
    0.5
    """
    return float(1.0 / (1.0 + 2.0 ** -min(max(weight, -1000.0), 1000.0)))


def probability_sql(weight: str) -> str:
    """Return the SQL expression for the match probability of *weight* (an expression)."""
    return f"(1 / (1 + pow(2.0, -({weight}))))"


def weight_of(probability: float) -> float:
    """Return the match weight for a match probability."""
    return float(np.log2(probability / (1.0 - probability)))
