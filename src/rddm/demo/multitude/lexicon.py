"""
Words by number, and what becomes of them: each way of spoiling is done once per word, by the demo's own functions.

A record holds numbers of words. Spoiling a column means to look up the numbers of the spoilt words; only a word not seen before
is spelt out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rddm.demo.multitude.chance import Flags, Ints
from rddm.demo.spelling import (
    MOJIBAKE,
    STANDARDS,
    as_mojibake,
    on_wrong_layout,
    transliterate,
    with_lookalikes,
    with_typo,
)

NOTHING = -1
"""The number of no word; its text is null."""
VARIANTS = 32
"""In how many ways a letter of one word goes wrong."""
SPACES = (" {}", "{} ", "  {} ", "{}\u00a0")
_YO = str.maketrans("ёЁ", "еЕ")


def _with_typo(variant: int, word: str) -> str:
    return with_typo(word, Random(f"{variant}:{word}")) if len(word) > 1 else word


def _with_lookalikes(variant: int, word: str) -> str:
    return with_lookalikes(word, Random(f"{variant}:{word}"))


_WAYS: dict[str, Callable[[str], str | None]] = {
    "upper": str.upper,
    "lower": str.lower,
    "yo_as_e": lambda word: word.translate(_YO),
    "wrong_layout": on_wrong_layout,
    **{f"transliterated {place}": partial(transliterate, standard=name) for place, name in enumerate(STANDARDS)},
    **{
        f"mojibake {place}": partial(as_mojibake, written=written, read=read)
        for place, (written, read) in enumerate(MOJIBAKE)
    },
    **{f"spaces {place}": shape.format for place, shape in enumerate(SPACES)},
    **{f"typo {variant}": partial(_with_typo, variant) for variant in range(VARIANTS)},
    **{f"lookalike {variant}": partial(_with_lookalikes, variant) for variant in range(VARIANTS)},
}


class Lexicon:
    """Words by number. Not for several threads at once: each takes a `copy`."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = list(words)
        self._numbers: dict[str, int] = {}
        for number, word in enumerate(self._words):
            self._numbers.setdefault(word, number)
        self._texts = pa.array(self._words, pa.string())
        self._lengths = np.array([len(word) for word in self._words], np.int64)
        self._has_yo = np.array(["ё" in word.lower() for word in self._words], np.bool_)
        self._spoilt: dict[str, dict[int, int]] = {}

    def copy(self) -> Lexicon:
        """Return a lexicon of the same words that grows on its own."""
        twin = Lexicon(())
        twin._words, twin._numbers = self._words.copy(), self._numbers.copy()
        twin._texts, twin._lengths, twin._has_yo = self._texts, self._lengths, self._has_yo
        twin._spoilt = {way: known.copy() for way, known in self._spoilt.items()}
        return twin

    def spoil(self, words: Ints, way: str, variants: Sequence[int] | Ints | None = None) -> Ints:
        """
        Return the numbers of *words* spoilt in that *way*, `NOTHING` where that cannot be done.

        A way with *variants* (typo, lookalike, transliterated, mojibake, spaces) takes one for each word.
        """
        if variants is None:
            return self._spoil_alike(words, way)
        result = np.empty_like(words)
        for variant in np.unique(np.asarray(variants)).tolist():
            chosen = np.flatnonzero(np.asarray(variants) == variant)
            result[chosen] = self._spoil_alike(words[chosen], f"{way} {variant}")
        return result

    def _spoil_alike(self, words: Ints, way: str) -> Ints:
        known = self._spoilt.setdefault(way, {NOTHING: NOTHING})
        distinct, place = np.unique(words, return_inverse=True)
        found = []
        for word in distinct.tolist():
            spoilt = known.get(word)
            if spoilt is None:
                known[word] = spoilt = self._number(_WAYS[way](self._words[word]))
            found.append(spoilt)
        return np.array(found, np.int64)[place]

    def _number(self, word: str | None) -> int:
        if word is None:
            return NOTHING
        number = self._numbers.setdefault(word, len(self._words))
        if number == len(self._words):
            self._words.append(word)
        return number

    def _grow(self) -> None:
        new = self._words[len(self._lengths) :]
        if not new:
            return
        self._texts = pa.concat_arrays([self._texts, pa.array(new, pa.string())])
        self._lengths = np.concatenate([self._lengths, np.array([len(word) for word in new], np.int64)])
        self._has_yo = np.concatenate([self._has_yo, np.array(["ё" in word.lower() for word in new], np.bool_)])

    def lengths(self, words: Ints) -> Ints:
        """Return how many letters each word has; 0 for `NOTHING`."""
        self._grow()
        return np.where(words == NOTHING, 0, self._lengths[words])

    def has_yo(self, words: Ints) -> Flags:
        """Return which words have the letter ё."""
        self._grow()
        return np.asarray((words != NOTHING) & self._has_yo[words], np.bool_)

    def texts(self, words: Ints) -> pa.Array:
        """Return the words spelt out, null for `NOTHING`."""
        self._grow()
        return spelt(self._texts, words)


def spelt(texts: pa.Array, places: Ints) -> pa.Array:
    """Return the *texts* at *places*, null at `NOTHING`."""
    return pc.take(texts, pa.array(places, mask=places == NOTHING), boundscheck=False)
