"""MMD under a kernel learnt on half of the rows. See docs/checks/learned_kernel_mmd.md."""

from __future__ import annotations

from monitors.checks._embeddings import EmbeddingCheck, Rows
from monitors.checks._past_blocks import ROOT_OF_SQUARES
from monitors.checks._sampled import Sampled
from monitors.statistics.learned_kernel import learned_kernel_mmd
from monitors.statistics.two_sample import TwoSample

_STEPS = 15


def distance(reference: Rows) -> Sampled:
    """A kernel is trained anew for every comparison, those of past blocks too."""

    def of(x: Rows, y: Rows, permutations: int) -> TwoSample:
        return learned_kernel_mmd(x, y, permutations=permutations, steps=_STEPS, biased=True)

    return Sampled(of=of, power=ROOT_OF_SQUARES, rows=129, reference_rows=129)


CHECK = EmbeddingCheck(
    name="learned_kernel_mmd", title="Learned-kernel MMD", unit="MMD^2", make=distance, blocks=16
)
