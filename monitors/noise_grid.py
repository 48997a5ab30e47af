"""How much windows may differ though nothing changed: the settings that the noise model weighs.

Beyond the sampling of rows, window means wander: from window to window (bursts, batches), from day to day
(topics of the day), and rows repeat each other (sessions, retries). Each setting of the grid is one amount of
each, in units of the variance of a row; history says which settings are likely, and where it is short the
prior speaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAY_LENGTH_H = 24.0  # wander of the day is correlated over about this time

# (variance, prior weight). A share of 10 % that moves by a fifth of itself wanders by (.02)^2 / .09 = .004.
_WANDER = ((0.0, 0.2), (0.0015, 0.18), (0.005, 0.18), (0.015, 0.17), (0.05, 0.14), (0.15, 0.08), (0.5, 0.05))
_REPEATS = ((1.0, 0.6), (1.7, 0.28), (3.0, 0.12))
# Calm: days stay within the margin of skew by themselves (a PSI of .25 is a shift of half a standard
# deviation, four times that of this variance). A day that leaves it is unlike the evaluation set whatever the
# reason, so that days are usually as wild must be proved by history: two or three of them do.
_CALM = 0.0156
_WILD = 1e-4


@dataclass(frozen=True, kw_only=True)
class NoiseGrid:
    """Settings of the noise, each array (G,).

    Attributes:
        white: variance of independent wander of a window of reference length.
        day: variance of wander that is correlated over a day.
        repeats: design effect: the variance of a mean of rows over that of independent rows; at least 1.
        prior: weights, summing to 1.
        calm: other weights, for the question whether production is like an evaluation set.
    """

    white: Floats
    day: Floats
    repeats: Floats
    prior: Floats
    calm: Floats


@cache
def noise_grid() -> NoiseGrid:
    """Every combination of wander and repeats.

    >>> noise_grid().prior.size
    147
    """
    parts = [(w, d, r, pw * pd * pr) for w, pw in _WANDER for d, pd in _WANDER for r, pr in _REPEATS]
    white, day, repeats, prior = (np.array(column) for column in zip(*parts, strict=True))
    calm = prior * np.where(np.maximum(white, day) <= _CALM, 1.0, _WILD)
    return NoiseGrid(white=white, day=day, repeats=repeats, prior=prior / prior.sum(), calm=calm / calm.sum())


def day_kernel(a: Floats, b: Floats) -> Floats:
    """(A, B) correlation of the wander of the day between times in hours: exp(-distance / 24 h)."""
    kernel: Floats = np.exp(-np.abs(a[:, None] - b[None, :]) / DAY_LENGTH_H)
    return kernel
