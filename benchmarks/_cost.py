"""What a day of 100,000 answers costs, with and without the cascade, for an interval of the same width.

The width to reach is that of LABELS people's labels by themselves. Beside these: a judge that grades every
answer and as many labels as are still needed, and the cascade, in which the local scorer scores every answer,
the judge grades some and people label some, both drawn as `chainwatch` draws. Of the numbers of judged
answers tried, the cheapest counts. Estimates are the shipped ones. Prices are stated, not measured: a label
is half a minute at 60 dollars an hour, and a call of the judge is TOKENS. An interval of the same width is
worth as much only if it holds as often: that is tried on other days.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _coverage import WORLDS, Floats, World, doubt, drawn, least_coverage, truth
from _rows import Row, table

from monitors.judges.train_local import TrainingSet, held_out
from monitors.statistics.agreement import share
from monitors.statistics.ppi import Control, Drawn, MeanEstimate, estimate_mean
from monitors.statistics.refusals import is_refusal

DAY = 100_000
# Whether an interval holds takes many days; where a few hundred are labelled, the others add next to nothing.
SMALL_DAY = 20_000
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
    """One way to reach the width: how many answers a judge grades and how many people label.

    local: the local scorer scores every answer, and more are drawn where it is in doubt.
    """

    judged: int
    labels: int
    local: bool

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

    def width(plan: Plan) -> float:
        found = [_estimate(day, plan) for day in days]
        return float(np.mean([f.high - f.low for f in found]))

    alone = Plan(judged=0, labels=LABELS, local=False)
    target = width(alone)

    def reached(judged: int, *, local: bool) -> Plan:
        """The plan with the fewest labels that gives the width."""
        needed = _least(lambda n: width(Plan(judged=judged, labels=n, local=local)) <= target)
        return Plan(judged=judged, labels=needed, local=local)

    return Cost(
        alone=alone,
        everything=reached(DAY, local=False) if has_judge else None,
        cascades=tuple(reached(judged, local=True) for judged in (0, *(JUDGED if has_judge else ()))),
    )


def covered(world: World, plan: Plan, trials: int) -> int:
    """On how many of `trials` days that no plan was chosen by the interval holds the truth."""
    mean = truth(world, np.random.default_rng(13))
    days = ((seed, *world(np.random.default_rng([13, seed]), SMALL_DAY)) for seed in range(trials))
    found = (_estimate(day, plan) for day in days)
    return sum(f.low <= mean <= f.high for f in found)


def _estimate(day: tuple[int, Floats, Floats, Floats], plan: Plan) -> MeanEstimate:
    seed, people, judge, local = day
    luck = np.random.default_rng([12, seed]).random(len(people))
    everybody = Drawn(np.ones(len(people), dtype=bool))
    weight = doubt(local) if plan.local else np.ones(len(people))
    mine = drawn(weight, luck, plan.labels)
    controls = [Control(local, everybody, mine)] if plan.local else []
    if plan.judged == DAY:
        controls.append(Control(judge, everybody, mine))
    elif plan.judged:
        some = drawn(weight, luck, plan.judged)
        controls = [Control(judge, some, mine), *controls, Control(local, everybody, some)]
    return estimate_mean(people, mine, controls)


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


def cost_rows(folder: Path, grounded: TrainingSet, days: int, trials: int) -> list[Row]:
    """For each kind of answers: dollars a day by stated prices, and how often each plan's interval holds."""
    rows = []
    for name, world, has_judge in (*made_up_worlds(), *labelled_worlds(folder, grounded)):
        found = cost(world, days, has_judge=has_judge)
        ways: dict[str, Plan] = {}
        for judge in PRICES if has_judge else (None,):
            best = found.cascade(judge)
            plans = {"labels alone": found.alone, "judge on all": found.everything, "cascade": best}
            for way, plan in plans.items():
                if plan is not None:
                    told = f"{way}: {plan.judged:,} judged, {plan.labels} labels"
                    ways[told] = plan
                    paid = f"{name}, {judge or 'no judge'}, {told}"
                    rows.append(Row(name=paid, value=plan.usd(judge), unit="USD a day"))
        rows += [
            _covered_row(f"coverage, {name}, {told}", world, plan, trials) for told, plan in ways.items()
        ]
    return rows


def _covered_row(name: str, world: World, plan: Plan, trials: int) -> Row:
    held, least = covered(world, plan, trials), least_coverage(trials)
    interval = share(held, trials)
    return Row(
        name=name,
        value=held / trials,
        unit="share",
        low=interval.low,
        high=interval.high,
        bar=f">= {least:.3f}",
        holds=held / trials >= least,
    )


def cost_page(rows: Sequence[Row], days: int, trials: int) -> str:
    """The page in docs/benchmarks/."""
    return f"""# What a day of {DAY:,} answers costs

Written by `benchmarks/quality.py --only cost --days {days} --trials {trials}`. For the width of the 95 %
interval that {LABELS} labels of people give by themselves: those labels alone; a judge that grades every
answer, and the labels that are still needed; the cascade, in which the local scorer scores every answer, the
judge grades some and people label some, with the cheapest of {_CHOICES} judged
answers. Estimates are the shipped ones, and so is the way in which answers are drawn.

**Prices are stated, not measured**: {LABEL_USD:.2f} USD a label, half a minute at 60 dollars an hour;
{TOKENS[0]:,} tokens read and {TOKENS[1]} written a call, at {_PRICES}.
The local scorer costs about 3.4 ms of a processor an answer, which is not counted.

Labels are searched to 4; each plan sees the same {days} days (seeds 11 and 12), so that a difference of ten
labels is no difference. The first four kinds of answers are made up (`benchmarks/_coverage.py`); those of
MTRAG, AttributionBench and XSTest are drawn from the labelled rows with replacement. Their judges are those
recorded in the sets, their local scores are held out (XSTest: phrases of refusing).

An interval that is short must also hold. The lines of coverage say in what share of {trials:,} other days of
{SMALL_DAY:,} answers (seed 13) the interval of a plan held the truth, which is the mean of the kind; the
intervals of these shares are Wilson's.

{table(rows)}
"""
