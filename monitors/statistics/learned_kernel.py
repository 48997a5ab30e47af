"""Learned-kernel MMD: a kernel trained on half of the rows to tell them apart, tested on the other half."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.kernels import median_bandwidth, squared_distances
from monitors.statistics.learned_power import criterion
from monitors.statistics.mmd import sampled_rows
from monitors.statistics.two_sample import NOTHING, Floats, Labels, TwoSample, labels_of

Matrix = NDArray[np.floating]
HIDDEN = 24
STEPS = 40
BATCH = 128  # training rows a side that one step sees
_START_ROWS = 1_000
_BLOCK = 512
_RATE = 0.02
_BETA1, _BETA2 = 0.9, 0.999


@dataclass(frozen=True, kw_only=True)
class DeepKernel:
    """k(a, b) = ((1 - e) g(phi(a) - phi(b)) + e) q(a - b), g and q Gaussians, phi(a) = softplus(a W + c).

    Attributes:
        weights: (d, h) W. offset: (h,) c. logs: (3,) log bandwidth of g, log bandwidth of q, logit of e.
    """

    weights: Floats
    offset: Floats
    logs: Floats

    def features(self, rows: Floats) -> Floats:
        """(k, h) phi of (k, d) rows."""
        return np.asarray(np.logaddexp(0.0, rows @ self.weights + self.offset))

    def between(self, rows: Matrix, others: Matrix, deep: Matrix, others_deep: Matrix) -> Matrix:
        """(k, l) the kernel of (k, d) rows and (l, d) others with these features, in their precision."""
        g = squared_distances(deep, others_deep)
        g *= -0.5 * float(np.exp(-2.0 * self.logs[0]))
        np.exp(g, out=g)
        share = float(1.0 / (1.0 + np.exp(-self.logs[2])))
        g *= 1.0 - share
        g += share
        q = squared_distances(rows, others)
        q *= -0.5 * float(np.exp(-2.0 * self.logs[1]))
        g *= np.exp(q, out=q)
        return g


def learned_kernel_mmd(
    x: Matrix,
    y: Matrix,
    *,
    permutations: int = 100,
    hidden: int = HIDDEN,
    steps: int = STEPS,
    biased: bool = False,
    rng: np.random.Generator | None = None,
) -> TwoSample:
    """The unbiased squared MMD of the held-out halves under a kernel trained on the others.

    The kernel maximises MMD^2 over its standard deviation, the power of the test; labels are permuted in the
    held-out half alone, which the kernel has not seen, so the level holds.
    What: changes of structure that no Gaussian kernel on the rows sees. When not: small windows, where half
    the rows cost more power than learning brings; for a plain new topic `mmd_test` sees as much for a tenth
    of the cost; traffic whose rows are not exchangeable.
    x (n, d), y (m, d), at least four rows each, else nan. biased: the V-statistic, never negative.
    Cost: training does not grow with the rows; the test is `mmd_test`'s with two more kernels' worth of exp.
    Source: Liu et al., ICML 2020 (equations 1 to 4), with one hidden layer and Adam; the layer starts at the
    principal directions of the training rows, since windows are small.

    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.standard_normal((60, 2)), rng.standard_normal((60, 2)) + 3.0
    >>> learned_kernel_mmd(x, y, permutations=99, rng=rng).p
    0.01
    """
    n, m = len(x), len(y)
    if min(n, m) < 4:
        return NOTHING
    generator = np.random.default_rng(0) if rng is None else rng
    xs, ys = x[generator.permutation(n)].astype(np.float64), y[generator.permutation(m)].astype(np.float64)
    train = min(n // 2, m // 2)
    kernel = train_kernel(xs[:train], ys[:train], hidden=hidden, steps=steps, rng=generator)
    held = np.concatenate([xs[n // 2 :], ys[m // 2 :]])
    labels = labels_of(n - n // 2, m - m // 2, permutations, generator)
    return TwoSample.of(deep_mmd2(kernel, held, labels, biased=biased))


def deep_mmd2(kernel: DeepKernel, rows: Floats, labels: Labels, *, biased: bool = False) -> Floats:
    """(B,) squared MMD for label columns (N, B) of equal sums; of the kernel only some rows are ever held.

    rows (N, d). The kernel is worked out in float32, its sums in float64.
    """
    n = float(labels[:, 0].sum())
    m = len(rows) - n
    narrow = rows.astype(np.float32)
    deep = kernel.features(rows).astype(np.float32)
    inside, both, total = np.zeros(labels.shape[1]), np.zeros(labels.shape[1]), 0.0
    for top in range(0, len(rows), _BLOCK):
        part = slice(top, top + _BLOCK)
        block = kernel.between(narrow[part], narrow, deep[part], deep)
        if not biased:
            block[np.arange(len(block)), np.arange(top, top + len(block))] = 0.0
        product = block @ labels
        inside += (labels[part] * product).sum(axis=0, dtype=np.float64)
        both += product.sum(axis=0, dtype=np.float64)
        total += float(block.sum(dtype=np.float64))
    pairs_x, pairs_y = (n * n, m * m) if biased else (n * (n - 1.0), m * (m - 1.0))
    values: Floats = inside / pairs_x + (total - 2.0 * both + inside) / pairs_y
    values -= 2.0 * (both - inside) / (n * m)
    return values


def train_kernel(
    x: Floats, y: Floats, *, hidden: int = HIDDEN, steps: int = STEPS, rng: np.random.Generator | None = None
) -> DeepKernel:
    """The kernel of greatest power on x and y, both (n, d).

    Up to `BATCH` rows a side every step sees all of them, and the best kernel is kept. Of more rows each step
    sees other ones, which `rng` draws; its power is noisy then, and the mean of the last half of the steps is
    kept (Polyak and Juditsky, SIAM J. Control Optim. 30, 1992).
    """
    generator = np.random.default_rng(0) if rng is None else rng
    kernel = _start(np.asarray(sampled_rows(x, y, _START_ROWS), dtype=np.float64), hidden)
    values = [kernel.weights, kernel.offset, kernel.logs]
    slow, fast = [np.zeros_like(v) for v in values], [np.zeros_like(v) for v in values]
    whole = len(x) <= BATCH
    batches = None if whole else _batches(x, y, generator)
    rows = np.concatenate([x, y])
    plain = _distances(rows) if whole else None
    best, kept, means = -np.inf, kernel, [np.zeros_like(v) for v in values]
    for step in range(1, steps + 1):
        if batches is not None:
            rows = next(batches)
            plain = _distances(rows)
        assert plain is not None
        power, slopes = criterion(kernel, rows, plain)
        if whole and power > best:
            best, kept = power, kernel
        for k, slope in enumerate(slopes):
            slow[k] = _BETA1 * slow[k] + (1 - _BETA1) * slope
            fast[k] = _BETA2 * fast[k] + (1 - _BETA2) * slope**2
            size = np.sqrt(fast[k] / (1 - _BETA2**step)) + 1e-8
            values[k] = values[k] + _RATE * (slow[k] / (1 - _BETA1**step)) / size
            if step > steps // 2:
                means[k] += values[k] / (steps - steps // 2)
        kernel = DeepKernel(weights=values[0], offset=values[1], logs=values[2])
    return kept if whole else DeepKernel(weights=means[0], offset=means[1], logs=means[2])


def _batches(x: Floats, y: Floats, rng: np.random.Generator) -> Iterator[Floats]:
    """`BATCH` rows of x and as many of y, again and again; each row once before any comes twice."""
    while True:
        orders = [rng.permutation(len(side)) for side in (x, y)]
        for start in range(0, len(x) - BATCH + 1, BATCH):
            yield np.concatenate([x[orders[0][start : start + BATCH]], y[orders[1][start : start + BATCH]]])


def _distances(rows: Floats) -> Floats:
    return np.asarray(squared_distances(rows, rows), dtype=np.float64)


def _start(rows: Floats, hidden: int) -> DeepKernel:
    """Principal directions, one standard deviation long; bandwidths by the median heuristic."""
    centre = rows.mean(axis=0)
    _, sizes, directions = np.linalg.svd(rows - centre, full_matrices=False)
    count = min(hidden, len(sizes))
    scale = np.maximum(sizes[:count] / np.sqrt(len(rows)), 1e-3 * max(float(sizes[0]), 1e-9))
    weights = directions[:count].T / scale
    kernel = DeepKernel(weights=weights, offset=-centre @ weights, logs=np.zeros(3))
    few = rows[:: max(1, len(rows) // 500)]
    inner, outer = median_bandwidth(kernel.features(few)), median_bandwidth(few)
    return DeepKernel(
        weights=weights, offset=kernel.offset, logs=np.array([np.log(inner), np.log(2.0 * outer), -2.0])
    )
