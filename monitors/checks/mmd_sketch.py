"""MMD from window sketches, whatever the length of the windows. See docs/checks/mmd_sketch.md."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks._distances import DistanceFitted, Reading
from monitors.checks._numbers import reference_rows
from monitors.checks._past_blocks import ROOT_OF_SQUARES, PastBlocks, Usual
from monitors.checks._vectors import MARGIN, reference_sample, too_uniform
from monitors.checks.base import CheckSettings, DataKind, NotReady, Reference, WindowSample, text_concern
from monitors.features_embedding import topic_distance
from monitors.noise_scales import STILL_THERE, missing
from monitors.result import Concern, ReferenceKind
from monitors.sketches.compare import units_of
from monitors.sketches.fourier import BANDWIDTHS, PAIRS, UNIT, fourier, whole
from monitors.sketches.permute import Units, sketch_test

Floats = NDArray[np.float64]
_TOPIC_ROWS = 600
_NORM = float(np.sqrt(PAIRS * len(BANDWIDTHS)))  # of the features of one row
_PERMUTATIONS = 199


def unit_rows(samples: Sequence[WindowSample]) -> Floats:
    """(U, 1 + F) the parts of the windows' sketches: how many rows, and the sums of their features."""
    units = units_of([s.sketch for s in samples if len(s.rows)])
    return np.column_stack([units.rows, units.sums / _NORM])


@dataclass(frozen=True, kw_only=True)
class SketchDistance:
    """How many times farther the means of the features lie apart than independent rows would make them.

    Attributes:
        spread: the variance of one row's features, all together.
    """

    spread: float
    power: float = ROOT_OF_SQUARES

    def prepare(self, rows: Any) -> Floats:
        """All units as one."""
        total: Floats = rows.sum(axis=0)
        return total

    def between(self, rows: Any, prepared: Any) -> float:
        """About 1 while rows are independent and nothing changed."""
        return self.squared(rows, prepared) / self.sampling(rows, prepared)

    def squared(self, rows: Any, prepared: Any) -> float:
        """The biased squared MMD."""
        now = rows.sum(axis=0)
        return float(((now[1:] / now[0] - prepared[1:] / prepared[0]) ** 2).sum())

    def sampling(self, rows: Any, prepared: Any) -> float:
        """What independent rows make of it on average."""
        return self.spread * (1.0 / float(rows[:, 0].sum()) + 1.0 / float(prepared[0]))


class SketchView:
    """The distance as a share of new content."""

    unit = "times the sampling noise"
    effect_unit = "share of new content"

    def __init__(
        self, distance: SketchDistance, history: Floats, reference: NDArray[np.float32], seed: int
    ) -> None:
        self._distance, self._seed, self._history = distance, seed, history
        self.prepared = distance.prepare(history)
        self._each = float(history[:, 0].mean())
        self._topic = topic_distance((fourier(whole(reference)) / (UNIT * _NORM)).astype(np.float32))

    def rows(self, samples: Sequence[WindowSample]) -> Floats:
        return unit_rows(samples)

    def effect(self, reading: Reading) -> float:
        return self._share(reading.excess * self._distance.sampling(reading.rows, self.prepared))

    def size(self, reading: Reading) -> float:
        return self.effect(reading)

    def edge(self, usual: Usual, margin: float) -> float:
        sampling = self._distance.spread * (1.0 / (usual.rows * self._each) + 1.0 / float(self.prepared[0]))
        return usual.level + (margin * self._topic) ** 2 / sampling

    def still(self, reading: Reading, late: Any, late_excess: float) -> bool:
        now = self._share(max(late_excess, 0.0) * self._distance.sampling(late, self.prepared))
        return now >= STILL_THERE * self.effect(reading)

    def said(self, reading: Reading) -> str:
        return f"MMD {reading.value:.3g} times the sampling noise, as if {self.effect(reading):.0%} were new,"

    def figures(self, rows: Any) -> dict[str, float]:
        return {"mmd2_biased": self._distance.squared(rows, self.prepared)}

    def extremity(self, rows: Any) -> Floats:
        """(F,) the direction of the change in the features."""
        direction: Floats = rows[:, 1:].sum(axis=0) / rows[:, 0].sum() - self.prepared[1:] / self.prepared[0]
        return direction

    def more(self, reading: Reading) -> dict[str, Any]:
        now, before = (
            Units(rows=rows[:, 0], sums=rows[:, 1:] * _NORM) for rows in (reading.rows, self._history)
        )
        test = sketch_test(now, before, permutations=_PERMUTATIONS, rng=np.random.default_rng(self._seed))
        return {
            "permutation": {
                "mmd2": test.mmd2,
                "p_if_independent": test.p,
                "permutations": test.permutations,
            }
        }

    def _share(self, squared: float) -> float:
        return min(1.0, float(np.sqrt(max(squared, 0.0))) / self._topic)


class SketchFitted(DistanceFitted):
    """MMD from sketches that has learnt its reference."""

    def _extremity(self, best: Reading) -> Floats:
        """The witness function: how far each row lies in the direction of the change."""
        direction = self._view.extremity(best.rows)
        rows = np.concatenate([s.rows for s in best.scale.samples])
        scores: Floats = fourier(whole(rows)) @ direction
        return scores


class MmdSketchCheck:
    """Any change that a mean of Gaussian kernels sees, from sums that are kept of each window."""

    name = "mmd_sketch"
    title = "MMD from sketches"
    fields = frozenset({"input_text", "output_text"})
    kinds: tuple[ReferenceKind, ...] = ("drift",)
    data: DataKind = "embedding"
    default_on = False
    from_sketches = True

    def concern(self, field: str) -> Concern:
        return text_concern(field)

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> SketchFitted | NotReady:
        """Learn how far quiet blocks lay from the others."""
        why = missing(reference, settings) or too_uniform(reference)
        if why is not None:
            return NotReady(reason=why)
        used = [w for w in reference.windows if len(w.rows)]
        parts = [unit_rows([w]) for w in used]
        history = np.concatenate(parts)
        mean = history[:, 1:].sum(axis=0) / history[:, 0].sum()
        distance = SketchDistance(spread=max(1.0 - float(mean @ mean), 1e-6))
        # Past blocks are made of units, as the present is.
        by_units = dataclasses.replace(
            reference,
            windows=tuple(dataclasses.replace(w, rows=p) for w, p in zip(used, parts, strict=True)),
        )
        sample = reference_sample(reference, _TOPIC_ROWS, np.random.default_rng(seed))
        return SketchFitted(
            distance=distance,
            pool=None,
            reference_rows=reference_rows(reference),
            reference_figures={},
            blocks=PastBlocks(by_units, history, distance, seed=seed),
            view=SketchView(distance, history, sample, seed),
            settings=settings,
            margin=MARGIN if settings.margin is None else settings.margin,
        )


CHECK = MmdSketchCheck()
