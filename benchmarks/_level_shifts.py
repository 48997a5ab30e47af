"""Clients of servegen as streams of lengths: which changed their level, and what the monitor says of them."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from _figures import Figure, figure
from _streams import DATA, MONDAY, allowed, lines
from numpy.typing import NDArray

from monitors.checks import CHECKS
from monitors.checks.base import CheckSettings, NotReady, Outcome, Reference, WindowSample
from monitors.result import Window

LENGTH, WEEK, GAP, LASTS = timedelta(hours=6), 28, 4, 8  # windows
ALPHA = allowed(LENGTH)
ROWS = 60
FACTOR = 1.5
FILES = ("m-small", "m-mid")


def clients(field: str) -> dict[str, list[dict[str, Any]]]:
    """Windows of every client that has nearly all of its fourteen days, in order."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for file in FILES:
        for row in lines(f"servegen/{file}_token_hist_6h.jsonl.gz"):
            if row[f"{field}_hist"]:
                found[f"{file} {row['client']}"].append(row)
    whole = {name: sorted(rows, key=lambda r: r["window_start_s"]) for name, rows in found.items()}
    return {name: rows for name, rows in whole.items() if len(rows) >= 50}


def level_shift(medians: NDArray[np.float64]) -> int | None:
    """The first window from which on the medians of two days are all more than half above, or as much below,
    what nine in ten windows of the week before the day before had; None if there is none.
    """
    for k in range(WEEK + GAP, len(medians) - LASTS + 1):
        before, after = medians[k - GAP - WEEK : k - GAP], medians[k : k + LASTS]
        low, high = np.quantile(before, [0.1, 0.9])
        if after.min() > FACTOR * high or after.max() < low / FACTOR:
            return k
    return None


def series(rows: list[dict[str, Any]], field: str, seed: int) -> list[WindowSample]:
    """Rows drawn from each window's histogram, whose bins are numbers of edges: evenly from within a bin."""
    rng = np.random.default_rng(seed)
    edges = np.array(json.loads((DATA / "servegen/edges.json").read_text("utf-8")), dtype=np.float64)
    edges = np.append(edges, edges[-1] + 1.0)
    made = []
    for row in rows:
        bins = np.array([int(b) for b in row[f"{field}_hist"]])
        shares = np.array(list(row[f"{field}_hist"].values()), dtype=np.float64)
        drawn = rng.choice(bins, ROWS, p=shares / shares.sum())
        tokens = np.floor(edges[drawn] + (edges[drawn + 1] - edges[drawn]) * rng.random(ROWS))
        made.append(sample(MONDAY + timedelta(seconds=row["window_start_s"]), tokens))
    return made


def sample(at: datetime, lengths: NDArray[np.float64]) -> WindowSample:
    """The window from `at` on, with these lengths."""
    return WindowSample(
        window=Window(start=at, end=at + LENGTH),
        n=len(lengths),
        rows=lengths[:, None],
        keys=tuple(f"{at:%d%H}-{i}/s" for i in range(len(lengths))),
    )


def judged(windows: list[WindowSample]) -> dict[int, Outcome]:
    """What is said of each window, the reference moving on with them and leaving breaches out."""
    found: dict[int, Outcome] = {}
    for now in range(WEEK + GAP, len(windows)):
        before = range(max(0, now - GAP - WEEK), now - GAP)
        quiet = tuple(windows[i] for i in before if i not in found or found[i].status != "breach")
        reference = Reference(kind="drift", name="before", windows=quiet)
        made = CHECKS.get("token_length").fit(reference, settings=CheckSettings(), seed=0)
        if isinstance(made, NotReady):
            continue
        found[now] = made.evaluate(windows[max(0, now - 23) : now + 1], alpha=ALPHA)
    return found


def breaches(windows: list[WindowSample]) -> list[int]:
    """Windows in breach."""
    return [now for now, outcome in judged(windows).items() if outcome.status == "breach"]


def figures(most: int) -> list[Figure]:
    """How many level shifts are found within two days, of at most so many clients of each field."""
    found = []
    for field in ("input", "output"):
        shifted, caught, delays = 0, 0, []
        for seed, (_, rows) in enumerate(sorted(clients(field).items())):
            at = level_shift(np.array([row[f"{field}_p50"] for row in rows]))
            if at is None or shifted >= most:
                continue
            shifted += 1
            later = [b - at + 1 for b in breaches(series(rows, field, seed)) if at <= b < at + LASTS]
            caught += bool(later)
            delays += later[:1]
        name = f"servegen, {field} lengths: level shifts found within two days"
        words = (
            f"of {shifted}; delay {ROWS * float(np.median(delays)):.0f} requests"
            if delays
            else f"of {shifted}"
        )
        found.append(figure(name, caught, words, bar=shifted, holds=caught == shifted))
    return found
