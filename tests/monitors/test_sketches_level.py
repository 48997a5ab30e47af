"""Two stretches of traffic that wanders by the day, and does not change, are no evidence of a change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from monitors.result import Window
from monitors.sketches.compare import TextComparison, compare
from monitors.sketches.cover import DAY, Bucket
from monitors.sketches.fourier import FEATURES
from monitors.sketches.permute import Units, sketch_test
from monitors.sketches.text_sketch import PARTS, TextSketch, merged

START = datetime(2026, 3, 2, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hours(rng: np.random.Generator, days: int) -> list[Bucket]:
    """Hours from seven in the morning on; the usual content is another one each day."""
    usual = rng.normal(0.0, 0.15, (days + 1, FEATURES))
    made = []
    for i in range(24 * days):
        start = START + i * HOUR
        mean = 8 * usual[(start - START.replace(hour=0)) // DAY]
        features = rng.normal(8 * mean, 8 * np.sqrt(8 / 2), (PARTS, FEATURES))
        sketch = TextSketch(
            n=64,
            n_missing=0,
            rows=np.full(PARTS, 8),
            total=np.ones(4, dtype=np.int64),
            features=features.round().astype(np.int64),
            moments=np.zeros(300, dtype=np.int64),
        )
        made.append(Bucket(window=Window(start=start, end=start + HOUR), basis="e", sketch=sketch))
    return made


def as_days(buckets: list[Bucket]) -> list[Bucket]:
    """Whole days in one, as they are read."""
    by_day: dict[datetime, list[Bucket]] = {}
    for bucket in buckets:
        by_day.setdefault(bucket.window.start.replace(hour=0), []).append(bucket)
    found: list[Bucket] = []
    for day, part in by_day.items():
        if len(part) < 24:
            found += part
            continue
        whole = merged(b.sketch for b in part if isinstance(b.sketch, TextSketch))
        found.append(Bucket(window=Window(start=day, end=day + DAY), basis="e", sketch=whole))
    return found


def test_days_that_differ_are_no_change() -> None:
    found = 0
    for seed in range(20):
        every = hours(np.random.default_rng(seed), 16)
        told = compare(as_days(every[:192]), as_days(every[192:]))
        assert isinstance(told, TextComparison)
        assert told.permuted == "windows"
        found += told.p <= 0.05
    # Of twenty; hours dealt out beside days made it twenty.
    assert found <= 4


def test_units_of_other_sizes_are_no_evidence() -> None:
    rng = np.random.default_rng(3)
    rows = [np.full(12, 30.0 * 64), np.full(7, 4.0 * 64)]
    found = 0
    for _ in range(400):
        a, b = (
            Units(rows=n, sums=rng.standard_normal((len(n), FEATURES)) * np.sqrt(n)[:, None]) for n in rows
        )
        found += sketch_test(a, b, permutations=99, rng=rng).p <= 0.05
    # .05 and three standard errors; without regard to their sizes it was .32.
    assert found <= 33
