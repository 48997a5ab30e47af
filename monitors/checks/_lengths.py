"""What the checks on the distance of two distributions of lengths share; each of them is one distance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks._distances import DistanceFitted, ExcessView, Reading
from monitors.checks._numbers import reference_rows, reference_values
from monitors.checks._past_blocks import PastBlocks
from monitors.checks.base import CheckSettings, DataKind, NotReady, Reference, WindowSample, text_concern
from monitors.noise_scales import missing
from monitors.result import Concern, ReferenceKind

Floats = NDArray[np.float64]
FIELDS = ("input_tokens", "output_tokens", "input_characters", "output_characters")


@dataclass(frozen=True, kw_only=True)
class NumberDistance:
    """A distance of sorted reference values (m,) and present ones (n,); see `_past_blocks.Distance`."""

    of: Callable[[Floats, Floats], float]
    power: float

    def prepare(self, rows: Floats) -> Floats:
        ordered: Floats = np.sort(rows)
        return ordered

    def between(self, rows: Floats, prepared: Floats) -> float:
        return self.of(prepared, rows)


class LengthView(ExcessView):
    """Lengths in words: the mean now and before, and how often rows as long as each were."""

    effect_unit = "times the mean length"

    def __init__(self, unit: str, title: str, reference: Floats) -> None:
        self.unit, self._title = unit, title
        self._reference, self._mean = np.sort(reference), float(reference.mean())

    def rows(self, samples: Sequence[WindowSample]) -> Floats:
        """(k,) values."""
        return np.concatenate([s.rows[:, 0] for s in samples]).astype(np.float64)

    def effect(self, reading: Reading) -> float:
        return float(reading.rows.mean()) / self._mean if self._mean > 0 else 1.0

    def said(self, reading: Reading) -> str:
        now = float(reading.rows.mean())
        return f"{self._title} {reading.value:.3g}, mean {now:.0f} against {self._mean:.0f},"

    def figures(self, rows: Floats) -> dict[str, float]:
        p50, p95 = np.quantile(rows, [0.5, 0.95])
        return {"mean": float(rows.mean()), "p50": float(p50), "p95": float(p95)}

    def extremity(self, rows: Floats) -> Floats:
        """How much denser the present rows lie around each of them than those of the reference did."""
        ordered = np.sort(rows)
        width = max(float(np.subtract(*np.quantile(self._reference, [0.75, 0.25]))) / 2.0, 1e-9)

        def near(values: Floats) -> Floats:
            high = np.searchsorted(values, rows + width, "right")
            return (high - np.searchsorted(values, rows - width, "left")) / len(values)

        return np.asarray(near(ordered) - near(self._reference), dtype=np.float64)

    def more(self, reading: Reading) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, kw_only=True)
class LengthCheck:
    """The distribution of lengths by one distance; see the page of each check."""

    name: str
    title: str
    unit: str
    distance: NumberDistance
    margin: float
    skew_margin: float
    fields: frozenset[str] = frozenset(FIELDS)
    kinds: tuple[ReferenceKind, ...] = ("drift", "skew")
    data: DataKind = "number"
    default_on: bool = False

    def concern(self, field: str) -> Concern:
        """`input` or `output`."""
        return text_concern(field)

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> DistanceFitted | NotReady:
        """Learn how far quiet blocks lay from the others."""
        why = missing(reference, settings)
        if why is not None:
            return NotReady(reason=why)
        values = reference_values(reference, seed)
        used = [w.rows[:, 0] for w in reference.windows if len(w.rows)]
        history = np.concatenate(used).astype(np.float64) if used else np.empty(0)
        skew = reference.kind == "skew"
        chosen = settings.skew_margin if skew else settings.margin
        pool_rows = len(values) if skew else None
        view = LengthView(self.unit, self.title, values)
        return DistanceFitted(
            distance=self.distance,
            pool=values if skew else None,
            reference_rows=reference_rows(reference),
            reference_figures=view.figures(values),
            blocks=PastBlocks(reference, history, self.distance, seed=seed, pool_rows=pool_rows),
            view=view,
            settings=settings,
            margin=(self.skew_margin if skew else self.margin) if chosen is None else chosen,
        )
