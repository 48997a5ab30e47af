"""Features of a number: what of its distribution is watched, in names that people use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.features_scaling import scaling_of
from monitors.noise_numbers import Features, Side

Floats = NDArray[np.float64]


def shape_features(reference: Floats) -> Features:
    """Any change of a distribution: Neyman's smooth test with four components.

    The value becomes its rank in the reference (mid-ranks for ties), and the features are the first four
    Legendre polynomials of that rank: level, spread, asymmetry, tails. Under the reference each has mean 0,
    variance 1 (less for ties) and none is heavy-tailed, whatever the value's own distribution. What a change
    of scale alone does to the last three is taken off them. reference: (m,).

    >>> features = shape_features(np.arange(1000.0))
    >>> features.of(np.array([0.0, 499.5, 999.0]))[:, 0].round(2).tolist()
    [-1.73, 0.0, 1.73]
    """
    names = ("the level", "the spread", "the asymmetry", "the tails")
    ordered = np.sort(reference)
    of = _Shape(ordered=ordered)
    return Features(names=names, sides=("both",) * 4, of=of, least_sd=0.1, scaling=scaling_of(ordered, of))


def positive_features(reference: Floats, tail_name: str) -> Features:
    """Worse is more: the mean logarithm, and the share above the reference's 90 % quantile.

    Logarithms are winsorised two standard deviations beyond the reference's .5 % and 99.5 % quantiles, so
    that one stuck request is one request. The share counts as far as no change of scale explains it.
    reference: (m,) values; zeros count as a tenth of the smallest positive one.

    >>> features = positive_features(np.exp(np.linspace(0, 1, 101)), "the slowest tenth")
    >>> features.of(np.array([1.0, np.e])).round(3).tolist()
    [[0.0, 0.0], [1.0, 1.0]]
    """
    positive = reference[reference > 0]
    floor = float(np.quantile(positive, 0.01)) / 10.0 if positive.size else 1e-6
    logs = np.log(np.maximum(reference, floor))
    spread = 2.0 * float(logs.std())
    low, high = float(np.quantile(logs, 0.005)) - spread, float(np.quantile(logs, 0.995)) + spread
    of = _Positive(floor=floor, low=low, high=high, tail=float(np.quantile(reference, 0.9)))
    return Features(
        names=("the typical request", tail_name),
        sides=("up", "up"),
        of=of,
        least_sd=0.02,
        scaling=scaling_of(np.sort(reference), of),
    )


def level_feature(side: Side) -> Features:
    """The value itself, for bounded scores."""
    return Features(names=("the mean",), sides=(side,), of=_level, least_sd=0.02)


# Classes and no functions made on the way: what was learnt is kept between runs.
@dataclass(frozen=True, kw_only=True)
class _Shape:
    ordered: Floats

    def __call__(self, values: Floats) -> Floats:
        low = np.searchsorted(self.ordered, values, side="left")
        high = np.searchsorted(self.ordered, values, side="right")
        x = (low + high) / self.ordered.size - 1.0
        squares = x * x
        columns = [
            np.sqrt(3.0) * x,
            np.sqrt(5.0) * (3 * squares - 1) / 2,
            np.sqrt(7.0) * (5 * squares - 3) * x / 2,
            np.sqrt(9.0) * ((35 * squares - 30) * squares + 3) / 8,
        ]
        return np.stack(columns, axis=1)


@dataclass(frozen=True, kw_only=True)
class _Positive:
    floor: float
    low: float
    high: float
    tail: float

    def __call__(self, values: Floats) -> Floats:
        logged = np.clip(np.log(np.maximum(values, self.floor)), self.low, self.high)
        return np.stack([logged, (values > self.tail).astype(np.float64)], axis=1)


def _level(values: Floats) -> Floats:
    return values[:, None].astype(np.float64)
