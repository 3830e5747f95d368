"""
Chance by address: the draw for a purpose and a number, whoever asks, in whatever order, and however many at a time.

Generators that go from draw to draw would make the outcome depend on how the work is cut into pieces. Here a draw is the
number itself, mixed: the finalizer of SplitMix64 (Steele, Lea, Flood, 2014) over the number and a key of seed and purpose.
Integers are compared, not floats, so that every machine draws alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def mixed(numbers: U64, key: int = 0) -> U64:
    """Return each of *numbers* mixed with *key*: different numbers stay different."""
    z = numbers * _STEP
    z += np.uint64(key)
    z ^= z >> np.uint64(30)
    z *= _FIRST
    z ^= z >> np.uint64(27)
    z *= _SECOND
    z ^= z >> np.uint64(31)
    return z


def rearranged(numbers: U64, bits: int) -> U64:
    """Return *numbers* below 2^*bits* as others below it that look drawn: different ones stay different."""
    mask, half = np.uint64(2**bits - 1), np.uint64(bits // 2)
    for factor in (_STEP, _FIRST, _SECOND):
        numbers = (numbers * factor) & mask
        numbers ^= numbers >> half
    return numbers


class Chance:
    """Draws of one *scope*. Numbers say for whom (a person, a family), *purpose* what for; equal arguments, equal draws."""

    def __init__(self, scope: str) -> None:
        self._scope = scope

    def of(self, part: str) -> Chance:
        """Return the draws of a part of this scope, unlike those of every other."""
        return Chance(f"{self._scope}:{part}")

    def bits(self, numbers: Ints, purpose: str) -> U64:
        """Return 64 random bits for each number."""
        key = blake2b(f"{self._scope}:{purpose}".encode(), digest_size=8).digest()
        return mixed(numbers.view(np.uint64), int.from_bytes(key, "little"))

    def unit(self, numbers: Ints, purpose: str) -> Floats:
        """Return numbers from 0 up to 1."""
        return (self.bits(numbers, purpose) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def hits(self, numbers: Ints, purpose: str, share: float) -> Flags:
        """Return True with probability *share*."""
        if share >= 1:
            return np.ones(len(numbers), np.bool_)
        return self.bits(numbers, purpose) < np.uint64(int(share * 2.0**64))

    def below(self, numbers: Ints, purpose: str, limit: int | Ints) -> Ints:
        """Return whole numbers from 0 to below *limit* (at most 2^32), one limit for all or one for each."""
        high = (self.bits(numbers, purpose) >> np.uint64(32)).view(np.int64)
        return np.asarray((high * limit) >> 32, np.int64)

    def pick(self, numbers: Ints, purpose: str, weights: Sequence[float]) -> Ints:
        """Return places in *weights*, each as often as its weight says."""
        sums = np.cumsum(np.asarray(weights, np.float64))
        places = np.searchsorted(sums[:-1], self.unit(numbers, purpose) * sums[-1], side="right")
        return np.asarray(places, np.int64)

    def triangular(self, numbers: Ints, purpose: str, low: float, high: float, mode: float) -> Floats:
        """Return numbers from *low* to *high*, *mode* the likeliest."""
        unit = self.unit(numbers, purpose)
        turn = (mode - low) / (high - low)
        rising = low + np.sqrt(unit * ((high - low) * (mode - low)))
        return np.where(unit < turn, rising, high - np.sqrt((1 - unit) * ((high - low) * (high - mode))))


def scattered(numbers: Ints, prime: int) -> Ints:
    """
    Return *numbers* (0 to below *prime*) in another order: different ones stay different, neighbours end up far apart.

    By quadratic residues, one-to-one for primes that leave 3 when divided by 4; twice, with a shift between.
    """
    if prime % 4 != 3:
        raise ValueError(f"{prime} does not leave 3 when divided by 4")
    for shift in (prime // 3, prime // 7):
        numbers = (numbers + shift) % prime
        squares = numbers * numbers % prime
        numbers = np.where(2 * numbers < prime, squares, (prime - squares) % prime)
    return numbers


AT_A_TIME = 1 << 17
"""How many numbers are worked on at once, so that what is in between stays small."""


def parts(count: int) -> list[range]:
    """Return the ranges that 0 to before *count* falls into, `AT_A_TIME` each."""
    return [range(start, min(start + AT_A_TIME, count)) for start in range(0, count, AT_A_TIME)]
