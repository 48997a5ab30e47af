"""Exact maximum mean discrepancy of many rows, with permutations, in bounded memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.kernel_sums import BLOCK, kernel_sums, pooled_rows
from monitors.statistics.kernels import median_bandwidth
from monitors.statistics.two_sample import NOTHING, TwoSample, labels_of

Matrix = NDArray[np.floating]
_HEURISTIC_ROWS = 500


def sampled_rows(x: Matrix, y: Matrix, rows: int = _HEURISTIC_ROWS) -> Matrix:
    """At most about `rows` of both samples together, taken evenly.

    >>> sampled_rows(np.zeros((3, 1)), np.ones((3, 1)), 3).ravel().tolist()
    [0.0, 0.0, 1.0]
    """
    step = max(1, -(-(len(x) + len(y)) // rows))
    sampled: Matrix = np.concatenate([x[::step], y[(-len(x)) % step :: step]])
    return sampled


def sampled_bandwidth(x: Matrix, y: Matrix) -> float:
    """The median heuristic on at most five hundred rows of both samples.

    x (n, d), y (m, d). The median of a hundred thousand distances is known to about 1 %.

    >>> sampled_bandwidth(np.array([[0.0]]), np.array([[2.0]])) == 2**0.5
    True
    """
    return median_bandwidth(sampled_rows(x, y))


def mmd_test(
    x: Matrix,
    y: Matrix,
    *,
    permutations: int = 100,
    bandwidth: float | None = None,
    rng: np.random.Generator | None = None,
    block: int = BLOCK,
) -> TwoSample:
    """The unbiased squared MMD, kernel exp(-|a - b|^2 / (2 s^2)), and its permutations.

    What: any difference of distribution at the scale of the bandwidth. The label vectors of all permutations
    stand in one (n + m, 1 + B) matrix L, and diag(L' K L) is a matrix product for each block of the float32
    kernel, whose upper half alone is made. Cost: (n + m)^2 (d + B) multiplications; memory: the rows once
    more, L, and a block.
    When not: as an alarm on traffic with rhythm, repeats or sessions, whose rows are not exchangeable.
    x (n, d), y (m, d), at least two rows each, else nan. bandwidth: `sampled_bandwidth` if None. rng: for the
    permutations; seeded with 0 if None. Precise to about 1e-6.
    Source: Gretton et al., JMLR 13, 2012, lemma 6.

    >>> x, y = np.array([[0.0], [0.0]]), np.array([[3.0], [3.0]])
    >>> round(mmd_test(x, y, bandwidth=1.0, permutations=0).value, 5)
    1.97778
    """
    n, m = len(x), len(y)
    if n < 2 or m < 2:
        return NOTHING
    scale = sampled_bandwidth(x, y) if bandwidth is None else bandwidth
    labels = labels_of(n, m, permutations, np.random.default_rng(0) if rng is None else rng)
    (sums,) = kernel_sums(pooled_rows(x, y, scale), labels, block=block)
    return TwoSample.of(sums.mmd2(n, m))
