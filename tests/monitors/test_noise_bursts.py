"""What bursts of requests and repeated texts do to a mean is no new content; what goes beyond that is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from check_traffic import drift, fitted, hours, sample, texts, topics, watch
from numpy.typing import NDArray

from monitors.checks import CHECKS
from monitors.checks.base import WindowSample
from monitors.noise_repeats import excess_repeats, same_pairs, usual_sameness
from monitors.noise_season import design
from monitors.noise_volume import learn_volume

HISTORY, JUDGED = 168, 4
RATE = 40


def quiet(seed: int, count: int, *, new: float = 0.0) -> list[WindowSample]:
    """Hourly windows of texts about ten topics; in those after a week a share is about one that was rare."""
    rng = np.random.default_rng(seed)
    centres, usual = topics(seed, 11), np.r_[rng.dirichlet(np.full(10, 3.0)) * 0.99, 0.01]

    def rows(number: int) -> NDArray[np.float32]:
        chosen = rng.choice(11, size=RATE, p=usual)
        if number >= HISTORY:
            chosen = np.where(rng.random(RATE) < new, 10, chosen)
        return texts(rng, centres, chosen)

    return [sample(window, rows(i)) for i, window in enumerate(hours(count))]


def test_a_burst_may_lean_to_one_topic_and_not_more() -> None:
    found = {}
    for share in (0.25, 0.7):
        series = quiet(3, HISTORY + JUDGED, new=share)
        model = fitted(CHECKS.get("embedding_distance"), drift(series[:HISTORY]))
        for times in (1, 5):
            busy = [replace(s, n=times * s.n) if i >= HISTORY else s for i, s in enumerate(series)]
            found[share, times] = any(a.status == "breach" for a in watch(model, busy, HISTORY))
    assert found == {(0.25, 1): True, (0.25, 5): False, (0.7, 1): True, (0.7, 5): True}


def test_the_usual_rise_of_the_day_is_no_burst() -> None:
    windows = hours(HISTORY + 24)
    requests = np.array([100.0 * (1.0 + 0.6 * np.sin(w.start.hour / 24 * 2 * np.pi)) for w in windows])
    volume = learn_volume(windows[:HISTORY], requests[:HISTORY])
    season = design(windows)
    excess = [volume.excess(season[i : i + 1], requests[i : i + 1]) for i in range(HISTORY, HISTORY + 24)]
    assert max(excess) < 0.05
    assert volume.excess(season[-1:], 2.0 * requests[-1:]) == pytest.approx(0.5, abs=0.05)


def test_texts_that_all_come_twice_are_half_as_many() -> None:
    """Their mean has twice the variance, which was all but impossible for as many texts of their own."""
    series = quiet(5, HISTORY + 30)
    model = fitted(CHECKS.get("embedding_distance"), drift(series[:HISTORY]))
    twice = [replace(s, rows=np.repeat(s.rows[: RATE // 2], 2, axis=0)) for s in series[HISTORY:]]
    chances = [model.evaluate([window], alpha=1e-6).p_value or 0.0 for window in twice]
    assert min(chances) > 1e-4


def test_repeats_are_counted_beyond_the_usual_ones() -> None:
    rows = np.arange(20.0, dtype=np.float32).reshape(10, 2)
    doubled = np.concatenate([rows, rows[:5]])  # five pairs, each counted from both sides
    assert same_pairs([rows, doubled, rows[:1]]).tolist() == [0.0, 10.0, 0.0]
    assert usual_sameness([rows, doubled]) == pytest.approx(10 / (10 * 9 + 15 * 14))
    counts, pairs = np.array([10.0, 15.0]), np.array([0.0, 10.0])
    assert excess_repeats(counts, pairs, 0.0) == pytest.approx(1 + 10 / 25)
    # A canned answer in a tenth of all rows is as usual in a block of any size.
    assert excess_repeats(np.array([100.0]), np.array([10.0 * 9.0]), 1 / 100) == 1.0
    # Nothing but one text is news, however often it came.
    assert excess_repeats(np.array([50.0]), np.array([50.0 * 49.0]), 0.0) == 3.0
