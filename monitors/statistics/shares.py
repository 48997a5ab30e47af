"""A share of rows that come in windows, and how surely it is known when windows differ."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_WINDOWS = 4


def window_share(inside: NDArray[np.bool_], windows: NDArray[np.int64]) -> tuple[float, float]:
    """The share of rows that are inside, and its standard error with whole windows as units.

    What: a ratio of sums over windows (Cochran, Sampling Techniques, 1977, section 6.4), so rows of one
    window may be alike; never less than for independent rows. When not: with fewer than four windows, which
    do not say how windows differ: the error is nan. inside (n,), windows (n,) labels; nan for no rows.

    >>> share, error = window_share(np.array([True, True, False, False] * 2), np.repeat(np.arange(4), 2))
    >>> share, round(error, 4)
    (0.5, 0.2887)
    """
    if not len(inside):
        return float("nan"), float("nan")
    _, numbers = np.unique(windows, return_inverse=True)
    rows = np.bincount(numbers).astype(np.float64)
    hits = np.bincount(numbers, weights=inside.astype(np.float64))
    total, count = float(rows.sum()), len(rows)
    share = float(hits.sum() / total)
    if count < LEAST_WINDOWS:
        return share, float("nan")
    left = hits - share * rows
    error = float(np.sqrt(count / (count - 1.0) * (left**2).sum())) / total
    return share, max(error, float(np.sqrt(binomial_variance(share, int(total)))))


def binomial_variance(share: float, rows: int) -> float:
    """Of the share of independent rows; at least that of one row in four times as many.

    >>> binomial_variance(0.5, 100)
    0.0025
    """
    return max(share * (1.0 - share), 0.25 / max(rows, 1)) / max(rows, 1)
