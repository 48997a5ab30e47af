"""Least-squares density difference. See docs/checks/lsdd.md."""

from __future__ import annotations

import numpy as np

from monitors.checks._embeddings import EmbeddingCheck, Rows
from monitors.checks._past_blocks import ROOT_OF_SQUARES
from monitors.checks._sampled import Sampled, evenly
from monitors.statistics.kernels import median_bandwidth
from monitors.statistics.lsdd import CENTRES, lsdd
from monitors.statistics.two_sample import TwoSample


def distance(reference: Rows) -> Sampled:
    """Half of the centres are rows of the reference, half are present rows: new content has centres too."""
    width = median_bandwidth(reference)
    places = evenly(reference, CENTRES // 2)

    def of(x: Rows, y: Rows, permutations: int) -> TwoSample:
        centres = np.concatenate([places, evenly(x, CENTRES // 2)])
        return lsdd(x, y, permutations=permutations, centres=centres, bandwidth=width)

    return Sampled(of=of, power=ROOT_OF_SQUARES, rows=437, reference_rows=600)


CHECK = EmbeddingCheck(name="lsdd", title="Density difference", unit="LSDD", make=distance, blocks=64)
