"""MMD given the hour: has content changed more than the time of day and week explains? See
docs/checks/context_mmd.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monitors.checks._embeddings import EmbeddingCheck, Rows, content_of
from monitors.checks._past_blocks import ROOT_OF_SQUARES
from monitors.checks._sampled import Sampled
from monitors.checks.base import WindowSample
from monitors.statistics.context_mmd import context_mmd
from monitors.statistics.kernels import median_bandwidth, squared_distances
from monitors.statistics.two_sample import TwoSample

CONTEXT = 3  # columns: the hour on a circle where four hours are one unit apart, and whether it is a weekend
_BANDWIDTH = 1.0
_RIDGE = 0.05
_LEAST = 16


def with_hour(samples: Sequence[WindowSample]) -> Rows:
    """(k, d + 3) embeddings and the context of their window."""
    contexts = []
    for sample in samples:
        middle = sample.window.start + (sample.window.end - sample.window.start) / 2
        angle = 2.0 * np.pi * (middle.hour + middle.minute / 60.0) / 24.0
        context = [np.cos(angle), np.sin(angle), float(middle.weekday() >= 5)]
        contexts.append(np.tile(np.array(context, dtype=np.float32), (len(sample.rows), 1)))
    return np.concatenate([content_of(samples), np.concatenate(contexts)], axis=1)


def covered(x: Rows, y: Rows) -> Rows:
    """The rows of x whose hour y has too, of others nothing is known; all, where that would leave few."""
    near = squared_distances(x[:, -CONTEXT:], y[:, -CONTEXT:]).min(axis=1) <= _BANDWIDTH**2
    return x[near] if np.count_nonzero(near) >= _LEAST else x


def distance(reference: Rows) -> Sampled:
    """Content given context, the columns at the end."""
    width = median_bandwidth(reference[:, :-CONTEXT])

    def of(x: Rows, y: Rows, permutations: int) -> TwoSample:
        x = covered(x, y)
        return context_mmd(
            x[:, :-CONTEXT],
            y[:, :-CONTEXT],
            x[:, -CONTEXT:],
            y[:, -CONTEXT:],
            permutations=permutations,
            ridge=_RIDGE,
            bandwidth=width,
            context_bandwidth=_BANDWIDTH,
        )

    return Sampled(of=of, power=ROOT_OF_SQUARES, rows=194, reference_rows=250)


CHECK = EmbeddingCheck(
    name="context_mmd",
    title="MMD given the hour",
    unit="MMD^2 given context",
    make=distance,
    rows_of=with_hour,
    kinds=("drift",),
)
