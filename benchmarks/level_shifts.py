"""Levels of length that change for good, and levels that only wander from day to day: what is said of both.

Clients of servegen, a window every six hours: every one whose level shifts, or of whom the monitor says
something, with its smallest p-value. Beside it a t-test that takes days as independent draws, the last 1 to 4
days against the seven before, a day between: what would find a shift within days that differ. Then made-up
streams whose days wander and never change, and how often either says that they did; then shifts put into
them. Needs ../shared/data for the first table.

    python benchmarks/level_shifts.py [--streams N] [--first N] [--part clients|null|power]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _level_shifts import ALPHA, GAP, LASTS, LENGTH, ROWS, WEEK, clients, judged, level_shift, sample, series
from _streams import MONDAY

from monitors.checks.base import WindowSample

A_DAY, DAYS, REFERENCE = timedelta(days=1) // LENGTH, 14, 7
LENGTHS = (1, 2, 3, 4)  # days
LEAST = np.log(1.25)  # of a change that matters, as a logarithm
# (correlation of a day with the one before, standard deviation of a day's level as a share of a row's).
KINDS = {
    "independent": (0.0, 0.5),
    "correlated .4": (0.4, 0.5),
    "correlated .7": (0.7, 0.5),
    "walk": (1.0, 0.3),
}
FACTORS = (1.5, 2.0, 4.0)
ROW_SD, WINDOW_SD = 0.7, 0.15
Floats = NDArray[np.float64]


def day_rule(levels: Floats, *, first: int = REFERENCE + 1) -> float:
    """The smallest p-value of two-sided t-tests of days (D,): all lengths, all days from `first` on."""
    best = 1.0
    for end in range(first + 1, len(levels) + 1):
        for k in LENGTHS:
            now, before = levels[end - k : end], levels[max(0, end - k - 1 - REFERENCE) : end - k - 1]
            if len(before) < REFERENCE or abs(now.mean() - before.mean()) < LEAST:
                continue
            freedom = k + REFERENCE - 2
            variance = (k * now.var() + REFERENCE * before.var()) / freedom
            size = abs(now.mean() - before.mean()) / np.sqrt(max(variance, 1e-12) * (1 / k + 1 / REFERENCE))
            best = min(best, float(2.0 * student.sf(size, freedom)) * len(LENGTHS))
    return best


def day_levels(windows: Iterable[WindowSample]) -> Floats:
    """(D,) mean logarithm of the median of a day's windows."""
    of: dict[object, list[float]] = {}
    for w in windows:
        of.setdefault(w.window.start.date(), []).append(float(np.log1p(np.median(w.rows))))
    return np.array([np.mean(values) for values in of.values()])


def made(seed: int, kind: str, *, factor: float = 1.0, at: int = WEEK + GAP) -> list[WindowSample]:
    """Two weeks of lengths whose days wander; `factor` times as long from the window `at` on."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    correlation, share = KINDS[kind]
    fresh = np.sqrt(1.0 - correlation**2) if correlation < 1.0 else 1.0
    day, found = 0.0, []
    for number in range(DAYS * A_DAY):
        if number % A_DAY == 0:
            kept = correlation if number else 0.0
            day = kept * day + (fresh if number else 1.0) * share * ROW_SD * rng.standard_normal()
        level = 5.0 + day + WINDOW_SD * rng.standard_normal() + np.log(factor) * (number >= at)
        lengths = np.round(np.exp(level + ROW_SD * rng.standard_normal(ROWS)))
        found.append(sample(MONDAY + number * LENGTH, lengths))
    return found


def of_clients() -> None:
    """Print a row for each client with a shift, a breach, or a small p-value of the day rule."""
    print("| client | shift from window | monitor: first breach, smallest p | days, p | medians of days |")
    print("|---|---|---|---|---|")
    for field in ("input", "output"):
        for seed, (name, rows) in enumerate(sorted(clients(field).items())):
            at = level_shift(np.array([row[f"{field}_p50"] for row in rows]))
            windows = series(rows, field, seed)
            told = judged(windows)
            breaches = [now for now, o in told.items() if o.status == "breach"]
            levels = day_levels(windows)
            p = day_rule(levels)
            if at is None and not breaches and p > 0.01:
                continue
            best = min((o.p_value for o in told.values() if o.p_value is not None), default=1.0)
            medians = ", ".join(f"{np.expm1(level):.0f}" for level in levels)
            print(
                f"| {field} of {name} | {at or 'none'} | {breaches[0] if breaches else 'none'}, {best:.1g} "
                f"| {p:.1g} | {medians} |",
                flush=True,
            )


def of_null(seeds: range) -> None:
    """Print how often streams whose days only wander are told to have changed."""
    print("| days | streams, judgements | monitor: p < .05, .01, .001 | breaches | days: < .01, .001, 1e-4 |")
    print("|---|---|---|---|---|")
    for kind in KINDS:
        p: list[float] = []
        breaches, by_days = 0, []
        for seed in seeds:
            windows = made(seed, kind)
            told = judged(windows)
            p += [1.0 if o.p_value is None else o.p_value for o in told.values()]
            breaches += sum(o.status == "breach" for o in told.values())
            by_days.append(day_rule(day_levels(windows)))
        rates = ", ".join(f"{(np.array(p) < a).mean():.2%}" for a in (0.05, 0.01, 0.001))
        days = ", ".join(f"{(np.array(by_days) < a).mean():.1%}" for a in (0.01, 0.001, 1e-4))
        print(f"| {kind} | {len(seeds)}, {len(p)} | {rates} | {breaches} | {days} |", flush=True)


def of_power(seeds: range) -> None:
    """Print how many lasting shifts are found within two days, and the day rule's at the same limit."""
    print("| days | factor | monitor | days, of six |\n|---|---|---|---|")
    for kind in KINDS:
        for factor in FACTORS:
            found = by_days = 0
            for seed in seeds:
                windows = made(seed, kind, factor=factor)
                found += any(o.status == "breach" for now, o in judged(windows[: WEEK + GAP + LASTS]).items())
                by_days += day_rule(day_levels(windows)) < ALPHA
            print(
                f"| {kind} | {factor:g} | {found} of {len(seeds)} | {by_days} of {len(seeds)} |", flush=True
            )


def main() -> None:
    """Print tables in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--part", choices=("clients", "null", "power"))
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.streams)
    if asked.part in (None, "clients"):
        of_clients()
    if asked.part in (None, "null"):
        of_null(seeds)
    if asked.part in (None, "power"):
        of_power(range(seeds.start, seeds.start + max(1, asked.streams // 2)))


if __name__ == "__main__":
    main()
