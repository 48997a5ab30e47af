"""The power criterion of a learned kernel, and its gradient."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.kernels import squared_distances

Floats = NDArray[np.float64]
_RIDGE = 1e-8


class Trainable(Protocol):
    """What the gradient needs of a deep kernel; see `learned_kernel.DeepKernel`."""

    @property
    def weights(self) -> Floats: ...
    @property
    def offset(self) -> Floats: ...
    @property
    def logs(self) -> Floats: ...
    def features(self, rows: Floats) -> Floats:
        """(k, h) of (k, d)."""
        ...


def power(h: Floats) -> tuple[float, Floats]:
    """MMD^2 over its standard deviation under a change, and the gradient by h.

    h (n, n): k(x_i, x_j) + k(y_i, y_j) - k(x_i, y_j) - k(y_i, x_j). The variance is
    4 / n^3 sum_i (sum_j h_ij)^2 - 4 / n^4 (sum_ij h_ij)^2. Source: Liu et al., ICML 2020, equations 2 to 5.

    >>> round(power(np.array([[2.0, 1.0], [1.0, 1.0]]))[0], 6)
    2.0
    """
    n = len(h)
    pairs = n * (n - 1.0)
    mmd2 = float(h.sum() - np.trace(h)) / pairs
    rows, total = h.sum(axis=1), float(h.sum())
    variance = 4.0 / n**3 * float(rows @ rows) - 4.0 / n**4 * total**2
    deviation = np.sqrt(max(variance, 0.0) + _RIDGE)
    by_mmd2 = (1.0 - np.eye(n)) / (pairs * deviation)
    by_variance = -mmd2 / (2.0 * deviation**3)
    slope = by_mmd2 + by_variance * (8.0 / n**3 * rows - 8.0 / n**4 * total)[:, None]
    return mmd2 / float(deviation), 0.5 * (slope + slope.T)


def criterion(kernel: Trainable, rows: Floats, plain: Floats) -> tuple[float, tuple[Floats, Floats, Floats]]:
    """The power on rows (2n, d), the first n of them x, and its gradient by weights, offset and logs.

    plain (2n, 2n): the squared distances of the rows.
    """
    n = len(rows) // 2
    deep = kernel.features(rows)
    inner, outer = np.exp(-2.0 * kernel.logs[0]), np.exp(-2.0 * kernel.logs[1])
    between = squared_distances(deep, deep)
    g, q = np.exp(-0.5 * inner * between), np.exp(-0.5 * outer * plain)
    share = 1.0 / (1.0 + np.exp(-kernel.logs[2]))
    mixed = (1.0 - share) * g + share
    k = mixed * q
    value, by_h = power(k[:n, :n] + k[n:, n:] - k[:n, n:] - k[n:, :n])
    by_k = np.block([[by_h, -by_h], [-by_h, by_h]])
    by_g = by_k * (1.0 - share) * q
    by_between = -0.5 * inner * by_g * g
    by_deep = 4.0 * (by_between.sum(axis=1)[:, None] * deep - by_between @ deep)
    # The slope of softplus at what gave phi is 1 - exp(-phi).
    by_linear = by_deep * -np.expm1(-deep)
    logs = np.array(
        [
            float((by_g * g * between).sum() * inner),
            float((by_k * k * plain).sum() * outer),
            float((by_k * (1.0 - g) * q).sum() * share * (1.0 - share)),
        ]
    )
    return value, (rows.T @ by_linear, by_linear.sum(axis=0), logs)
