"""What is kept of the numbers of a window: counts in bins whose width grows with the value.

Every value lies within 1 % of the middle of its bin, so every quantile is within 1 % of the value at that
rank; merging adds counts, so it is exact, and any order of merging gives the same sketch. Source: Masson, Rim
and Lee, DDSketch, VLDB 2019.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import reduce

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ERROR = 0.01
GAMMA = (1.0 + ERROR) / (1.0 - ERROR)
# Added to the bin of a positive value, so that codes are in the order of the values; 0 is the bin of zero.
ZERO_OFFSET = 100_000
_PLACES = Decimal("1e-9")


@dataclass(frozen=True, kw_only=True)
class NumberSketch:
    """The values of one stream in one stretch of time.

    Attributes:
        n_missing: spans without a value.
        codes: of the bins that have any value, ascending. counts: of each.
        total: sum of the values, exact to 1e-9 each. low, high: the extremes; None without any value.
    """

    n_missing: int
    codes: tuple[int, ...]
    counts: tuple[int, ...]
    total: Decimal
    low: float | None
    high: float | None

    @classmethod
    def empty(cls) -> NumberSketch:
        """Of no values: merging it changes nothing."""
        return cls(n_missing=0, codes=(), counts=(), total=Decimal(0), low=None, high=None)

    @classmethod
    def of(cls, values: NDArray[np.floating], *, n_missing: int = 0) -> NumberSketch:
        """Of (k,) finite values.

        >>> NumberSketch.of(np.array([0.0, 2.0, 2.001, -1.0])).counts
        (1, 1, 2)
        """
        told = np.asarray(values, dtype=np.float64)
        if told.size == 0:
            return cls(n_missing=n_missing, codes=(), counts=(), total=Decimal(0), low=None, high=None)
        codes, counts = np.unique(code_of(told), return_counts=True)
        exact = (Decimal(float(v)).quantize(_PLACES, ROUND_HALF_EVEN) for v in told)
        return cls(
            n_missing=n_missing,
            codes=tuple(codes.tolist()),
            counts=tuple(counts.tolist()),
            total=sum(exact, Decimal(0)),
            low=float(told.min()),
            high=float(told.max()),
        )

    def merge(self, other: NumberSketch) -> NumberSketch:
        """Of the values of both."""
        counts = dict(zip(self.codes, self.counts, strict=True))
        for code, count in zip(other.codes, other.counts, strict=True):
            counts[code] = counts.get(code, 0) + count
        codes = tuple(sorted(counts))
        extremes = [v for v in (self.low, self.high, other.low, other.high) if v is not None]
        return NumberSketch(
            n_missing=self.n_missing + other.n_missing,
            codes=codes,
            counts=tuple(counts[code] for code in codes),
            total=self.total + other.total,
            low=min(extremes, default=None),
            high=max(extremes, default=None),
        )

    @property
    def n(self) -> int:
        """Values."""
        return sum(self.counts)

    def mean(self) -> float | None:
        """None without any value."""
        return float(self.total / self.n) if self.n else None

    def quantile(self, q: float) -> float | None:
        """The value at rank q (n - 1), rounded down, within 1 %; None without any value. 0 <= q <= 1.

        >>> found = NumberSketch.of(np.arange(1.0, 1001.0)).quantile(0.95)
        >>> abs(found / 950.0 - 1.0) < 0.01
        True
        """
        if not 0.0 <= q <= 1.0:
            raise ValueError(f"a quantile lies between 0 and 1, not at {q}")
        if self.low is None or self.high is None:
            return None
        rank = int(q * (self.n - 1))
        place = int(np.searchsorted(np.cumsum(self.counts), rank, side="right"))
        return min(max(value_of(self.codes[place]), self.low), self.high)

    def share_up_to(self, codes: Ints) -> Floats:
        """(k,) share of the values in the bins up to and with each of `codes`; nan without any value."""
        if not self.n:
            return np.full(len(codes), np.nan)
        cumulated = np.concatenate([[0], np.cumsum(self.counts)])
        shares: Floats = cumulated[np.searchsorted(self.codes, codes, side="right")] / self.n
        return shares


def code_of(values: Floats) -> Ints:
    """The bin of each finite value; in the order of the values.

    >>> code_of(np.array([-1.0, 0.0, 1.0, 1.02])).tolist()
    [-100000, 0, 100000, 100001]
    """
    size = np.abs(values)
    logs = np.log(np.where(size > 0, size, 1.0)) / np.log(GAMMA)
    bins = np.ceil(logs).astype(np.int64) + ZERO_OFFSET
    codes: Ints = np.where(size > 0, np.sign(values).astype(np.int64) * bins, 0)
    return codes


def value_of(code: int) -> float:
    """The middle of a bin: within 1 % of everything in it."""
    if code == 0:
        return 0.0
    middle = 2.0 * GAMMA ** (abs(code) - ZERO_OFFSET) / (GAMMA + 1.0)
    return middle if code > 0 else -middle


def merged_numbers(sketches: Iterable[NumberSketch]) -> NumberSketch:
    """Of all of them."""
    return reduce(NumberSketch.merge, sketches, NumberSketch.empty())
