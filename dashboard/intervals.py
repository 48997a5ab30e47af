"""Intervals of the difference of two sides, b less a: of shares, means, quantiles, and pairs of hours.

z: of the normal distribution, 1.96 for 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Interval = tuple[float, float]

NORMAL_95, NORMAL_99 = 1.96, 2.576
_FEWEST_PAIRS = 20
# So many values beyond a quantile tell how surely it is known.
_FEWEST_BEYOND = 10


def of_shares(a: float, n_a: int, b: float, n_b: int, z: float = NORMAL_95) -> Interval:
    """Agresti and Caffo (2000); holds where one side has none at all.

    >>> low, high = of_shares(0.0, 50, 0.1, 50)
    >>> round(low, 3), round(high, 3)
    (0.002, 0.191)
    """
    sizes = (n_a + 2, n_b + 2)
    shares = [(share * n + 1) / size for share, n, size in zip((a, b), (n_a, n_b), sizes, strict=True)]
    variance = sum(share * (1 - share) / size for share, size in zip(shares, sizes, strict=True))
    centre, half = shares[1] - shares[0], z * math.sqrt(variance)
    return centre - half, centre + half


def of_means(
    change: float, spread_a: float, n_a: int, spread_b: float, n_b: int, z: float = NORMAL_95
) -> Interval:
    """Welch's, for large samples. spread: standard deviation.

    >>> low, high = of_means(1.0, 1.0, 50, 1.0, 50)
    >>> round(low, 3), round(high, 3)
    (0.608, 1.392)
    """
    half = z * math.sqrt(spread_a**2 / n_a + spread_b**2 / n_b)
    return change - half, change + half


def of_pairs(a: Sequence[float], b: Sequence[float], z: float = NORMAL_95) -> Interval | None:
    """By what share the sum of b is larger than that of a, of pairs such as the same hour of two days.

    What all pairs share, such as a busy afternoon, is no part of it: a ratio of sums with pairs as units
    (Cochran, Sampling Techniques, 1977, section 6.4), and Student's t by the first term of Cornish and
    Fisher, within 1 % of it from twenty pairs on. None of fewer, or where all of a is nothing.

    >>> of_pairs([1.0, 3.0] * 12, [2.0, 6.0] * 12)
    (1.0, 1.0)
    """
    pairs, whole = len(a), sum(a)
    if pairs < _FEWEST_PAIRS or whole <= 0:
        return None
    ratio = sum(b) / whole
    left = sum((after - ratio * before) ** 2 for before, after in zip(a, b, strict=True))
    t = z + (z**3 + z) / (4 * (pairs - 1))
    half = t * math.sqrt(left * pairs / (pairs - 1)) / whole
    return ratio - 1 - half, ratio - 1 + half


def quantile_levels(q: float, n: int, z: float = NORMAL_95) -> tuple[float, float] | None:
    """The quantiles of n values between which the true one at q lies; None where too few lie beyond it.

    By the binomial's normal approximation (Conover, Practical Nonparametric Statistics, 1999, section 3.2).

    >>> quantile_levels(0.95, 100) is None
    True
    >>> low, high = quantile_levels(0.95, 1000)
    >>> round(low, 4), round(high, 4)
    (0.9365, 0.9635)
    """
    if n * min(q, 1 - q) < _FEWEST_BEYOND:
        return None
    half = z * math.sqrt(q * (1 - q) / n)
    return max(0.0, q - half), min(1.0, q + half)


def of_quantiles(a: Sequence[float], b: Sequence[float], error: float = 0.0) -> Interval:
    """Of two values that have intervals of their own: (value, low, high) (Zou and Donner, 2008).

    error: the relative error with which the values are known.

    >>> low, high = of_quantiles((2.0, 1.0, 3.0), (6.0, 5.0, 7.0))
    >>> round(low, 3), round(high, 3)
    (2.586, 5.414)
    """
    (mid_a, low_a, high_a), (mid_b, low_b, high_b) = (
        (v, lo * (1 - error), hi * (1 + error)) for v, lo, hi in (a, b)
    )
    change = mid_b - mid_a
    return (
        change - math.hypot(mid_b - low_b, high_a - mid_a),
        change + math.hypot(high_b - mid_b, mid_a - low_a),
    )
