"""MMD given the hour: has content changed more than the time of day and week explains? See
docs/checks/context_mmd.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monitors.checks._embeddings import EmbeddingCheck, Rows, content_of
from monitors.checks._given import given
from monitors.checks._sampled import Sampled
from monitors.checks.base import WindowSample

CONTEXT = 3  # columns: the hour on a circle where four hours are one unit apart, and whether it is a weekend
BANDWIDTH = 1.0


def with_hour(samples: Sequence[WindowSample]) -> Rows:
    """(k, d + 3) embeddings and the context of their window."""
    contexts = []
    for sample in samples:
        middle = sample.window.start + (sample.window.end - sample.window.start) / 2
        angle = 2.0 * np.pi * (middle.hour + middle.minute / 60.0) / 24.0
        context = [np.cos(angle), np.sin(angle), float(middle.weekday() >= 5)]
        contexts.append(np.tile(np.array(context, dtype=np.float32), (len(sample.rows), 1)))
    return np.concatenate([content_of(samples), np.concatenate(contexts)], axis=1)


def distance(sample: Rows) -> Sampled:
    """Content given the hour."""
    return given(sample, CONTEXT, bandwidth=BANDWIDTH)


CHECK = EmbeddingCheck(
    name="context_mmd",
    title="MMD given the hour",
    unit="MMD^2 given context",
    make=distance,
    rows_of=with_hour,
    kinds=("drift",),
)
