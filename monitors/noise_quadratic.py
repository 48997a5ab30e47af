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


def quadratic(
    level: Level, prediction: Prediction, shift: Floats, rows: RowMoments, unrest: Unrest
) -> Quadratic:
    """Weigh a shift (D,): directions count by the inverse of their variance, with a ridge.

    The ridge keeps directions in which nothing ever happened from deciding alone.
    """
    row = level.sd**2
    moments = (_powers(prediction.unit) @ level.noise.weights) * _powers(row)
    variance = moments[0]
    # Of the sampling noise alone: directions that wander must not blunt those that do not.
    ridge = RIDGE * float(row.mean()) / prediction.rows
    weights = 1.0 / (variance + ridge)
    # Only the sampling of rows is skewed; wander is taken as normal with an uncertain variance.
    sampled = float((weights @ row) / prediction.rows / (weights @ variance))
    longer = 1.0 + (rows.inflation(prediction.rows) - 1.0) * np.minimum(sampled, 1.0) ** np.arange(1, 5)
    cumulants = mixture_cumulants(weights, moments) * longer
    # A wider spread with the same mean is a gamma of fewer degrees of freedom.
    cumulants = cumulants * unrest.spread ** np.arange(4) * unrest.mean ** np.arange(1, 5)
    return Quadratic(weights=weights, variance=variance, size=float(weights @ shift**2), cumulants=cumulants)


def _powers(values: Floats) -> Floats:
    """(4, d) first to fourth powers, by products, which are many times faster."""
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
        ratios, spreads = np.empty(len(picked)), np.empty(len(picked))
        for i, start in enumerate(picked):
            part = slice(int(start), int(start) + length)
            prediction = level.predict(times, counts, part)
            share = counts[part] / counts[part].sum()
            form = quadratic(level, prediction, share @ means[part] - prediction.mean, rows, Unrest())
            ratios[i] = form.size / form.cumulants[0]
            spreads[i] = form.cumulants[1] / form.cumulants[0] ** 2
        mean = max(1.0, float(ratios.mean()))
        spread = max(1.0, float(ratios.var(ddof=1) / mean**2 / spreads.mean()))
        found[length] = Unrest(mean=mean, spread=spread)
    return found
