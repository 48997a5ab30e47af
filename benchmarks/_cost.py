"""What a day of 100,000 answers costs, with and without the cascade, for an interval of the same width.

The width to reach is that of LABELS people's labels by themselves. Beside these: a judge that grades every
answer and as many labels as are still needed, and the cascade, in which the local scorer scores every answer,
the judge grades some and people label some, both drawn as `chainwatch` draws. Of the numbers of judged
answers tried, the cheapest counts. Estimates are the shipped ones. Prices are stated, not measured: a label
is half a minute at 60 dollars an hour, and a call of the judge is TOKENS.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _coverage import WORLDS, Floats, World, drawn
from _rows import Row, table

from monitors.judges.train_local import TrainingSet, held_out
from monitors.statistics.ppi import Control, Drawn, estimate_mean
from monitors.statistics.refusals import is_refusal

DAY = 100_000
LABELS = 300
LEAST_LABELS = 20
LABEL_USD = 0.50
TOKENS = (1_100, 160)  # read and written
# Dollars for a million tokens read and written: a small model, a large one.
PRICES = {"a small judge": (0.15, 0.60), "a large judge": (2.50, 10.00)}
JUDGED = (500, 1_000, 2_000, 5_000, 10_000)
_CHOICES = ", ".join(f"{n:,}" for n in (0, *JUDGED))
_PRICES = " and ".join(f"{a:.2f} and {b:.2f} USD a million for {name}" for name, (a, b) in PRICES.items())


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One way to reach the width: how many answers a judge grades and how many people label."""

    judged: int
    labels: int

    def usd(self, judge: str | None) -> float:
        """Dollars a day; `judge` None: there is none."""
        prices = (0.0, 0.0) if judge is None else PRICES[judge]
        calls = self.judged * sum(n * price for n, price in zip(TOKENS, prices, strict=True)) / 1e6
        return calls + self.labels * LABEL_USD


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The plans of one kind of answers. everything: None where there is no judge."""

    alone: Plan
    everything: Plan | None
    cascades: tuple[Plan, ...]

    def cascade(self, judge: str | None) -> Plan:
        """The cheapest with this judge."""
        return min(self.cascades, key=lambda plan: plan.usd(judge))


def cost(world: World, trials: int, *, has_judge: bool = True) -> Cost:
    """Search the plans; each trial is one day, the same day for every plan."""
    days = [(seed, *world(np.random.default_rng([11, seed]), DAY)) for seed in range(trials)]

    def width(labels: int, judged: int | None, *, cascade: bool) -> float:
        return float(np.mean([_width(day, labels, judged, cascade=cascade) for day in days]))

    target = width(LABELS, None, cascade=False)
    everything = None
    if has_judge:
        needed = _least(lambda n: width(n, DAY, cascade=False) <= target)
        everything = Plan(judged=DAY, labels=needed)
    cascades = [Plan(judged=0, labels=_least(lambda n: width(n, None, cascade=True) <= target))]
    for judged in JUDGED if has_judge else ():
        needed = _least(lambda n, j=judged: width(n, j, cascade=True) <= target)  # type: ignore[misc]
        cascades.append(Plan(judged=judged, labels=needed))
    return Cost(alone=Plan(judged=0, labels=LABELS), everything=everything, cascades=tuple(cascades))


def _width(
    day: tuple[int, Floats, Floats, Floats], labels: int, judged: int | None, *, cascade: bool
) -> float:
    seed, people, judge, local = day
    luck = np.random.default_rng([12, seed]).random(DAY)
    everybody = Drawn(np.ones(DAY, dtype=bool))
    weight = 0.3 + 0.7 * 2 * np.sqrt(local / 3 * (1 - local / 3)) if cascade else np.ones(DAY)
    mine = drawn(weight, luck, labels)
    controls = [Control(local, everybody, mine)] if cascade else []
    if judged == DAY:
        controls.append(Control(judge, everybody, mine))
    elif judged is not None:
        some = drawn(weight, luck, judged)
        controls = [Control(judge, some, mine), *controls, Control(local, everybody, some)]
    found = estimate_mean(people, mine, controls)
    return found.high - found.low


def _least(enough: Callable[[int], bool]) -> int:
    """The fewest labels that are enough; LABELS where no fewer are (twice as many are the most tried)."""
    low, high = LEAST_LABELS, 2 * LABELS
    if enough(low):
        return low
    while high - low > 4:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def labelled_worlds(folder: Path, grounded: TrainingSet) -> Iterator[tuple[str, World, bool]]:
    """Days drawn from sets that people labelled: name, world, and whether a language model judged it."""
    probability = held_out(grounded)
    judged = {
        (f"mtrag/{row['model']}", row["response"]): float(row["metrics"]["rb_llm"])
        for row in _rows(folder / "mtrag_human_eval/mtrag.jsonl.gz")
    }
    rated = [
        (e.target * 3, judged[e.source, e.answer] * 3, p * 3)
        for e, p in zip(grounded.examples, probability, strict=True)
        if (e.source, e.answer) in judged
    ]
    yield "MTRAG's faithfulness", _resampled(rated), True
    claims = [
        (e.target, 0.0, p * 3)
        for e, p in zip(grounded.examples, probability, strict=True)
        if e.source.startswith("attributionbench")
    ]
    yield "AttributionBench", _resampled(claims), False
    told = [
        (_refused(row["human"]), _refused(row["gpt4_judge"]), 3.0 * is_refusal(row["completion"] or ""))
        for row in _rows(folder / "xstest/xstest.jsonl.gz")
        if row["gpt4_judge"][:2] in ("1_", "2_", "3_") and row["completion"]
    ]
    yield "XSTest's refusals", _resampled(told), True


def made_up_worlds() -> Iterator[tuple[str, World, bool]]:
    """The days of `_coverage.py`."""
    for name, world in WORLDS.items():
        yield name, world, True


def _refused(label: str) -> float:
    return float(not label.startswith("1_"))


def _resampled(rows: Sequence[tuple[float, float, float]]) -> World:
    table = np.array(rows, dtype=np.float64)

    def world(rng: np.random.Generator, size: int) -> tuple[Floats, Floats, Floats]:
        people, judge, local = table[rng.integers(0, len(table), size)].T
        return people, judge, local

    return world


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


def cost_rows(folder: Path, grounded: TrainingSet, days: int) -> list[Row]:
    """Dollars a day by stated prices, for each kind of answers, judge and plan."""
    rows = []
    for name, world, has_judge in (*made_up_worlds(), *labelled_worlds(folder, grounded)):
        found = cost(world, days, has_judge=has_judge)
        for judge in PRICES if has_judge else (None,):
            best = found.cascade(judge)
            plans = {"labels alone": found.alone, "judge on all": found.everything, "cascade": best}
            for way, plan in plans.items():
                if plan is not None:
                    told = (
                        f"{name}, {judge or 'no judge'}, {way}: {plan.judged:,} judged, {plan.labels} labels"
                    )
                    rows.append(Row(name=told, value=plan.usd(judge), unit="USD a day"))
    return rows


def cost_page(rows: Sequence[Row], days: int) -> str:
    """The page in docs/benchmarks/."""
    return f"""# What a day of {DAY:,} answers costs

Written by `benchmarks/quality.py --cost --days {days}`. For the width of the 95 % interval that
{LABELS} labels of people give by themselves: those labels alone; a judge that grades every answer, and the
labels that are still needed; the cascade, in which the local scorer scores every answer, the judge grades
some and people label some, with the cheapest of {_CHOICES} judged
answers. Estimates are the shipped ones, and so is the way in which answers are drawn.

**Prices are stated, not measured**: {LABEL_USD:.2f} USD a label, half a minute at 60 dollars an hour;
{TOKENS[0]:,} tokens read and {TOKENS[1]} written a call, at {_PRICES}.
The local scorer costs about 3.4 ms of a processor an answer, which is not counted.

Labels are searched to 4; each plan sees the same {days} days (seeds 11 and 12), so that a difference of ten
labels is no difference. The first four kinds of answers are made up (`benchmarks/_coverage.py`); those of
MTRAG, AttributionBench and XSTest are drawn from the labelled rows with replacement. Their judges are those
recorded in the sets, their local scores are held out (XSTest: phrases of refusing).

{table(rows)}
"""
