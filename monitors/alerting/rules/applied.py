"""Every rule of an installation, applied to the windows of a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from collectors.warehouse.store import fetch
from monitors.alerting.alert import StreamTrack
from monitors.alerting.config import AlertsConfig
from monitors.alerting.handling import windows_in
from monitors.alerting.rules.absence import Held, absence_results
from monitors.alerting.rules.burn_rate import slo_results
from monitors.alerting.rules.config import SloRule
from monitors.alerting.rules.did_not_run import OURSELVES, JudgeRan, did_not_run_results
from monitors.alerting.rules.gone import gone_series
from monitors.alerting.rules.series import Figures, read_series
from monitors.alerting.rules.threshold import threshold_results
from monitors.result import Result, Window

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection, Warehouse


class AppliedRules:
    """The rules of `[alerts]` that make results of their own, window by window."""

    def __init__(self, settings: AlertsConfig, length: timedelta) -> None:
        self._settings = settings
        self._length = length

    @property
    def read_spans(self) -> bool:
        """Whether any rule is on figures of spans, their grades among them."""
        return bool(self._settings.threshold or self._settings.slo)

    def of_batch(
        self, warehouse: Warehouse, windows: Sequence[Window], *, held: Held, run_id: str | None
    ) -> Callable[[Window, Sequence[Result], Sequence[StreamTrack]], list[Result]]:
        """Reads what the rules need of `windows`; the answer gives the results of one of them.

        It is called for each window in order of time, with the results of its monitors and the streams of the
        alert book as of the window before. run_id: of a run whose judges are looked at, at the last window.
        """
        from_spans: dict[Window, list[Result]] = {window: [] for window in windows}
        judges: list[JudgeRan] = []
        if self.read_spans or run_id is not None:
            with warehouse.read() as con:
                from_spans = self.from_spans(con, windows)
                judges = judges_of(con, run_id) if run_id is not None else []

        def ruled(window: Window, results: Sequence[Result], tracks: Sequence[StreamTrack]) -> list[Result]:
            ran = judges if window == windows[-1] else ()
            beside = self.beside(window, results, held=held, tracks=tracks, judges=ran)
            return [*from_spans[window], *gone_series(from_spans[window], tracks, window), *beside]

        return ruled

    def from_spans(self, con: Connection, windows: Sequence[Window]) -> dict[Window, list[Result]]:
        """The results of the rules on figures of spans, for each of `windows` (in order of time)."""
        found: dict[Window, list[Result]] = {window: [] for window in windows}
        if not windows:
            return found
        period = Window(start=windows[0].start, end=windows[-1].end)
        for rule in self._settings.threshold:
            figures = read_series(con, rule, rule.field, period, self._length, statistic=rule.statistic)
            by_window = _by_window(figures)
            for window in windows:
                found[window] += threshold_results(rule, by_window.get(window, ()), window)
        for slo in self._settings.slo:
            figures = self._counted(con, slo, period)
            for window in windows:
                found[window] += slo_results(slo, figures, window)
        return found

    def beside(
        self,
        window: Window,
        results: Sequence[Result],
        *,
        held: Held,
        tracks: Sequence[StreamTrack],
        judges: Sequence[JudgeRan] = (),
    ) -> list[Result]:
        """What silence and failures say at the end of `window`.

        Args:
            results: of every monitor. held: what the run remembers of earlier windows.
            tracks: the streams of the alert book as of the window before.
        """
        alive = [t for t in tracks if t.state != "ok"]
        return [
            *absence_results(
                self._settings.no_data_rules,
                held,
                window,
                watched={(t.chain, t.component, t.field) for t in alive if t.concern == "no_data"},
                forget=self._settings.expire,
            ),
            *did_not_run_results(
                self._settings.did_not_run,
                results,
                judges,
                window,
                watched={t.component for t in alive if t.chain == OURSELVES},
            ),
        ]

    def _counted(self, con: Connection, rule: SloRule, period: Window) -> list[Figures]:
        """What an objective counts: as far back as its longest window of time reaches."""
        longest = max(windows_in(burn.long, self._length) for burn in rule.burn)
        whole = Window(start=period.start - (longest - 1) * self._length, end=period.end)
        limit = rule.threshold
        above, below = math.inf, -math.inf
        if rule.of == "errors":
            above = 0.5
        elif limit is not None:
            above, below = (limit, below) if rule.of == "latency" else (above, limit)
        return read_series(con, rule, rule.watched, whole, self._length, bad_above=above, bad_below=below)


def judges_of(con: Connection, run_id: str) -> list[JudgeRan]:
    """How the judges of a run ended."""
    sql = "SELECT judge, stopped FROM judge_runs WHERE run_id = ? ORDER BY judge"
    return [JudgeRan(judge=row["judge"], stopped=row["stopped"]) for row in fetch(con, sql, [run_id])]


def _by_window(figures: Sequence[Figures]) -> Mapping[Window, list[Figures]]:
    found: dict[Window, list[Figures]] = {}
    for one in figures:
        found.setdefault(one.window, []).append(one)
    return found
