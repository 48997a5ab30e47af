"""The direction that tells a few rows from many others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]


def toward(rows: Rows, first: Rows, others: Rows, *, ridge: float = 1.0) -> Floats:
    """(k,) how far rows (k, d) lie from the mean of `others` (m, d) toward that of `first` (n, d).

    What: Fisher's linear discriminant; 0 at the mean of `others`, 1 at that of `first`. The covariance within
    both gets `ridge` mean variances on its diagonal, as rows are few. When not: to judge whether there are
    two groups: any rows are told from others. Both have rows. Source: Fisher, Ann. Eugenics 7, 1936; the
    ridge as in Friedman, "Regularized Discriminant Analysis", JASA 84, 1989.

    >>> first, others = np.array([[2.0, 0.0], [2.0, 1.0]]), np.array([[0.0, 0.0], [0.0, 1.0]])
    >>> toward(np.array([[2.0, 0.5], [0.0, 0.5], [1.0, 7.0]]), first, others).round(3).tolist()
    [1.0, 0.0, 0.5]
    """
    middle = others.mean(axis=0, dtype=np.float64)
    gap: Floats = first.mean(axis=0, dtype=np.float64) - middle
    within: Floats = np.concatenate([others - middle, first - first.mean(axis=0)]).astype(np.float64)
    covariance = within.T @ within / len(within)
    variance = max(float(np.trace(covariance)) / len(gap), 1e-12)
    direction = np.linalg.solve(covariance + ridge * variance * np.eye(len(gap)), gap)
    scale = float(gap @ direction)
    found: Floats = (rows - middle) @ direction / scale if scale > 0 else np.zeros(len(rows))
    return found
