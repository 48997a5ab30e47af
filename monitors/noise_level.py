"""What a window's features should be: the level and noise of a reference, ready to be asked about any window.

For drift the level is that of earlier production at the same time of the week. For skew it is that of the
evaluation set, moved by the season of production, since an evaluation set has no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.noise import History, NoiseModel, Span, Times, fit_noise
from monitors.result import Window

Floats = NDArray[np.float64]
FEW = 8  # features of a number, not of an embedding


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Of d features of one block of windows, under G settings of the noise.

    Attributes:
        mean: (d,) expected mean.
        unit: (G,) variance of the difference, in variances of a row.
        rows: rows in the block that tell something new.
    """

    mean: Floats
    unit: Floats
    rows: float


@dataclass(frozen=True, kw_only=True)
class Level:
    """A reference, learnt. Features in their own unit.

    Attributes:
        sd: (d,) standard deviation of a row within a window.
        noise: in units of sd.
        pool_mean, pool_unit: skew: mean of the evaluation set and its variance in variances of a row.
    """

    sd: Floats
    noise: NoiseModel
    pool_mean: Floats | None
    pool_unit: float

    def predict(
        self, times: Times, counts: Floats, part: slice = slice(None), *, repeats: float = 1.0
    ) -> Prediction:
        """What is expected of the windows `part` of `times` together; counts: (T,) rows of each.

        repeats: how much more often than usual their rows repeat each other.
        """
        span: Span = self.noise.span(times, counts, part, repeats=repeats)
        season = self.noise.expected(span) * self.sd
        if self.pool_mean is None:
            return Prediction(mean=season, unit=self.noise.variances(span), rows=span.rows)
        level = season - self.noise.beta[0] * self.sd * span.design[0] + self.pool_mean
        unit = self.noise.variances(span, intercept=False) + self.pool_unit
        return Prediction(mean=level, unit=unit, rows=span.rows)

    def variance(self, unit: Floats) -> Floats:
        """(d,) variance of each feature, averaged over the settings."""
        averaged: Floats = (unit @ self.noise.weights) * self.sd**2
        return averaged


def learn_level(
    *, windows: Sequence[Window], counts: Floats, means: Floats, sd: Floats, pool: Floats | None
) -> Level:
    """Learn from T window means (T, d), and the rows (m, d) of an evaluation set where there is one."""
    history = History(windows=windows, counts=counts, means=means / sd)
    # A few numbers: directions of embeddings learn from each other and need no such belief.
    noise = fit_noise(history, calm=pool is not None and sd.size <= FEW)
    if pool is None:
        return Level(sd=sd, noise=noise, pool_mean=None, pool_unit=0.0)
    return Level(sd=sd, noise=noise, pool_mean=pool.mean(axis=0), pool_unit=1.0 / pool.shape[0])


def within_moments(groups: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Pooled standard deviation and skewness (d,) of rows around the mean of their own group.

    groups: arrays (k, d). A group of one row says nothing.

    >>> sd, skewness = within_moments([np.array([[1.0], [3.0]]), np.array([[5.0], [7.0]])])
    >>> float(sd[0]), float(skewness[0])
    (1.4142135623730951, 0.0)
    """
    used = [g for g in groups if g.shape[0] > 1]
    if not used:
        d = groups[0].shape[1] if groups else 1
        return np.zeros(d), np.zeros(d)
    centred = np.concatenate([g - g.mean(axis=0) for g in used])
    squares = centred * centred
    variance = squares.sum(axis=0) / (centred.shape[0] - len(used))
    # Centring by the mean of k rows shrinks third moments by (k-1)(k-2)/k^2; large groups dominate.
    shrink = sum((g.shape[0] - 1) * (g.shape[0] - 2) / g.shape[0] for g in used)
    # As products: powers take many times as long.
    third = (squares * centred).sum(axis=0) / max(shrink, 1.0)
    safe = np.where(variance > 0, variance, 1.0)
    return np.sqrt(variance), np.where(variance > 0, third / safe**1.5, 0.0)
