"""How often the interval of a quality estimate holds the truth, and how much shorter the judge makes it.

Made-up answers with a judge that is wrong on purpose: too kind, blind to rare errors, or useless. Labels
and judged answers are drawn as `chainwatch` draws them: priority sampling, more where the local score is in
doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.ppi import Control, Drawn, estimate_mean

Floats = NDArray[np.float64]
World = Callable[[np.random.Generator, int], tuple[Floats, Floats, Floats]]
ANSWERS, JUDGED = 4000, 1200


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Shares of the trials in which each interval held the truth, and mean widths against labels alone.

    Attributes:
        always: the sequence held at all of four looks. judge_alone: the judge's own mean with its t interval.
    """

    once: float
    always: float
    labels_alone: float
    judge_alone: float
    width: float


def too_kind(rng: np.random.Generator, size: int) -> tuple[Floats, Floats, Floats]:
    """Grades 0 to 3; the judge gives one more in six cases of ten."""
    skill = rng.normal(size=size)
    people = np.clip(np.round(skill + 1.8 + rng.normal(size=size) * 0.5), 0, 3)
    return people, np.clip(people + (rng.random(size) < 0.6), 0, 3), _local(rng, skill)


def overlooks(rng: np.random.Generator, size: int) -> tuple[Floats, Floats, Floats]:
    """Right or wrong; the judge calls a third of the wrong answers right, and seldom the reverse."""
    skill = rng.normal(size=size)
    people = (skill + rng.normal(size=size) * 0.5 > -0.9).astype(np.float64)
    flip = rng.random(size) < np.where(people == 0, 0.35, 0.03)
    return people, np.where(flip, 1 - people, people), _local(rng, skill)


def rare_errors(rng: np.random.Generator, size: int) -> tuple[Floats, Floats, Floats]:
    """Four answers of a hundred are wrong, and the judge overlooks half of them."""
    skill = rng.normal(size=size)
    people = (skill > -1.75).astype(np.float64)
    judge = np.where((people == 0) & (rng.random(size) < 0.5), 1.0, people)
    return people, judge, _local(rng, skill)


def useless(rng: np.random.Generator, size: int) -> tuple[Floats, Floats, Floats]:
    """Judge and local scorer know nothing."""
    people = (rng.random(size) < 0.8).astype(np.float64)
    return people, (rng.random(size) < 0.6).astype(np.float64), 3 * rng.random(size)


WORLDS: Mapping[str, World] = {
    "a judge that is too kind": too_kind,
    "a judge that overlooks": overlooks,
    "a judge of rare errors": rare_errors,
    "a judge that knows nothing": useless,
}


def measure(world: World, labels: int, trials: int, seed: int) -> Coverage:
    """Repeat the whole day: answers, draws, estimate."""
    rng = np.random.default_rng([seed, labels])
    mean = truth(world, rng)
    everybody = Drawn(np.ones(ANSWERS, dtype=bool))
    held = {"once": 0, "always": 0, "labels": 0, "judge": 0}
    widths = {"all": 0.0, "labels": 0.0}
    for _ in range(trials):
        people, judge, local = world(rng, ANSWERS)
        weight = doubt(local)
        luck = rng.random(ANSWERS)
        judged = drawn(weight, luck, JUDGED)
        always = True
        for count in (labels // 4, labels // 2, 3 * labels // 4, labels):
            mine = drawn(weight, luck, count)
            controls = [Control(judge, judged, mine), Control(local, everybody, mine)]
            found = estimate_mean(people, mine, [*controls, Control(local, everybody, judged)])
            always = always and found.always_low <= mean <= found.always_high
        alone = estimate_mean(people, drawn(np.ones(ANSWERS), luck, labels))
        judges = estimate_mean(judge, judged)
        held["once"] += found.low <= mean <= found.high
        held["always"] += always
        held["labels"] += alone.low <= mean <= alone.high
        held["judge"] += judges.low <= mean <= judges.high
        widths["all"] += found.high - found.low
        widths["labels"] += alone.high - alone.low
    return Coverage(
        once=held["once"] / trials,
        always=held["always"] / trials,
        labels_alone=held["labels"] / trials,
        judge_alone=held["judge"] / trials,
        width=widths["all"] / widths["labels"],
    )


def truth(world: World, rng: np.random.Generator) -> float:
    """What people would say of very many answers, on average."""
    return float(np.mean([world(rng, 100_000)[0].mean() for _ in range(10)]))


def doubt(local: Floats) -> Floats:
    """The weight in the draw: more where the local score, of 0 to 3, is far from both ends."""
    return np.asarray(0.3 + 0.7 * 2 * np.sqrt(local / 3 * (1 - local / 3)), dtype=np.float64)


def least_coverage(trials: int) -> float:
    """The bar for a 95 % interval: 0.93, and less where few trials could miss that by chance."""
    return min(0.93, 0.95 - 2 * float(np.sqrt(0.95 * 0.05 / trials)))


def drawn(weight: Floats, luck: Floats, count: int) -> Drawn:
    """The `count` smallest of luck by weight, each with its chance."""
    place = luck / weight
    cut = float(np.partition(place, count)[count])
    return Drawn(place < cut, np.minimum(1.0, weight * cut))


def _local(rng: np.random.Generator, skill: Floats) -> Floats:
    return np.asarray(3 / (1 + np.exp(-skill - rng.normal(size=len(skill)))), dtype=np.float64)
