"""What a monitor says that it can see, against changes that are put in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count as numbers
from typing import Any

import numpy as np
import pytest
from check_traffic import ALPHA, MONDAY, drift, fitted, hours, samples
from numpy.typing import NDArray

from monitors.checks import CHECKS
from monitors.checks.base import Fitted, WindowSample
from monitors.detectable import FOUND, Look, said, smallest

Floats = NDArray[np.float64]
TRIALS, TODAY = 40, hours(24, start=MONDAY.replace(day=10))
DIMENSION = 48
_NUMBER = numbers()


def texts(rng: np.random.Generator, centres: Floats, share: float, count: int = 30) -> NDArray[np.float32]:
    """Rows of eight topics, and a share of the ninth."""
    topic = np.where(rng.random(count) < share, 8, rng.integers(0, 8, size=count))
    rows = centres[topic] + 0.6 * rng.standard_normal((count, DIMENSION)) / np.sqrt(DIMENSION)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def centres_of(rng: np.random.Generator, common: Floats) -> Floats:
    own = rng.standard_normal((9, DIMENSION))
    return common + 0.7 * own / np.linalg.norm(own, axis=1, keepdims=True)


def anew(rows: list[Any]) -> list[WindowSample]:
    """A day of windows with keys of its own: what was worked out for one is remembered."""
    return [
        replace(sample, keys=(f"{next(_NUMBER)}/s", *sample.keys[1:]))
        for sample in samples(TODAY, lambda _: rows.pop())
    ]


def day_of(model: Fitted, quiet: list[WindowSample]) -> float:
    """The size that is said to be found within a day."""
    work = model.evaluate(quiet, alpha=ALPHA).detectable
    assert work is not None
    told = work()
    assert told["said"].startswith("with ")
    return float(told["within"]["day"])


def rate(model: Fitted, day: Callable[[], list[Any]]) -> float:
    """How many of the changed days are found at their end."""
    found = [model.evaluate(anew(day()), alpha=ALPHA).status == "breach" for _ in range(TRIALS)]
    return sum(found) / TRIALS


@pytest.mark.parametrize("name", ["embedding_distance", "mmd", "new_topic"])
def test_a_new_topic_is_found_at_the_share_that_is_said(name: str) -> None:
    rng = np.random.default_rng(3)
    common = 0.4 * rng.standard_normal(DIMENSION) / np.sqrt(DIMENSION)
    centres = centres_of(rng, common)
    model = fitted(CHECKS.get(name), drift(samples(hours(168), lambda _: texts(rng, centres, 0.0))))

    def day(share: float) -> list[Any]:
        turned = np.concatenate([centres[:8], centres_of(rng, common)[8:]])
        return [texts(rng, turned, share) for _ in TODAY]

    share = day_of(model, anew(day(0.0)))
    assert 0.03 < share < 0.2
    assert rate(model, lambda: day(share / 1.2)) < FOUND < rate(model, lambda: day(share * 1.2))


def test_longer_texts_are_found_at_the_length_that_is_said() -> None:
    rng = np.random.default_rng(4)

    def day(more: float, count: int = 24) -> list[Any]:
        return [np.round(rng.lognormal(4.5, 0.5, size=40) * (1.0 + more)) for _ in range(count)]

    history = day(0.0, 168)
    model = fitted(CHECKS.get("token_length"), drift(samples(hours(168), lambda _: history.pop())))
    more = day_of(model, anew(day(0.0)))
    assert rate(model, lambda: day(more / 1.2)) < FOUND < rate(model, lambda: day(more * 1.2))


def test_more_errors_are_found_at_the_rate_that_is_said() -> None:
    rng = np.random.default_rng(5)

    def day(more: float, count: int = 24) -> list[Any]:
        return [(rng.random(40) < 0.02 + more).astype(float) for _ in range(count)]

    history = day(0.0, 168)
    model = fitted(CHECKS.get("error_rate"), drift(samples(hours(168), lambda _: history.pop())))
    more = day_of(model, anew(day(0.0)))
    assert rate(model, lambda: day(more / 1.2)) < FOUND < rate(model, lambda: day(more * 1.2))


def test_a_change_is_hardly_found_later_than_in_the_first_days() -> None:
    """One look a day finds half of the changes: three days find seven eighths, but from the second day on the
    change is being learnt.
    """
    half = Look(hours=24.0, chance=lambda sizes: np.where(sizes >= 0.1, 0.5, 0.0))
    assert smallest([half], most=1.0)["day"] is None
    week = smallest([half], most=1.0)["week"]
    assert week is not None
    assert 0.1 < week < 0.13


def test_the_sentence_says_when_nothing_is_seen() -> None:
    nothing = {"hour": None, "day": None, "week": None}
    assert said(nothing, 3.0, rows="texts", change="{}", size="{}").endswith(
        "no change is surely seen within a week"
    )
