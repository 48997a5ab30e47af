"""Energy distance: a second opinion without a bandwidth. See docs/checks/energy_distance.md."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitors.checks._vectors import VectorFitted, reference_sample, too_uniform
from monitors.checks.base import CheckSettings, DataKind, NotReady, Reference, text_concern
from monitors.features_embedding import Landmarks, sample_rows
from monitors.noise_scales import missing
from monitors.noise_vectors import VectorModel, VectorTest
from monitors.result import Concern, ReferenceKind
from monitors.statistics.kernels import energy_distance

Rows = NDArray[np.float32]
LANDMARKS = 128
_ROWS = 500


class EnergyView:
    """The energy distance between the rows and a sample of the reference."""

    unit = "energy distance"
    label = "energy distance"

    def __init__(self, sample: Rows, seed: int) -> None:
        self.sample, self.seed = sample, seed

    def value(self, test: VectorTest) -> float:
        rng = np.random.default_rng(self.seed)
        rows = sample_rows([s.rows for s in test.scale.samples], _ROWS, rng)
        return energy_distance(rows, self.sample)

    def threshold(self, test: VectorTest, value: float, factor: float) -> float:
        # The energy distance grows with the square of a small shift.
        return value * factor**2

    def figures(self, test: VectorTest) -> dict[str, float]:
        return {}


class EnergyDistanceCheck:
    """Any change of the distribution of embeddings, seen through distances to rows of the reference."""

    name = "energy_distance"
    title = "Energy distance"
    fields = frozenset({"input_text", "output_text"})
    kinds: tuple[ReferenceKind, ...] = ("drift", "skew")
    data: DataKind = "embedding"
    default_on = False

    def concern(self, field: str) -> Concern:
        return text_concern(field)

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> VectorFitted | NotReady:
        why = missing(reference, settings) or too_uniform(reference)
        if why is not None:
            return NotReady(reason=why)
        rng = np.random.default_rng(seed)
        sample = reference_sample(reference, _ROWS, rng)
        model = VectorModel(reference, Landmarks(sample[:LANDMARKS]), settings, rng)
        return VectorFitted(
            reference=reference, model=model, view=EnergyView(sample, seed), settings=settings
        )


CHECK = EnergyDistanceCheck()
