"""One window after another, every monitor: from samples to results. No warehouse, no clock."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitors.beside import fields_beside, with_beside
from monitors.checks.base import Fitted, NotReady, Outcome, Reference, WindowSample
from monitors.config import MonitorsConfig, WindowsConfig
from monitors.fit_cache import FitCache
from monitors.plan import Monitor, alpha_of, settings_of
from monitors.result import Result, Window
from monitors.streams import Stream
from monitors.summaries import Sample, SampleStore, digest_of
from monitors.window import reference_period, window_of

_REASON_LENGTH = 300
# More than this share of a reference in breach is no incident any more but how things are now.
_NEW_LEVEL = 0.5


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A check that learnt one day's reference, or why it could not."""

    day: datetime
    digest: bytes
    basis: str
    fitted: Fitted | NotReady
    period: Window
    name: str
    rows: int
    windows: tuple[Window, ...]


class Evaluator:
    """Evaluates windows in order of time; remembers fits and breaches.

    Args:
        store: production's samples.
        pools: the evaluation sets' samples, by stream.
        breaches: windows in breach so far, by name of monitor; the reference for drift leaves them out.
        fits: where what was learnt is kept between runs; None learns anew.
        last: the last window of the run, in which quiet monitors say what they would see; None: in all.
    """

    def __init__(
        self,
        *,
        store: SampleStore,
        pools: Mapping[Stream, Sample],
        breaches: Mapping[str, set[datetime]],
        windows: WindowsConfig,
        monitors: MonitorsConfig,
        seed: int,
        fits: FitCache | None = None,
        last: Window | None = None,
    ) -> None:
        self._store = store
        self._kept_fits = fits or FitCache(None)
        self._pools = pools
        self._breaches: dict[str, set[datetime]] = {name: set(at) for name, at in breaches.items()}
        self._windows, self._monitors = windows, monitors
        self._seed, self._last = seed, last
        self._fits: dict[str, Fit] = {}
        self._references: dict[str, tuple[Window, ...]] = {}
        self._learnt: dict[bytes, tuple[datetime, Fitted | NotReady]] = {}
        self._answers: dict[tuple[bytes, bytes], Outcome] = {}
        self._answers_at: datetime | None = None

    def evaluate(
        self, window: Window, monitors: Sequence[Monitor], *, share: frozenset[str] | None = None
    ) -> list[Result]:
        """The results of all monitors for one window, or of those that `share` names.

        The promise is divided among all of them in any case. A check that fails is a result `error`, no more.
        """
        alpha = alpha_of(self._monitors, len(monitors), self._windows.length)
        results = []
        for monitor in monitors:
            if share is not None and monitor.name not in share:
                continue
            try:
                result = self._one(monitor, window, alpha)
            except Exception as error:  # one broken check must not stop the others
                reason = f"the check failed: {type(error).__name__}: {error}"[:_REASON_LENGTH]
                result = self._result(monitor, window, Outcome(status="error", reason=reason), None)
            self._remember(result)
            results.append(result)
        return results

    def references(self, share: frozenset[str]) -> dict[str, tuple[Window, ...]]:
        """The windows that the latest fits of these monitors learnt from."""
        return {name: windows for name, windows in self._references.items() if name in share}

    def adopt(
        self, results: Iterable[Iterable[Result]], references: Mapping[str, tuple[Window, ...]]
    ) -> None:
        """Remember what another process evaluated, as if it had been done here."""
        for some in results:
            for result in some:
                self._remember(result)
        self._references.update(references)

    def _remember(self, result: Result) -> None:
        at = self._breaches.setdefault(result.monitor, set())
        (at.add if result.status == "breach" else at.discard)(result.window.start)

    def reference_of(self, monitor: Monitor) -> tuple[Sample, ...]:
        """The samples that the monitor's latest fit learnt from, for explanations."""
        if monitor.kind == "skew":
            pool = self._pools.get(monitor.stream)
            return (pool,) if pool is not None else ()
        windows = self._references.get(monitor.name, ())
        found = (self._store.get(monitor.stream, window) for window in windows)
        return tuple(sample for sample in found if sample is not None)

    def recent_of(self, monitor: Monitor, window: Window, count: int) -> list[WindowSample]:
        """The latest windows of the monitor's stream, oldest first."""
        sample = self._store.get(monitor.stream, window)
        return [] if sample is None else self._store.recent(monitor.stream, window, count, sample.basis)

    def _one(self, monitor: Monitor, window: Window, alpha: float) -> Result:
        sample = self._store.get(monitor.stream, window)
        if sample is None:
            reason = f"no {monitor.stream.field} in this window"
            return self._result(monitor, window, Outcome(status="no_data", reason=reason, n_current=0), None)
        fit = self._fit(monitor, window, sample.basis)
        if isinstance(fit.fitted, NotReady):
            reason = fit.fitted.reason
            outcome = Outcome(status="no_data", reason=reason, n_current=sample.n, n_reference=fit.rows)
            return self._result(monitor, window, outcome, fit, sample)
        outcome = self._ask(monitor, fit, window, sample, alpha)
        if outcome.value is not None and not math.isfinite(outcome.value):
            raise ValueError(f"the value is {outcome.value}")
        return self._result(monitor, window, outcome, fit, sample)

    def _ask(self, monitor: Monitor, fit: Fit, window: Window, sample: Sample, alpha: float) -> Outcome:
        """What the check says; the same texts in another component get the same answer at once."""
        assert not isinstance(fit.fitted, NotReady)
        scales = settings_of(monitor.check, self._monitors).scales
        count = self._unspent(monitor, window, scales[-1])
        if monitor.stream.data != "embedding" or fields_beside(monitor.check):
            recent = self._store.recent(monitor.stream, window, count, sample.basis)
            samples = with_beside(monitor.check, monitor.stream, self._store, recent)
            return fit.fitted.evaluate(samples, alpha=alpha)
        if self._answers_at != window.start:
            self._answers, self._answers_at = {}, window.start
        span = Window(start=window.end - count * self._windows.length, end=window.end)
        question = (fit.digest, digest_of(self._store.between(monitor.stream, span, sample.basis)))
        if question not in self._answers:
            recent = self._store.recent(monitor.stream, window, count, sample.basis)
            outcome = fit.fitted.evaluate(recent, alpha=alpha)
            # Examples name the spans of one component; the explanation finds each component's own.
            evidence = {key: value for key, value in outcome.evidence.items() if key != "examples"}
            self._answers[question] = replace(outcome, evidence=evidence)
        return self._answers[question]

    def _unspent(self, monitor: Monitor, window: Window, count: int) -> int:
        """How many of the last `count` windows may be taken together.

        Windows of a breach that is over were told about: taken together with the quiet ones after them they
        would raise the same alarm again for a day. While a breach goes on, they count.
        """
        breached = self._breaches.get(monitor.name, set())
        length = self._windows.length
        before = [window.start - back * length for back in range(1, count)]
        last = next((at for at in before if self._store.has(monitor.stream, at)), None)
        if last is None or last in breached:
            return count
        return next((back for back, at in enumerate(before, start=1) if at in breached), count)

    def _fit(self, monitor: Monitor, window: Window, basis: str) -> Fit:
        """The fit of the window's day; what was learnt in the morning holds until midnight UTC.

        (A day, or the shorter period of `[windows] refit`.)
        """
        day = window_of(window.start, self._windows.refit).start
        known = self._fits.get(monitor.name)
        if known is not None and known.day == day and known.basis == basis:
            return known
        made = self._learn(monitor, window, basis)
        self._fits[monitor.name] = made
        self._references[monitor.name] = made.windows
        return made

    def _learn(self, monitor: Monitor, window: Window, basis: str) -> Fit:
        period = reference_period(window, self._windows)
        earlier = self._store.between(monitor.stream, period, basis)
        quiet, note = self._quiet(monitor, earlier)
        name = f"production {period.start:%Y-%m-%d} .. {period.end:%Y-%m-%d}{note}"
        pool = self._pools.get(monitor.stream) if monitor.kind == "skew" else None
        day = window_of(window.start, self._windows.refit).start
        digest = (
            digest_of(quiet if pool is None else [*quiet, pool])
            + f"{monitor.check.name} {monitor.kind}".encode()
        )
        if fields_beside(monitor.check):
            # What stands beside the same rows may differ from component to component.
            digest += monitor.name.encode()
        fitted: Fitted | NotReady
        if pool is not None and pool.basis != basis:
            fitted = NotReady(reason=f"the evaluation set is in {pool.basis}, production in {basis}")
        elif (twin := self._twin(day, digest)) is not None:
            fitted = twin
        else:
            windows = [s.as_window_sample() for s in quiet]
            fitted = self._kept_fits.learn(
                monitor.check,
                digest,
                Reference(
                    kind=monitor.kind,
                    name=pool.dataset if pool is not None else name,
                    windows=tuple(with_beside(monitor.check, monitor.stream, self._store, windows)),
                    pool=pool.as_window_sample().rows if pool is not None else None,
                ),
                settings=settings_of(monitor.check, self._monitors),
                seed=self._seed,
            )
            self._learnt[digest] = (day, fitted)
        return Fit(
            day=day,
            digest=digest,
            basis=basis,
            fitted=fitted,
            period=pool.window if pool is not None else period,
            name=pool.dataset if pool is not None else name,
            rows=pool.n if pool is not None else sum(s.n for s in quiet),
            windows=tuple(s.window for s in quiet),
        )

    def _twin(self, day: datetime, digest: bytes) -> Fitted | NotReady | None:
        """What was learnt this day from the same rows: the application's input is its first component's."""
        for stale in [d for d, (learnt_on, _) in self._learnt.items() if learnt_on != day]:
            del self._learnt[stale]
        known = self._learnt.get(digest)
        return known[1] if known else None

    def _quiet(self, monitor: Monitor, earlier: list[Sample]) -> tuple[list[Sample], str]:
        """The samples to learn from: without the windows in which the monitor was in breach.

        When most of them were, what was a breach is how things are now, and only that is learnt.
        """
        breached = self._breaches.get(monitor.name, set())
        quiet = [s for s in earlier if s.window.start not in breached]
        if len(earlier) - len(quiet) > _NEW_LEVEL * len(earlier):
            return [s for s in earlier if s.window.start in breached], ", the new level"
        return quiet, ""

    def _result(
        self,
        monitor: Monitor,
        window: Window,
        outcome: Outcome,
        fit: Fit | None,
        sample: Sample | None = None,
    ) -> Result:
        evidence = dict(outcome.evidence)
        if outcome.detectable and (self._last in (None, window) or outcome.status == "breach"):
            evidence["detectable"] = outcome.detectable()
        if sample is not None:
            evidence["sampled"] = {
                "rows": sample.kept,
                "requests": sample.n,
                **evidence.get("sampled", {}),
                "missing": sample.n_missing,
                "basis": sample.basis,
            }
        return Result(
            monitor=monitor.name,
            check_name=monitor.check.name,
            chain=monitor.stream.chain,
            component=monitor.stream.component,
            field=monitor.stream.field,
            reference_kind=monitor.kind,
            concern=monitor.check.concern(monitor.stream.field),
            window=window,
            reference=fit.period if fit else None,
            reference_name=fit.name if fit else None,
            status=outcome.status,
            value=outcome.value,
            threshold=outcome.threshold,
            unit=outcome.unit,
            p_value=outcome.p_value,
            effect=outcome.effect,
            effect_unit=outcome.effect_unit,
            n_current=outcome.n_current,
            n_reference=outcome.n_reference,
            n_sampled=outcome.n_sampled if outcome.n_sampled is not None else _kept(sample),
            reason=outcome.reason,
            evidence=evidence,
            seed=self._seed,
        )


def _kept(sample: Sample | None) -> int | None:
    return None if sample is None else sample.kept
