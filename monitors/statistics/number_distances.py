"""Distances of two samples of numbers whose size does not grow with the samples, and their references."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.psi import decile_edges, shares

Floats = NDArray[np.float64]
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def ks_distance(reference: Floats, current: Floats) -> float:
    """The largest difference of the two distribution functions, 0 to 1; ties count as ties.

    What: the share of rows that moved across some value; sees any shift of the middle. When not: changes of
    the tails, where it is blind. reference (m,) must be sorted, current (n,); nan for empty input.
    Source: Smirnov, 1939; agrees with scipy.stats.ks_2samp.

    >>> ks_distance(np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.0, 5.0]))
    0.5
    """
    if len(reference) == 0 or len(current) == 0:
        return float("nan")
    x = np.sort(current)
    # Between two points of one sample its function is level, so the extremes lie at its points, both sides.
    at = np.searchsorted(x, x, "right") / len(x) - np.searchsorted(reference, x, "right") / len(reference)
    before = np.searchsorted(x, x, "left") / len(x) - np.searchsorted(reference, x, "left") / len(reference)
    return float(max(np.abs(at).max(), np.abs(before).max()))


def jensen_shannon(p: Floats, q: Floats) -> float:
    """Jensen-Shannon divergence in bits: 0 for equal shares, 1 for shares with nothing in common.

    What: how well one row tells which of the two it came from; its square root is a metric. When not: few
    rows in many bins, where it is above 0 by chance alone. p, q: (k,) counts or shares of the same bins; nan
    where one has none. Source: Lin, IEEE Trans. Inf. Theory 37, 1991.

    >>> jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 3.0]))
    1.0
    """
    if p.sum() <= 0 or q.sum() <= 0:
        return float("nan")
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2.0
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log2(p / middle), 0.0) + np.where(q > 0, q * np.log2(q / middle), 0.0)
    return float(max(0.0, terms.sum() / 2.0))


def js_distance(reference: Floats, current: Floats, *, edges: Floats | None = None) -> float:
    """Jensen-Shannon distance, base 2, of the shares in the reference's deciles: 0 to 1.

    When not: as a bare threshold; 40 rows of the same distribution are .2 away. Shapes as in `psi`; nan for
    empty input.

    >>> round(js_distance(np.r_[np.zeros(5), np.ones(5)], np.ones(4), edges=np.array([0.5])), 6)
    0.557923
    """
    if len(reference) == 0 or len(current) == 0:
        return float("nan")
    inner = decile_edges(reference) if edges is None else edges
    return float(np.sqrt(jensen_shannon(shares(reference, inner), shares(current, inner))))


def anderson_darling(reference: Floats, current: Floats) -> float:
    """The two-sample Anderson-Darling statistic A^2 with mid-ranks for ties; about 1 for equal distributions.

    What: squared difference of the distribution functions, weighted by 1 / H(1 - H), so tails count as much
    as the middle. When not: a few extreme rows decide it. It grows with the samples: A^2 (n + m) / (n m)
    does not. reference (m,), current (n,); nan for empty input, 0 where all values are equal.
    Source: Scholz and Stephens, JASA 82, 1987, equation 7.

    >>> round(anderson_darling(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])), 6)
    2.484401
    """
    n, m = len(current), len(reference)
    if n == 0 or m == 0:
        return float("nan")
    total = n + m
    pooled = np.sort(np.concatenate([reference, current]))
    points, ties = np.unique(pooled, return_counts=True)
    if len(points) == 1:
        return 0.0
    ties = ties.astype(np.float64)
    middle = np.searchsorted(pooled, points, "left") + ties / 2.0
    statistic = 0.0
    weight = middle * (total - middle) - total * ties / 4.0
    for sample in (np.sort(reference), np.sort(current)):
        right = np.searchsorted(sample, points, "right").astype(np.float64)
        own = right - (right - np.searchsorted(sample, points, "left")) / 2.0
        statistic += float((ties * (total * own - middle * len(sample)) ** 2 / weight).sum()) / len(sample)
    return statistic * (total - 1.0) / total**2


def quantile_shift(reference: Floats, current: Floats) -> float:
    """The largest shift of five quantiles, as a share of the reference's spread from its 10 % to its 90 %.

    What: how far what people call short, usual and long has moved, in a unit they can check by eye. When not:
    changes beyond the 90 % quantile. Where the spread is 0 the mean, or else 1, is the unit. reference (m,),
    current (n,); nan for empty input. Quantiles are numpy's, linear between rows.

    >>> quantile_shift(np.arange(101.0), np.arange(101.0) + 8.0)
    0.1
    """
    if len(reference) == 0 or len(current) == 0:
        return float("nan")
    usual, now = np.quantile(reference, QUANTILES), np.quantile(current, QUANTILES)
    unit = float(usual[-1] - usual[0]) or abs(float(np.mean(reference))) or 1.0
    return float(np.abs(now - usual).max() / unit)
