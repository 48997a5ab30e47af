"""In which directions the rows of a reference vary within a window, and how much."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ROWS = 3000  # that the covariance is made of


def centred_rows(sources: Sequence[NDArray[np.float32]], rng: np.random.Generator) -> NDArray[np.float32]:
    """(m, D) rows of all groups around their own group's mean, a seeded sample of them."""
    groups = [g for g in sources if len(g) > 1]
    total = sum(len(g) for g in groups)
    keep = min(1.0, _ROWS / max(total, 1))
    parts = []
    for group in groups:
        # Around the mean of k rows a row varies (k-1)/k as much as around the truth.
        scale = np.float32(np.sqrt(len(group) / (len(group) - 1)))
        wanted = len(group) if keep >= 1.0 else min(len(group), max(1, round(keep * len(group))))
        chosen = rng.permutation(len(group))[:wanted]
        parts.append((group[chosen] - group.mean(axis=0)) * scale)
    return np.concatenate(parts).astype(np.float32)


def eigen(centred: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """(D, D) eigenvectors as columns and (D,) eigenvalues of the covariance, largest first.

    Shrunk towards the mean eigenvalue: Chen, Wiesel, Eldar and Hero, IEEE TSP 58, 2010 (OAS).
    """
    n, d = centred.shape
    covariance = (centred.T @ centred).astype(np.float64) / n
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    mean = max(float(values.mean()), 1e-12)
    square = float((values**2).sum())
    trace2 = (d * mean) ** 2
    denominator = (n + 1.0) * max(square - trace2 / d, 1e-300)
    shrinkage = min(1.0, (square + trace2) / denominator) if d > 1 else 0.0
    shrunk = (1.0 - shrinkage) * values + shrinkage * mean
    return np.ascontiguousarray(vectors), np.maximum(shrunk, 1e-3 * mean)
