"""What other tools and common rules would say of the same windows, at their defaults."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.mmd import mmd_test, sampled_bandwidth
from monitors.statistics.psi import decile_edges, psi
from monitors.statistics.univariate import ks

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]

REFERENCE_ROWS, WINDOW_ROWS, PERMUTATIONS = 400, 200, 99
TEXT_RULES = {
    "mmd p < .05": "MMD with permutations, as Alibi Detect's default",
    "cosine > .2": "cosine distance of the means, Evidently's default",
    "cosine > own": "cosine distance of the means above all windows of the quiet week",
    "ratio": "share of dimensions with a normed Wasserstein distance above .1 above .2, as Evidently's",
}
NUMBER_RULES = {
    "psi > .2": "population stability index of deciles",
    "ks p < .05": "Kolmogorov and Smirnov",
}


class TextPeers:
    """Rules on the embeddings of one field, given the windows of a quiet week."""

    def __init__(self, history: Sequence[Rows], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        every = np.concatenate(history)
        chosen = self._rng.choice(len(every), min(len(every), 3 * WINDOW_ROWS), replace=False)
        self._rows = every[chosen]
        self._mean = every.mean(axis=0, dtype=np.float64)
        self._sorted, self._sd = np.sort(self._rows, axis=0), self._rows.std(axis=0)
        self._bandwidth = sampled_bandwidth(self._rows, self._rows[:2])
        self._own = max(self._cosine(rows) for rows in history)

    def _cosine(self, rows: Rows) -> float:
        mean = rows.mean(axis=0, dtype=np.float64)
        return 1.0 - float(mean @ self._mean / np.linalg.norm(mean) / np.linalg.norm(self._mean))

    def alarms(self, rows: Rows) -> list[str]:
        """Names of the rules that alarm at this window."""
        found = []
        before = self._rows[:REFERENCE_ROWS]
        test = mmd_test(rows, before, permutations=PERMUTATIONS, bandwidth=self._bandwidth, rng=self._rng)
        cosine = self._cosine(rows)
        if test.p < 0.05:
            found.append("mmd p < .05")
        if cosine > 0.2:
            found.append("cosine > .2")
        if cosine > self._own:
            found.append("cosine > own")
        # Both samples at the same quantiles: the mean difference of these is the Wasserstein distance.
        at = np.arange(len(self._sorted)) * len(rows) // len(self._sorted)
        distance = np.abs(np.sort(rows, axis=0)[at] - self._sorted).mean(axis=0) / self._sd
        if float((distance > 0.1).mean()) > 0.2:
            found.append("ratio")
        return found


class NumberPeers:
    """Rules on a number, given its values of a quiet week."""

    def __init__(self, history: Sequence[Floats], seed: int) -> None:
        every = np.concatenate(history)
        rng = np.random.default_rng(seed)
        self._values = np.sort(rng.choice(every, min(len(every), 5000), replace=False))
        self._edges = decile_edges(self._values)

    def alarms(self, values: Floats) -> list[str]:
        """Names of the rules that alarm at this window."""
        found = []
        if psi(self._values, values, edges=self._edges) > 0.2:
            found.append("psi > .2")
        if ks(self._values, values)[1] < 0.05:
            found.append("ks p < .05")
        return found
