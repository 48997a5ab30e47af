"""False alarms and power of the checks that are off unless asked for, on made-up hourly traffic.

    python benchmarks/optional_checks.py [--fits 28] [CHECK ...]

Traffic: 40 requests an hour, a week of reference, then days of their own that are judged three times.
`independent`: the shares of eight topics never change. `overdispersed`: they wander by the day and by the
hour (log-normal, sd .5 and .3) and a tenth of the requests repeat another one. A topic has its lengths, its
words, its names. A new topic takes 5, 10 or 20 % of the judged day. Rates are shares of judgements with p
below .05, .01 and .001, p after the check's own division among its lengths of time; a breach is one at the
default margin and at the share of the promise of one monitor among a hundred.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from monitors.checks import CHECKS
from monitors.checks.base import Check, CheckSettings, NotReady, Reference, WindowSample
from monitors.result import Window

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
ALPHA = 1.0 / (720 * 100)
ROWS, HOURS, DAYS = 40, 24, 7
JUDGED = (8, 16, 24)  # hours of a day after which it is judged
TOPICS, NEW = 8, 8
_WORDS = 400


class World:
    """One kind of traffic: everything of a request follows its topic."""

    def __init__(self, seed: int, data: str, *, wander: bool) -> None:
        self.rng = np.random.default_rng(seed)
        self.data, self.wander = data, wander
        rng = self.rng
        self.shares = rng.dirichlet(np.full(TOPICS, 3.0))
        self.level = rng.normal(4.0, 0.5, size=TOPICS + 1)
        self.level[NEW] = self.level[:TOPICS].mean() + 0.9
        common = 1.0 / np.arange(1, _WORDS + 1)
        # Every topic has sixty words of its own beside those of everybody; few of them are frequent.
        own = np.stack([rng.permutation(60) for _ in range(TOPICS + 1)])
        self.words = [
            [f"w{i}" for i in range(_WORDS)] + [f"t{t}x{own[t, i]}" for i in range(60)]
            for t in range(TOPICS + 1)
        ]
        weight = np.concatenate([common / common.sum() * 0.75, common[:60] / common[:60].sum() * 0.25])
        self.cumulative = np.cumsum(weight / weight.sum())
        self.names = np.cumsum(rng.dirichlet(np.full(5, 0.5), size=TOPICS), axis=1)

    def windows(self, start: datetime, days: int, *, new: float = 0.0) -> list[WindowSample]:
        """Consecutive hours."""
        made = []
        for hour in range(days * HOURS):
            if hour % HOURS == 0:
                of_day = self.rng.normal(0, 0.5, size=TOPICS) if self.wander else np.zeros(TOPICS)
            logits = np.log(self.shares) + of_day
            if self.wander:
                logits = logits + self.rng.normal(0, 0.3, size=TOPICS)
            shares = np.exp(logits) / np.exp(logits).sum()
            topics = self.rng.choice(TOPICS, size=ROWS, p=shares)
            topics[self.rng.random(ROWS) < new] = NEW
            rows = self._rows(topics)
            if self.wander:
                again = self.rng.random(ROWS) < 0.1
                rows[again] = rows[self.rng.integers(0, ROWS, size=int(again.sum()))]
            at = start + timedelta(hours=hour)
            made.append(
                WindowSample(
                    window=Window(start=at, end=at + timedelta(hours=1)),
                    n=ROWS,
                    rows=rows[:, None],
                    keys=tuple(f"{at:%d%H}-{i}/s" for i in range(ROWS)),
                )
            )
        return made

    def _rows(self, topics: NDArray[np.int64]) -> NDArray[np.generic]:
        if self.data == "number":
            return np.rint(self.rng.lognormal(self.level[topics], 0.4))
        made = np.empty(len(topics), dtype=object)
        if self.data == "category":
            drawn = self.rng.random(len(topics))
            for i, topic in enumerate(topics):
                made[i] = "new" if topic == NEW else f"v{np.searchsorted(self.names[topic], drawn[i])}"
            return made
        lengths = np.maximum(self.rng.lognormal(2.7, 0.5, size=len(topics)).astype(np.int64), 4)
        drawn = np.searchsorted(self.cumulative, self.rng.random(lengths.sum()))
        # Names, typing errors, part numbers: a word in fifty is one that nobody has used before.
        rare = np.where(self.rng.random(lengths.sum()) < 0.02, self.rng.integers(1, 10**6, lengths.sum()), 0)
        ends = np.cumsum(lengths)
        for i, topic in enumerate(topics):
            words, part = self.words[topic], slice(ends[i] - lengths[i], ends[i])
            pairs = zip(drawn[part].tolist(), rare[part].tolist(), strict=True)
            made[i] = " ".join(f"x{r}" if r else words[min(c, _WORDS + 59)] for c, r in pairs)
        return made


@dataclass
class Tally:
    """What one check said on one kind of traffic."""

    p: list[float] = field(default_factory=list)
    breaches: int = 0
    fit_s: list[float] = field(default_factory=list)
    asked_s: list[float] = field(default_factory=list)

    def row(self) -> list[str]:
        """Cells of the table."""
        p = np.array(self.p)
        return [
            f"{len(p)}",
            *(f"{(p < level).mean():.1%}" for level in (0.05, 0.01, 0.001)),
            f"{self.breaches / len(p):.1%}",
            f"{1000 * float(np.mean(self.fit_s)):.0f}",
            f"{1000 * float(np.median(self.asked_s)):.1f}",
        ]


def trials(
    checks: Sequence[Check], data: str, *, fits: int, wander: bool, new: float, each: int = 12
) -> dict[str, Tally]:
    """Rates of some checks on one kind of traffic: all of them see the same."""
    found = {check.name: Tally() for check in checks}
    for seed in range(fits):
        world = World(seed * 7 + 1, data, wander=wander)
        reference = Reference(kind="drift", name="made up", windows=tuple(world.windows(MONDAY, DAYS)))
        models = {}
        for check in checks:
            began = time.process_time()
            fitted = check.fit(reference, settings=CheckSettings(), seed=seed)
            found[check.name].fit_s.append(time.process_time() - began)
            if isinstance(fitted, NotReady):
                raise SystemExit(f"{check.name}: {fitted.reason}")
            models[check.name] = fitted
        for day in range(each):
            recent = world.windows(MONDAY + timedelta(days=DAYS + 1 + day), 1, new=new)
            for hour, (name, fitted) in itertools.product(JUDGED, models.items()):
                began = time.process_time()
                outcome = fitted.evaluate(recent[:hour], alpha=ALPHA)
                tally = found[name]
                tally.asked_s.append(time.process_time() - began)
                tally.p.append(outcome.p_value if outcome.p_value is not None else 1.0)
                tally.breaches += outcome.status == "breach"
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one table in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checks", nargs="*", help="names of checks; all that are off by default")
    parser.add_argument("--fits", type=int, default=28, help="weeks of reference, each with 12 days to judge")
    parser.add_argument("--power-fits", type=int, default=2, help="the same, for each share of a new topic")
    asked = parser.parse_args(arguments)
    every = [c for _, c in CHECKS.all() if not c.default_on and c.data in ("number", "text", "category")]
    chosen = [CHECKS.get(name) for name in asked.checks] or every
    out = sys.stdout.write
    out("| check | traffic | new | judged | p < .05 | < .01 | < .001 | breach | fit, ms | window, ms |\n")
    out("|---|---|---|---|---|---|---|---|---|---|\n")
    for data in sorted({c.data for c in chosen}):
        checks = [c for c in chosen if c.data == data]
        for wander, new in itertools.product((False, True), (0.0, 0.05, 0.1, 0.2)):
            fits = asked.fits if new == 0 else asked.power_fits
            for name, tally in trials(checks, data, fits=fits, wander=wander, new=new).items():
                kind = "overdispersed" if wander else "independent"
                out(f"| {' | '.join([name, kind, f'{new:.0%}', *tally.row()])} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
