"""Whether the application's figures of two days differ by more than chance makes of two equal days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from collectors.rollups.read import Rolled
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row
from dashboard.data import Only, TimeRange
from dashboard.data_figures import duration_quantiles, hourly
from dashboard.data_overview import total
from dashboard.data_overview_quality import Quality
from dashboard.intervals import (
    NORMAL_99,
    Interval,
    of_means,
    of_pairs,
    of_quantiles,
    of_shares,
    quantile_levels,
)

Figure = Literal["requests", "failed", "p95_s", "cost_usd", "quality"]
_HIGH = 0.95
_HOURS = 24
# How exactly rollups know a quantile.
_SKETCHED = 0.01
_FEWEST_GRADES = 20


@dataclass(frozen=True, kw_only=True)
class DayFigures:
    """The application in one day; None is unknown, not zero. cost_usd: of all its steps where it has none."""

    requests: int
    errors: int
    p95_s: float | None
    cost_usd: float | None


@dataclass(frozen=True, kw_only=True)
class Change:
    """The 99 % interval of a figure's difference: of five figures of equal days, all hold 19 times in 20."""

    low: float
    high: float

    @property
    def direction(self) -> int:
        """1: higher than the day before, -1: lower, 0: it may be chance."""
        return (self.low > 0) - (self.high < 0)


def changes(
    con: Connection,
    rolled: Rolled,
    *,
    chain: str,
    application: str,
    day: TimeRange,
    only: Only,
    now: DayFigures,
    before: DayFigures,
) -> dict[Figure, Change]:
    """What can be said of each figure; one with too little of it is left out.

    Shares and durations are judged by their requests, requests and costs by hours of the same time of day.
    """
    found: dict[Figure, Interval | None] = {
        "failed": of_shares(
            before.errors / before.requests,
            before.requests,
            now.errors / now.requests,
            now.requests,
            NORMAL_99,
        ),
        "p95_s": _durations(con, rolled, chain, application, day, only, (before.requests, now.requests)),
        **_of_hours(hourly(con, rolled, chain, _first_hour(day), 2 * _HOURS, only), application, day),
    }
    return {figure: Change(low=it[0], high=it[1]) for figure, it in found.items() if it is not None}


def of_quality(quality: Quality | None, grades: Sequence[Row], application: str) -> Change | None:
    """The difference of two mean grades of the same judge and criterion."""
    if quality is None:
        return None
    sides = {
        row["is_current"]: row
        for row in grades
        if (row["component"], row["criterion"], row["judge_kind"])
        == (application, quality.criterion, quality.judge_kind)
        and row["spread"] is not None
        and row["scored"] >= _FEWEST_GRADES
    }
    if len(sides) < 2:
        return None
    after, earlier = sides[True], sides[False]
    low, high = of_means(
        after["mean"] - earlier["mean"],
        earlier["spread"],
        earlier["scored"],
        after["spread"],
        after["scored"],
        NORMAL_99,
    )
    return Change(low=low, high=high)


def _durations(
    con: Connection,
    rolled: Rolled,
    chain: str,
    application: str,
    day: TimeRange,
    only: Only,
    requests: tuple[int, int],
) -> Interval | None:
    levels = [quantile_levels(_HIGH, n, NORMAL_99) for n in requests]
    if levels[0] is None or levels[1] is None:
        return None
    asked = (_HIGH, *levels[0], *levels[1])
    before, now = duration_quantiles(con, rolled, chain, application, day, only, asked)
    if not before or not now:
        return None
    return of_quantiles(
        (before[0], *before[1:3]), (now[0], *now[3:]), error=_SKETCHED if rolled.exists else 0.0
    )


def _first_hour(day: TimeRange) -> datetime:
    """Of the last 48 whole hours of both days."""
    return day.end.replace(minute=0, second=0, microsecond=0) - 2 * _HOURS * timedelta(hours=1)


def _of_hours(rows: Sequence[Row], application: str, day: TimeRange) -> dict[Figure, Interval | None]:
    """Hours in which one of the days has nothing are left out: nobody knows whether it was nothing."""
    mine = {row["bucket"]: row for row in rows if row["component"] == application}
    own = any(row["cost_usd"] is not None for row in mine.values())
    costs: dict[datetime, float] = {
        at: cost
        for at in mine
        if (
            cost := mine[at]["cost_usd"]
            if own
            else total(row["cost_usd"] for row in rows if row["bucket"] == at)
        )
        is not None
    }
    requests = {at: float(row["requests"]) for at, row in mine.items()}
    first = _first_hour(day)
    return {"requests": _paired(requests, first), "cost_usd": _paired(costs, first)}


def _paired(by_hour: Mapping[datetime, float], first: datetime) -> Interval | None:
    later = timedelta(hours=_HOURS)
    both = [
        at
        for at in (first + i * timedelta(hours=1) for i in range(_HOURS))
        if at in by_hour and at + later in by_hour
    ]
    return of_pairs([by_hour[at] for at in both], [by_hour[at + later] for at in both], NORMAL_99)
