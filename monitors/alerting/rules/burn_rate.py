"""[[alerts.slo]]: how fast an error budget is spent, over two windows of time at once.

The long window says that it matters, the short one that it goes on: an alert ends soon after its cause.
Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts",
https://sre.google/workbook/alerting-on-slos/. Both are whole monitoring windows: one of five minutes is as
long as `windows.length` where that is more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from monitors.alerting.alert import Severity
from monitors.alerting.handling import windows_in
from monitors.alerting.rules.config import BurnWindow, SloRule
from monitors.alerting.rules.made import made
from monitors.alerting.rules.series import OTHER, Figures, Series
from monitors.alerting.words import span
from monitors.result import Result, Window

UNIT = "times the budget's pace"
_OF = {"errors": "failed", "latency": "were too slow", "quality": "were not good enough"}


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Requests, and how many of them were bad."""

    n: int
    bad: int


def burn_rate(counted: Counted, objective: float) -> float | None:
    """How many times as fast as the objective allows the budget is spent; None without requests.

    >>> round(burn_rate(Counted(n=1000, bad=144), 0.99), 6)
    14.4
    """
    if not counted.n:
        return None
    return (counted.bad / counted.n) / (1 - objective)


def slo_results(rule: SloRule, figures: Sequence[Figures], window: Window) -> list[Result]:
    """The results of `rule` at the end of `window`: one a series and severity.

    `figures` holds the windows of the longest time that the rule looks back over, and may hold more.
    """
    length = window.end - window.start
    usable = [b for b in rule.burn if rule.rate(b) * (1 - rule.objective) < 1]
    longest = max(windows_in(b.long, length) for b in usable)
    by_series = _kept(
        rule, [f for f in figures if window.end - longest * length < f.window.end <= window.end]
    )
    results = []
    for series, by_end in sorted(by_series.items()):
        for severity in get_args(Severity):
            burns = [b for b in usable if b.severity == severity]
            if burns:
                results.append(_result(rule, series, by_end, window, severity, burns))
    return results


def _result(
    rule: SloRule,
    series: Series,
    by_end: Mapping[datetime, Counted],
    window: Window,
    severity: Severity,
    burns: Sequence[BurnWindow],
) -> Result:
    length = window.end - window.start
    found = []
    for burn in burns:
        long = _sum(by_end, window.end, windows_in(burn.long, length), length)
        short = _sum(by_end, window.end, windows_in(burn.short, length), length)
        rates = burn_rate(long, rule.objective), burn_rate(short, rule.objective)
        # Nothing to say over a long window with few requests, or while nothing comes in.
        if long.n >= rule.min_requests and rates[0] is not None and rates[1] is not None:
            both = min(rates[0], rates[1])
            found.append((both / rule.rate(burn), both, burn, long))
    if not found:
        reason = f"fewer than {rule.min_requests} requests, or none of late"
        return made(
            "slo",
            rule.name,
            series,
            rule.watched,
            window,
            concern=rule.of,
            status="no_data",
            reason=reason,
            unit=UNIT,
            labels={"severity": severity},
        )
    worst, rate, burn, long = max(found, key=lambda one: (one[0], one[2].long))
    share = long.bad / long.n
    pace = f"the pace that {rule.objective * 100:g} % over {span(rule.period)} allows"
    reason = (
        f"{long.bad} of {long.n} requests {_OF[rule.of]} within {span(burn.long)} ({share * 100:.3g} %):"
        f" at least {rate:.3g} times {pace}, there and in the last {span(max(burn.short, length))}"
    )
    return made(
        "slo",
        rule.name,
        series,
        rule.watched,
        window,
        concern=rule.of,
        status="breach" if worst > 1 else "ok",
        reason=reason,
        value=rate,
        threshold=rule.rate(burn),
        unit=UNIT,
        n=long.n,
        labels={"severity": severity},
        evidence={"scale_windows": windows_in(burn.long, length), "slo": {"objective": rule.objective}},
    )


def _kept(rule: SloRule, figures: Sequence[Figures]) -> dict[Series, dict[datetime, Counted]]:
    """Counts by series and end of window; of one component the largest `max_series`, the rest is one."""
    sizes: dict[Series, int] = {}
    for found in figures:
        sizes[found.series] = sizes.get(found.series, 0) + found.n
    ranked: dict[tuple[str, str], list[Series]] = {}
    for series in sorted(sizes, key=lambda s: (-sizes[s], s)):
        ranked.setdefault((series.chain, series.component), []).append(series)
    own = {series for group in ranked.values() for series in group[: rule.max_series]}
    kept: dict[Series, dict[datetime, Counted]] = {}
    for found in figures:
        series = found.series
        if series not in own:
            rest = tuple((name, OTHER) for name, _ in series.by)
            series = Series(chain=series.chain, component=series.component, by=rest)
        by_end = kept.setdefault(series, {})
        before = by_end.get(found.window.end, Counted(n=0, bad=0))
        by_end[found.window.end] = Counted(n=before.n + found.n, bad=before.bad + found.bad)
    return kept


def _sum(by_end: Mapping[datetime, Counted], end: datetime, count: int, length: timedelta) -> Counted:
    inside = [by_end[at] for back in range(count) if (at := end - back * length) in by_end]
    return Counted(n=sum(c.n for c in inside), bad=sum(c.bad for c in inside))
