"""What a check on numbers can see: a sort of change that people understand, and how small it may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.detectable import Look, evidence, hours_of, longest_of, smallest
from monitors.noise_numbers import Features, NumberModel, NumberTest

Floats = NDArray[np.float64]
_SIZES, _ROWS = 24, 400


@dataclass(frozen=True, kw_only=True)
class NumberChange:
    """A sort of change, of a size above 0.

    Attributes:
        apply: what values become by it. measure: how large it then is in the unit of the check's margin.
        most: the largest size that is looked at. unit, said, written: see `monitors.detectable`.
    """

    apply: Callable[[Floats, float], Floats]
    measure: Callable[[Floats, float], float]
    most: float
    unit: str
    said: str
    written: str


class NumberPower:
    """How a sort of change shifts the features of a reference."""

    def __init__(self, reference: Floats, features: Features, change: NumberChange, margin: float) -> None:
        values = reference[np.linspace(0, len(reference) - 1, min(len(reference), _ROWS)).astype(int)]
        usual = features.of(values).mean(axis=0)
        sizes = change.most * np.geomspace(0.005, 1.0, _SIZES)
        changed = [change.apply(values, float(size)) for size in sizes]
        self._change, self._sizes = change, np.r_[0.0, sizes]
        moved = np.stack([features.of(v).mean(axis=0) - usual for v in changed])
        if features.scaling is not None:
            level = float(usual[0])
            moved = np.stack(
                [features.scaling.unexplained(m, level, v) for m, v in zip(moved, changed, strict=True)]
            )
        self._shifts = np.concatenate([np.zeros((1, usual.size)), moved])
        measured = np.r_[
            0.0, [change.measure(v, float(size)) for v, size in zip(changed, sizes, strict=True)]
        ]
        matters = float(np.interp(margin, np.maximum.accumulate(measured), self._sizes))
        self._least = abs(float(self.shifts(np.array([matters]))[0, 0]))

    def shifts(self, sizes: Floats) -> Floats:
        """(..., q) how far the features are moved by these sizes (...,)."""
        return np.stack([np.interp(sizes, self._sizes, column) for column in self._shifts.T], axis=-1)

    def detectable(self, model: NumberModel, tests: Sequence[NumberTest], alpha: float) -> dict[str, Any]:
        """The evidence: the smallest sizes that these tests find."""
        most, shifts = self._change.most, self.shifts
        looks = [
            Look(
                hours=hours_of(tests[i].scale),
                chance=model.chance(tests[i], alpha, shifts, most=most, least=self._least),
            )
            for i in longest_of([t.scale for t in tests])
        ]
        change = self._change
        return evidence(
            smallest(looks, most=most),
            tests[-1].scale,
            unit=change.unit,
            rows="requests",
            change=change.said,
            size=change.written,
        )
