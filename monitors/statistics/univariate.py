"""Two-sample statistics of numbers, as SciPy defines them, at a hundredth of its cost: they are evidence of
every window, and `scipy.stats` alone takes seconds to load.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TERMS = 12  # of the series; the exponents of later ones are beyond all digits
_FEW = 10_000  # pairs of rows up to which the p-value is exact


def ks(reference: Floats, current: Floats) -> tuple[float, float]:
    """Kolmogorov-Smirnov statistic and its p-value for independent rows.

    When not: as an alarm. Rows of real traffic are not independent, so p < .05 in every other window means
    nothing; it is evidence beside a calibrated p-value. reference (m,), current (n,); nan for empty input.

    >>> ks(np.arange(4.0), np.arange(4.0) + 10)[0]
    1.0
    """
    m, n = len(reference), len(current)
    if m == 0 or n == 0:
        return float("nan"), float("nan")
    if m * n < _FEW:
        from scipy.stats import ks_2samp

        result = ks_2samp(reference, current)
        return float(result.statistic), float(result.pvalue)
    _, before, after = _cdfs(reference, current)
    distance = float(np.abs(before - after).max())
    return distance, kolmogorov_tail(distance, round(m * n / (m + n)))


def wasserstein(reference: Floats, current: Floats) -> float:
    """Wasserstein-1 distance, in the unit of the values: how far the average row has moved. nan for empty
    input.

    >>> wasserstein(np.array([0.0, 1.0]), np.array([2.0, 3.0]))
    2.0
    """
    if len(reference) == 0 or len(current) == 0:
        return float("nan")
    values, before, after = _cdfs(reference, current)
    return float(np.abs(before - after)[:-1] @ np.diff(values))


def kolmogorov_tail(distance: float, n: int) -> float:
    """P(D >= distance) of the one-sample statistic of n rows, to about four digits from n = 20 on.

    What: twice the one-sided tail where that is exact enough, else the expansion of the limit. When not:
    fewer rows, or ties. Source: Pelz and Good, JRSS B 38, 1976; where each serves: Simard and L'Ecuyer,
    J. Stat. Softw. 39(11), 2011.

    >>> round(kolmogorov_tail(0.1, 100), 4), round(kolmogorov_tail(0.2, 100), 5)
    (0.2527, 0.00056)
    """
    from scipy.special import smirnov

    z = float(np.sqrt(n) * distance)
    if z**2 > 2.2:
        return float(min(1.0, 2.0 * smirnov(n, distance)))
    if z < 0.2:
        return 1.0
    half = (np.arange(_TERMS) + 0.5) ** 2 * np.pi**2
    whole = np.arange(1, _TERMS + 1) ** 2 * np.pi**2
    odd, even = np.exp(-half / (2 * z**2)), np.exp(-whole / (2 * z**2))
    # Sums over all whole numbers, those of both signs being equal.
    k0 = 2.0 / z * odd.sum()
    k1 = 2.0 / (6 * z**4) * ((half - z**2) * odd).sum()
    terms = 6 * z**6 + 2 * z**4 + (2 * z**4 - 5 * z**2) * half + (1 - 2 * z**2) * half**2
    k2 = 2.0 / (72 * z**7) * (terms * odd).sum() - 2.0 / (36 * z**3) * (whole * even).sum()
    terms = (
        (5 - 30 * z**2) * half**3
        + (212 * z**4 - 60 * z**2) * half**2
        + (135 * z**4 - 96 * z**6) * half
        - 30 * z**6
        - 90 * z**8
    )
    k3 = 2.0 / (6480 * z**10) * (terms * odd).sum()
    k3 += 2.0 / (108 * z**6) * ((3 * z**2 * whole - whole**2) * even).sum()
    below = np.sqrt(np.pi / 2) * (k0 + k1 / n**0.5 + k2 / n + k3 / n**1.5)
    return float(np.clip(1.0 - below, 0.0, 1.0))


def _cdfs(reference: Floats, current: Floats) -> tuple[Floats, Floats, Floats]:
    """All values, sorted, and the share of each sample up to each of them."""
    values = np.sort(np.concatenate([reference, current]))
    shares = [np.searchsorted(np.sort(s), values, side="right") / len(s) for s in (reference, current)]
    return values, shares[0], shares[1]
