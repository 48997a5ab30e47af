"""Sliced Wasserstein distance of embeddings. See docs/checks/sliced_wasserstein.md."""

from __future__ import annotations

from monitors.checks._embeddings import EmbeddingCheck, Rows
from monitors.checks._past_blocks import ROOT
from monitors.checks._sampled import Sampled
from monitors.statistics.sliced_wasserstein import principal_directions, sliced_wasserstein
from monitors.statistics.two_sample import TwoSample


def distance(reference: Rows) -> Sampled:
    """Along the directions in which the reference varies most."""
    onto = principal_directions(reference, reference[:0]).astype(reference.dtype)

    def of(x: Rows, y: Rows, permutations: int) -> TwoSample:
        return sliced_wasserstein(x, y, permutations=permutations, directions=onto)

    return Sampled(of=of, power=ROOT, rows=291, reference_rows=400)


CHECK = EmbeddingCheck(
    name="sliced_wasserstein",
    title="Sliced Wasserstein distance",
    unit="embedding length",
    make=distance,
    square=True,
    blocks=64,
)
