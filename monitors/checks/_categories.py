"""What the checks on names share: the share of each name against what history says it may be.

Counts of a name are beta-binomial around a rate whose wander is learnt by windows and by days
(`noise_rates`): together the names are an overdispersed multinomial, and the test is the smallest tail of its
margins times their number. Exact in small numbers, where a chi-square is not. Names that history has on one
day only are counted together, as new names are: how many of them a window of history had is what is usual.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks._names import MOST_NAMES, NEW, REST, Names, fewer, lasting, lowest
from monitors.checks._numbers import chance, consistent, nothing, spanned, split_key
from monitors.checks.base import CheckSettings, DataKind, NotReady, Outcome, Reference, WindowSample
from monitors.noise_change import locate
from monitors.noise_rates import RateModel, fit_rate
from monitors.noise_scales import STILL_THERE, Scale, latest, missing, no_rows, scales_of
from monitors.result import Concern, ReferenceKind
from monitors.statistics.number_distances import jensen_shannon

Floats = NDArray[np.float64]
_EXAMPLES = 10
_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Change:
    """The strongest change of one length of time."""

    scale: Scale
    name: str
    share: float
    usual: float
    p: float
    ongoing: bool

    @property
    def points(self) -> float:
        """How much of all rows."""
        return self.share - self.usual


class CategoriesFitted:
    """The usual shares and how they wander, learnt."""

    def __init__(
        self,
        reference: Reference,
        settings: CheckSettings,
        *,
        margin: float,
        up_only: str | None,
        told: Callable[[Any], str] | None = None,
    ) -> None:
        self._told = told
        used = [self._named(w) for w in reference.windows if len(w.rows)]
        self._settings, self._margin, self._up_only = settings, margin, up_only
        seen = lasting(used)
        total = Counter(name for w in used for name in w.rows[:, 0] if name in seen)
        own = tuple(
            name for name, _ in sorted(total.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_NAMES]
        )
        self._names = Names(own=own if up_only is None else (up_only,), seen=seen)
        counts = [self._names.count([w]) for w in used]
        rows = np.array([float(len(w.rows)) for w in used])
        windows = [w.window for w in used]
        self._rows = int(rows.sum())
        self._models: dict[str, RateModel] = {}
        for name in self._tested():
            self._models[name] = fit_rate(windows, np.array([float(c[name]) for c in counts]), rows)
        self._usual = {name: self._models[name].rate for name in self._models}

    def _tested(self) -> tuple[str, ...]:
        if self._up_only is not None:
            return (self._up_only,)
        some_rest = len(self._names.seen) > len(self._names.own)
        return tuple(n for n in self._names.tested if n != REST or some_rest)

    def evaluate(self, recent: Sequence[WindowSample], *, alpha: float) -> Outcome:
        """Judge the last window; see `Fitted`."""
        if not recent or len(recent[-1].rows) == 0:
            return nothing(recent, self._rows)
        recent = [self._named(s) for s in recent]
        scales = scales_of(recent, self._settings, skew=False)
        if not scales:
            return no_rows(recent, self._settings, self._rows)
        tests = len(scales) * len(self._models) * (1 if self._up_only else 2)
        changes = [self._strongest(scale, tests) for scale in scales]
        guilty = [c for c in changes if c.p <= alpha and abs(c.points) >= self._margin and c.ongoing]
        best = min(guilty or changes, key=lambda c: c.p)
        worse = 1 if best.points >= 0 or self._up_only is not None else -1
        needed = consistent(self._needed(best, alpha / tests), best.share, worse, breach=bool(guilty))
        current = self._names.count(best.scale.samples)
        return Outcome(
            status="breach" if guilty else "ok",
            value=best.share,
            threshold=needed,
            unit="share of requests",
            p_value=best.p,
            effect=self._moved(current, best),
            effect_unit="share of requests that moved",
            n_current=best.scale.requests,
            n_reference=self._rows,
            n_sampled=best.scale.rows,
            reason=self._reason(best, alpha, breach=bool(guilty)),
            evidence=self._evidence(recent, best, current, needed, breach=bool(guilty)),
        )

    def _named(self, sample: WindowSample) -> WindowSample:
        """The window with a name for each row."""
        if self._told is None or not len(sample.rows):
            return sample
        names = np.array([self._told(row) for row in sample.rows[:, 0]], dtype=object)
        return replace(sample, rows=names[:, None])

    def _strongest(self, scale: Scale, tests: int) -> Change:
        counts, rows = self._names.count(scale.samples), scale.rows
        found = []
        for name, model in self._models.items():
            events = counts[name]
            if events / rows >= model.rate:
                found.append((model.tail(events, rows), name))
            elif self._up_only is None:
                found.append((fewer(model, events, rows), name))
        # Where only growth is looked at and there is none, nothing is.
        p, name = min(found, default=(1.0, next(iter(self._models))))
        late = scale.samples[-latest(scale) :]
        usual = self._models[name].rate
        points, now = (
            counts[name] / rows - usual,
            self._names.count(late)[name] / sum(len(s.rows) for s in late),
        )
        return Change(
            scale=scale,
            name=name,
            share=counts[name] / rows,
            usual=usual,
            p=min(1.0, p * tests),
            ongoing=bool((now - usual) * np.sign(points) >= STILL_THERE * abs(points)),
        )

    def _needed(self, change: Change, p: float) -> float:
        """The share at which this name would just be a breach."""
        model, rows = self._models[change.name], change.scale.rows
        if change.points >= 0 or self._up_only is not None:
            return min(1.0, max(model.critical(p, rows) / rows, model.rate + self._margin))
        return max(0.0, min(lowest(model, p, rows) / rows, model.rate - self._margin))

    def _moved(self, current: Counter[str], best: Change) -> float:
        """The total variation distance; of one watched name, its own change."""
        if self._up_only is not None:
            return best.points
        usual = {name: self._usual[name] for name in self._models if name != NEW}
        total = sum(usual.values()) or 1.0
        gaps = (abs(current[name] / best.scale.rows - rate / total) for name, rate in usual.items())
        return float((sum(gaps) + current[NEW] / best.scale.rows) / 2.0)

    def _reason(self, best: Change, alpha: float, *, breach: bool) -> str:
        span = spanned(best.scale.windows, best.scale.rows)
        name = best.name
        if name == NEW:
            news = Counter(
                str(n) for s in best.scale.samples for n in s.rows[:, 0] if self._names.of(n) == NEW
            )
            name = ", ".join(n for n, _ in news.most_common(3)) + " (new)" if news else "a new name"
        said = f"{name}: {best.share:.1%} of {span}; {best.usual:.1%} is usual"
        if breach:
            return f"{said}, {chance(best.p)}"
        if best.p <= alpha and not best.ongoing:
            return f"{said}, but the latest requests are back to normal"
        if best.p <= alpha:
            return f"{said}: certain, but less than the {self._margin:.0%} of requests that matter"
        return f"{said}: within the usual noise"

    def _evidence(
        self,
        recent: Sequence[WindowSample],
        best: Change,
        current: Counter[str],
        needed: float,
        *,
        breach: bool,
    ) -> dict[str, Any]:
        raw = Counter(str(n) for s in best.scale.samples for n in s.rows[:, 0])
        evidence: dict[str, Any] = {
            "name": best.name,
            "current": {"share": best.share}
            | {name: count / best.scale.rows for name, count in raw.most_common(_SHOWN)},
            "reference": {"share": best.usual} | self._usual,
            "scale_windows": best.scale.windows,
            "sampled": {"rows": best.scale.rows, "requests": best.scale.requests},
            "noise": {"rate_sd": self._models[best.name].sd},
            "detectable": {"value": needed, "unit": f"share of {best.name}", "rows": best.scale.rows},
        }
        if self._up_only is None:
            shares = np.array([[current[n] / best.scale.rows, self._usual[n]] for n in self._models])
            evidence["current"]["jensen_shannon_bits"] = jensen_shannon(shares[:, 0], shares[:, 1])
        if not breach:
            return evidence
        used = [s for s in recent if len(s.rows)]
        side = 1.0 if best.points >= 0 else -1.0
        shares_now = np.array([self._names.count([s])[best.name] / len(s.rows) for s in used])
        middle = float(np.clip((best.share + best.usual) / 2.0, 1e-3, 1.0 - 1e-3))
        variances = np.array([middle * (1.0 - middle) / len(s.rows) for s in used])
        residuals = side * (shares_now - best.usual)
        evidence["change_point"] = locate([s.window for s in used], residuals, variances).evidence()
        evidence["examples"] = self._examples(best)
        return evidence

    def _examples(self, best: Change) -> list[dict[str, Any]]:
        """Rows of the name that grew; of one that shrank, those that stand in its place."""
        grew = best.points >= 0
        rows = [
            (key, str(name))
            for sample in reversed(best.scale.samples)
            for key, name in zip(sample.keys, sample.rows[:, 0], strict=True)
            if (self._names.of(name) == best.name) == grew
        ]
        return [{**split_key(key), "why": name, "score": 1.0} for key, name in rows[:_EXAMPLES]]


@dataclass(frozen=True, kw_only=True)
class CategoryCheck:
    """Shares of names.

    Attributes:
        margin: the smallest change that matters, in shares of all requests.
        concerns: of fields, where it is not `output`.
        up_only: watch the share of this name alone, and only whether it grows.
        told: what makes a name of a row, where rows are texts or numbers.
    """

    name: str
    title: str
    fields: frozenset[str]
    margin: float
    concerns: Mapping[str, Concern] = dataclasses.field(default_factory=dict)
    up_only: str | None = None
    told: Callable[[Any], str] | None = None
    kinds: tuple[ReferenceKind, ...] = ("drift",)
    data: DataKind = "category"
    default_on: bool = False

    def concern(self, field: str) -> Concern:
        """As the check names it; `output` for the rest."""
        return self.concerns.get(field, "output")

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> CategoriesFitted | NotReady:
        """Learn the usual shares and how they wander."""
        why = missing(reference, settings)
        if why is not None:
            return NotReady(reason=why)
        margin = self.margin if settings.margin is None else settings.margin
        return CategoriesFitted(reference, settings, margin=margin, up_only=self.up_only, told=self.told)
