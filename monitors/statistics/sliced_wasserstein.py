"""Sliced Wasserstein distance: how far rows must be moved, seen along many directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.two_sample import NOTHING, Floats, TwoSample, labels_of

Matrix = NDArray[np.floating]
DIRECTIONS = 64


def random_directions(dimension: int, count: int, rng: np.random.Generator) -> Floats:
    """(dimension, count) unit columns, orthogonal in groups of `dimension`.

    >>> made = random_directions(3, 5, np.random.default_rng(0))
    >>> np.round((made**2).sum(axis=0), 6).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    blocks = [
        np.linalg.qr(rng.standard_normal((dimension, dimension)))[0] for _ in range(-(-count // dimension))
    ]
    columns: Floats = np.concatenate(blocks, axis=1)[:, :count]
    return columns


def principal_directions(x: Matrix, y: Matrix, count: int = DIRECTIONS) -> Floats:
    """(d, count) directions in which the pooled rows vary most; labels have no part in them.

    Embeddings vary in some tens of directions out of hundreds; random ones mostly look elsewhere.

    >>> principal_directions(np.array([[0.0, -5.0]]), np.array([[0.0, 5.0]]), 1).ravel().round(6).tolist()
    [0.0, 1.0]
    """
    rows = np.concatenate([x, y]).astype(np.float64)
    rows -= rows.mean(axis=0)
    vectors = np.linalg.eigh(rows.T @ rows)[1][:, ::-1][:, :count]
    # An eigenvector has no sign of its own: the largest entry is made positive.
    signs = np.sign(vectors[np.argmax(np.abs(vectors), axis=0), np.arange(vectors.shape[1])])
    directed: Floats = vectors * signs
    return directed


def sliced_wasserstein(
    x: Matrix,
    y: Matrix,
    *,
    permutations: int = 100,
    directions: Matrix | None = None,
    rng: np.random.Generator | None = None,
) -> TwoSample:
    """The mean over directions of the Wasserstein-1 distance of the projected rows, in the unit of the rows.

    Pooled projections are sorted once; a permutation only moves labels along them. What: a distance without a
    kernel, which keeps growing with how far content has moved. When not: as a bare threshold, since of equal
    distributions it is about 1 / sqrt(n) and never 0; traffic whose rows are not exchangeable.
    x (n, d), y (m, d), nan for empty input. directions (d, k): `principal_directions` if None.
    Source: Bonneel et al., J. Math. Imaging Vis. 51, 2015.

    >>> x, y = np.array([[0.0], [1.0]]), np.array([[2.0], [3.0]])
    >>> sliced_wasserstein(x, y, permutations=0, directions=np.array([[1.0]])).value
    2.0
    """
    n, m = len(x), len(y)
    if n == 0 or m == 0:
        return NOTHING
    onto = principal_directions(x, y) if directions is None else directions
    labels = labels_of(n, m, permutations, np.random.default_rng(0) if rng is None else rng)
    projected = np.ascontiguousarray(np.concatenate([x @ onto, y @ onto]).T)
    order = np.argsort(projected, axis=1)
    total = np.zeros(labels.shape[1])
    # F_x - F_y after each pooled row, for all permutations at once.
    steps = labels * np.float32(1.0 / n + 1.0 / m) - np.float32(1.0 / m)
    for k in range(onto.shape[1]):
        gaps = np.diff(projected[k, order[k]])
        total += gaps @ np.abs(np.cumsum(steps[order[k, :-1]], axis=0, dtype=np.float64))
    return TwoSample.of(total / onto.shape[1])
