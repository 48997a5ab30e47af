"""Maximum mean discrepancy: has the distribution of content changed? See docs/checks/mmd.md."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitors.checks._vectors import VectorFitted, reference_sample, too_uniform
from monitors.checks.base import CheckSettings, DataKind, NotReady, Reference, text_concern
from monitors.features_embedding import FourierFeatures, bandwidth_of, sample_rows
from monitors.noise_scales import missing
from monitors.noise_vectors import VectorModel, VectorTest
from monitors.result import Concern, ReferenceKind
from monitors.statistics.mmd import mmd_test

Rows = NDArray[np.float32]
PAIRS = 192  # random features: as many cosines and as many sines
_REFERENCE_ROWS = 500
_CURRENT_ROWS = 200  # enough for an illustration: the p-value that decides is the noise model's
_PERMUTATIONS = 200


class MmdView:
    """The unbiased squared MMD to what is expected at this time, from random features; exact in the
    evidence.
    """

    unit = "MMD^2"
    label = "MMD^2"

    def __init__(self, sample: Rows, bandwidth: float, seed: int) -> None:
        self.sample, self.bandwidth, self.seed = sample, bandwidth, seed

    def value(self, test: VectorTest) -> float:
        return test.squared_size

    def threshold(self, test: VectorTest, value: float, factor: float) -> float:
        return float(factor**2 * (test.shift @ test.shift) - test.variance.sum())

    def figures(self, test: VectorTest) -> dict[str, float]:
        rng = np.random.default_rng(self.seed)
        rows = sample_rows([s.rows for s in test.scale.samples], _CURRENT_ROWS, rng)
        exact = mmd_test(rows, self.sample, permutations=_PERMUTATIONS, bandwidth=self.bandwidth, rng=rng)
        return {
            "mmd2_exact": exact.value,
            "permutation_p_if_independent": exact.p,
            "bandwidth": self.bandwidth,
        }


class MmdCheck:
    """Any change of the distribution of embeddings that a Gaussian kernel sees."""

    name = "mmd"
    title = "Maximum mean discrepancy"
    fields = frozenset({"input_text", "output_text"})
    kinds: tuple[ReferenceKind, ...] = ("drift", "skew")
    data: DataKind = "embedding"
    default_on = True

    def concern(self, field: str) -> Concern:
        return text_concern(field)

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> VectorFitted | NotReady:
        why = missing(reference, settings) or too_uniform(reference)
        if why is not None:
            return NotReady(reason=why)
        rng = np.random.default_rng(seed)
        sample = reference_sample(reference, _REFERENCE_ROWS, rng)
        bandwidth = bandwidth_of(sample, rng)
        features = FourierFeatures(dimension=sample.shape[1], bandwidth=bandwidth, pairs=PAIRS, rng=rng)
        model = VectorModel(reference, features, settings, rng)
        view = MmdView(sample, bandwidth, seed)
        return VectorFitted(reference=reference, model=model, view=view, settings=settings)


CHECK = MmdCheck()
