"""Two-sample statistics of numbers, as SciPy defines them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def ks(reference: Floats, current: Floats) -> tuple[float, float]:
    """Kolmogorov-Smirnov statistic and its p-value for independent rows.

    When not: as an alarm. Rows of real traffic are not independent, so p < .05 in every other window means
    nothing; it is evidence beside a calibrated p-value. reference (m,), current (n,); nan for empty input.

    >>> ks(np.arange(4.0), np.arange(4.0) + 10)[0]
    1.0
    """
    if len(reference) == 0 or len(current) == 0:
        return float("nan"), float("nan")
    from scipy.stats import ks_2samp

    method = "auto" if len(current) * len(reference) < 10_000 else "asymp"
    result = ks_2samp(reference, current, method=method)
    return float(result.statistic), float(result.pvalue)


def wasserstein(reference: Floats, current: Floats) -> float:
    """Wasserstein-1 distance, in the unit of the values: how far the average row has moved. nan for empty
    input.

    >>> wasserstein(np.array([0.0, 1.0]), np.array([2.0, 3.0]))
    2.0
    """
    if len(reference) == 0 or len(current) == 0:
        return float("nan")
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(reference, current))
