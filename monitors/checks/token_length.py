"""Token length: has the distribution of lengths changed? See docs/checks/token_length.md."""

from __future__ import annotations

from monitors.checks._numbers import NumberFitted, reference_values
from monitors.checks._shape import ShapeView, shape_fitted, times
from monitors.checks.base import CheckSettings, DataKind, NotReady, Reference, text_concern
from monitors.noise_scales import missing
from monitors.result import Concern, ReferenceKind

MARGIN, SKEW_MARGIN = 0.1, 0.25


class LengthView(ShapeView):
    """Lengths in words."""

    row_unit = "tokens"
    effect_unit = "times the mean length"
    distance = "wasserstein_tokens"

    def words(self, excess: float, mean: float, usual: float) -> str:
        return f"length has a PSI of {excess:.2f}, mean {mean:.0f} tokens against {usual:.0f}"


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
        chosen, default = (
            (settings.skew_margin, SKEW_MARGIN) if reference.kind == "skew" else (settings.margin, MARGIN)
        )
        return shape_fitted(
            reference,
            LengthView(reference_values(reference, seed)),
            settings=settings,
            margin=default if chosen is None else chosen,
            apply=times,
            unit="share longer",
            said="texts {} longer",
        )


CHECK = TokenLengthCheck()
