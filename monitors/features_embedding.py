"""Features of an embedding: which differences of meaning a mean can show.

Each map takes (k, d) float32 rows to (k, D) features. A difference of the features' means is a difference of
the distributions: of their means (identity), of everything a Gaussian kernel sees (random Fourier features),
of distances (landmarks).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.kernels import median_bandwidth, squared_distances

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]
_NEIGHBOURS = 20
_LEFT_OUT = 4  # topics that are left out in turn


class FeatureMap(Protocol):
    """Maps rows to features."""

    def __call__(self, rows: Rows) -> Rows:
        """(k, d) to (k, D)."""
        ...


class Identity:
    """The embedding itself: what the mean of a window says."""

    def __call__(self, rows: Rows) -> Rows:
        return rows


class FourierFeatures:
    """Random Fourier features: their inner products are the Gaussian kernel exp(-|a - b|^2 / (2 s^2)),
    nearly.

    |mean difference|^2 estimates MMD^2. Source: Rahimi and Recht, NeurIPS 2007 (cosines and sines in pairs,
    which makes the features' norm exactly 1).

    >>> rng = np.random.default_rng(0)
    >>> features = FourierFeatures(dimension=3, bandwidth=1.0, pairs=4000, rng=rng)
    >>> a, b = features(np.zeros((1, 3), np.float32)), features(np.ones((1, 3), np.float32))
    >>> round(float((a @ b.T)[0, 0]), 1), round(float(np.exp(-1.5)), 1)
    (0.2, 0.2)
    """

    def __init__(self, *, dimension: int, bandwidth: float, pairs: int, rng: np.random.Generator) -> None:
        self.bandwidth = bandwidth
        # Orthogonal frequencies estimate the kernel with less variance (Yu et al., NeurIPS 2016).
        blocks = [
            np.linalg.qr(rng.standard_normal((dimension, dimension)))[0]
            for _ in range(-(-pairs // dimension))
        ]
        lengths = np.sqrt(rng.chisquare(dimension, size=pairs))
        frequencies = np.concatenate(blocks, axis=1)[:, :pairs] * (lengths / bandwidth)
        self._frequencies = frequencies.astype(np.float32)
        self._scale = np.float32(1.0 / np.sqrt(pairs))

    def __call__(self, rows: Rows) -> Rows:
        phase = rows @ self._frequencies
        features: Rows = np.concatenate([np.cos(phase), np.sin(phase)], axis=1) * self._scale
        return features


class Landmarks:
    """Distances to rows of the reference: the energy distance seen from these places.

    The difference of the mean distances to a landmark is the witness function of the energy distance there.
    """

    def __init__(self, places: Rows) -> None:
        self._places = places

    def __call__(self, rows: Rows) -> Rows:
        distances: Rows = np.sqrt(squared_distances(rows, self._places)).astype(np.float32)
        return distances


def sample_rows(groups: Sequence[Rows], limit: int, rng: np.random.Generator) -> Rows:
    """At most `limit` of the rows of all groups, seeded, in their order."""
    edges = np.cumsum([0, *(len(group) for group in groups)])
    total = int(edges[-1])
    if total <= limit:
        return np.concatenate(groups) if groups else np.empty((0, 1), np.float32)
    # Chosen before rows are put together: a week of them is tens of megabytes.
    chosen = np.sort(rng.choice(total, limit, replace=False))
    parts = np.split(chosen, np.searchsorted(chosen, edges[1:-1]))
    return np.concatenate([g[p - start] for g, p, start in zip(groups, parts, edges, strict=False) if p.size])


def bandwidth_of(rows: Rows, rng: np.random.Generator) -> float:
    """The median heuristic on at most 500 rows."""
    return median_bandwidth(sample_rows([rows], 500, rng))


def topic_distance(features: Rows) -> float:
    """How far a topic lies from the average content: the unit of "share of new content".

    If a share s of content far from the rest arrives, the mean moves by s times this. A topic is what stands
    around a row: the mean inner product with the twenty nearest rows is the squared length of the topic's
    centre. features: (m, D), m of some hundreds. Returns at least a tenth of a row's own distance.
    """
    # A text that came twice says nothing of how wide a topic is.
    first = {row.tobytes(): i for i, row in enumerate(np.ascontiguousarray(features))}
    rows = features[sorted(first.values())].astype(np.float64)
    mean = rows.mean(axis=0)
    gram = rows @ rows.T
    spread = float((np.diag(gram)).mean() - mean @ mean)
    np.fill_diagonal(gram, -np.inf)
    near = min(_NEIGHBOURS, len(rows) - 1)
    if near < 1:
        return float(np.sqrt(max(spread, 1e-12)))
    squared = squared_distances(rows, rows)
    np.fill_diagonal(squared, np.inf)
    order = np.argpartition(squared, near - 1, axis=1)[:, :near]
    centre = float(np.take_along_axis(gram, order, axis=1).mean())
    return float(np.sqrt(max(centre - mean @ mean, 0.01 * spread, 1e-12)))


def topic_profile(features: Rows, variance: Floats, *, ridge: float) -> Floats:
    """(D,) how the squared distance of a new topic divides among the directions of the reference; sums to 1.

    A topic that the reference has lies in the directions in which its rows vary; one that it does not have
    lies partly in others. How far is learnt by leaving topics of the reference out: what stands around a row,
    seen from the covariance of all other rows. features: (m, D), m of some hundreds. variance: (D,) of the
    directions, largest first. ridge: times their mean, that directions are weighed with.
    """
    first = {row.tobytes(): i for i, row in enumerate(np.ascontiguousarray(features))}
    rows = features[sorted(first.values())].astype(np.float64)
    share, flat = variance / variance.sum(), np.full(variance.size, 1.0 / variance.size)
    count = min(_NEIGHBOURS, len(rows) // 3)
    if count < 2:
        return np.asarray(share, dtype=np.float64)
    seen = []
    mean, moments = rows.mean(axis=0), rows.T @ rows
    for anchor in np.linspace(0, len(rows) - 1, _LEFT_OUT).astype(int):
        near = np.argpartition(squared_distances(rows[anchor : anchor + 1], rows)[0], count)[:count]
        # All other rows: what those near it take off the sums of all.
        left = len(rows) - count
        others = (mean * len(rows) - rows[near].sum(axis=0)) / left
        away = rows[near].mean(axis=0) - others
        covariance = (moments - rows[near].T @ rows[near]) / left - np.outer(others, others)
        total = float(np.trace(covariance))
        limit = ridge * total / len(covariance)
        covariance[np.diag_indices_from(covariance)] += limit
        # Between a direction that varies like all others and one in which topics of the reference lie.
        inverse = np.linalg.inv(covariance)
        weight = float(np.trace(inverse))  # the sum over the directions
        even, usual = weight / variance.size, (variance.size - limit * weight) / total
        found = float(away @ inverse @ away / (away @ away))
        seen.append((found - usual) / max(even - usual, 1e-300))
    new = float(np.clip(np.mean(seen), 0.0, 1.0))
    profile: Floats = new * flat + (1.0 - new) * share
    return profile
