"""Exact maximum mean discrepancy of many rows: one pass over blocks of the kernel, bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.kernels import median_bandwidth
from monitors.statistics.two_sample import NOTHING, Floats, Labels, TwoSample, labels_of

Matrix = NDArray[np.floating]
Block = NDArray[np.float32]
BLOCK = 1024  # rows of a block: 4 MB of kernel
_HEURISTIC_ROWS = 1000


def sampled_bandwidth(x: Matrix, y: Matrix, *, rows: int = _HEURISTIC_ROWS) -> float:
    """The median heuristic on at most `rows` rows, taken evenly from both samples together.

    x (n, d), y (m, d). With 1,000 rows the median of half a million distances is known to well under 1 %.

    >>> sampled_bandwidth(np.array([[0.0]]), np.array([[2.0]])) == 2**0.5
    True
    """
    step = max(1, -(-(len(x) + len(y)) // rows))
    first = (-len(x)) % step
    return median_bandwidth(np.concatenate([x[::step], y[first::step]]))


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
    inside, rows, total = _sums(_scaled(x, y, scale), labels, block)
    # With r = K 1: L'K1 = xx + xy, and what is left of all pairs is yy.
    both = rows @ labels
    xy, yy = both - inside, total - 2.0 * both + inside
    values = inside / (n * (n - 1.0)) + yy / (m * (m - 1.0)) - 2.0 * xy / (n * float(m))
    return TwoSample.of(values)


def _scaled(x: Matrix, y: Matrix, bandwidth: float) -> Block:
    """(n + m, d) float32 rows around their mean over the bandwidth: squared distances halved are exponents.

    Around the mean, since differences of large norms would lose digits.
    """
    n = len(x)
    rows = np.empty((n + len(y), x.shape[1]), dtype=np.float32)
    rows[:n], rows[n:] = x, y
    rows -= rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    rows *= np.float32(1.0 / bandwidth)
    return rows


def kernel_blocks(rows: Block, block: int = BLOCK) -> Iterator[tuple[slice, slice, Block]]:
    """The upper half of exp(-|a - b|^2 / 2), block by block, zeros on the diagonal.

    rows (N, d) float32. Yields (rows, columns, kernel); the array is used again for the next block. The
    exponent comes out of one product of rows with two more columns: a.b - |a|^2/2 - |b|^2/2.
    """
    size, d = rows.shape
    half = -0.5 * np.einsum("ij,ij->i", rows, rows, dtype=np.float64).astype(np.float32)
    left, right = np.ones((block, d + 2), np.float32), np.ones((block, d + 2), np.float32)
    buffer = np.empty(block * block, dtype=np.float32)
    for top in range(0, size, block):
        down = slice(top, min(top + block, size))
        a = left[: down.stop - top]
        a[:, :d], a[:, d] = rows[down], half[down]
        for start in range(top, size, block):
            across = slice(start, min(start + block, size))
            b = right[: across.stop - start]
            b[:, :d], b[:, d + 1] = rows[across], half[across]
            kernel = buffer[: len(a) * len(b)].reshape(len(a), len(b))
            np.matmul(a, b.T, out=kernel)
            np.exp(kernel, out=kernel)
            if start == top:
                np.fill_diagonal(kernel, 0.0)
            yield down, across, kernel


def _sums(rows: Block, labels: Labels, block: int) -> tuple[Floats, Floats, float]:
    """diag(L' K L) (1 + B,), the row sums K 1 (N,), and 1' K 1."""
    inside = np.zeros(labels.shape[1])
    sums = np.zeros(len(rows))
    for down, across, kernel in kernel_blocks(rows, block):
        product = kernel @ labels[across]
        quadratic = np.einsum("ij,ij->j", labels[down], product, dtype=np.float64)
        twice = down != across
        inside += quadratic * (2.0 if twice else 1.0)
        sums[down] += kernel.sum(axis=1, dtype=np.float64)
        if twice:
            sums[across] += kernel.sum(axis=0, dtype=np.float64)
    return inside, sums, float(sums.sum())
