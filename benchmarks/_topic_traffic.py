"""Hourly windows of texts by topic: of real intents, or of made-up ones where no data set is at hand."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitors.checks.base import WindowSample
from monitors.result import Window

Rows = NDArray[np.float32]
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOURS, ROWS = 24, 40
FILES = {
    "clinc150": "clinc150/train_val.csv.gz",
    "banking77": "banking77/train.csv.gz",
    "sib200": "sib200/sib200.csv.gz",
}
_DAY_SD, _HOUR_SD, _REPEATED = 0.5, 0.3, 0.1


def read_intents(data: Path, name: str) -> tuple[list[str], NDArray[np.str_]]:
    """English texts and their intents, or topics."""
    with gzip.open(data / FILES[name], "rt", encoding="utf-8", newline="") as opened:
        rows = [
            row
            for row in csv.DictReader(opened)
            if row.get("oos", "0") == "0" and row.get("lang", "eng_Latn") == "eng_Latn"
        ]
    return [row["text"] for row in rows], np.array([row.get("intent") or row["topic"] for row in rows])


def made_up(seed: int, *, topics: int = 60, each: int = 100, dimension: int = 256) -> tuple[Rows, list[str]]:
    """Unit rows around topics that share a direction, as those of sentences do, and each row's topic."""
    rng = np.random.default_rng(seed)
    own = rng.standard_normal((topics, dimension))
    common = rng.standard_normal(dimension)
    centres = 0.35 * common / np.linalg.norm(common)
    centres = centres + 0.6 * own / np.linalg.norm(own, axis=1, keepdims=True)
    rows = np.repeat(centres, each, axis=0)
    rows = rows + rng.standard_normal(rows.shape) * (0.7 / np.sqrt(dimension))
    unit = np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)
    return unit, [f"topic {i}" for i in range(topics) for _ in range(each)]


class TopicTraffic:
    """One seeded stream. `overdispersed`: shares wander by the day (log-normal, sd .5) and by the hour (.3),
    and a tenth of the rows repeat another one. The new topic is one that the reference never has.
    """

    def __init__(
        self, rows: Rows, topics: Sequence[str], *, seed: int, overdispersed: bool, known: int = 12
    ) -> None:
        self._rng = np.random.default_rng(seed)
        names = self._rng.permutation(np.unique(np.array(topics)))
        self._rows, self._wander = rows, overdispersed
        of = np.array(topics)
        self._banks = [np.flatnonzero(of == name) for name in names[: known + 1]]
        self._shares = np.log(self._rng.dirichlet(np.full(known, 3.0)))

    def days(self, first: int, count: int, *, new: float = 0.0) -> list[WindowSample]:
        """Consecutive hours from the day `first` after a Monday on; `new`: the share of the new topic."""
        made = []
        for day in range(first, first + count):
            of_day = self._rng.normal(0, _DAY_SD, self._shares.size) * self._wander
            made += [self._hour(day, hour, of_day, new) for hour in range(HOURS)]
        return made

    def _hour(self, day: int, hour: int, of_day: NDArray[np.float64], new: float) -> WindowSample:
        rng = self._rng
        logits = self._shares + of_day + self._wander * rng.normal(0, _HOUR_SD, self._shares.size)
        shares = np.exp(logits) / np.exp(logits).sum()
        topics = rng.choice(self._shares.size, ROWS, p=shares)
        topics[rng.random(ROWS) < new] = self._shares.size
        places = np.array([rng.choice(self._banks[topic]) for topic in topics])
        if self._wander:
            again = rng.random(ROWS) < _REPEATED
            places[again] = places[rng.integers(0, ROWS, int(again.sum()))]
        start = MONDAY + timedelta(days=day, hours=hour)
        return WindowSample(
            window=Window(start=start, end=start + timedelta(hours=1)),
            n=ROWS,
            rows=self._rows[places],
            keys=tuple(f"{day:03d}{hour:02d}-{i}-{place}/s" for i, place in enumerate(places)),
        )
