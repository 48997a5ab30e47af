"""MMD given the input: do the same questions get other answers? See docs/checks/context_mmd_input.md."""

from __future__ import annotations

from monitors.checks._embeddings import EmbeddingCheck, Rows
from monitors.checks._given import given, with_vectors
from monitors.checks._sampled import Sampled


def distance(sample: Rows) -> Sampled:
    """Content given the embedding of the input, which has as many columns."""
    return given(sample, sample.shape[1] // 2)


CHECK = EmbeddingCheck(
    name="context_mmd_input",
    title="MMD given the input",
    unit="MMD^2 given context",
    make=distance,
    rows_of=with_vectors("input_text"),
    kinds=("drift",),
    fields=frozenset({"output_text"}),
    beside=frozenset({"input_text"}),
)
