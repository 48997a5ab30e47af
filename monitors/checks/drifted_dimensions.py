"""The share of dimensions that have moved. See docs/checks/drifted_dimensions.md."""

from __future__ import annotations

from typing import Any

import numpy as np

from monitors.checks._embeddings import EmbeddingCheck, Rows
from monitors.checks._sampled import Sampled, evenly
from monitors.statistics.drifted_dimensions import drifted_dimensions, rank_p
from monitors.statistics.two_sample import TwoSample, labels_of

_LEVEL = 0.05
_ROWS, _REFERENCE_ROWS = 291, 400


def distance(reference: Rows) -> Sampled:
    """The share of dimensions with p < .05, of which quiet blocks have some too."""

    def of(x: Rows, y: Rows, permutations: int) -> TwoSample:
        labels = labels_of(len(x), len(y), permutations, np.random.default_rng(0))
        p = rank_p(np.concatenate([x, y]), labels)
        return TwoSample.of(np.asarray((p <= _LEVEL).mean(axis=0), dtype=np.float64))

    return Sampled(of=of, power=0.4, rows=_ROWS, reference_rows=_REFERENCE_ROWS)


def figures(now: Rows, before: Rows) -> dict[str, float]:
    """The share that survives control of the false discovery rate."""
    found: Any = drifted_dimensions(evenly(now, _ROWS), evenly(before, _REFERENCE_ROWS), permutations=0)
    return {"share_at_false_discovery_rate_05": found.value}


CHECK = EmbeddingCheck(
    name="drifted_dimensions",
    title="Drifted dimensions",
    unit="share of dimensions with p < .05",
    make=distance,
    figures=figures,
    blocks=64,
)
