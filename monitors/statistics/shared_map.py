"""Two dimensions for two samples: one that tells them apart, and the one in which all rows differ most."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]
_COMPONENTS = 16


def shared_map(now: Rows, before: Rows, *, components: int = _COMPONENTS) -> tuple[Floats, Floats]:
    """(n, 2) and (m, 2) places of both samples on one map.

    What: rows are reduced to their first principal components; across lies Fisher's linear discriminant of
    the two samples there (present rows to the right), up the first principal component of what is left. Both
    axes have standard deviation 1 over all rows; signs are fixed, so the same rows give the same map. When
    not: to judge whether there is a change: a discriminant of noise tells noise apart too. now (n, d), before
    (m, d); zeros where a side is empty or all rows are one. Source: Fisher, Ann. Eugenics 7, 1936; the
    covariance within is shrunk as by Ledoit and Wolf, J. Multivar. Anal. 88, 2004.

    >>> now, before = shared_map(np.array([[2.0, 0.0], [2.0, 1.0]]), np.array([[0.0, 0.0], [0.0, 1.0]]))
    >>> now[:, 0].round(3).tolist(), before[:, 0].round(3).tolist()
    ([1.0, 1.0], [-1.0, -1.0])
    """
    rows: Floats = np.concatenate([now, before]).astype(np.float64)
    if not len(now) or not len(before) or not np.ptp(rows, axis=0).any():
        return np.zeros((len(now), 2)), np.zeros((len(before), 2))
    reduced = _reduced(rows, min(components, *rows.shape))
    parts = reduced[: len(now)], reduced[len(now) :]
    gap: Floats = parts[0].mean(axis=0) - parts[1].mean(axis=0)
    across = reduced @ _discriminant(parts, gap)
    left: Floats = reduced - np.outer(across, across @ reduced) / max(float(across @ across), 1e-300)
    _, _, second = np.linalg.svd(left, full_matrices=False)
    up = left @ second[0]
    # A direction has no sign of its own: the row that lies furthest out is above.
    up *= -1.0 if up[np.argmax(np.abs(up))] < 0 else 1.0
    places: Floats = np.stack([across, up], axis=1)
    places = places / np.maximum(places.std(axis=0), 1e-12)
    return places[: len(now)], places[len(now) :]


def _reduced(rows: Floats, components: int) -> Floats:
    from sklearn.decomposition import PCA

    # By the covariance: the rows are many more than their columns.
    found: Floats = PCA(components, svd_solver="covariance_eigh").fit_transform(rows)
    return found


def _discriminant(parts: tuple[Floats, Floats], gap: Floats) -> Floats:
    from sklearn.covariance import ledoit_wolf

    within: Floats = np.concatenate([part - part.mean(axis=0) for part in parts])
    covariance = np.asarray(ledoit_wolf(within, assume_centered=True)[0], dtype=np.float64)
    ridge = 1e-9 * max(float(np.trace(covariance)), 1e-12) * np.eye(len(gap))
    direction: Floats = np.asarray(np.linalg.solve(covariance + ridge, gap), dtype=np.float64)
    return direction
