"""Domain classifier: can a model tell today from the reference? See docs/checks/domain_classifier.md."""

from __future__ import annotations

import numpy as np

from monitors.checks._embeddings import EmbeddingCheck, Rows
from monitors.checks._past_blocks import ROOT
from monitors.checks._sampled import Sampled
from monitors.statistics.domain_classifier import domain_classifier
from monitors.statistics.two_sample import Floats, TwoSample


def odds(area: Floats, pairs: int) -> Floats:
    """The odds of an area under the curve; one of all pairs counts half where the area is 0 or 1.

    >>> odds(np.array([0.5, 0.75]), 100).tolist()
    [1.0, 3.0]
    """
    inside = np.clip(area, 0.5 / pairs, 1.0 - 0.5 / pairs)
    return np.asarray(inside / (1.0 - inside), dtype=np.float64)


def distance(reference: Rows) -> Sampled:
    """The odds that a held-out present row scores above an earlier one."""

    def of(x: Rows, y: Rows, permutations: int) -> TwoSample:
        test = domain_classifier(x, y, permutations=permutations)
        pairs = len(x) * len(y)
        return TwoSample(value=float(odds(np.array(test.value), pairs)), null=odds(test.null, pairs))

    return Sampled(of=of, power=ROOT, rows=129, reference_rows=194)


CHECK = EmbeddingCheck(
    name="domain_classifier",
    title="Domain classifier",
    unit="odds to be told from the past",
    make=distance,
    blocks=64,
)
