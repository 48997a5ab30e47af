"""Lengths by the Anderson-Darling distance, tails included. See docs/checks/length_anderson_darling.md."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitors.checks._lengths import LengthCheck, NumberDistance
from monitors.checks._past_blocks import ROOT_OF_SQUARES
from monitors.statistics.number_distances import anderson_darling


def per_row(reference: NDArray[np.float64], current: NDArray[np.float64]) -> float:
    """A^2 (n + m) / (n m): the weighted squared difference itself, whatever the number of rows.

    >>> round(per_row(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])), 6)
    1.656267
    """
    scale = (len(reference) + len(current)) / max(len(reference) * len(current), 1)
    return anderson_darling(reference, current) * scale


CHECK = LengthCheck(
    name="length_anderson_darling",
    title="Anderson-Darling distance",
    unit="A^2 a row",
    distance=NumberDistance(of=per_row, power=ROOT_OF_SQUARES),
    margin=0.03,
    skew_margin=0.15,
)
