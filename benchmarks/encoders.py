"""Which encoder finds a new intent sooner for the same CPU time: the static table or the transformer.

Real questions (banking77: 77 intents of one bank; clinc150: 150 intents of ten domains). Every hour 400
requests of all intents but one come in; after a week a share of them is of the one left out. What an encoder
may read of an hour is what the other reads for the same CPU, measured here by one thread on the same texts:

    what 64 static texts cost, what 16 and 64 transformer texts cost, and 64 texts each at any cost

The check is `embedding_distance` with the promise of one monitor among fifty. Each text is encoded once and
kept in a folder. A delay is in hours to the first breach, at most three days.

    python benchmarks/encoders.py [--quick] [--json] [--data FOLDER] [--kept FOLDER] [--seeds 5]
"""

from __future__ import annotations

import argparse
import csv
import gzip
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from _figures import Figure, figure, tell_each
from numpy.typing import NDArray

from collectors.home import Home
from monitors.checks import CHECKS
from monitors.checks.base import CheckSettings, Fitted, NotReady, Reference, WindowSample
from monitors.embedding.encoder import Encoder
from monitors.result import Window

MONDAY, HOUR = datetime(2026, 3, 2, tzinfo=UTC), timedelta(hours=1)
WEEK, WATCHED, REQUESTS = 168, 72, 400
ALPHA = 1.0 / (720 * 50)
SHARES = (0.05, 0.1, 0.2)
SETS = {"banking77": "banking77/train.csv.gz", "clinc150": "clinc150/train_val.csv.gz"}
ENCODERS = ("static", "transformer")
LEAST = 2  # rows of an hour: fewer are no sample


@dataclass(frozen=True, kw_only=True)
class Texts:
    """One data set as one encoder has it: (n, d) vectors, n intents, CPU seconds a text."""

    vectors: NDArray[np.float32]
    intents: NDArray[np.str_]
    cost: float


