"""What a change of scale alone does to the features of a number, so that level and shape are judged apart.

When every value is multiplied by the same factor, the level moves in proportion to its logarithm, but the
spread and the tails move with its square: three times the usual wander of the level moves them nine times
as far, and a quiet week has taught nothing of that. How far each factor moves each feature is worked out
once from the reference, and a shift of the shape counts only as far as the factor that all the quartiles
share does not explain it. Longer tails move the mean, too, but hardly the lower quartile: little of them is
taken for a factor.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_ROWS = 500  # of the reference that are scaled
_FACTORS, _WIDTHS = 49, 4.0  # how many factors, up to how many standard deviations of the logarithm
_QUARTERS = np.array([0.25, 0.5, 0.75])


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Means of q features of a reference that was multiplied by S factors.

    Attributes:
        steps: (S,) logarithms of the factors, evenly rising. level: (S,) the first feature, rising.
        others: (q - 1, S) the others. quarters: (3,) the reference's quartiles.
    """

    steps: Floats
    level: Floats
    others: Floats
    quarters: Floats

    def unexplained(self, shift: Floats, level: float, values: Floats) -> Floats:
        """(q,) what of a shift (q,) of the means of `values` (n,) is left, where the first was expected at
        `level`.

        The factor may explain the shift of a feature in whole or in part; never does it turn one round or
        make it larger. The first feature's own stays.
        """
        explained = self._explained(values, float(np.interp(level, self.level, self.steps)))
        left = shift.copy()
        left[1:] -= np.clip(shift[1:], np.minimum(explained, 0.0), np.maximum(explained, 0.0))
        return left

    def explained(self, values: Floats) -> Floats:
        """(q,) how far the factor of `values` (n,) moves the features from those of the reference; 0 for the
        first.
        """
        moved: Floats = np.r_[0.0, self._explained(values, 0.0)]
        return moved

    def _explained(self, values: Floats, usual: float) -> Floats:
        shared = self._shared(values, usual)
        return self._at(usual + shared) - self._at(usual)

    def _at(self, step: float) -> Floats:
        """(q - 1,) the others at the logarithm of a factor, between those that were worked out."""
        first, last = float(self.steps[0]), float(self.steps[-1])
        if last <= first:
            return self.others[:, 0]
        place = min(max((step - first) / (last - first), 0.0), 1.0) * (self.steps.size - 1)
        low = min(int(place), self.steps.size - 2)
        between: Floats = self.others[:, low] + (place - low) * (
            self.others[:, low + 1] - self.others[:, low]
        )
        return between

    def _shared(self, values: Floats, usual: float) -> float:
        """The logarithm of the factor that all quartiles share, beyond the usual one; 0 if they disagree."""
        lowest = float(np.exp(self.steps[0]))
        moved = [
            math.log(max(now / before, lowest)) - usual
            for now, before in zip(_quartiles(values).tolist(), self.quarters.tolist(), strict=True)
            if before > 0
        ]
        if not moved or min(moved) <= 0.0 <= max(moved):
            return 0.0
        return min(moved, key=abs)


def scaling_of(reference: Floats, of: Callable[[Floats], Floats]) -> Scaling | None:
    """Work it out for features `of` that map (k,) to (k, q); None where no value is above zero.

    reference: (m,), sorted. Between neighbouring values of the reference features are interpolated over the
    logarithm, so that whole numbers and other ties move little by little; values beyond the largest count as
    the largest, as behind a limit of tokens or of time. Zeros stay what they are.

    >>> scaling = scaling_of(np.exp(np.linspace(0, 1, 101)), lambda v: np.stack([np.log(v), v > 2], axis=1))
    >>> scaling.unexplained(np.array([0.1, 0.1]), 0.5, np.exp(np.linspace(0.1, 1.1, 101))).round(3).tolist()
    [0.1, 0.0]
    """
    knots = np.unique(reference[reference > 0])
    if knots.size == 0:
        return None
    values = reference[((np.arange(_ROWS) + 0.5) / _ROWS * reference.size).astype(int)]
    positive, rest = values[values > 0], values[values <= 0]
    places, features = np.log(knots), of(knots)
    logs, fixed = np.log(positive), of(rest).sum(axis=0)
    steps = np.linspace(-_WIDTHS, _WIDTHS, _FACTORS) * (logs.std() if positive.size else 0.0)
    means = []
    for step in steps:
        moved = [np.interp(logs + step, places, feature).sum() for feature in features.T]
        means.append((moved + fixed) / values.size)
    table = np.array(means)
    # Rising, but for rounding: equal where nothing moves any more.
    level = np.maximum.accumulate(table[:, 0])
    return Scaling(steps=steps, level=level, others=table[:, 1:].T.copy(), quarters=_quartiles(reference))


def _quartiles(values: Floats) -> Floats:
    """(3,) of (n,) values, each one of them."""
    places = (_QUARTERS * (values.size - 1)).round().astype(int)
    found: Floats = np.partition(values, places)[places]
    return found
