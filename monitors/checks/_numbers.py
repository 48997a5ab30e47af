"""What the checks on numbers share: from the tests of `noise_numbers` to an answer in the check's own
unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from monitors.checks._number_power import NumberChange, NumberPower
from monitors.checks.base import CheckSettings, Outcome, Reference, WindowSample
from monitors.noise_numbers import Features, NumberModel, NumberTest
from monitors.noise_scales import no_rows

Floats = NDArray[np.float64]
MAX_REFERENCE_ROWS = 5_000
_EXAMPLES = 10


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One length, in the check's unit.

    Attributes:
        value: in the check's unit. expected: what it should be, before any margin.
        effect: in the check's effect unit. relevant: whether it exceeds the margin.
        said: the change in words, such as "p95 3.1 s, 2.20 times the expected 1.4".
    """

    value: float
    expected: float
    effect: float
    relevant: bool
    said: str


class View(Protocol):
    """How one check reads a test: its unit, its margin, its words."""

    unit: str
    row_unit: str  # of one row's value, which need not be that of the test; empty without one
    effect_unit: str
    worse: int  # 1 if a breach lies above its threshold, -1 if below
    reference: Floats

    def read(self, values: Floats, test: NumberTest, model: NumberModel, margin: float) -> Reading:
        """values: the rows of the test's windows."""
        ...

    def threshold(self, reading: Reading, critical: float, margin: float) -> float:
        """The value that goes with a shift of the first feature, the level, that is just significant."""
        ...

    def figures(self, values: Floats) -> dict[str, float]:
        """What people want to know of some rows."""
        ...

    def extremity(self, values: Floats, test: NumberTest, model: NumberModel) -> Floats:
        """How much each row shows the change; the largest become the examples."""
        ...


class NumberFitted:
    """A check on numbers that has learnt its reference."""

    def __init__(
        self,
        *,
        reference: Reference,
        features: Features,
        view: View,
        settings: CheckSettings,
        margin: float,
        change: NumberChange | None = None,
    ) -> None:
        """change: the sort of change of which the evidence says how small it may be."""
        self.model = NumberModel(reference, features)
        self.view, self.settings, self.margin = view, settings, margin
        self.reference_rows = reference_rows(reference)
        self.reference_figures = view.figures(view.reference)
        self._power: NumberPower | None = None
        if change is not None:
            self._power = NumberPower(view.reference, features, change, margin)

    def evaluate(self, recent: Sequence[WindowSample], *, alpha: float) -> Outcome:
        """Judge the last window; see `Fitted`."""
        if not recent or len(recent[-1].rows) == 0:
            return nothing(recent, self.reference_rows)
        tests = self.model.tests(recent, self.settings)
        if not tests:
            return no_rows(recent, self.settings, self.reference_rows)
        strongest = min(tests, key=lambda t: t.p)
        # What does not decide is not read.
        read = [(t, self._read(t)) for t in tests if t.p <= alpha and t.ongoing]
        breaches = [(t, r) for t, r in read if r.relevant]
        test, reading = (
            min(breaches, key=lambda pair: pair[0].p) if breaches else (strongest, self._read(strongest))
        )
        critical = self.model.criticals(alpha / test.tests, test.prediction, np.sign(test.shift), first=1)
        needed = self.view.threshold(reading, float(critical[0]), self.margin)
        power = self._power
        return Outcome(
            status="breach" if breaches else "ok",
            value=reading.value,
            threshold=consistent(needed, reading.value, self.view.worse, breach=bool(breaches)),
            unit=self.view.unit,
            p_value=test.p,
            effect=reading.effect,
            effect_unit=self.view.effect_unit,
            n_current=test.scale.requests,
            n_reference=self.reference_rows,
            n_sampled=test.scale.rows,
            reason=self._reason(test, reading, alpha, breach=bool(breaches)),
            evidence=self._evidence(recent, test, reading, breach=bool(breaches)),
            detectable=partial(power.detectable, self.model, tests, alpha) if power else None,
        )

    def _read(self, test: NumberTest) -> Reading:
        return self.view.read(_values(test), test, self.model, self.margin)

    def _reason(self, test: NumberTest, reading: Reading, alpha: float, *, breach: bool) -> str:
        span = spanned(test.scale.windows, test.scale.rows)
        if breach:
            name = self.model.features.names[test.feature]
            return f"{reading.said}, in {span}; {name} decides, {chance(test.p)}"
        if test.p <= alpha and not test.ongoing:
            return f"{reading.said}, in {span}, but the latest requests are back to normal"
        if test.p <= alpha:
            return f"{reading.said}, in {span}: certain, but smaller than the change that matters"
        return f"{reading.said}, in {span}: within the usual noise"

    def _evidence(
        self, recent: Sequence[WindowSample], test: NumberTest, reading: Reading, *, breach: bool
    ) -> dict[str, Any]:
        evidence: dict[str, Any] = {
            "current": self.view.figures(_values(test)),
            "reference": self.reference_figures,
            "scale_windows": test.scale.windows,
            "sampled": {"rows": test.scale.rows, "requests": test.scale.requests},
            "noise": noise_summary(self.model, test.feature),
        }
        if not breach:
            return evidence
        change = self.model.change_point(recent, test.feature, float(np.sign(test.shift[test.feature])))
        evidence["change_point"] = change.evidence()
        values = _values(test)
        keys = [key for sample in test.scale.samples for key in sample.keys]
        extremity = self.view.extremity(values, test, self.model)
        evidence["examples"] = [
            {
                **split_key(keys[i]),
                "why": f"{values[i]:.4g} {self.view.row_unit}".strip(),
                "score": float(extremity[i]),
            }
            for i in np.argsort(-extremity, kind="stable")[:_EXAMPLES]
        ]
        return evidence