def questions(data: Path, name: str, most: int) -> tuple[list[str], list[str]]:
    """At most so many texts and their intents, in a random order that is always the same."""
    with gzip.open(data / SETS[name], "rt", encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    label = "category" if "category" in rows[0] else "intent"
    order = np.random.default_rng(0).permutation(len(rows))[:most]
    return [rows[i]["text"] for i in order], [rows[i][label] for i in order]


def opened(encoder: str, home: Home) -> Encoder:
    """Without the cache that repeats would make cheap."""
    if encoder == "static":
        from monitors.embedding.static import open_static

        return open_static(None, home)
    from monitors.embedding.transformer import TransformerEncoder

    return TransformerEncoder(None)


def encoded(data: Path, kept: Path, name: str, encoder: str, most: int) -> Texts:
    """From the folder, or made and put there."""
    file = kept / f"{name}-{encoder}-{most}.npz"
    if not file.is_file():
        texts, intents = questions(data, name, most)
        made = opened(encoder, Home(kept / "home"))
        made.encode(texts[:64])
        started = time.process_time()
        vectors = made.encode(texts)
        cost = (time.process_time() - started) / len(texts)
        np.savez(file, vectors=vectors, intents=np.array(intents), cost=cost)
    with np.load(file, allow_pickle=False) as saved:
        return Texts(vectors=saved["vectors"], intents=saved["intents"], cost=float(saved["cost"]))


class Traffic:
    """Hours of requests of one data set, of which so many rows are read; one intent is new."""

    def __init__(self, texts: Texts, rows: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._texts, self._rows = texts, rows
        new = np.random.default_rng(1000 + seed).choice(np.unique(texts.intents))
        self._new = np.flatnonzero(texts.intents == new)
        self._known = np.flatnonzero(texts.intents != new)

    def windows(self, first: int, count: int, share: float = 0.0) -> Iterator[WindowSample]:
        """Consecutive hours."""
        for number in range(first, first + count):
            drawn = self._rng.choice(self._known, self._rows)
            is_new = self._rng.random(self._rows) < share
            drawn[is_new] = self._rng.choice(self._new, int(is_new.sum()))
            window = Window(start=MONDAY + number * HOUR, end=MONDAY + (number + 1) * HOUR)
            keys = tuple(f"t{number}/{i}" for i in range(self._rows))
            rows = self._texts.vectors[drawn]
            yield WindowSample(window=window, n=REQUESTS, rows=rows, keys=keys)


def delays(texts: Texts, rows: int, seeds: range) -> dict[float, list[int | None]]:
    """Hours to the first breach, by share and seed; None where there was none in time."""
    found: dict[float, list[int | None]] = {share: [] for share in SHARES}
    for seed in seeds:
        traffic = Traffic(texts, rows, seed)
        history = tuple(traffic.windows(0, WEEK))
        reference = Reference(kind="drift", name="a week", windows=history)
        fitted = CHECKS.get("embedding_distance").fit(reference, settings=CheckSettings(), seed=seed)
        for share in SHARES:
            if isinstance(fitted, NotReady):
                found[share].append(None)
            else:
                series = [*history[-23:], *traffic.windows(WEEK, WATCHED, share)]
                found[share].append(first_breach(fitted, series))
    return found


def first_breach(fitted: Fitted, series: list[WindowSample]) -> int | None:
    """Of the windows after the first 23, looking at each hour of a day and every third one then."""
    for hour in [*range(1, 25), *range(27, WATCHED + 1, 3)]:
        if fitted.evaluate(series[hour - 1 : hour + 23], alpha=ALPHA).status == "breach":
            return int(hour)
    return None


def budgets(cost: dict[str, float]) -> dict[str, dict[str, int]]:
    """Rows of an hour that each encoder reads, by what is spent."""

    def rows(seconds: float) -> dict[str, int]:
        return {e: min(REQUESTS, round(seconds / cost[e])) for e in ENCODERS}

    return {
        "CPU of 64 static texts": rows(64 * cost["static"]),
        "CPU of 16 transformer texts": rows(16 * cost["transformer"]),
        "CPU of 64 transformer texts": rows(64 * cost["transformer"]),
        "64 texts each": dict.fromkeys(ENCODERS, 64),
    }


def measured(data: Path, kept: Path, most: int, seeds: range) -> Iterator[Figure]:
    """All figures."""
    for name in SETS:
        texts = {e: encoded(data, kept, name, e, most) for e in ENCODERS}
        for encoder in ENCODERS:
            yield figure(f"{name}, {encoder}: texts a CPU second", round(1.0 / texts[encoder].cost), "texts")
        known: dict[tuple[str, int], dict[float, list[int | None]]] = {}
        for spent, rows in budgets({e: texts[e].cost for e in ENCODERS}).items():
            for encoder in ENCODERS:
                count = rows[encoder]
                head = f"{name}, {spent}, {encoder} ({count} an hour)"
                if count < LEAST:
                    yield figure(f"{head}: too few rows", None, "hours")
                    continue
                if (encoder, count) not in known:
                    known[encoder, count] = delays(texts[encoder], count, seeds)
                for share, hours in known[encoder, count].items():
                    told = sorted(WATCHED * 10 if h is None else h for h in hours)
                    median = told[len(told) // 2]
                    value = None if median > WATCHED else median
                    part = f"found {sum(h is not None for h in hours)} of {len(hours)}"
                    yield figure(f"{head}, {share:.0%} new: {part}, median", value, "hours")


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="600 texts and one seed")
    parser.add_argument("--json", action="store_true")
    data = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=data, help="has banking77 and clinc150")
    parser.add_argument("--kept", type=Path, help="where vectors are kept; a temporary folder")
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    seeds = range(1 if given.quick else given.seeds)
    with tempfile.TemporaryDirectory() as temporary:
        kept = given.kept or Path(temporary)
        kept.mkdir(parents=True, exist_ok=True)
        tell_each(measured(given.data, kept, 600 if given.quick else 5000, seeds), as_json=given.json)


if __name__ == "__main__":
    main()
