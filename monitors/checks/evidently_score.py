"""Evidently's descriptors: has a score's distribution changed? See docs/checks/evidently_score.md."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monitors.checks._number_power import NumberChange
from monitors.checks._numbers import NumberFitted, Reading, reference_values
from monitors.checks.base import CheckSettings, DataKind, NotReady, Reference
from monitors.checks.token_length import MARGIN, LengthView
from monitors.features_numbers import shape_features
from monitors.noise_numbers import NumberModel, NumberTest
from monitors.noise_scales import missing
from monitors.result import Concern, ReferenceKind
from monitors.statistics.psi import psi

Floats = NDArray[np.float64]


class ScoreView(LengthView):
    """As lengths are read, in other words."""

    effect_unit = "times the mean"

    def read(self, values: Floats, test: NumberTest, model: NumberModel, margin: float) -> Reading:
        found = super().read(values, test, model, margin)
        mean, usual = float(values.mean()), float(self.reference.mean())
        return replace(found, said=f"PSI of {found.value:.2f}, mean {mean:.3g} against {usual:.3g}")


class EvidentlyCheck:
    """Any change of a score's distribution, in both directions: nobody says which one is better."""

    name = "evidently_score"
    title = "Scores by Evidently"
    fields = frozenset({"evidently.*"})
    kinds: tuple[ReferenceKind, ...] = ("drift",)
    data: DataKind = "number"
    default_on = True

    def concern(self, field: str) -> Concern:
        return "quality"

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> NumberFitted | NotReady:
        why = missing(reference, settings)
        if why is not None:
            return NotReady(reason=why)
        values = reference_values(reference, seed)
        view = ScoreView(values)
        return NumberFitted(
            reference=reference,
            features=shape_features(values),
            view=view,
            settings=settings,
            margin=MARGIN if settings.margin is None else settings.margin,
            change=NumberChange(
                apply=_higher,
                measure=_Psi(values=values, edges=view.edges),
                most=9.0,
                unit="share higher",
                said="scores {} higher",
                written="{:.0%}",
            ),
        )


# No functions made on the way: what is learnt is kept between runs.
def _higher(scores: Floats, size: float) -> Floats:
    return scores * (1.0 + size)


@dataclass(frozen=True, kw_only=True)
class _Psi:
    values: Floats
    edges: Floats

    def __call__(self, scores: Floats, size: float) -> float:
        return psi(self.values, scores, edges=self.edges)


CHECK = EvidentlyCheck()
