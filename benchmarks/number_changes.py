"""How soon changes of all lengths of a field are found, and false alarms of lengths, times and costs.

Streams of `_traffic.py`: eight and a half days of quarter hours with 200 requests each, then a day in which
the lengths of one field are changed: all by one factor, cut off, a tenth of them five times as long, or half
of them longer and half shorter. token_length judges every window, with its share of the promise of a whole
installation, until it is in breach. With `--alarms` nothing is changed: twelve days after eight days of
history, the shares of small p-values of every check on numbers.

    python benchmarks/number_changes.py [--quick] [--json] [--alarms] [--kinds ...] [--first 910] [--seeds 8]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _figures import Figure, figure, tell
from _traffic import KINDS, Requests, Traffic
from _watch import Watched, installation

Floats = NDArray[np.float64]
LENGTH = timedelta(minutes=15)
DAY = timedelta(days=1) // LENGTH
HISTORY, BEFORE, WATCHED, QUIET = 8 * DAY, DAY // 2, DAY, 12 * DAY
FIELD = "output_tokens"
CHECKS = ("token_length", "cost", "latency", "time_to_first_token")
LEVELS = (0.05, 0.01, 1e-3, 1e-4, 1e-5)


def changes(usual: Floats, rng: np.random.Generator) -> dict[str, Callable[[Floats], Floats]]:
    """What is done to the lengths of a window, by name; usual: all lengths before."""
    limits = {share: float(np.quantile(usual, share / 100)) for share in (90, 75)}
    return {
        "none": lambda v: v,
        "1.3 times": lambda v: v * 1.3,
        "1.6 times": lambda v: v * 1.6,
        "twice": lambda v: v * 2.0,
        "half": lambda v: v * 0.5,
        "cut off at the 90 % quantile": lambda v: np.minimum(v, limits[90]),
        "cut off at the 75 % quantile": lambda v: np.minimum(v, limits[75]),
        "a tenth five times as long": lambda v: v * np.where(rng.random(v.size) < 0.1, 5.0, 1.0),
        "half 1.6 times, half .6 times": lambda v: v * np.where(rng.random(v.size) < 0.5, 0.6, 1.6),
    }


def of_numbers(requests: Requests, numbers: dict[str, Floats]) -> Requests:
    """The window without its texts."""
    return Requests(start=requests.start, n=requests.n, texts={}, numbers=numbers)


def delays(kind: str, seed: int) -> dict[str, float | None]:
    """Hours until each change is found in one stream, None if it is not within a day."""
    traffic = Traffic(kind, seed=seed)
    watched = Watched(installation(), 0, length=LENGTH, only=("token_length",), fields=(FIELD,))
    before = [traffic.window(rows=0) for _ in range(HISTORY + BEFORE)]
    for requests in before:
        watched.see(of_numbers(requests, requests.numbers))
    after = [traffic.window(rows=0) for _ in range(WATCHED)]
    usual = np.concatenate([r.numbers[FIELD] for r in before])
    made = changes(usual, np.random.default_rng(seed))
    return {name: follow(watched.fork(), after, change) for name, change in made.items()}


def follow(watched: Watched, after: Sequence[Requests], change: Callable[[Floats], Floats]) -> float | None:
    """Hours until the changed windows are in breach."""
    for number, requests in enumerate(after):
        lengths = np.maximum(1.0, np.round(change(requests.numbers[FIELD])))
        window = watched.see(of_numbers(requests, {**requests.numbers, FIELD: lengths}))
        if any(result.status == "breach" for result in watched.judge(window)):
            return float((number + 1) / DAY * 24)
    return None


def found(kind: str, seeds: Sequence[int]) -> list[Figure]:
    """How many streams each change was found in, and the median hours of all."""
    streams = [delays(kind, seed) for seed in seeds]
    figures = []
    for name in streams[0]:
        hours = sorted(np.inf if s[name] is None else float(s[name] or 0.0) for s in streams)
        share = sum(np.isfinite(hours)) / len(hours)
        figures.append(figure(f"{kind}, {name}: found", round(share, 3), "share of streams"))
        middle = hours[len(hours) // 2]
        figures.append(figure(f"{kind}, {name}: median", middle if np.isfinite(middle) else "never", "hours"))
    return figures


def alarms(kind: str, seeds: Sequence[int]) -> list[Figure]:
    """Shares of small p-values of traffic that does not change."""
    ps: dict[str, list[float]] = {name: [] for name in CHECKS}
    breaches = dict.fromkeys(CHECKS, 0)
    for seed in seeds:
        traffic = Traffic(kind, seed=seed)
        watched = Watched(installation(), 0, length=LENGTH, only=CHECKS)
        for number in range(HISTORY + QUIET):
            requests = traffic.window(rows=0)
            window = watched.see(of_numbers(requests, requests.numbers))
            for result in watched.judge(window) if number >= HISTORY else ():
                breaches[result.check_name] += result.status == "breach"
                if result.p_value is not None:
                    ps[result.check_name].append(result.p_value)
    figures = []
    for name, values in ps.items():
        shares = ", ".join(f"{np.mean(np.array(values) < level):.2g}" for level in LEVELS)
        figures.append(figure(f"{kind}, {name}: p < .05, .01, 1e-3, 1e-4, 1e-5", shares, "of windows"))
        figures.append(figure(f"{kind}, {name}: smallest", float(f"{min(values):.2g}"), "p"))
        figures.append(figure(f"{kind}, {name}: in breach", breaches[name], f"of {len(values)} windows"))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one seasonal stream")
    parser.add_argument("--json", action="store_true", help="a list of objects instead of a table")
    parser.add_argument("--alarms", action="store_true", help="p-values where nothing changes")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--first", type=int, default=910, help="the first seed")
    parser.add_argument("--seeds", type=int, default=8)
    given = parser.parse_args()
    kinds, count = (["seasonal"], 1) if given.quick else (given.kinds, given.seeds)
    measure = alarms if given.alarms else found
    told = [f for kind in kinds for f in measure(kind, range(given.first, given.first + count))]
    tell(told, as_json=given.json)


if __name__ == "__main__":
    main()
