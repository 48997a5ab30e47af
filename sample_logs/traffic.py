"""Who asks when, and about what: daily and weekly rhythm, topics that wander, sessions of several turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Share of a weekday's requests in each hour (UTC): a night, a morning and an evening hump.
_HOURS: Floats = np.array(
    [8, 5, 4, 3, 3, 5, 12, 24, 40, 54, 58, 56, 50, 52, 55, 54, 50, 48, 52, 55, 50, 38, 24, 14],
    dtype=np.float64,
)
_WEEKEND = 0.55
_WANDER = 0.08  # standard deviation of the log share of a topic from day to day
_WEEKEND_TILT = 0.15  # how much the topic mix leans at the weekend, on the log scale
_TURN_AGAIN = 0.22  # chance that a request goes on with a session that is still open
_OPEN_SESSIONS = 12


@dataclass(frozen=True, kw_only=True)
class Request:
    """One question to come: `turn` 0 opens a session, later turns follow up on the last one."""

    at: datetime
    session: int
    user: int
    turn: int
    shares: Floats  # (topics,) of its day
    load: float  # the hour's traffic against the busiest hour's


def hourly_rate(at: datetime, requests_per_day: int) -> float:
    """Expected requests in the hour that begins at `at`; `requests_per_day` is a weekday's."""
    weekend = _WEEKEND if at.weekday() >= 5 else 1.0
    return float(requests_per_day * weekend * _HOURS[at.hour] / _HOURS.sum())


def topic_shares(rng: np.random.Generator, base: Floats, tilt: Floats, at: datetime) -> Floats:
    """(topics,) shares on the day of `at`: the usual ones, tilted at the weekend, and wandering a little."""
    weekend = _WEEKEND_TILT * tilt if at.weekday() >= 5 else 0.0
    shares: Floats = base * np.exp(weekend + rng.normal(0.0, _WANDER, base.size))
    normed: Floats = shares / shares.sum()
    return normed


def requests(
    rng: np.random.Generator, *, start: datetime, days: int, requests_per_day: int, base: Floats
) -> list[Request]:
    """Every request in time order."""
    tilt = rng.choice([-1.0, 1.0], base.size)
    found: list[Request] = []
    open_sessions: list[tuple[int, int, int]] = []  # session, user, turns so far
    sessions, shares = 0, base
    for hour in range(days * 24):
        begin = start + timedelta(hours=hour)
        if hour == 0 or begin.hour == 0:
            shares = topic_shares(rng, base, tilt, begin)
        rate = hourly_rate(begin, requests_per_day)
        load = _HOURS[begin.hour] / _HOURS.max()
        for second in np.sort(rng.uniform(0, 3600, rng.poisson(rate))):
            if open_sessions and rng.random() < _TURN_AGAIN:
                session, user, turn = open_sessions.pop(int(rng.integers(len(open_sessions))))
            else:
                sessions += 1
                session, user, turn = sessions, int(rng.zipf(1.6) % 5000), 0
            if turn < 3:
                open_sessions = [*open_sessions[-_OPEN_SESSIONS:], (session, user, turn + 1)]
            at = begin + timedelta(microseconds=int(second * 1e6))
            found.append(
                Request(at=at, session=session, user=user, turn=turn, shares=shares, load=float(load))
            )
    return found


def pick(rng: np.random.Generator, names: Sequence[str], shares: Floats) -> str:
    """One of `names`, drawn with `shares`."""
    return names[int(np.searchsorted(np.cumsum(shares), rng.random() * shares.sum()))]
