"""Quality: do a judge's grades fall? See docs/checks/quality.md."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitors.checks._number_power import NumberChange
from monitors.checks._numbers import NumberFitted, Reading, reference_values
from monitors.checks.base import CheckSettings, DataKind, NotReady, Reference
from monitors.features_numbers import level_feature
from monitors.noise_numbers import NumberModel, NumberTest
from monitors.noise_scales import missing
from monitors.result import Concern, ReferenceKind

Floats = NDArray[np.float64]
MARGIN = 0.1


class QualityView:
    """Reads a test as a mean grade against the expected one."""

    unit = row_unit = "grade"
    effect_unit = "grade points"
    worse = -1

    def __init__(self, reference: Floats) -> None:
        self.reference = reference

    def read(self, values: Floats, test: NumberTest, model: NumberModel, margin: float) -> Reading:
        expected = float(test.prediction.mean[0])
        value = float(values.mean())
        words = f"mean grade {value:.2f}, {value - expected:+.2f} against the expected {expected:.2f}"
        return Reading(
            value=value,
            expected=expected,
            effect=value - expected,
            relevant=expected - value >= margin,
            said=words,
        )

    def threshold(self, reading: Reading, critical: float, margin: float) -> float:
        return reading.expected - max(margin, critical)

    def figures(self, values: Floats) -> dict[str, float]:
        p10, p50 = np.quantile(values, [0.1, 0.5])
        return {"mean": float(values.mean()), "p50": float(p50), "p10": float(p10)}

    def extremity(self, values: Floats, test: NumberTest, model: NumberModel) -> Floats:
        return -values


class QualityCheck:
    """A drop of the mean grade; a rise is no breach."""

    name = "quality"
    title = "Quality by a judge"
    fields = frozenset({"quality.*"})
    kinds: tuple[ReferenceKind, ...] = ("drift",)
    data: DataKind = "number"
    default_on = True

    def concern(self, field: str) -> Concern:
        return "quality"

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> NumberFitted | NotReady:
        why = missing(reference, settings)
        if why is not None:
            return NotReady(reason=why)
        return NumberFitted(
            reference=reference,
            features=level_feature("down"),
            view=QualityView(reference_values(reference, seed)),
            settings=settings,
            margin=MARGIN if settings.margin is None else settings.margin,
            change=NumberChange(
                apply=_lower,
                measure=_lost,
                most=3.0,
                unit="grade points lost",
                said="a mean grade {} lower",
                written="{:.2f}",
            ),
        )


# No functions made on the way: what is learnt is kept between runs.
def _lower(grades: Floats, size: float) -> Floats:
    return grades - size


def _lost(grades: Floats, size: float) -> float:
    return size


CHECK = QualityCheck()
