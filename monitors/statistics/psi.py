"""Population stability index."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_FLOOR = 1e-4


def decile_edges(reference: Floats, bins: int = 10) -> Floats:
    """(bins - 1,) inner edges: equal shares of the reference; a value that ties over edges has its own bin.

    >>> edges = decile_edges(np.full(50, 7.0))
    >>> shares(np.array([6.0, 7.0, 7.0, 8.0]), edges).tolist()
    [0.25, 0.5, 0.25]
    """
    edges, times = np.unique(np.quantile(reference, np.arange(1, bins) / bins), return_counts=True)
    tied = np.nextafter(edges[times > 1], np.inf)
    both: Floats = np.unique(np.concatenate([edges, tied]))
    return both


def psi(reference: Floats, current: Floats, *, edges: Floats | None = None) -> float:
    """Population stability index of `current` against `reference`: sum (q - p) ln(q / p) over bins.

    What: a symmetrised Kullback-Leibler divergence of binned shares; .1 is called a small and .2 a large
    change. When not: small samples. Of n and m rows from the same distribution it is (bins - 1)(1/n + 1/m) on
    average, .45 for 20 rows in ten bins; see `psi_excess`. reference (m,), current (n,): same unit. Empty
    input gives nan. Source: Siddiqi, Credit Risk Scorecards, 2006; bins are the reference's deciles, shares
    floored at 1e-4.

    >>> x = np.arange(10.0)
    >>> psi(x, x)
    0.0
    >>> round(psi(np.r_[np.zeros(5), np.ones(5)], np.r_[np.zeros(2), np.ones(8)], edges=np.array([0.5])), 6)
    0.415888
    """
    if len(reference) == 0 or len(current) == 0:
        return float("nan")
    inner = decile_edges(reference) if edges is None else edges
    return psi_of_shares(shares(reference, inner), shares(current, inner))


def psi_of_shares(before: Floats, after: Floats) -> float:
    """The same of (k,) shares in each bin, floored at 1e-4.

    >>> round(psi_of_shares(np.array([0.5, 0.5]), np.array([0.2, 0.8])), 6)
    0.415888
    """
    p, q = np.maximum(before, _FLOOR), np.maximum(after, _FLOOR)
    return float(((q - p) * np.log(q / p)).sum())


def psi_excess(reference: Floats, current: Floats, *, edges: Floats | None = None) -> float:
    """PSI beyond what sampling alone gives on average; at least 0. Shapes as in `psi`.

    >>> psi_excess(np.arange(100.0), np.arange(100.0))
    0.0
    """
    edges = decile_edges(reference) if edges is None else edges
    noise = edges.size * (1.0 / len(reference) + 1.0 / len(current))
    return max(0.0, psi(reference, current, edges=edges) - noise)


def shares(values: Floats, edges: Floats) -> Floats:
    """(len(edges) + 1,) share of the values in each bin; a value on an edge is in the bin above it."""
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=edges.size + 1)
    fractions: Floats = counts / max(len(values), 1)
    return fractions
