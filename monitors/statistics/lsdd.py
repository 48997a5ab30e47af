"""Least-squares density difference: how far apart two densities are, without estimating either."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.kernels import squared_distances
from monitors.statistics.mmd import sampled_bandwidth, sampled_rows
from monitors.statistics.two_sample import NOTHING, Floats, TwoSample, labels_of

Matrix = NDArray[np.floating]
CENTRES = 100
RIDGE = 0.1


def lsdd(
    x: Matrix,
    y: Matrix,
    *,
    permutations: int = 100,
    centres: Matrix | None = None,
    bandwidth: float | None = None,
    ridge: float = RIDGE,
    density: bool = False,
    rng: np.random.Generator | None = None,
) -> TwoSample:
    """The integral of (p - q)^2, from a least-squares fit of p - q by Gaussians around the centres.

    With h the difference of mean kernels at the centres and H their overlaps: 2 t'h - t'Ht for
    t = (H + ridge I)^-1 h. H does not depend on labels: all permutations share one Cholesky factor.
    What: where and by how much one density exceeds the other; robust to outliers, which kernels at centres do
    not see. When not: far more than a hundred modes; a change where no centre lies; traffic whose rows are
    not exchangeable.
    x (n, d), y (m, d), at least two rows each, else nan. centres (c, d): a hundred pooled rows if None.
    density: True gives the integral itself, with overlaps (pi s^2)^(d/2) exp(-|a - b|^2 / (4 s^2)); that
    number has no size in hundreds of dimensions, so by default H is taken without its constant factor, which
    is then the unit of `ridge` and of the value.
    Source: Bu, Alippi and Zhao, IEEE TNNLS 29, 2018; Sugiyama et al., Neural Computation 25, 2013.

    >>> x, y = np.array([[0.0], [0.0]]), np.array([[3.0], [3.0]])
    >>> found = lsdd(x, y, permutations=0, centres=np.array([[0.0], [3.0]]), bandwidth=1.0, ridge=0.0)
    >>> round(found.value, 6)
    2.186239
    """
    n, m = len(x), len(y)
    if n < 2 or m < 2:
        return NOTHING
    pooled = np.concatenate([x, y])
    at = sampled_rows(x, y, CENTRES) if centres is None else centres
    scale = sampled_bandwidth(x, y) if bandwidth is None else bandwidth
    kernel = np.exp((-0.5 / scale**2) * squared_distances(at, pooled))
    overlap = np.exp((-0.25 / scale**2) * squared_distances(at, at)).astype(np.float64)
    if density:
        overlap *= (np.pi * scale**2) ** (x.shape[1] / 2.0)
    labels = labels_of(n, m, permutations, np.random.default_rng(0) if rng is None else rng)
    inside = (kernel.astype(labels.dtype, copy=False) if len(pooled) > 500 else kernel) @ labels
    everything = kernel.sum(axis=1, dtype=np.float64)[:, None]
    h = inside / n - (everything - inside) / m
    return TwoSample.of(_fit(overlap, h, ridge))


def _fit(overlap: Floats, h: Floats, ridge: float) -> Floats:
    """(B,) 2 t'h - t'Ht of every column of h (c, B)."""
    from scipy.linalg import cho_factor, cho_solve

    # The jitter keeps two centres at one place from making the matrix singular.
    jitter = 1e-12 * float(np.trace(overlap)) / len(overlap)
    factor = cho_factor(overlap + (ridge + jitter) * np.eye(len(overlap)))
    theta = cho_solve(factor, h)
    fitted: Floats = np.einsum("ij,ij->j", theta, 2.0 * h - overlap @ theta)
    return fitted
