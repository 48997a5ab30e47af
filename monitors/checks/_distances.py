"""What the checks on a distance share: from the null of past blocks to an answer in its own unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from monitors.checks._numbers import chance, consistent, nothing, spanned, split_key
from monitors.checks._past_blocks import Distance, PastBlocks, Usual
from monitors.checks.base import CheckSettings, Outcome, WindowSample
from monitors.noise_change import locate
from monitors.noise_scales import STILL_THERE, Scale, latest, no_rows, scales_of

Floats = NDArray[np.float64]
_EXAMPLES = 10


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One length of time.

    Attributes:
        value: the distance. usual: its null at as many rows. p: after the number of lengths.
        excess: value beyond what is usual.
    """

    scale: Scale
    rows: Any
    value: float
    usual: Usual
    p: float
    excess: float


class View(Protocol):
    """How one check reads a distance: its unit, its rows, its words."""

    unit: str
    effect_unit: str

    def rows(self, samples: Sequence[WindowSample]) -> Any:
        """The rows of some windows, as the distance wants them."""
        ...

    def effect(self, reading: Reading) -> float:
        """The change in the unit that people know."""
        ...

    def size(self, reading: Reading) -> float:
        """The change in the unit of the margin."""
        ...

    def edge(self, usual: Usual, margin: float) -> float:
        """The distance that goes with a change of just the margin."""
        ...

    def still(self, reading: Reading, late: Any, late_excess: float) -> bool:
        """Whether the last eighth of the rows shows half of the change or more."""
        ...

    def said(self, reading: Reading) -> str:
        """The change in words."""
        ...

    def figures(self, rows: Any) -> dict[str, float]:
        """What people want to know of the present rows."""
        ...

    def extremity(self, rows: Any) -> Floats:
        """(k,) how much each row shows the change; the largest become the examples."""
        ...

    def more(self, reading: Reading) -> dict[str, Any]:
        """Further evidence of a breach."""
        ...


class ExcessView:
    """The change is what the distance exceeds the usual by, in the distance's own unit."""

    def size(self, reading: Reading) -> float:
        return reading.excess

    def edge(self, usual: Usual, margin: float) -> float:
        return usual.level + margin

    def still(self, reading: Reading, late: Any, late_excess: float) -> bool:
        return late_excess >= STILL_THERE * reading.excess


