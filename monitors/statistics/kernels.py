"""Distances and kernels of vectors, MMD and energy distance as plain sums; for many rows see `mmd`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Matrix = NDArray[np.floating]


def squared_distances(x: Matrix, y: Matrix) -> Matrix:
    """(n, m) squared Euclidean distances of rows, in the precision of the input."""
    d: Matrix = (x * x).sum(axis=1)[:, None] + (y * y).sum(axis=1)[None, :]
    products = x @ y.T
    # In place: fresh pages for matrices of this size take longer than the arithmetic.
    products *= 2.0
    d -= products
    return np.maximum(d, 0.0, out=d)


def median_bandwidth(rows: Matrix) -> float:
    """The median heuristic: sqrt(median squared distance of pairs / 2), so that k = exp(-d^2 / (2 s^2)).

    Source: Gretton et al., JMLR 13, 2012. rows (m, d); 1.0 if all rows are the same.

    >>> median_bandwidth(np.array([[0.0], [2.0]])) == 2 ** 0.5
    True
    """
    d = squared_distances(rows, rows)[np.triu_indices(len(rows), 1)]
    median = float(np.median(d)) if d.size else 0.0
    return (median / 2.0) ** 0.5 if median > 0 else 1.0


def mmd2(x: Matrix, y: Matrix, *, bandwidth: float, unbiased: bool = True) -> float:
    """Squared maximum mean discrepancy with the kernel exp(-|a - b|^2 / (2 s^2)).

    What: 0 for equal distributions, at most 2; sees any difference in distribution at the scale of the
    bandwidth. When not: as a bare threshold: its size depends on the bandwidth. The unbiased estimate can be
    negative. x (n, d), y (m, d), at least two rows each, else nan. Source: Gretton et al., JMLR 13, 2012,
    lemma 6.

    >>> round(mmd2(np.array([[0.0], [0.0]]), np.array([[3.0], [3.0]]), bandwidth=1.0), 6)
    1.977782
    """
    n, m = len(x), len(y)
    if n < 2 or m < 2:
        return float("nan")
    gamma = 0.5 / bandwidth**2
    kxx, kyy, kxy = (np.exp(-gamma * squared_distances(a, b)) for a, b in ((x, x), (y, y), (x, y)))
    if unbiased:
        within = (kxx.sum() - np.trace(kxx)) / (n * (n - 1)) + (kyy.sum() - np.trace(kyy)) / (m * (m - 1))
        return float(within - 2.0 * kxy.mean())
    return float(kxx.mean() + kyy.mean() - 2.0 * kxy.mean())


def energy_distance(x: Matrix, y: Matrix) -> float:
    """Energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'|, the V-statistic: at least 0.

    What: the same idea as MMD without a bandwidth to choose. When not: heavy-tailed raw numbers. x (n, d), y
    (m, d); nan for empty input. Source: Szekely and Rizzo, J. Stat. Plan. Inference 143, 2013.

    >>> energy_distance(np.array([[0.0]]), np.array([[3.0]]))
    6.0
    """
    if len(x) == 0 or len(y) == 0:
        return float("nan")
    xy, xx, yy = (float(np.sqrt(squared_distances(a, b)).mean()) for a, b in ((x, y), (x, x), (y, y)))
    return 2.0 * xy - xx - yy
