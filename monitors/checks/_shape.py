"""What the checks on the whole distribution of a number share: read as a population stability index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.checks._number_power import NumberChange
from monitors.checks._numbers import NumberFitted, Reading
from monitors.checks.base import CheckSettings, Reference
from monitors.features_numbers import shape_features
from monitors.noise_numbers import NumberModel, NumberTest
from monitors.statistics.psi import decile_edges, psi, psi_excess
from monitors.statistics.univariate import ks, wasserstein

Floats = NDArray[np.float64]


class ShapeView:
    """Reads a test as a population stability index, beyond what sampling alone gives."""

    unit = "PSI"
    row_unit = ""
    worse = 1
    effect_unit = "times the mean"
    distance = "wasserstein"

    def __init__(self, reference: Floats) -> None:
        self.reference, self.edges = reference, decile_edges(reference)

    def words(self, excess: float, mean: float, usual: float) -> str:
        """The index, and the mean now and before."""
        return f"PSI of {excess:.2f}, mean {mean:.3g} against {usual:.3g}"

    def read(self, values: Floats, test: NumberTest, model: NumberModel, margin: float) -> Reading:
        excess = psi_excess(self.reference, values, edges=self.edges)
        mean, usual = float(values.mean()), float(self.reference.mean())
        return Reading(
            value=excess,
            expected=0.0,
            effect=mean / usual if usual > 0 else 1.0,
            relevant=excess >= margin,
            said=self.words(excess, mean, usual),
        )

    def threshold(self, reading: Reading, critical: float, margin: float) -> float:
        # A shift of the level by d standard deviations is a PSI of about d^2.
        return max(margin, critical**2)

    def figures(self, values: Floats) -> dict[str, float]:
        p50, p95 = np.quantile(values, [0.5, 0.95])
        figures = {"mean": float(values.mean()), "p50": float(p50), "p95": float(p95)}
        if values is self.reference:
            return figures
        statistic, p = ks(self.reference, values)
        return figures | {
            "psi": psi(self.reference, values),
            "ks": statistic,
            "ks_p_if_independent": p,
            self.distance: wasserstein(self.reference, values),
        }

    def extremity(self, values: Floats, test: NumberTest, model: NumberModel) -> Floats:
        feature = model.features.of(values)[:, test.feature]
        return np.asarray(np.sign(test.shift[test.feature]) * feature, dtype=np.float64)


def shape_fitted(
    reference: Reference,
    view: ShapeView,
    *,
    settings: CheckSettings,
    margin: float,
    apply: Callable[[Floats, float], Floats],
    unit: str,
    said: str,
) -> NumberFitted:
    """What such a check learns. apply: the change whose size says what can be seen, in `unit`, as `said`."""
    return NumberFitted(
        reference=reference,
        features=shape_features(view.reference),
        view=view,
        settings=settings,
        margin=margin,
        change=NumberChange(
            apply=apply,
            measure=_Psi(values=view.reference, edges=view.edges),
            most=9.0,
            unit=unit,
            said=said,
            written="{:.0%}",
        ),
    )


# No functions made on the way: what is learnt is kept between runs.
def times(values: Floats, size: float) -> Floats:
    """Every value larger by the same share."""
    return values * (1.0 + size)


@dataclass(frozen=True, kw_only=True)
class _Psi:
    values: Floats
    edges: Floats

    def __call__(self, values: Floats, size: float) -> float:
        return psi(self.values, values, edges=self.edges)