def consistent(needed: float, value: float, worse: int, *, breach: bool) -> float:
    """The threshold, never on the wrong side of the value.

    It is stated for a shift of the level; a breach by the shape needs less, and noise of the shape more.
    """
    inner, outer = (min, max) if worse > 0 else (max, min)
    return (inner if breach else outer)(needed, value)


def _values(test: NumberTest) -> Floats:
    return np.concatenate([s.rows[:, 0] for s in test.scale.samples]).astype(np.float64)


def nothing(recent: Sequence[WindowSample], reference_rows: int) -> Outcome:
    """The answer for a window without rows."""
    n = recent[-1].n if recent else 0
    reason = "no requests in this window" if n == 0 else f"none of the {n} requests has this field"
    return Outcome(status="no_data", reason=reason, n_current=n, n_reference=reference_rows, n_sampled=0)


def reference_rows(reference: Reference) -> int:
    """Rows that the reference has."""
    if reference.pool is not None:
        return len(reference.pool)
    return sum(len(w.rows) for w in reference.windows)


def reference_values(reference: Reference, seed: int) -> Floats:
    """(m,) values of the reference, sorted; a seeded sample of them where there are many."""
    rows = (
        [reference.pool] if reference.pool is not None else [w.rows for w in reference.windows if len(w.rows)]
    )
    values = np.concatenate([r[:, 0] for r in rows]).astype(np.float64)
    if values.size > MAX_REFERENCE_ROWS:
        values = np.random.default_rng(seed).choice(values, MAX_REFERENCE_ROWS, replace=False)
    return np.sort(values)


def split_key(key: str) -> dict[str, str]:
    """The ids in a row's key.

    >>> split_key("a1/b2")
    {'trace_id': 'a1', 'span_id': 'b2'}
    """
    trace_id, _, span_id = key.rpartition("/")
    return {"trace_id": trace_id, "span_id": span_id}


def spanned(windows: int, rows: int) -> str:
    """The windows that were taken together, in words.

    >>> spanned(1, 40), spanned(8, 320)
    ('the last window (40 rows)', 'the last 8 windows (320 rows)')
    """
    return f"the last window ({rows} rows)" if windows == 1 else f"the last {windows} windows ({rows} rows)"


def chance(p: float) -> str:
    """A p-value in words.

    >>> chance(2.3e-7), chance(0.0213)
    ('p = 2e-07', 'p = 0.021')
    """
    return f"p = {p:.1g}" if p < 0.001 else f"p = {p:.2g}"


def noise_summary(model: NumberModel, feature: int) -> dict[str, float]:
    """What history taught about the wander of this feature, in standard deviations of a row."""
    noise = model.level.noise
    weights = noise.weights[:, feature]
    return {
        "wander_of_day_sd": float(np.sqrt(weights @ noise.grid.day)),
        "wander_of_window_sd": float(np.sqrt(weights @ noise.grid.white)),
        "repeats": float(weights @ noise.grid.repeats),
    }
