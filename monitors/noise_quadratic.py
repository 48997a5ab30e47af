"""The squared length of a shift in all directions, and how long its tail is.

Cumulants come from the learnt noise (variances are uncertain), from the non-Gaussian rows (`noise_moments`),
and from how far past windows really lay from their expectation: retry storms and sessions make some windows
wilder than any average says. Each only lengthens the tail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.noise import Times
from monitors.noise_level import Level, Prediction
from monitors.noise_moments import RowMoments
from monitors.noise_tails import QuadraticTail, mixture_cumulants
from monitors.result import Window

Floats = NDArray[np.float64]

RIDGE = 5.0  # times the mean variance of sampling: between the plain and the fully whitened distance
_BLOCKS = 60  # past blocks that are looked at for each length
_LEAST_BLOCKS = 15  # fewer say nothing of a spread
_LENGTHS = (1, 2, 4, 8)


@dataclass(frozen=True, kw_only=True)
class Unrest:
    """How past blocks lay: ratios of their squared length to what was expected of it.

    mean, spread: their mean and variance over those predicted, both at least 1.
    """

    mean: float = 1.0
    spread: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Quadratic:
    """The statistic of one block: sum of weights * shift^2, with its tail while nothing changed."""

    weights: Floats
    variance: Floats
    size: float
    cumulants: Floats

    @property
    def tail(self) -> QuadraticTail:
        """The tail of `size`."""
        return QuadraticTail(self.cumulants)


def quadratics(
    level: Level,
    predictions: Sequence[Prediction],
    shifts: Sequence[Floats],
    rows: RowMoments,
    unrests: Sequence[Unrest],
) -> list[Quadratic]:
    """Weigh the shifts (D,) of some blocks: directions count by the inverse of their variance, with a ridge.

    The ridge keeps directions in which nothing ever happened from deciding alone. Moments are worked out for
    all blocks at once: one large product of matrices takes a fraction of the time of many small ones.
    """
    row = level.sd**2
    # (4, K, D)
    moments = (_powers(np.array([p.unit for p in predictions])) @ level.noise.weights) * _powers(row)[:, None]
    return [
        _quadratic(row, prediction.rows, moments[:, i], shift, rows, unrest)
        for i, (prediction, shift, unrest) in enumerate(zip(predictions, shifts, unrests, strict=True))
    ]


def _quadratic(
    row: Floats, count: float, moments: Floats, shift: Floats, rows: RowMoments, unrest: Unrest
) -> Quadratic:
    """Of one block: row (D,) variance of one row, count of them, moments (4, D) of the shift's variance."""
    variance = moments[0]
    # Of the sampling noise alone: directions that wander must not blunt those that do not.
    ridge = RIDGE * float(row.mean()) / count
    weights = 1.0 / (variance + ridge)
    # Only the sampling of rows is skewed; wander is taken as normal with an uncertain variance.
    sampled = float((weights @ row) / count / (weights @ variance))
    longer = 1.0 + (rows.inflation(count) - 1.0) * np.minimum(sampled, 1.0) ** np.arange(1, 5)
    cumulants = mixture_cumulants(weights, moments) * longer
    # A wider spread with the same mean is a gamma of fewer degrees of freedom.
    cumulants = cumulants * unrest.spread ** np.arange(4) * unrest.mean ** np.arange(1, 5)
    return Quadratic(weights=weights, variance=variance, size=float(weights @ shift**2), cumulants=cumulants)


def _powers(values: Floats) -> Floats:
    """(4, ...) first to fourth powers, by products, which are many times faster."""
    squares = values * values
    return np.stack([values, squares, squares * values, squares * squares])


def measure_unrest(
    level: Level,
    windows: Sequence[Window],
    counts: Floats,
    means: Floats,
    rows: RowMoments,
    *,
    least_rows: int,
) -> dict[int, Unrest]:
    """By length in windows, how past blocks of the reference lay.

    Lengths with too few blocks for a spread take that of the longest shorter one. A length is not in the
    answer if no shorter one had the blocks either.
    """
    times = Times.of(windows)
    found: dict[int, Unrest] = {}
    for length in _LENGTHS:
        starts = np.arange(0, len(windows) - length + 1, length)
        starts = starts[[counts[s : s + length].sum() >= least_rows for s in starts]]
        if len(starts) < _LEAST_BLOCKS:
            break
        picked = starts[np.linspace(0, len(starts) - 1, min(_BLOCKS, len(starts))).astype(int)]
        parts = [slice(int(start), int(start) + length) for start in picked]
        predictions = [level.predict(times, counts, part) for part in parts]
        shifts = [
            counts[part] / counts[part].sum() @ means[part] - prediction.mean
            for part, prediction in zip(parts, predictions, strict=True)
        ]
        forms = quadratics(level, predictions, shifts, rows, [Unrest()] * len(parts))
        ratios = np.array([form.size / form.cumulants[0] for form in forms])
        spreads = np.array([form.cumulants[1] / form.cumulants[0] ** 2 for form in forms])
        mean = max(1.0, float(ratios.mean()))
        spread = max(1.0, float(ratios.var(ddof=1) / mean**2 / spreads.mean()))
        found[length] = Unrest(mean=mean, spread=spread)
    return found
