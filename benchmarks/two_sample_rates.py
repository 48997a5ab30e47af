"""False alarms and power of the two-sample tests of embeddings on independent rows.

A mixture of ten topics; 100 rows against 100 with 39 permutations at alpha .05, and for power 200 against 200
with some of an eleventh topic. The checks made of these tests are measured by `checks.py`. The seed is 0.

    python benchmarks/two_sample_rates.py [--quick] [--json] [--only NAME]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def main() -> None:
    """Print one line for each test and check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=tuple(TESTS))
    chosen = parser.parse_args()
    trials, injections = (60, 10) if chosen.quick else (1000, 60)
    for name in TESTS if chosen.only is None else (chosen.only,):
        row = test_rates(name, trials, injections)
        print(json.dumps(row) if chosen.json else "  ".join(f"{k} {v}" for k, v in row.items()), flush=True)


if __name__ == "__main__":
    main()
