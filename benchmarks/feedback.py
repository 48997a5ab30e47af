"""False alarms and delays of the checks on users' signs, on made-up feedback that is as sparse as users are.

    python benchmarks/feedback.py [--quick] [--json] [--fits 40] [--first-seed 7000]

A week of reference, fitted anew each day, then days that are judged every hour. `steady`: one share of
unhappy users; `wandering`: it wanders by the day and by the hour (log-normal, sd .4 and .3). Feedback comes
as a Poisson number an hour, by half as many at night. Rates are shares of judgements with p below .05, .01
and .001, p after the check's own division among its lengths of time; a breach is one at the default margin
and at the share of the promise of one monitor among fifty. Delay: hours from a rise of the share to the first
breach; a rise that is not found within four days is missed.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from _figures import Figure, figure, tell

from monitors.checks import CHECKS
from monitors.checks.base import CheckSettings, Fitted, NotReady, Reference, WindowSample
from monitors.result import Window

ALPHA = 1.0 / (720 * 50)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY, WEEK, QUIET, TOLD = 24, 168, 7, 4
LONGEST = CheckSettings().scales[-1]
LEVELS = (0.05, 0.01, 0.001)
TRAFFIC = {"steady": (0.0, 0.0), "wandering": (0.4, 0.3)}
CHECK = CHECKS.get("feedback")


@dataclass(frozen=True, kw_only=True)
class Users:
    """How much feedback an hour, what share of it unhappy, and how far that wanders (sd by day, by hour)."""

    an_hour: float
    share: float
    wander: tuple[float, float]

    def windows(
        self, days: int, *, seed: int, then: float | None = None, since: int = 0
    ) -> list[WindowSample]:
        """Hour after hour; `then` is the share from hour `since` on."""
        rng, found = np.random.default_rng(seed), []
        for hour in range(days * DAY):
            if hour % DAY == 0:
                of_day = float(np.exp(rng.normal(0.0, self.wander[0])))
            share = self.share if then is None or hour < since else then
            share = min(0.95, share * of_day * float(np.exp(rng.normal(0.0, self.wander[1]))))
            rate = self.an_hour * (1.0 - 0.5 * (hour % DAY < DAY // 3))
            rows = (rng.random((rng.poisson(rate), 1)) < share).astype(np.float64)
            window = Window(start=MONDAY + timedelta(hours=hour), end=MONDAY + timedelta(hours=hour + 1))
            keys = tuple(f"{hour}-{i}/s" for i in range(len(rows)))
            found.append(WindowSample(window=window, n=len(rows), rows=rows, keys=keys))
        return found


def fitted(windows: list[WindowSample], at: int, seed: int) -> Fitted | NotReady:
    """As a run does: a week that ends a day before midnight of this day."""
    end = at // DAY * DAY - DAY
    used = tuple(w for w in windows[max(0, end - WEEK) : end] if len(w.rows))
    reference = Reference(kind="drift", name="made up", windows=used)
    return CHECK.fit(reference, settings=CheckSettings(), seed=seed)


def quiet(users: Users, seeds: range) -> list[Figure]:
    """Nothing changes: how small p is, and how many false breaches a month of one monitor brings."""
    ps: list[float] = []
    breaches = without = 0
    for seed in seeds:
        windows = users.windows(8 + QUIET, seed=seed)
        for at in range(8 * DAY, len(windows)):
            if at % DAY == 0:
                model = fitted(windows, at, seed)
            if isinstance(model, NotReady):
                without += 1
                continue
            outcome = model.evaluate(windows[at + 1 - LONGEST : at + 1], alpha=ALPHA)
            if outcome.p_value is None:
                without += 1
                continue
            ps.append(outcome.p_value)
            breaches += outcome.status == "breach"
    head = _head(users)
    judged = len(ps)
    told = [
        figure(f"{head}: judged", judged, "windows"),
        figure(f"{head}: no data", without, "windows"),
        figure(f"{head}: breaches", breaches, "windows", bar=0, holds=breaches == 0),
    ]
    if judged:
        told += [
            figure(f"{head}: p < {level}", round(float(np.mean(np.array(ps) < level)), 4), "share")
            for level in LEVELS
        ]
    return told


def rise(users: Users, then: float, seeds: range) -> list[Figure]:
    """The share rises: how long until somebody is told."""
    delays: list[float] = []
    since = 9 * DAY
    for seed in seeds:
        windows = users.windows(9 + TOLD, seed=seed, then=then, since=since)
        for at in range(since, len(windows)):
            if at % DAY == 0 or at == since:
                model = fitted(windows, at, seed)
            if isinstance(model, NotReady):
                break
            if model.evaluate(windows[at + 1 - LONGEST : at + 1], alpha=ALPHA).status == "breach":
                delays.append(at + 1 - since)
                break
    head = f"{_head(users)}, then {then:.0%}"
    return [
        figure(f"{head}: found", f"{len(delays)} of {len(seeds)}", "rises"),
        figure(f"{head}: median delay", float(np.median(delays)) if delays else None, "h"),
    ]


def _head(users: Users) -> str:
    kind = next(name for name, wander in TRAFFIC.items() if wander == users.wander)
    return f"{kind}, {users.an_hour:g} an hour, {users.share:.0%} unhappy"


def main() -> int:
    """0 if no quiet week had a breach."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="three weeks of each kind instead of 40")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--fits", type=int, help="made-up weeks of each kind")
    parser.add_argument("--first-seed", type=int, default=7_000)
    given = parser.parse_args()
    count = given.fits or (3 if given.quick else 40)
    seeds = range(given.first_seed, given.first_seed + count)
    told: list[Figure] = []
    for wander in TRAFFIC.values():
        for an_hour in (1.0, 5.0, 25.0):
            users = Users(an_hour=an_hour, share=0.15, wander=wander)
            told += quiet(users, seeds)
            told += rise(users, 0.45, seeds)
    tell(told, as_json=given.json)
    return 0 if all(one["holds"] is not False for one in told) else 1


if __name__ == "__main__":
    sys.exit(main())
