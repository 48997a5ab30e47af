"""MMD given the input's topic: have answers changed more than the mix of topics explains? See
docs/checks/context_mmd_topic.md.
"""

from __future__ import annotations

from monitors.checks._embeddings import EmbeddingCheck, Rows
from monitors.checks._given import NearestTopic, same_or_not, with_vectors
from monitors.checks._sampled import Sampled


def distance(sample: Rows) -> Sampled:
    """Content given which of the reference's topics the input is of."""
    width = sample.shape[1] // 2
    return same_or_not(sample, width, NearestTopic(sample[:, width:]))


CHECK = EmbeddingCheck(
    name="context_mmd_topic",
    title="MMD given the input's topic",
    unit="MMD^2 given context",
    make=distance,
    rows_of=with_vectors("input_text"),
    kinds=("drift",),
    fields=frozenset({"output_text"}),
    beside=frozenset({"input_text"}),
)
