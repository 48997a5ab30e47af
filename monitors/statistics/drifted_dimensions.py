"""The share of dimensions of an embedding that have moved, with the false discovery rate held."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.two_sample import NOTHING, Floats, TwoSample, labels_of

Matrix = NDArray[np.floating]
FDR = 0.05


def drifted_dimensions(
    x: Matrix,
    y: Matrix,
    *,
    permutations: int = 100,
    fdr: float = FDR,
    rng: np.random.Generator | None = None,
) -> TwoSample:
    """The share of dimensions whose Mann-Whitney test is a discovery at this false discovery rate.

    Ranks are taken once for each dimension; rank sums of all permutations are one matrix product.
    What: whether a change is broad or sits in few dimensions. When not: to decide whether there is a change:
    a shift spread over all dimensions is none in each, and `mmd_test` sees it long before; dimensions of an
    embedding have no meaning of their own. Spreads that change without moving are not seen.
    x (n, d), y (m, d), nan for empty input. Its null is the permutation's: dimensions depend on each other.
    Source: Mann and Whitney, Ann. Math. Stat. 18, 1947; Benjamini and Hochberg, JRSS B 57, 1995.

    >>> x = np.c_[np.arange(20.0), np.arange(20.0)]
    >>> drifted_dimensions(x, x + np.array([100.0, 0.0]), permutations=0).value
    0.5
    """
    n, m = len(x), len(y)
    if n == 0 or m == 0:
        return NOTHING
    labels = labels_of(n, m, permutations, np.random.default_rng(0) if rng is None else rng)
    return TwoSample.of(discovery_share(rank_p(np.concatenate([x, y]), labels), fdr))


def rank_p(pooled: Matrix, labels: NDArray[np.float32]) -> Floats:
    """(d, B) two-sided p-values of the Mann-Whitney test, normal approximation with ties, no continuity
    correction, for each label column (N, B).

    >>> one = np.array([[1.0], [1.0], [0.0], [0.0]], dtype=np.float32)
    >>> round(float(rank_p(np.array([[1.0], [2.0], [3.0], [4.0]]), one)[0, 0]), 6)
    0.121335
    """
    from scipy.special import ndtr

    ranks, ties = _ranks(pooled)
    size = float(len(pooled))
    n = labels.sum(axis=0, dtype=np.float64)
    # Around their mean, so that float32 sums stay exact enough.
    shift = (ranks - np.float32((size + 1.0) / 2.0)).T @ labels
    spread = n * (size - n) / 12.0 * ((size + 1.0) - ties[:, None] / (size * (size - 1.0)))
    z = shift / np.sqrt(np.maximum(spread, 1e-12))
    p: Floats = 2.0 * ndtr(-np.abs(z))
    return p


def discovery_share(p: Floats, fdr: float) -> Floats:
    """(B,) share of the rows of p (d, B) that Benjamini and Hochberg discover.

    >>> discovery_share(np.array([[0.01], [0.04], [0.9]]), 0.06).tolist()
    [0.6666666666666666]
    """
    ordered = np.sort(p, axis=0)
    count = len(p)
    below = ordered <= fdr * np.arange(1, count + 1)[:, None] / count
    last = np.where(below.any(axis=0), count - np.argmax(below[::-1], axis=0), 0)
    return np.asarray(last / count, dtype=np.float64)


def _ranks(pooled: Matrix) -> tuple[NDArray[np.float32], Floats]:
    """(N, d) average ranks and (d,) sums of t^3 - t over ties."""
    from scipy.stats import rankdata

    columns = np.ascontiguousarray(pooled.T)
    order = np.argsort(columns, axis=1)
    ordered = np.take_along_axis(columns, order, axis=1)
    ranks = np.empty(columns.shape, dtype=np.float32)
    np.put_along_axis(ranks, order, np.arange(1, len(pooled) + 1, dtype=np.float32)[None, :], axis=1)
    ties = np.zeros(len(columns))
    for k in np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1)):
        ranks[k] = rankdata(columns[k])
        counts = np.unique(pooled[:, k], return_counts=True)[1].astype(np.float64)
        ties[k] = (counts**3 - counts).sum()
    return np.ascontiguousarray(ranks.T), ties
