"""Topics of both sides, and the one that only one side has."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from monitors.explain_topics import Grouped, changed, group

OLD, DIMENSION = 36, 256  # more topics than are ever told apart
NAMES = ["invoice total", *(f"{a}{b}{a} {b}{a}{b}" for a in "abcdef" for b in "uvwxyz")][:36]
NAMES.append("garden hose")
NEW = len(NAMES) - 1
Rows = NDArray[np.float32]


def centres() -> NDArray[np.float64]:
    """Topics that share a direction, as sentences do; the last one leans on the first."""
    rng = np.random.default_rng(0)
    own = rng.standard_normal((len(NAMES), DIMENSION))
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    own[NEW] = (own[NEW] + 0.5 * own[0]) / np.linalg.norm(own[NEW] + 0.5 * own[0])
    common = rng.standard_normal(DIMENSION)
    found: NDArray[np.float64] = 0.35 * common / np.linalg.norm(common) + 0.6 * own
    return found


def side(rng: np.random.Generator, each: int, new: int) -> tuple[Rows, dict[int, str], NDArray[np.int64]]:
    """Rows around each topic's centre, their texts, and which topic each is of."""
    topics = rng.permutation(np.append(np.repeat(np.arange(OLD), each), np.full(new, NEW)))
    rows = centres()[topics] + rng.normal(size=(len(topics), DIMENSION)) * (0.5 / np.sqrt(DIMENSION))
    unit = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit, {i: f"{NAMES[t]} {i}x" for i, t in enumerate(topics)}, topics


def grouped(
    now: tuple[int, int], before: tuple[int, int], seed: int
) -> tuple[Grouped, list[NDArray[np.int64]]]:
    rng = np.random.default_rng(seed)
    rows, texts, topics = side(rng, *now)
    earlier, earlier_texts, earlier_topics = side(rng, *before)
    return group(rows, earlier, texts, earlier_texts), [topics, earlier_topics]


def windows(topics: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.arange(len(topics)) // 60


@pytest.mark.parametrize("seed", range(3))
def test_a_small_new_topic_stands_apart_under_its_own_name(seed: int) -> None:
    found, (topics, earlier) = grouped((12, 36), (30, 0), seed)
    told = changed(found, windows(topics), windows(earlier))[0]
    assert set(told["name"].split(", ")[:2]) == {"garden", "hose"}
    assert told["before"] < 0.01
    assert told["now"] == pytest.approx(36 / len(topics), abs=0.03)
    held = found.now == found.names.index(told["name"])
    assert (topics[held] == NEW).mean() > 0.9


def test_a_topic_that_vanished_stands_apart_too() -> None:
    found, sides = grouped((12, 0), (30, 100), 1)
    told = changed(found, *map(windows, sides))[0]
    assert set(told["name"].split(", ")[:2]) == {"garden", "hose"}
    assert told["now"] < 0.01
    assert told["before"] > 0.05


def test_two_draws_of_the_same_topics_have_none_of_their_own() -> None:
    """One in a thousand is believed of each side: of 20 chances, two are beyond 99.9 %."""
    own = 0
    for seed in range(10):
        found, _ = grouped((12, 0), (12, 0), seed)
        shares = [((found.now == k).mean(), (found.before == k).mean()) for k in range(found.topics)]
        own += sum(max(a, b) > 3 * min(a, b) for a, b in shares if max(a, b) > 0)
    assert own <= 1
