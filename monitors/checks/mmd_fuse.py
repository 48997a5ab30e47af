"""MMD over many bandwidths at once. See docs/checks/mmd_fuse.md."""

from __future__ import annotations

import numpy as np

from monitors.checks._embeddings import EmbeddingCheck, Rows
from monitors.checks._past_blocks import ROOT_OF_SQUARES
from monitors.checks._sampled import Sampled
from monitors.statistics.mmd_fuse import fuse_bandwidths, mmd_fuse
from monitors.statistics.two_sample import TwoSample

_BANDWIDTHS = 5


def distance(reference: Rows) -> Sampled:
    """Bandwidths are those of the reference, so that days can be compared. None is narrower than its nearest
    pairs are apart: a kernel that sees hardly any pairs sees repeats of a text, and little else.
    """
    low, high = fuse_bandwidths(reference, reference[:0], 2)
    widths = np.linspace(2.0 * low, high, _BANDWIDTHS)

    def of(x: Rows, y: Rows, permutations: int) -> TwoSample:
        return mmd_fuse(x, y, permutations=permutations, bandwidths=widths, positive=True)

    return Sampled(of=of, power=ROOT_OF_SQUARES, rows=194, reference_rows=250)


CHECK = EmbeddingCheck(name="mmd_fuse", title="MMD-FUSE", unit="normalised MMD^2", make=distance)
