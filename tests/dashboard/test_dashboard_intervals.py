"""Intervals of differences hold as often as they say, and leave out what differs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from dashboard.intervals import (
    NORMAL_95,
    NORMAL_99,
    Interval,
    of_means,
    of_pairs,
    of_quantiles,
    of_shares,
    quantile_levels,
)

Draw = Callable[[np.random.Generator, float, float], Interval | None]
_DRAWS = 600


def _pairs(rng: np.random.Generator, more: float, z: float) -> Interval | None:
    # A busy afternoon is twenty times the night, on both days.
    usual = 5.0 + 95.0 * np.exp(-(((np.arange(24) - 14) / 5.0) ** 2))
    days = [rng.poisson(usual * rng.gamma(40.0, 1 / 40.0, 24) * scale) for scale in (1.0, 1.0 + more)]
    return of_pairs(*(day.tolist() for day in days), z)


def _quantiles(rng: np.random.Generator, more: float, z: float) -> Interval | None:
    days = [rng.lognormal(0.0, 0.6, 800) * scale for scale in (1.0, 1.0 + more)]
    return of_quantiles(*(_with_levels(day, z) for day in days))


def _with_levels(values: NDArray[np.float64], z: float) -> list[float]:
    levels = quantile_levels(0.95, len(values), z)
    assert levels is not None
    return [float(v) for v in np.quantile(values, [0.95, *levels])]


def _shares(rng: np.random.Generator, more: float, z: float) -> Interval | None:
    failed = [rng.binomial(700, 0.02 * scale) for scale in (1.0, 1.0 + more)]
    return of_shares(failed[0] / 700, 700, failed[1] / 700, 700, z)


def _means(rng: np.random.Generator, more: float, z: float) -> Interval | None:
    a, b = (rng.gamma(2.0, 1.0, 200) * scale for scale in (1.0, 1.0 + more))
    return of_means(b.mean() - a.mean(), a.std(ddof=1), 200, b.std(ddof=1), 200, z)


@pytest.mark.parametrize("drawn", [_pairs, _quantiles, _shares, _means])
@pytest.mark.parametrize(("z", "promised"), [(NORMAL_95, 0.05), (NORMAL_99, 0.01)])
def test_equal_days_seldom_look_different(drawn: Draw, z: float, promised: float) -> None:
    rng = np.random.default_rng(11)
    found = [drawn(rng, 0.0, z) for _ in range(_DRAWS)]
    wrong = sum(1 for it in found if it is not None and (it[0] > 0 or it[1] < 0)) / _DRAWS
    assert None not in found
    # Three standard errors of so many draws.
    assert wrong <= promised + 3 * (promised * (1 - promised) / _DRAWS) ** 0.5


@pytest.mark.parametrize(("drawn", "more"), [(_pairs, 0.4), (_quantiles, 0.5), (_shares, 2.5), (_means, 0.5)])
def test_what_differs_much_is_seen(drawn: Draw, more: float) -> None:
    rng = np.random.default_rng(12)
    found = [drawn(rng, more, NORMAL_99) for _ in range(100)]
    assert sum(1 for it in found if it is not None and it[0] > 0) >= 90


def test_few_hours_and_few_slow_requests_say_nothing() -> None:
    assert of_pairs([1.0] * 19, [2.0] * 19) is None
    assert quantile_levels(0.95, 199) is None
    assert quantile_levels(0.95, 201) is not None
