"""What share of new content a distance of embeddings amounts to: learnt by putting new content in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks._past_blocks import Distance
from monitors.statistics.kernels import squared_distances

Floats = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]
SHARES = (0.05, 0.1, 0.2, 0.4)
TOPICS = 3  # made-up topics that are averaged over
_TOPIC_ROWS = 0.1  # of the rows make one topic


class NewTopic:
    """The distance that a share of new content adds to the usual, and back.

    New content is made of a neighbourhood of the reference, as wide and as far from the rest as a topic there
    is, turned to where the reference has none. `square`: the distance's square grows evenly, as that of a
    plain (not squared) distance does.
    """

    def __init__(
        self, rows: Rows, distance: Distance, *, dimension: int, size: int, seed: int, square: bool
    ) -> None:
        """rows (k, >= dimension): a sample of the reference, columns beyond `dimension` are context; size:
        rows that are compared with the rest.
        """
        self._square = square
        rng = np.random.default_rng(seed)
        size = max(2, min(size, len(rows) // 3))
        added = np.zeros(len(SHARES))
        for _ in range(TOPICS):
            order = rng.permutation(len(rows))
            current, prepared = rows[order[:size]], distance.prepare(rows[np.sort(order[size:])])
            topic = turned_topic(rows, dimension, size, rng)
            plain = self._scaled(distance.between(current, prepared))
            for k, share in enumerate(SHARES):
                mixed = current.copy()
                count = max(1, round(share * size))
                mixed[:count, :dimension] = topic[np.arange(count) % len(topic)]
                # A rounded count stands for its own share.
                weight = (share * size / count) ** 2
                added[k] += weight * (self._scaled(distance.between(mixed, prepared)) - plain) / TOPICS
        self._share = np.concatenate([[0.0], SHARES])
        self._added = np.maximum.accumulate(np.concatenate([[0.0], added]))

    def share(self, value: float, usual: float) -> float:
        """The share of new content that takes a distance from `usual` to `value`; 0 to 1."""
        excess = self._scaled(value) - self._scaled(usual)
        if excess <= 0 or self._added[-1] <= 0:
            return 0.0
        if excess >= self._added[-1]:
            slope = (self._added[-1] - self._added[-2]) / (self._share[-1] - self._share[-2])
            return float(min(1.0, self._share[-1] + (excess - self._added[-1]) / max(slope, 1e-12)))
        return float(np.interp(excess, self._added, self._share))

    def value(self, share: float, usual: float) -> float:
        """The distance at a share of new content."""
        total = self._scaled(usual) + float(np.interp(share, self._share, self._added))
        return float(np.sqrt(total)) if self._square else total

    def _scaled(self, value: float) -> float:
        return value * value if self._square else value


def turned_topic(rows: Rows, dimension: int, size: int, rng: np.random.Generator) -> Rows:
    """(t, dimension) unit rows: those around one row of the reference, reflected so that their centre lies in
    a random direction from the mean of all.

    A reflection keeps their distances from each other and from the mean.
    """
    content = rows[:, :dimension].astype(np.float64)
    mean = content.mean(axis=0)
    anchor = content[rng.integers(len(content))]
    count = max(2, min(len(content), max(round(_TOPIC_ROWS * len(content)), size // 8)))
    near = np.argsort(squared_distances(anchor[None], content)[0], kind="stable")[:count]
    topic = content[rng.permutation(near)] - mean
    centre = topic.mean(axis=0)
    toward = rng.standard_normal(dimension)
    toward *= np.linalg.norm(centre) / np.linalg.norm(toward)
    mirror = centre - toward
    squared = float(mirror @ mirror)
    if squared > 0:
        topic = topic - np.outer(topic @ mirror, mirror) * (2.0 / squared)
    turned = topic + mean
    lengths = np.linalg.norm(turned, axis=1, keepdims=True)
    return np.asarray(turned / np.maximum(lengths, 1e-12), dtype=rows.dtype)
