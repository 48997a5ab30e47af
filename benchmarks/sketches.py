"""Any window against any window from sketches: time, false alarms, power beside exact MMD, size.

The time is that of reading two stretches of one stream from the warehouse and comparing them, with 7, 30, 90,
365 and 730 days of history of 16 streams of texts stored. Trials compare 512 rows with 512, eight windows
each: topics on a sphere, unchanged or with a share of a new topic; units are whole windows, or their parts.

    python benchmarks/sketches.py [--quick] [--part times|rates] [--json]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._figures import Figure, figure, tell
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.migrate import migrate
from monitors.result import Window
from monitors.sketches.compare import compare, units_of
from monitors.sketches.cover import read_buckets
from monitors.sketches.made import Sketched
from monitors.sketches.permute import sketch_test
from monitors.sketches.store import add_sketches, write_days_and_weeks
from monitors.sketches.text_sketch import TextSketch
from monitors.statistics.mmd import mmd_test
from monitors.streams import Stream

Rows = NDArray[np.float32]
BAR_S = 0.05
DIMENSION, TOPICS, WINDOW, WINDOWS = 256, 8, 64, 8
STREAMS = 16
START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def texts(rng: np.random.Generator, count: int, *, new: float = 0.0) -> Rows:
    """Rows around eight topics of which the last is new: it has `new` of the rows."""
    centres = np.random.default_rng(0).standard_normal((TOPICS, DIMENSION))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    topic = np.where(rng.random(count) < new, TOPICS - 1, rng.integers(0, TOPICS - 1, count))
    rows = 0.75 * centres[topic] + 0.66 * rng.standard_normal((count, DIMENSION)) / np.sqrt(DIMENSION)
    unit: Rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype("<f2").astype(np.float32)
    return unit


def windows(rows: Rows, name: str) -> list[TextSketch]:
    return [
        TextSketch.of(
            rows[at : at + WINDOW], [f"{name}-{at}-{i}/a" for i in range(WINDOW)], n=WINDOW, n_missing=0
        )
        for at in range(0, len(rows), WINDOW)
    ]


def rates(trials: int, exact_trials: int) -> list[Figure]:
    """Share of trials with p <= .05, by share of new content."""
    found = []
    for new in (0.0, 0.05, 0.1, 0.2):
        count = trials if new == 0.0 else max(100, trials // 10)
        hits = {"parts": 0, "windows": 0, "exact": 0}
        exact_count = min(count, exact_trials)
        for trial in range(count):
            rng = np.random.default_rng([trial, round(1000 * new)])
            a, b = texts(rng, WINDOW * WINDOWS), texts(rng, WINDOW * WINDOWS, new=new)
            one, two = windows(a, "a"), windows(b, "b")
            for permuted in ("parts", "windows"):
                test = sketch_test(
                    units_of(one, permuted), units_of(two, permuted), permutations=199, rng=rng
                )
                hits[permuted] += test.p <= 0.05
            if trial < exact_count:
                hits["exact"] += mmd_test(a, b, permutations=199, rng=rng).p <= 0.05
        for name, label, of in (
            ("parts", "sketches, parts permuted", count),
            ("windows", "sketches, windows permuted", count),
            ("exact", "exact MMD, rows permuted", exact_count),
        ):
            rate = hits[name] / of
            # What 2.6 standard errors of a rate of .05 allow.
            room = 2.6 * (0.05 * 0.95 / of) ** 0.5
            bar = {"bar": 0.05 + room, "holds": rate <= 0.05 + room} if new == 0.0 else {}
            found.append(figure(f"p <= .05, {new:.0%} new, {label}, {of} trials", round(rate, 3), "", **bar))
    return found


def stored(warehouse: Warehouse, first: int, days: int, rng: np.random.Generator) -> None:
    """Days of hourly sketches of all streams, no two alike, and those of whole days and weeks."""
    # Drawing a sketch costs some milliseconds; one whose features are moved about is as long and as new.
    drawn = windows(texts(rng, WINDOW * 32), "history")
    made: list[Sketched] = []
    for day in range(first, first + days):
        for stream in _streams():
            for at in (START + day * DAY + h * HOUR for h in range(24)):
                sketch = _moved(drawn[rng.integers(len(drawn))], rng)
                window = Window(start=at, end=at + HOUR)
                made.append(Sketched(stream=stream, window=window, basis="e", sketch=sketch))
        if (day - first) % 15 == 14 or day == first + days - 1:
            with warehouse.write() as con:
                add_sketches(con, made)
                write_days_and_weeks(con, since=made[0].window.start, until=START + (day + 1) * DAY)
            made = []


def _moved(sketch: TextSketch, rng: np.random.Generator) -> TextSketch:
    by = int(rng.integers(1, DIMENSION))
    return replace(
        sketch, total=np.roll(sketch.total, by), features=np.roll(sketch.features, (by % 8, by), axis=(0, 1))
    )


def _streams() -> list[Stream]:
    return [
        Stream("chain", f"component{i // 2}", ("input_text", "output_text")[i % 2]) for i in range(STREAMS)
    ]


def times(warehouse: Warehouse, days: int, repeats: int) -> list[Figure]:
    """Median seconds of three questions, reading and comparing apart."""
    end = START + days * DAY
    half = START + timedelta(days=days / 2)
    questions = {
        "the last hour against the day before": (Window(start=end - DAY, end=end - HOUR), end - HOUR),
        "the first half against the second": (Window(start=START, end=half), half),
        "the last hour against all before": (Window(start=START, end=end - HOUR), end - HOUR),
    }
    found = []
    for name, (before, start) in questions.items():
        reading, comparing, used = [], [], []
        for _ in range(repeats):
            with warehouse.read() as con:
                begun, cpu = time.perf_counter(), time.process_time()
                one = read_buckets(con, _streams()[3], before)
                two = read_buckets(con, _streams()[3], Window(start=start, end=end))
                reading.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            compare(one, two)
            comparing.append(time.perf_counter() - begun)
            used.append(time.process_time() - cpu)
        total = median(r + c for r, c in zip(reading, comparing, strict=True))
        parts = f"{len(one)} and {len(two)} sketches, reads {median(reading):.3f}, "
        parts += f"compares {median(comparing):.3f}, CPU {median(used):.3f}"
        found.append(
            figure(
                f"{days} days stored: {name} ({parts})", round(total, 3), "s", bar=BAR_S, holds=total <= BAR_S
            )
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="200 null trials and 10 days instead of 730")
    parser.add_argument("--part", choices=("times", "rates", "both"), default="both")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    rows: list[Figure] = []
    if options.part != "rates":
        with tempfile.TemporaryDirectory() as folder:
            warehouse = Warehouse(Path(folder) / "warehouse.duckdb")
            migrate(warehouse)
            before = 0
            for days in (1, 10) if options.quick else (7, 30, 90, 365, 730):
                stored(warehouse, before, days - before, rng)
                before = days
                rows += times(warehouse, days, repeats=9)
            size = warehouse.path.stat().st_size
            rows.append(figure("a bucket on disk", round(size / (STREAMS * before * 25)), "bytes"))
    if options.part != "times":
        rows += rates(200 if options.quick else 1_000, 40 if options.quick else 100)
    tell(rows, as_json=options.json)


if __name__ == "__main__":
    main()
