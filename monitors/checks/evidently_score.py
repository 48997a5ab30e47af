"""Evidently's descriptors: has a score's distribution changed? See docs/checks/evidently_score.md."""

from __future__ import annotations

from monitors.checks._numbers import NumberFitted, reference_values
from monitors.checks._shape import ShapeView, shape_fitted, times
from monitors.checks.base import CheckSettings, DataKind, NotReady, Reference
from monitors.noise_scales import missing
from monitors.result import Concern, ReferenceKind

MARGIN = 0.1


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
        return shape_fitted(
            reference,
            ShapeView(reference_values(reference, seed)),
            settings=settings,
            margin=MARGIN if settings.margin is None else settings.margin,
            apply=times,
            unit="share higher",
            said="scores {} higher",
        )


CHECK = EvidentlyCheck()
