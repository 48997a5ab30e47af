"""Tail probabilities far out, where the promise of few false alarms is kept or broken.

Thresholds here lie near p = 1e-6, so a normal tail for a skewed mean would be wrong by orders of magnitude:
means are corrected for the skewness of their rows, and quadratic forms are matched in their cumulants.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_TINY = 1e-300
_ROOT_STEPS, _ROOT_NEAR = 100, 1e-12  # of a root, and how near its log tail must be


def normal_tail(z: ArrayLike) -> Floats:
    """P(Z > z) of a standard normal.

    >>> round(float(normal_tail(1.959964)), 6)
    0.025
    """
    from scipy.special import ndtr

    tail: Floats = np.asarray(ndtr(-np.asarray(z, dtype=np.float64)))
    return tail


def unskew(z: ArrayLike, skewness: ArrayLike) -> Floats:
    """The standard normal value with about the tail of `z` under a standardised gamma of this skewness.

    Wilson and Hilferty (1931): the cube root of a gamma is nearly normal. Beyond the end of the gamma's
    support the answer is the end's, which is cautious. Skewness 0 gives z back.

    >>> round(float(unskew(5.0, 0.2)), 3), float(unskew(2.0, 0.0))
    (4.375, 2.0)
    """
    z = np.asarray(z, dtype=np.float64)
    g = np.asarray(skewness, dtype=np.float64)
    straight = np.abs(g) < 1e-6
    safe = np.where(straight, 1.0, g)
    base = np.maximum(1.0 + safe * z / 2.0, 0.0)
    out: Floats = (6.0 / safe) * (np.cbrt(base) - 1.0) + safe / 6.0
    return np.where(straight, z, out) if straight.any() else out


def reskew(z: ArrayLike, skewness: ArrayLike) -> Floats:
    """The inverse of `unskew`.

    >>> round(float(reskew(unskew(4.0, 0.3), 0.3)), 9)
    4.0
    """
    z = np.asarray(z, dtype=np.float64)
    g = np.asarray(skewness, dtype=np.float64)
    safe = np.where(np.abs(g) < 1e-6, 1.0, g)
    root = np.maximum((z - safe / 6.0) * safe / 6.0 + 1.0, 0.0)
    out: Floats = np.where(np.abs(g) < 1e-6, z, (2.0 / safe) * (root**3 - 1.0))
    return out


class QuadraticTail:
    """The upper tail of a quadratic form from its first four cumulants.

    Liu, Tang and Zhang (2009): a shifted, scaled (non-central) chi-square with the same mean, variance and
    skewness, and the kurtosis as near as it can be. For independent normals with weights c the cumulants
    are 2^(k-1) (k-1)! sum(c^k).

    >>> c = np.array([0.5, 0.3, 0.1, 0.05, 0.05])
    >>> round(QuadraticTail(weighted_cumulants(c)).sf(4.0), 5)
    0.01071
    """

    def __init__(self, cumulants: ArrayLike) -> None:
        k1, k2, k3, k4 = (float(v) for v in np.asarray(cumulants, dtype=np.float64))
        self.mean, self.sd = k1, float(np.sqrt(k2))
        s1 = k3 / (k2**1.5 * np.sqrt(8.0))
        s2 = k4 / (k2**2 * 12.0)
        a, self.shift, self.df = 1.0 / s1, 0.0, 1.0 / s1**2
        if s1**2 > s2:
            wide = 1.0 / (s1 - np.sqrt(s1**2 - s2))
            shift = s1 * wide**3 - wide**2
            # Cumulants that were stretched may belong to no quadratic form: then the skewness decides alone.
            if wide**2 > 2.0 * shift:
                a, self.shift, self.df = wide, shift, wide**2 - 2.0 * shift
        self._mean_x, self._sd_x = self.df + self.shift, float(np.sqrt(2.0) * a)

    def sf(self, q: float) -> float:
        """P(Q > q)."""
        x = (q - self.mean) / self.sd * self._sd_x + self._mean_x
        return 1.0 if x <= 0 else max(noncentral_tail(x, self.df, self.shift), _TINY)

    def isf(self, p: float) -> float:
        """The q with P(Q > q) = p."""
        from scipy.special import chdtri

        x = float(chdtri(self.df, p)) if self.shift == 0.0 else self._quantile(p)
        return float((x - self._mean_x) / self._sd_x * self.sd + self.mean)

    def _quantile(self, p: float) -> float:
        """Of the non-central chi-square: the root of its log tail, which falls and is nearly straight."""

        def over(x: float) -> float:
            return float(np.log(max(noncentral_tail(x, self.df, self.shift), _TINY) / p))

        low, high = 0.0, self._mean_x + self._sd_x
        while over(high) > 0:
            high *= 2.0
        above, below, before = over(low), over(high), 0.0
        # The Illinois rule: an end that stays for the second time counts half, so that it moves, too.
        for _ in range(_ROOT_STEPS):
            x = (low * below - high * above) / (below - above)
            found = over(x)
            if abs(found) < _ROOT_NEAR:
                break
            half = 0.5 if found * before > 0 else 1.0
            if found > 0:
                low, above, below = x, found, below * half
            else:
                high, below, above = x, found, above * half
            before = found
        return float(x)


def noncentral_tail(x: float, df: float, shift: float) -> float:
    """P(X > x) of a non-central chi-square; exact far out, where one minus the lower tail is not.

    A sum over Poisson(shift / 2) numbers of further degrees of freedom; no term is negative.

    >>> round(noncentral_tail(100.0, 5.0, 3.0) * 1e15, 3)
    2.193
    """
    from scipy.special import chdtrc, gammaln

    if shift == 0.0:
        return float(chdtrc(df, x))
    mean = shift / 2.0
    # Far out the terms that matter lie above the Poisson's own middle, by about sqrt(x / shift).
    most = int(max(mean, np.sqrt(mean * x / 2.0)) * 1.5 + 12.0 * np.sqrt(mean + 1.0)) + 40
    number = np.arange(most)
    chances = np.exp(number * np.log(mean) - mean - gammaln(number + 1.0))
    return float(min(1.0, chances @ chdtrc(df + 2.0 * number, x)))


def weighted_cumulants(weights: ArrayLike) -> Floats:
    """(4,) cumulants of sum(c_j Z_j^2) for independent standard normals.

    >>> weighted_cumulants([1.0, 1.0]).tolist()
    [2.0, 4.0, 16.0, 96.0]
    """
    c = np.asarray(weights, dtype=np.float64)
    return np.array([c.sum(), 2 * (c**2).sum(), 8 * (c**3).sum(), 48 * (c**4).sum()])


def mixture_cumulants(scale: ArrayLike, moments: ArrayLike) -> Floats:
    """(4,) cumulants of sum(a_j r_j^2) when r_j is normal with an uncertain variance.

    scale: (d,) weights a. moments: (4, d) E v, E v^2, E v^3, E v^4 of the variance of r_j. With a certain
    variance this is `weighted_cumulants(a * v)`.

    >>> v = np.array([0.5, 2.0])
    >>> np.allclose(mixture_cumulants([1.0, 1.0], [v, v**2, v**3, v**4]), weighted_cumulants(v))
    True
    """
    a = np.asarray(scale, dtype=np.float64)
    v1, v2, v3, v4 = np.asarray(moments, dtype=np.float64)
    m1, m2, m3, m4 = v1, 3.0 * v2, 15.0 * v3, 105.0 * v4
    # Products, for powers take many times as long.
    s1, s = m1 * m1, a * a
    k2 = m2 - s1
    k3 = m3 - 3 * m2 * m1 + 2 * s1 * m1
    k4 = m4 - 4 * m3 * m1 - 3 * m2 * m2 + 12 * m2 * s1 - 6 * s1 * s1
    return np.array([a @ m1, s @ k2, (s * a) @ k3, (s * s) @ k4])
