"""Rates of the two-sample tests of embeddings and of the checks made of them: false alarms and power.

Tests: independent windows of 100 rows against 100 of a mixture of topics, 39 permutations, alpha .05; power
with 200 against 200. Checks: hourly traffic that is overdispersed (`messy`: cycles, topics that wander by the
day, repeats), a week of history; how many windows of the day after have p below a level, and how often a new
topic is found within a day on independent traffic. Seeds are 0, 1, 2 and so on.

    python benchmarks/two_sample_rates.py [--quick] [--json] [--only NAME] [--part tests|checks] [--streams N]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _traffic import Change, Stream

from monitors.checks import CHECKS
from monitors.checks.base import CheckSettings, NotReady, Reference
from monitors.statistics.context_mmd import context_mmd
from monitors.statistics.domain_classifier import domain_classifier
from monitors.statistics.drifted_dimensions import drifted_dimensions
from monitors.statistics.learned_kernel import learned_kernel_mmd
from monitors.statistics.lsdd import lsdd
from monitors.statistics.mmd import mmd_test
from monitors.statistics.mmd_fuse import mmd_fuse
from monitors.statistics.sliced_wasserstein import sliced_wasserstein
from monitors.statistics.two_sample import TwoSample

Rows = NDArray[np.float32]
ALPHA = 1.0 / (720 * 50)
WEEK, DAY = 168, 24
SHARES = (0.05, 0.1, 0.2)
DIMENSION, KNOWN, PERMUTATIONS = 128, 10, 39


def by_hour(x: Rows, y: Rows, *, permutations: int, rng: np.random.Generator) -> TwoSample:
    """The context-aware test, with contexts that have no part in the content."""
    c, d = rng.random((len(x), 1)), rng.random((len(y), 1))
    return context_mmd(x, y, c, d, permutations=permutations, rng=rng)


TESTS: dict[str, Callable[..., TwoSample]] = {
    "mmd": mmd_test,
    "mmd_fuse": mmd_fuse,
    "sliced_wasserstein": sliced_wasserstein,
    "lsdd": lsdd,
    "learned_kernel_mmd": learned_kernel_mmd,
    "context_mmd": by_hour,
    "domain_classifier": domain_classifier,
    "drifted_dimensions": drifted_dimensions,
}


class Topics:
    """Unit rows around ten topics, and an eleventh that is new."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        centres = self.rng.standard_normal((KNOWN + 1, DIMENSION))
        common = self.rng.standard_normal(DIMENSION)
        self._centres = 0.35 * common / np.linalg.norm(common)
        self._centres = self._centres + 0.6 * centres / np.linalg.norm(centres, axis=1, keepdims=True)

    def rows(self, count: int, new: float = 0.0) -> Rows:
        """(count, DIMENSION) rows with a share of the new topic."""
        chosen = self.rng.integers(0, KNOWN, size=count)
        chosen = np.where(self.rng.random(count) < new, KNOWN, chosen)
        rows = self._centres[chosen] + self.rng.standard_normal((count, DIMENSION)) * (
            0.7 / np.sqrt(DIMENSION)
        )
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def test_rates(name: str, trials: int, injections: int) -> dict[str, Any]:
    """The share of trials with p <= .05 without and with a new topic, and the cost of one."""
    test = TESTS[name]
    topics = Topics(0)
    started = time.process_time()
    null = [
        test(topics.rows(100), topics.rows(100), permutations=PERMUTATIONS, rng=topics.rng).p
        for _ in range(trials)
    ]
    each = (time.process_time() - started) / trials
    power = {
        f"{share:.0%}": float(
            np.mean(
                [
                    test(
                        topics.rows(200, share), topics.rows(200), permutations=PERMUTATIONS, rng=topics.rng
                    ).p
                    <= 0.05
                    for _ in range(injections)
                ]
            )
        )
        for share in SHARES
    }
    return {
        "test": name,
        "trials": trials,
        "null_rate": float(np.mean(np.array(null) <= 0.05)),
        "power": power,
        "cpu_ms": 1e3 * each,
    }


def check_rates(name: str, streams: int) -> dict[str, Any]:
    """Windows of unchanged messy traffic by p-value, breaches, and new topics found within a day."""
    p, breaches, costs = [], 0, []
    for seed in range(streams):
        series = Stream("texts", "messy", seed=seed).windows(WEEK + DAY)
        model = CHECKS.get(name).fit(
            Reference(kind="drift", name="r", windows=tuple(series[:WEEK])), settings=CheckSettings(), seed=7
        )
        assert not isinstance(model, NotReady), model.reason
        for end in range(WEEK, WEEK + DAY):
            started = time.process_time()
            outcome = model.evaluate(series[end - 23 : end + 1], alpha=ALPHA)
            costs.append(time.process_time() - started)
            p.append(1.0 if outcome.p_value is None else outcome.p_value)
            breaches += outcome.status == "breach"
    return {
        "check": name,
        "stream_days": streams,
        "breaches": breaches,
        "below": {str(level): float(np.mean(np.array(p) < level)) for level in (0.05, 0.01, 0.001)},
        "found_in_a_day": {f"{s:.0%}": found(name, s, max(2, streams // 2)) for s in (0.1, 0.2, 0.4)},
        "cpu_ms_median": 1e3 * float(np.median(costs)),
    }


def found(name: str, share: float, streams: int) -> float:
    """The share of streams in which a new topic is found within 24 windows."""
    hits = 0
    for seed in range(streams):
        change = Change(start=WEEK, new=share)
        series = Stream("texts", "independent", seed=1000 + seed).windows(WEEK + DAY, change)
        model = CHECKS.get(name).fit(
            Reference(kind="drift", name="r", windows=tuple(series[:WEEK])), settings=CheckSettings(), seed=7
        )
        assert not isinstance(model, NotReady), model.reason
        ends = (WEEK, WEEK + 3, WEEK + 7, WEEK + 15, WEEK + 23)
        hits += any(
            model.evaluate(series[max(0, e - 23) : e + 1], alpha=ALPHA).status == "breach" for e in ends
        )
    return hits / streams


def main() -> None:
    """Print one line for each test and check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=tuple(TESTS))
    parser.add_argument("--part", choices=("tests", "checks"))
    parser.add_argument("--streams", type=int, help="streams of a day for each check")
    chosen = parser.parse_args()
    trials, injections, streams = (60, 10, 1) if chosen.quick else (1000, 60, 12)
    streams = chosen.streams or streams
    for name in TESTS if chosen.only is None else (chosen.only,):
        rows = []
        if chosen.part != "checks":
            rows.append(test_rates(name, trials, injections))
        if chosen.part != "tests":
            rows.append(check_rates(name, streams))
        for row in rows:
            print(
                json.dumps(row) if chosen.json else "  ".join(f"{k} {v}" for k, v in row.items()), flush=True
            )


if __name__ == "__main__":
    main()
