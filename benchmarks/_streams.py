"""Real rows as streams: what came before a change, what comes after it, and hourly windows of both."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks import CHECKS
from monitors.checks.base import WindowSample
from monitors.config import MonitorsConfig
from monitors.plan import alpha_of, plan, wanted
from monitors.result import Window
from monitors.streams import NUMBER_FIELDS, TEXT_FIELDS, Stream

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DATA = Path("../shared/data")
COMPONENTS = 8
Rows = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Swap:
    """Rows before a change, and rows that come with it; `seed` chooses what is held out."""

    before: Sequence[Any]
    after: Sequence[Any]


@cache
def allowed(length: timedelta) -> float:
    """What one monitor of an installation with defaults and eight components may spend on a window."""
    config = MonitorsConfig()
    streams = [
        Stream("chain", f"component {i}", field)
        for i in range(COMPONENTS)
        for field in (*TEXT_FIELDS, *NUMBER_FIELDS)
    ]
    checks = wanted((check for _, check in CHECKS.all()), config)
    return alpha_of(config, len(plan(streams, checks=checks, config=config, topology=[], pools=[])), length)


def table(path: str) -> list[dict[str, str]]:
    """The rows of a packed CSV file."""
    with gzip.open(DATA / path, "rt", encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def lines(path: str) -> list[dict[str, Any]]:
    """The rows of a packed JSON-lines file."""
    with gzip.open(DATA / path, "rt", encoding="utf-8") as opened:
        return [json.loads(line) for line in opened]


def new_intent(path: str, seed: int) -> Swap:
    """One intent that nobody had before."""
    rows = [r for r in table(path) if r.get("oos", "0") in ("0", "False", "false", "")]
    intents = sorted({r["intent"] for r in rows})
    new = intents[np.random.default_rng([seed, 1]).integers(len(intents))]
    return Swap(
        before=[r["text"] for r in rows if r["intent"] != new],
        after=[r["text"] for r in rows if r["intent"] == new],
    )


def new_language(seed: int) -> Swap:
    """The same sentences in another language."""
    rows = table("sib200/sib200.csv.gz")
    others = sorted({r["lang"] for r in rows} - {"eng_Latn"})
    new = others[seed % len(others)]
    return Swap(
        before=[r["text"] for r in rows if r["lang"] == "eng_Latn"],
        after=[r["text"] for r in rows if r["lang"] == new],
    )


def new_topic(seed: int, language: str | None = None) -> Swap:
    """A topic that nobody had before, in one language or in all of them alike."""
    rows = [r for r in table("sib200/sib200.csv.gz") if language in (None, r["lang"])]
    topics = sorted({r["topic"] for r in rows})
    new = topics[seed % len(topics)]
    return Swap(
        before=[r["text"] for r in rows if r["topic"] != new],
        after=[r["text"] for r in rows if r["topic"] == new],
    )


def model_swap(dataset: str, old: str, new: str, column: str) -> Swap:
    """One model's answers and its successor's, to the same prompts."""
    found = defaultdict(list)
    for row in lines(f"llmdrift/{dataset}.jsonl.gz"):
        found[row["model"]].append(row[column])
    return Swap(before=found[old], after=found[new])


def windows(
    swap: Swap, *, share: float, quiet: int, changed: int, rows: int, seed: int
) -> list[WindowSample]:
    """`quiet` hours of rows before, then `changed` hours with a share of rows from after. No row comes twice
    before all have come.
    """
    rng = np.random.default_rng([seed, 2])
    old, new = _endless(len(swap.before), rng), _endless(len(swap.after), rng)
    made = []
    for number in range(quiet + changed):
        is_new = (rng.random(rows) < share) & (number >= quiet)
        found = [swap.after[next(new)] if one else swap.before[next(old)] for one in is_new]
        at = MONDAY + timedelta(hours=number)
        made.append(
            WindowSample(
                window=Window(start=at, end=at + timedelta(hours=1)),
                n=rows,
                rows=np.stack(found) if isinstance(found[0], np.ndarray) else np.array(found)[:, None],
                keys=tuple(f"t{number}-{i}/s" for i in range(rows)),
            )
        )
    return made


def _endless(count: int, rng: np.random.Generator) -> Any:
    while True:
        yield from rng.permutation(count)
