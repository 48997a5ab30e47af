"""Made-up traffic that does not change, and traffic that does: hourly windows of one stream.

Three kinds that do not change: `independent`; `cycles` (rate and topics by hour, another mix at weekends);
`messy` (cycles, topic shares and levels that wander from day to day, and a tenth of the rows repeat another
one).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks.base import WindowSample
from monitors.result import Window

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
KINDS = ("independent", "cycles", "messy")
TOPICS, DIMENSION = 12, 256


@dataclass(frozen=True, kw_only=True)
class Change:
    """From window `start` on: a share of new topic, a factor on numbers, another error rate, grades lost."""

    start: int
    new: float = 0.0
    factor: float = 1.0
    errors: float = 0.01
    lost: float = 0.0


class Stream:
    """One seeded stream. `what` is texts, lengths, times, errors or grades."""

    def __init__(self, what: str, kind: str, *, seed: int, rate: float = 40.0, cap: int = 64) -> None:
        self._rng = np.random.default_rng([seed, KINDS.index(kind)])
        rng = self._rng
        self._what, self._kind, self._rate, self._cap = what, kind, rate, cap
        own = rng.standard_normal((TOPICS + 1, DIMENSION))
        common = rng.standard_normal(DIMENSION)
        self._centres = 0.35 * common / np.linalg.norm(common)
        self._centres = self._centres + 0.6 * own / np.linalg.norm(own, axis=1, keepdims=True)
        # Within a topic some directions vary much more than others, as in real embeddings.
        self._spread = np.exp(-np.arange(DIMENSION) / 80.0)
        self._spread *= 0.72 / np.linalg.norm(self._spread)
        self._usual = np.log(rng.dirichlet(np.full(TOPICS, 2.0)) + 0.005)
        self._phase = rng.uniform(0, 2 * np.pi, size=TOPICS)
        self._weekend = rng.standard_normal(TOPICS)
        self._days: dict[int, NDArray[np.float64]] = {}

    def windows(self, count: int, change: Change | None = None) -> list[WindowSample]:
        """The first `count` windows."""
        return [self._window(number, change) for number in range(count)]

    def _window(self, number: int, change: Change | None) -> WindowSample:
        rng = self._rng
        window = Window(start=MONDAY + number * HOUR, end=MONDAY + (number + 1) * HOUR)
        cyclic = self._kind != "independent"
        angle = window.start.hour / 24 * 2 * np.pi
        weekend = window.start.weekday() >= 5
        load = (1.0 + 0.6 * np.sin(angle - 2.3)) * (0.5 if weekend else 1.0) if cyclic else 1.0
        day = self._days.setdefault(number // 24, rng.standard_normal(TOPICS))
        wander = 1.0 if self._kind == "messy" else 0.0
        n = int(rng.poisson(self._rate * load))
        k = min(n, self._cap)
        changed = change if change is not None and number >= change.start else None
        season = (0.15 * np.sin(angle) + (0.1 if weekend else 0.0)) * cyclic + 0.06 * wander * day[0]
        rows: NDArray[Any]
        if self._what == "texts":
            logits = self._usual + cyclic * (
                0.5 * np.cos(angle - self._phase) + 0.3 * weekend * self._weekend
            )
            rows = self._texts(k, logits + 0.25 * wander * day, 0.0 if changed is None else changed.new)
        elif self._what == "errors":
            p = (0.01 if changed is None else changed.errors) * float(np.exp(0.3 * wander * day[0]))
            rows = (rng.random((k, 1)) < p).astype(np.float64)
        elif self._what == "grades":
            lost = 0.0 if changed is None else changed.lost
            rows = np.clip(rng.normal(2.3 - lost + season / 2, 0.45, size=(k, 1)), 0.0, 3.0)
        else:
            rows = rng.lognormal(season, 0.5, size=(k, 1)) * (1.0 if changed is None else changed.factor)
            rows = np.round(rows * 90.0) if self._what == "lengths" else rows
        if wander:
            for i in np.flatnonzero(rng.random(k) < 0.1):
                rows[i] = rows[rng.integers(0, k)]
        keys = tuple(f"t{number}-{i}/s" for i in range(k))
        return WindowSample(window=window, n=n, rows=rows, keys=keys)

    def _texts(self, k: int, logits: NDArray[np.float64], new: float) -> NDArray[np.float32]:
        rng = self._rng
        shares = np.exp(logits) / np.exp(logits).sum()
        chosen = np.where(rng.random(k) < new, TOPICS, rng.choice(TOPICS, size=k, p=shares))
        rows = self._centres[chosen] + rng.standard_normal((k, DIMENSION)) * self._spread
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)
