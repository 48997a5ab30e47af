"""Positive numbers of which more is worse: durations and costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitors.checks._number_power import NumberChange
from monitors.checks._numbers import NumberFitted, Reading, reference_values
from monitors.checks.base import CheckSettings, DataKind, NotReady, Reference
from monitors.features_numbers import positive_features
from monitors.noise_numbers import NumberModel, NumberTest
from monitors.noise_scales import missing
from monitors.result import Concern, ReferenceKind

Floats = NDArray[np.float64]
Statistic = Literal["p95", "mean"]


class WorseUpView:
    """Reads a test as a ratio of the p95 or of the mean to what it should be at this time of the week."""

    worse = 1

    def __init__(self, reference: Floats, level: float, *, unit: str, statistic: Statistic) -> None:
        self.reference = reference
        self.level = level  # mean logarithm of the reference
        self.unit = self.row_unit = unit
        self.statistic = statistic
        self.expected, self.median = _statistic(reference, statistic), float(np.median(reference))
        self.effect_unit = f"times the expected {statistic}"

    def read(self, values: Floats, test: NumberTest, model: NumberModel, margin: float) -> Reading:
        season = float(np.exp(test.prediction.mean[0] - self.level))
        expected = self.expected * season
        value = _statistic(values, self.statistic)
        ratio = value / expected if expected > 0 else 1.0
        usual = self.median * season
        typical = float(np.median(values)) / usual if usual > 0 else 1.0
        relevant = max(ratio, typical) >= margin
        words = f"{self.statistic} {value:.3g} {self.unit}, {ratio:.2f} times the expected {expected:.3g}"
        return Reading(
            value=value,
            expected=expected,
            effect=ratio,
            relevant=relevant,
            said=words,
        )

    def threshold(self, reading: Reading, critical: float, margin: float) -> float:
        return reading.expected * max(margin, float(np.exp(critical)))

    def figures(self, values: Floats) -> dict[str, float]:
        p50, p95, p99 = np.quantile(values, [0.5, 0.95, 0.99])
        return {"p50": float(p50), "p95": float(p95), "p99": float(p99), "mean": float(values.mean())}

    def extremity(self, values: Floats, test: NumberTest, model: NumberModel) -> Floats:
        return values


@dataclass(frozen=True, kw_only=True)
class WorseUpCheck:
    """A check on a positive number that may only rise. `margin` is a ratio to what is expected."""

    name: str
    title: str
    fields: frozenset[str]
    about: Concern
    unit: str
    statistic: Statistic
    tail_name: str
    margin: float
    kinds: tuple[ReferenceKind, ...] = ("drift",)
    data: DataKind = "number"
    default_on: bool = True

    def concern(self, field: str) -> Concern:
        return self.about

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> NumberFitted | NotReady:
        why = missing(reference, settings)
        if why is not None:
            return NotReady(reason=why)
        values = reference_values(reference, seed)
        features = positive_features(values, self.tail_name)
        level = float(features.of(values)[:, 0].mean())
        return NumberFitted(
            reference=reference,
            features=features,
            view=WorseUpView(values, level, unit=self.unit, statistic=self.statistic),
            settings=settings,
            margin=self.margin if settings.margin is None else settings.margin,
            change=NumberChange(
                apply=_higher,
                measure=_ratio,
                most=9.0,
                unit="share more",
                said=f"{self.title.lower()} {{}} higher",
                written="{:.0%}",
            ),
        )


# No functions made on the way: what is learnt is kept between runs.
def _higher(values: Floats, size: float) -> Floats:
    return values * (1.0 + size)


def _ratio(values: Floats, size: float) -> float:
    return 1.0 + size


def _statistic(values: Floats, name: Statistic) -> float:
    return float(np.quantile(values, 0.95)) if name == "p95" else float(values.mean())
