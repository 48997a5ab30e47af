"""False alarms and power of every check, on made-up hourly traffic.

    python benchmarks/checks.py [--quick] [--json] [--fits 28] [--first-seed 50000] [CHECK ...]

Traffic (see `_check_traffic.py`): 40 requests an hour, a week of reference, then days of their own that are
judged after 8, 16 and 24 hours. Rates are shares of judgements with p below .05, .01 and .001, p after the
check's own division among its lengths of time; a breach is one at the default margin and at the share of the
promise of one monitor among a hundred. Power: days with 5, 10 or 20 % of a new topic, judged at their end;
the share with p below .05, and of breaches. Judgements of one day and of one reference hang together, so the
error of a rate is larger than that of as many independent ones: `error` is its standard error over
references.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
from _check_traffic import MONDAY, World
from _figures import Figure, figure, tell_each

from monitors.checks import CHECKS
from monitors.checks.base import Check, CheckSettings, NotReady, Reference

ALPHA = 1.0 / (720 * 100)
DAYS = 7
EACH = 12  # days that one reference judges
JUDGED, AT_THE_END = (8, 16, 24), (24,)  # hours of a day
TRAFFIC = ("independent", "overdispersed")
LEVELS = (0.05, 0.01, 0.001)
SHARES = (0.05, 0.1, 0.2)
KIND_OF = {
    "error_rate": "error",
    "feedback": "error",
    "retries": "error",
    "abandoned": "error",
    "quality": "grade",
    "refusal_rate": "refusal",
    "language_mix": "language",
}
_LEVEL_BAR = 0.05


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How much is measured, and from which seed on."""

    fits: int
    power_fits: int
    first_seed: int
    traffic: Sequence[str]


@dataclass
class Tally:
    """What one check said on one kind of traffic; `p` by reference."""

    p: list[list[float]] = field(default_factory=list)
    breaches: int = 0
    fit_s: list[float] = field(default_factory=list)
    asked_s: list[float] = field(default_factory=list)

    @property
    def judged(self) -> int:
        return sum(map(len, self.p))

    def below(self, level: float) -> float:
        return float(np.mean(np.concatenate(self.p) < level))

    def error(self, level: float) -> float:
        rates = [np.mean(np.array(p) < level) for p in self.p]
        return float(np.std(rates, ddof=1) / np.sqrt(len(rates))) if len(rates) > 1 else float("nan")


def trial(
    check: Check, *, seeds: range, wander: bool, new: float = 0.0, judged: Sequence[int] = JUDGED
) -> Tally:
    """A reference a seed, and its days."""
    tally = Tally()
    for seed in seeds:
        world = World(seed, KIND_OF.get(check.name, check.data), wander=wander)
        reference = Reference(kind="drift", name="made up", windows=tuple(world.windows(MONDAY, DAYS)))
        began = time.process_time()
        fitted = check.fit(reference, settings=CheckSettings(), seed=seed)
        tally.fit_s.append(time.process_time() - began)
        if isinstance(fitted, NotReady):
            raise SystemExit(f"{check.name}: {fitted.reason}")
        found = []
        for day in range(EACH):
            recent = world.windows(MONDAY + timedelta(days=DAYS + day), 1, new=new)
            for hour in judged:
                began = time.process_time()
                outcome = fitted.evaluate(recent[:hour], alpha=ALPHA)
                tally.asked_s.append(time.process_time() - began)
                found.append(outcome.p_value if outcome.p_value is not None else 1.0)
                tally.breaches += outcome.status == "breach"
        tally.p.append(found)
        assert len(found) == EACH * len(judged)
    return tally


def measured(check: Check, asked: Asked) -> Iterator[Figure]:
    """All figures of one check."""
    for kind in asked.traffic:
        wander = kind == TRAFFIC[1]
        quiet = trial(check, seeds=range(asked.first_seed, asked.first_seed + asked.fits), wander=wander)
        head = f"{check.name}, {kind}"
        yield figure(f"{head}: judged", quiet.judged, "judgements")
        for level in LEVELS:
            rate, error = quiet.below(level), quiet.error(level)
            # What chance explains is no failure of the level.
            judged = level == _LEVEL_BAR and asked.fits > 2
            holds = rate <= _LEVEL_BAR + 2.0 * error if judged else None
            bar = _LEVEL_BAR if level == _LEVEL_BAR else None
            yield figure(f"{head}: p < {level}", _rounded(rate), "share", bar=bar, holds=holds)
            if level == _LEVEL_BAR:
                yield figure(f"{head}: error of p < {level}", _rounded(error), "share")
        yield figure(f"{head}: breaches", quiet.breaches, "judgements")
        yield figure(f"{head}: fit", _rounded(1e3 * float(np.mean(quiet.fit_s))), "ms")
        yield figure(f"{head}: window", _rounded(1e3 * float(np.median(quiet.asked_s))), "ms")
        for new in SHARES if asked.power_fits else ():
            seeds = range(asked.first_seed + 1000, asked.first_seed + 1000 + asked.power_fits)
            shifted = trial(check, seeds=seeds, wander=wander, new=new, judged=AT_THE_END)
            power, breaches = shifted.below(_LEVEL_BAR), shifted.breaches / shifted.judged
            yield figure(f"{head}, {new:.0%} new: p < 0.05", _rounded(power), "share")
            yield figure(f"{head}, {new:.0%} new: breach", _rounded(breaches), "share")


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def main() -> int:
    """0 if every check keeps its level."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checks", nargs="*", help="names of checks; all of them")
    parser.add_argument("--quick", action="store_true", help="two references instead of 28")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--fits", type=int, help="weeks of reference, each with 12 days to judge")
    parser.add_argument("--power-fits", type=int, help="the same, for each share of a new topic; 0: none")
    parser.add_argument("--first-seed", type=int, default=50_000)
    parser.add_argument("--traffic", nargs="*", choices=TRAFFIC, default=TRAFFIC)
    given = parser.parse_args()
    asked = Asked(
        fits=given.fits or (2 if given.quick else 28),
        power_fits=(1 if given.quick else 4) if given.power_fits is None else given.power_fits,
        first_seed=given.first_seed,
        traffic=given.traffic,
    )
    checks = [CHECKS.get(name) for name in given.checks or [name for name, _ in CHECKS.all()]]
    told = tell_each((one for check in checks for one in measured(check, asked)), as_json=given.json)
    return 0 if all(row["holds"] is not False for row in told) else 1


if __name__ == "__main__":
    sys.exit(main())
