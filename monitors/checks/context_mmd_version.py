"""MMD given the version: has content changed more than a shift between models and prompts explains? See
docs/checks/context_mmd_version.md.
"""

from __future__ import annotations

from monitors.checks._embeddings import EmbeddingCheck, Rows
from monitors.checks._given import NAME_WIDTH, same_or_not, with_names
from monitors.checks._sampled import Sampled

FIELDS = ("model", "prompt_version")


def distance(sample: Rows) -> Sampled:
    """Content given model and version of the prompt."""
    return same_or_not(sample, NAME_WIDTH * len(FIELDS))


CHECK = EmbeddingCheck(
    name="context_mmd_version",
    title="MMD given model and prompt",
    unit="MMD^2 given context",
    make=distance,
    rows_of=with_names(FIELDS),
    kinds=("drift",),
    fields=frozenset({"output_text"}),
    beside=frozenset(FIELDS),
)
