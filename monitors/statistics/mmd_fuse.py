"""MMD aggregated over bandwidths: MMD-FUSE, a soft maximum of normalised kernels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.kernel_sums import BLOCK, Block, Kernel, kernel_sums, pooled_rows
from monitors.statistics.kernels import squared_distances
from monitors.statistics.mmd import sampled_rows
from monitors.statistics.two_sample import NOTHING, Floats, TwoSample, labels_of

Matrix = NDArray[np.floating]
BANDWIDTHS = 10
_SHARP = 8.0  # with 1, what is near zero is hardly stretched, and its tail on the right stays long


def fuse_bandwidths(x: Matrix, y: Matrix, count: int = BANDWIDTHS) -> Floats:
    """(count,) bandwidths from half the 5 % quantile of distances to twice the 95 % quantile, evenly.

    They depend on the pooled rows alone, as the test's level needs. On at most five hundred rows; ones if all
    rows are the same.

    >>> fuse_bandwidths(np.array([[0.0]]), np.array([[2.0]]), 4).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    rows = sampled_rows(x, y)
    distances = np.sqrt(squared_distances(rows, rows)[np.triu_indices(len(rows), 1)])
    distances = distances[distances > 0]
    if distances.size == 0:
        return np.ones(count)
    low, high = np.quantile(distances, [0.05, 0.95])
    spaced: Floats = np.linspace(low / 2.0, 2.0 * high, count, dtype=np.float64)
    return spaced


def mmd_fuse(
    x: Matrix,
    y: Matrix,
    *,
    permutations: int = 100,
    bandwidths: Floats | None = None,
    positive: bool = False,
    rng: np.random.Generator | None = None,
    block: int = BLOCK,
) -> TwoSample:
    """FUSE: (1 / c) log mean over kernels of exp(c MMD^2 / N), c = sqrt(n (n - 1)), n the smaller sample.

    N^2 is the mean of the squared kernel over pairs of pooled rows, so kernels compete in units of their own
    noise. The kernels are exp(-(|a - b| / b)^2) and exp(-|a - b| / b) at every bandwidth.
    What: a change at any scale, without choosing one. When not: as an alarm on traffic whose rows are not
    exchangeable; where one bandwidth is known to be right, `mmd_test` costs a twentieth.
    x (n, d), y (m, d), at least two rows each, else nan. positive: log(1 + exp(8 c FUSE)) / (8 c)
    instead, which is never negative and rises with it. Memory is bounded as in `mmd_test`. Source: Biggs,
    Schrab and Gretton, NeurIPS 2023, equation 7; their second family takes sums of absolute differences, this
    one Euclidean distances.

    >>> x, y = np.array([[0.0], [0.0]]), np.array([[1.0], [1.0]])
    >>> round(mmd_fuse(x, y, permutations=0, bandwidths=np.array([1.0])).value, 5)
    1.94256
    """
    n, m = len(x), len(y)
    if n < 2 or m < 2:
        return NOTHING
    widths = fuse_bandwidths(x, y) if bandwidths is None else bandwidths
    labels = labels_of(n, m, permutations, np.random.default_rng(0) if rng is None else rng)
    sums = kernel_sums(pooled_rows(x, y, 1.0), labels, _kernels(widths), block)
    pairs = (n + m) * (n + m - 1.0)
    normal = np.array([s.mmd2(n, m) / max((s.squares / pairs) ** 0.5, 1e-12) for s in sums])
    fused = soft_maximum(normal, min(n, m))
    c = _SHARP * float(np.sqrt(min(n, m) * (min(n, m) - 1.0)))
    return TwoSample.of(np.logaddexp(0.0, c * fused) / c if positive else fused)


def soft_maximum(normal: Floats, n: int) -> Floats:
    """(B,) soft maximum over the rows of (kernels, B), at the temperature of n rows."""
    c = float(np.sqrt(n * (n - 1.0)))
    top = normal.max(axis=0)
    fused: Floats = top + np.log(np.exp(c * (normal - top)).mean(axis=0)) / c
    return fused


def _kernels(bandwidths: Floats) -> Sequence[Kernel]:
    gauss: list[Kernel] = [partial(_gaussian, factor=np.float32(2.0 / b**2)) for b in bandwidths]
    return gauss + [partial(_laplace, factor=np.float32(1.0 / b)) for b in bandwidths]


def _gaussian(exponent: Block, *, factor: np.float32) -> Block:
    exponent *= factor
    return np.exp(exponent, out=exponent)


def _laplace(exponent: Block, *, factor: np.float32) -> Block:
    np.minimum(exponent, 0.0, out=exponent)
    exponent *= np.float32(-2.0)
    np.sqrt(exponent, out=exponent)
    exponent *= -factor
    return np.exp(exponent, out=exponent)
