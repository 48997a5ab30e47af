"""Lengths by the Wasserstein distance, in mean lengths. See docs/checks/length_wasserstein.md."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitors.checks._lengths import LengthCheck, NumberDistance
from monitors.checks._past_blocks import ROOT
from monitors.statistics.univariate import wasserstein


def relative(reference: NDArray[np.float64], current: NDArray[np.float64]) -> float:
    """How far the average row moved, in mean lengths of the reference.

    >>> relative(np.array([1.0, 3.0]), np.array([2.0, 4.0]))
    0.5
    """
    mean = float(np.abs(reference).mean())
    return wasserstein(reference, current) / (mean or 1.0)


CHECK = LengthCheck(
    name="length_wasserstein",
    title="Wasserstein distance",
    unit="mean lengths",
    distance=NumberDistance(of=relative, power=ROOT),
    margin=0.1,
    skew_margin=0.25,
)