class DistanceFitted:
    """A check on a distance that has learnt its reference; pool: the rows of an evaluation set, for skew."""

    def __init__(
        self,
        *,
        distance: Distance,
        pool: Any | None,
        reference_rows: int,
        reference_figures: dict[str, float],
        blocks: PastBlocks,
        view: View,
        settings: CheckSettings,
        margin: float,
    ) -> None:
        self._distance = distance
        self._prepared = distance.prepare(pool) if pool is not None else blocks.comparator()
        self._reference_rows, self._reference_figures = reference_rows, reference_figures
        self._blocks, self._view = blocks, view
        self._settings, self._margin, self._skew = settings, margin, pool is not None

    def evaluate(self, recent: Sequence[WindowSample], *, alpha: float) -> Outcome:
        """Judge the last window; see `Fitted`."""
        if not recent or len(recent[-1].rows) == 0:
            return nothing(recent, self._reference_rows)
        scales = scales_of(recent, self._settings, skew=self._skew)
        if not scales:
            return no_rows(recent, self._settings, self._reference_rows)
        rows = [self._view.rows(scale.samples) for scale in scales]
        every = zip(scales, rows, strict=True)
        usual = [self._blocks.usual(len(some), len(scale.samples)) for scale, some in every]
        known = [(s, r, u) for s, r, u in zip(scales, rows, usual, strict=True) if u is not None]
        if not known:
            return self._too_short(scales[0])
        read = [self._read(*of, tests=len(known)) for of in known]
        certain = [r for r in read if r.p <= alpha and self._view.size(r) >= self._margin]
        breaches = [r for r in certain if self._still(r)]
        best = min(breaches or read, key=lambda r: r.p)
        critical = best.usual.critical(alpha / len(known))
        needed = max(critical, self._view.edge(best.usual, self._margin))
        return Outcome(
            status="breach" if breaches else "ok",
            value=best.value,
            threshold=consistent(needed, best.value, 1, breach=bool(breaches)),
            unit=self._view.unit,
            p_value=best.p,
            effect=self._view.effect(best),
            effect_unit=self._view.effect_unit,
            n_current=best.scale.requests,
            n_reference=self._reference_rows,
            n_sampled=best.scale.rows,
            reason=self._reason(best, alpha, breach=bool(breaches)),
            evidence=self._evidence(recent, best, needed, breach=bool(breaches)),
        )

    def _read(self, scale: Scale, rows: Any, usual: Usual, *, tests: int) -> Reading:
        value = self._distance.between(usual.some(rows), self._prepared)
        p = min(1.0, usual.p_value(value) * tests)
        return Reading(
            scale=scale, rows=rows, value=value, usual=usual, p=p, excess=max(value - usual.level, 0.0)
        )

    def _still(self, reading: Reading) -> bool:
        late = reading.scale.samples[-latest(reading.scale) :]
        rows = self._view.rows(late)
        usual = self._blocks.usual(len(rows), len(late))
        if len(late) == len(reading.scale.samples) or usual is None:
            return True
        return self._view.still(
            reading, rows, self._distance.between(usual.some(rows), self._prepared) - usual.level
        )

    def _too_short(self, scale: Scale) -> Outcome:
        return Outcome(
            status="no_data",
            reason=f"the reference has {self._blocks.rows} rows: fewer than four blocks of "
            f"{len(scale.samples)} windows, so it is not known how far quiet blocks differ",
            n_current=scale.requests,
            n_reference=self._reference_rows,
            n_sampled=scale.rows,
        )

    def _reason(self, best: Reading, alpha: float, *, breach: bool) -> str:
        said = f"{self._view.said(best)} in {spanned(best.scale.windows, best.scale.rows)}"
        usual = f"{best.usual.level:.3g} is usual for as many rows"
        if breach:
            return f"{said}; {usual}, {chance(best.p)}"
        if best.p <= alpha and self._view.size(best) >= self._margin:
            return f"{said}, but the latest requests are back to normal"
        if best.p <= alpha:
            return f"{said}; {usual}: certain, but smaller than the change that matters"
        return f"{said}; {usual}: within the usual noise"

    def _evidence(
        self, recent: Sequence[WindowSample], best: Reading, needed: float, *, breach: bool
    ) -> dict[str, Any]:
        evidence: dict[str, Any] = {
            "current": self._view.figures(best.rows),
            "reference": self._reference_figures,
            "scale_windows": best.scale.windows,
            "sampled": {"rows": best.scale.rows, "requests": best.scale.requests},
            "noise": {
                "usual_distance": best.usual.level,
                "past_blocks": best.usual.blocks,
                "degrees_of_freedom": best.usual.df,
            },
            "detectable": {
                "value": needed,
                "unit": self._view.unit,
                "rows": best.scale.rows,
            },
        }
        if not breach:
            return evidence
        evidence["change_point"] = self._change_point(recent)
        evidence |= self._view.more(best)
        keys = [key for sample in best.scale.samples for key in sample.keys]
        extremity = self._extremity(best)
        evidence["examples"] = [
            {
                **split_key(keys[i]),
                "why": "furthest in the direction of the change",
                "score": float(extremity[i]),
            }
            for i in np.argsort(-extremity, kind="stable")[:_EXAMPLES]
        ]
        return evidence

    def _extremity(self, best: Reading) -> Floats:
        """(k,) how much each row of the reading's samples shows the change."""
        return self._view.extremity(best.rows)

    def _change_point(self, recent: Sequence[WindowSample]) -> dict[str, str]:
        """When the distance of single windows began to exceed the usual."""
        used, residuals, variances = [], [], []
        for sample in recent:
            rows = self._view.rows([sample]) if len(sample.rows) > 1 else ()
            usual = self._blocks.usual(len(rows), 1) if len(rows) > 1 else None
            if usual is not None:
                value = self._distance.between(usual.some(rows), self._prepared)
                used.append(sample.window)
                residuals.append(usual.beyond(value))
                variances.append(usual.sd**2)
        if not used:
            used, residuals, variances = [recent[-1].window], [1.0], [1.0]
        return locate(used, np.array(residuals), np.array(variances)).evidence()
