"""Token length: has the distribution of lengths changed? See docs/checks/token_length.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.checks._number_power import NumberChange
from monitors.checks._numbers import NumberFitted, Reading, reference_values
from monitors.checks.base import CheckSettings, DataKind, NotReady, Reference, text_concern
from monitors.features_numbers import shape_features
from monitors.noise_numbers import NumberModel, NumberTest
from monitors.noise_scales import missing
from monitors.result import Concern, ReferenceKind
from monitors.statistics.psi import decile_edges, psi, psi_excess
from monitors.statistics.univariate import ks, wasserstein

Floats = NDArray[np.float64]
MARGIN, SKEW_MARGIN = 0.1, 0.25


class LengthView:
    """Reads a test as a population stability index, beyond what sampling alone gives."""

    unit = "PSI"
    effect_unit = "times the mean length"
    worse = 1

    def __init__(self, reference: Floats) -> None:
        self.reference, self.edges = reference, decile_edges(reference)

    def read(self, values: Floats, test: NumberTest, model: NumberModel, margin: float) -> Reading:
        excess = psi_excess(self.reference, values, edges=self.edges)
        mean, usual = float(values.mean()), float(self.reference.mean())
        ratio = mean / usual if usual > 0 else 1.0
        words = f"length has a PSI of {excess:.2f}, mean {mean:.0f} tokens against {usual:.0f}"
        return Reading(
            value=excess,
            expected=0.0,
            effect=ratio,
            relevant=excess >= margin,
            said=words,
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
            "wasserstein_tokens": wasserstein(self.reference, values),
        }

    def extremity(self, values: Floats, test: NumberTest, model: NumberModel) -> Floats:
        feature = model.features.of(values)[:, test.feature]
        return np.asarray(np.sign(test.shift[test.feature]) * feature, dtype=np.float64)


class TokenLengthCheck:
    """Lengths in tokens, in both directions and in any shape."""

    name = "token_length"
    title = "Token length"
    fields = frozenset({"input_tokens", "output_tokens"})
    kinds: tuple[ReferenceKind, ...] = ("drift", "skew")
    data: DataKind = "number"
    default_on = True

    def concern(self, field: str) -> Concern:
        return text_concern(field)

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> NumberFitted | NotReady:
        why = missing(reference, settings)
        if why is not None:
            return NotReady(reason=why)
        values = reference_values(reference, seed)
        chosen, default = (
            (settings.skew_margin, SKEW_MARGIN) if reference.kind == "skew" else (settings.margin, MARGIN)
        )
        view = LengthView(values)
        return NumberFitted(
            reference=reference,
            features=shape_features(values),
            view=view,
            settings=settings,
            margin=default if chosen is None else chosen,
            change=NumberChange(
                apply=_longer,
                measure=_Psi(values=values, edges=view.edges),
                most=9.0,
                unit="share longer",
                said="texts {} longer",
                written="{:.0%}",
            ),
        )


# No functions made on the way: what is learnt is kept between runs.
def _longer(lengths: Floats, size: float) -> Floats:
    return lengths * (1.0 + size)


@dataclass(frozen=True, kw_only=True)
class _Psi:
    values: Floats
    edges: Floats

    def __call__(self, lengths: Floats, size: float) -> float:
        return psi(self.values, lengths, edges=self.edges)


CHECK = TokenLengthCheck()
