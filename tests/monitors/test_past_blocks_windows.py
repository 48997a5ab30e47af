"""Past blocks are as many windows as the present, and are not compared with a part of themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from check_traffic import drift, hours, sample, samples
from numpy.typing import NDArray

from monitors.checks._past_blocks import LEAST_BLOCKS, PastBlocks
from monitors.checks.base import Reference
from monitors.checks.length_ks import CHECK
from monitors.result import Window

WEEK = 168


def blocks_of(reference: Reference, distance: Any = CHECK.distance) -> PastBlocks:
    rows = np.concatenate([w.rows[:, 0] for w in reference.windows])
    return PastBlocks(reference, rows, distance, seed=0)


def test_rows_of_two_hours_are_no_stand_in_for_as_many_of_one() -> None:
    """Every hour has a level of its own, so that rows of one hour are further from the rest."""
    rng = np.random.default_rng(2)
    blocks = blocks_of(drift(samples(hours(WEEK), lambda window: rng.normal(rng.normal(), 1.0, size=40))))
    one, two = blocks.usual(36, 1), blocks.usual(36, 2)
    assert one is not None
    assert two is not None
    assert one.level > 1.15 * two.level
    assert abs(one.rows - two.rows) <= 3


class SharedDays:
    """1 if rows and their comparator have a day in common, else a tenth; rows are numbers of days."""

    power = 1.0

    def prepare(self, rows: NDArray[Any]) -> NDArray[Any]:
        return rows

    def between(self, rows: NDArray[Any], prepared: NDArray[Any]) -> float:
        return 1.0 if np.isin(rows, prepared).any() else 0.1


@pytest.mark.parametrize("windows", [5, 24])
def test_a_block_over_midnight_is_compared_with_neither_day(windows: int) -> None:
    later = [
        Window(start=w.start + timedelta(hours=15), end=w.end + timedelta(hours=15)) for w in hours(WEEK)
    ]
    made = [sample(w, np.full(30, float(w.start.toordinal()))) for w in later]
    usual = blocks_of(drift(made), SharedDays()).usual(30 * windows, windows)
    assert usual is not None
    assert usual.blocks >= 6
    assert usual.level == pytest.approx(0.1)


def test_blocks_are_as_large_as_busy_hours_where_nights_are_quiet() -> None:
    rng = np.random.default_rng(3)

    def draw(window: Window) -> NDArray[Any]:
        return rng.lognormal(size=60 if 8 <= window.start.hour < 20 else 3)

    busy = blocks_of(drift(samples(hours(WEEK), draw))).usual(60, 1)
    assert busy is not None
    assert 50 <= busy.rows <= 60
    assert busy.blocks == WEEK // 2


def test_one_day_of_many_requests_does_not_make_the_others_useless() -> None:
    rng = np.random.default_rng(4)

    def draw(window: Window) -> NDArray[Any]:
        return rng.lognormal(size=300 if window.start.day == 4 else 30)

    usual = blocks_of(drift(samples(hours(WEEK), draw))).usual(24 * 300, 24)
    assert usual is not None
    assert usual.rows <= 24 * 30
    assert usual.blocks >= 6 > LEAST_BLOCKS
