"""Error rate: do more requests fail? See docs/checks/error_rate.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks._numbers import chance, nothing, spanned, split_key
from monitors.checks.base import CheckSettings, DataKind, NotReady, Outcome, Reference, WindowSample
from monitors.detectable import Look, evidence, hours_of, longest_of, smallest
from monitors.noise_change import locate
from monitors.noise_rates import RateModel, fit_rate
from monitors.noise_scales import STILL_THERE, Scale, latest, missing, no_rows, scales_of
from monitors.result import Concern, ReferenceKind

Floats = NDArray[np.float64]
MARGIN = 0.02
_EXAMPLES = 10


class ErrorRateFitted:
    """The usual rate of errors and its wander, learnt."""

    def __init__(self, model: RateModel, settings: CheckSettings, margin: float) -> None:
        self.model, self.settings, self.margin = model, settings, margin

    def evaluate(self, recent: Sequence[WindowSample], *, alpha: float) -> Outcome:
        """Judge the last window; see `Fitted`."""
        if not recent or len(recent[-1].rows) == 0:
            return nothing(recent, self.model.rows)
        scales = scales_of(recent, self.settings, skew=False)
        if not scales:
            return no_rows(recent, self.settings, self.model.rows)
        counted = [(s, *_count(s.samples)) for s in scales]
        ps = [min(1.0, self.model.tail(events, rows) * len(scales)) for _, events, rows in counted]
        guilty = [i for i, p in enumerate(ps) if p <= alpha and self._matters(*counted[i])]
        best = min(guilty or range(len(ps)), key=lambda i: ps[i])
        scale, events, rows = counted[best]
        rate = events / rows
        needed = max(self.model.rate + self.margin, self.model.critical(alpha / len(scales), rows) / rows)
        words = (
            f"{events} of {rows} requests failed ({rate:.1%}) in {spanned(scale.windows, rows)}; "
            f"{self.model.rate:.1%} is usual"
        )
        return Outcome(
            status="breach" if guilty else "ok",
            value=rate,
            threshold=min(needed, rate) if guilty else max(needed, rate),
            unit="share of requests",
            p_value=ps[best],
            effect=rate - self.model.rate,
            effect_unit="more of all requests",
            n_current=scale.requests,
            n_reference=self.model.rows,
            n_sampled=rows,
            reason=f"{words}, {chance(ps[best])}" if guilty else words,
            evidence=self._evidence(recent, scale, rate, breach=bool(guilty)),
            detectable=partial(self._detectable, scales, alpha),
        )

    def _detectable(self, scales: Sequence[Scale], alpha: float) -> dict[str, Any]:
        """How many more errors are seen, and how soon."""
        looks = [
            Look(hours=hours_of(scales[i]), chance=self._chance(scales[i], alpha / len(scales)))
            for i in longest_of(scales)
        ]
        return evidence(
            smallest(looks, most=1.0 - self.model.rate),
            scales[-1],
            unit="more of all requests",
            rows="requests",
            change="errors of {} more of all requests",
            size="{:.1%}",
        )

    def _chance(self, scale: Scale, alpha: float) -> Callable[[Floats], Floats]:
        """The chances that so many windows find rises of the rate (...,)."""
        from scipy.special import betainc

        rows, late = scale.rows, sum(len(s.rows) for s in scale.samples[-latest(scale) :])
        matters = int(np.ceil((self.model.rate + self.margin) * rows))
        needed = max(self.model.critical(alpha, rows), matters)

        def chance(sizes: Floats) -> Floats:
            now = np.minimum(self.model.rate + sizes, 1.0)
            again = np.maximum(np.ceil((self.model.rate + STILL_THERE * sizes) * late), 1.0)
            found = betainc(float(needed), max(rows - needed + 1.0, 1e-9), now)
            still = betainc(again, np.maximum(late - again + 1.0, 1e-9), now)
            return np.asarray(np.minimum(found, still), dtype=np.float64)

        return chance

    def _matters(self, scale: Scale, events: int, rows: int) -> bool:
        """Above the margin, and still so in the last eighth."""
        more = events / rows - self.model.rate
        late, late_rows = _count(scale.samples[-latest(scale) :])
        return more >= self.margin and late / late_rows - self.model.rate >= STILL_THERE * more

    def _evidence(
        self, recent: Sequence[WindowSample], scale: Scale, rate: float, *, breach: bool
    ) -> dict[str, Any]:
        found: dict[str, Any] = {
            "current": {"error_rate": rate},
            "reference": {"error_rate": self.model.rate, "errors": float(self.model.events)},
            "scale_windows": scale.windows,
            "sampled": {"rows": scale.rows, "requests": scale.requests},
            "noise": {"rate_sd": self.model.sd},
        }
        if not breach:
            return found
        used = [s for s in recent if len(s.rows)]
        rates = np.array([float(s.rows.mean()) for s in used]) - self.model.rate
        # Of a rate of about the one now found, so that windows without an error are not taken as certain.
        middle = (self.model.rate + rate) / 2.0
        variances = np.array([middle * (1.0 - middle) / len(s.rows) for s in used])
        found["change_point"] = locate([s.window for s in used], rates, variances + 1e-9).evidence()
        failed = [
            key
            for sample in reversed(scale.samples)
            for key, row in zip(sample.keys, sample.rows[:, 0], strict=True)
            if row > 0
        ]
        found["examples"] = [{**split_key(key), "why": "failed", "score": 1.0} for key in failed[:_EXAMPLES]]
        return found


class ErrorRateCheck:
    """More errors than usual; fewer are no breach."""

    name = "error_rate"
    title = "Error rate"
    fields = frozenset({"status"})
    kinds: tuple[ReferenceKind, ...] = ("drift",)
    data: DataKind = "number"
    default_on = True

    def concern(self, field: str) -> Concern:
        return "errors"

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> ErrorRateFitted | NotReady:
        why = missing(reference, settings)
        if why is not None:
            return NotReady(reason=why)
        used = [w for w in reference.windows if len(w.rows)]
        events = np.array([float(w.rows.sum()) for w in used])
        rows = np.array([float(len(w.rows)) for w in used])
        model = fit_rate([w.window for w in used], events, rows)
        return ErrorRateFitted(model, settings, MARGIN if settings.margin is None else settings.margin)


def _count(samples: Sequence[WindowSample]) -> tuple[int, int]:
    return round(sum(float(s.rows.sum()) for s in samples)), sum(len(s.rows) for s in samples)


CHECK = ErrorRateCheck()
