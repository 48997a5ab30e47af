"""Since when: the interval in which a change began, from a check's evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from collectors.model import utc
from monitors.result import Result


@dataclass(frozen=True, kw_only=True)
class Onset:
    """A change began at `at`, surely between `low` and `high`."""

    at: datetime
    low: datetime
    high: datetime

    def gap(self, other: Onset) -> timedelta:
        """Time between the two intervals; zero when they overlap."""
        return max(timedelta(0), other.low - self.high, self.low - other.high)


def onset_of(result: Result, breach_started_at: datetime) -> Onset:
    """When the change behind a breach began.

    The check's own change point where it gives one that can be true; else the first window of the breach,
    reaching back over the windows that the evidence was gathered from.
    """
    length = result.window.end - result.window.start
    return change_point(result, breach_started_at) or Onset(
        at=breach_started_at,
        low=_reach(result, breach_started_at),
        high=breach_started_at + length,
    )


def change_point(result: Result, breach_started_at: datetime) -> Onset | None:
    """The check's own change point; None where it gives none, or one that cannot be true."""
    given = result.evidence.get("change_point")
    if not isinstance(given, Mapping):
        return None
    at, low, high = (_time(given.get(key)) for key in ("at", "low", "high"))
    earliest = _reach(result, breach_started_at)
    # A change point outside of what the check looked at is an artefact, and would hide the deploy.
    slack = result.window.end - earliest
    if at is None or not earliest - slack <= at <= result.window.end:
        return None
    low = at if low is None else low
    high = at if high is None else high
    return Onset(at=at, low=min(low, at), high=min(max(high, at), result.window.end))


def _reach(result: Result, breach_started_at: datetime) -> datetime:
    """The earliest time that the evidence of a breach speaks of."""
    length = result.window.end - result.window.start
    windows = result.evidence.get("scale_windows")
    looked = length * windows if isinstance(windows, int) and 0 < windows <= 10_000 else length
    return min(breach_started_at, result.window.end - looked)


def refine(known: Onset, later: Onset) -> Onset:
    """The narrower of two estimates, where they agree; the one that was known where they do not."""
    narrower = later.high - later.low < known.high - known.low
    return later if narrower and known.gap(later) == timedelta(0) else known


def _time(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, str):
        try:
            return utc(datetime.fromisoformat(value))
        except ValueError:
            return None
    return None
