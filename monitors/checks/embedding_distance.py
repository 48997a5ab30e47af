"""Embedding distance: has the average content moved? See docs/checks/embedding_distance.md."""

from __future__ import annotations

import numpy as np

from monitors.checks._vectors import VectorFitted, too_uniform
from monitors.checks.base import CheckSettings, DataKind, NotReady, Reference, text_concern
from monitors.features_embedding import Identity
from monitors.noise_scales import missing
from monitors.noise_vectors import VectorModel, VectorTest
from monitors.result import Concern, ReferenceKind


class CosineView:
    """The cosine distance between the mean embedding and the expected one."""

    unit = "cosine distance"
    label = "cosine distance of the means"

    def value(self, test: VectorTest) -> float:
        return self.threshold(test, 0.0, 1.0)

    def threshold(self, test: VectorTest, value: float, factor: float) -> float:
        mean = test.expected + factor * test.shift
        norms = float(np.linalg.norm(mean) * np.linalg.norm(test.expected))
        return 1.0 - float(mean @ test.expected) / norms if norms > 0 else 0.0

    def figures(self, test: VectorTest) -> dict[str, float]:
        return {"euclidean_distance": float(np.linalg.norm(test.shift))}


class EmbeddingDistanceCheck:
    """The mean of the embeddings against the mean that is expected at this time of the week."""

    name = "embedding_distance"
    title = "Embedding distance"
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
        model = VectorModel(reference, Identity(), settings, np.random.default_rng(seed))
        return VectorFitted(reference=reference, model=model, view=CosineView(), settings=settings)


CHECK = EmbeddingDistanceCheck()
