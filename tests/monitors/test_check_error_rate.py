"""The error rate: exact in small numbers, calm where the rate wanders, and never a page for three events."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from check_traffic import ALPHA, MONDAY, drift, fitted, hours, sample, samples, watch
from numpy.typing import NDArray
from scipy import stats

from monitors.checks import CHECKS
from monitors.checks.base import CheckSettings, WindowSample
from monitors.noise_rates import RateModel, fit_rate
from monitors.result import Window

Floats = NDArray[np.float64]
CHECK = CHECKS.get("error_rate")
HISTORY, CHANGE, END = 168, 192, 228


def learn(events: Floats, rows: Floats) -> RateModel:
    return fit_rate(hours(len(events)), events, rows)


def failures(
    *, seed: int, usual: float, then: float, wander: float = 0.0, rate: int = 40
) -> list[WindowSample]:
    rng = np.random.default_rng(seed)
    of_day = rng.gamma(1 / wander**2, wander**2, size=12) if wander else np.ones(12)

    def draw(window: Window) -> Floats:
        number = round((window.start - MONDAY) / timedelta(hours=1))
        p = (then if number >= CHANGE else usual) * of_day[number // 24]
        return (rng.random(rate) < p).astype(np.float64)

    return samples(hours(END), draw)


def test_with_much_steady_history_the_tail_is_binomial() -> None:
    model = learn(np.full(2000, 2.0), np.full(2000, 100.0))
    for events, rows in ((5, 60), (12, 200), (40, 1000)):
        exact = stats.binom.sf(events - 1, rows, 0.02)
        assert np.log10(model.tail(events, rows)) == pytest.approx(np.log10(exact), abs=0.35)


def test_a_rate_that_wanders_by_day_has_a_longer_tail() -> None:
    rng = np.random.default_rng(0)
    steady = learn(rng.binomial(100, 0.02, size=240).astype(float), np.full(240, 100.0))
    rates = np.repeat(rng.gamma(4.0, 0.02 / 4.0, size=10), 24)
    restless = learn(rng.binomial(100, rates).astype(float), np.full(240, 100.0))
    assert restless.tail(80, 1000) > 50 * steady.tail(80, 1000)
    assert restless.sd > 2 * steady.sd


def test_no_event_in_history_is_a_small_rate_and_not_zero() -> None:
    model = learn(np.zeros(24), np.full(24, 10.0))
    assert 0.0 < model.rate < 0.02
    assert model.tail(3, 20) > ALPHA
    assert model.tail(20, 20) < ALPHA


def test_the_tail_falls_and_the_critical_number_is_its_inverse() -> None:
    model = learn(np.full(100, 1.0), np.full(100, 50.0))
    tails = [model.tail(k, 50) for k in range(51)]
    assert tails[0] == 1.0
    assert all(a > b for a, b in pairwise(tails))
    needed = model.critical(1e-4, 50)
    assert model.tail(needed, 50) <= 1e-4 < model.tail(needed - 1, 50)
    assert model.critical(1e-300, 3) == 4


@pytest.mark.parametrize(("usual", "then", "within"), [(0.01, 0.1, 12), (0.01, 0.3, 2), (0.05, 0.2, 8)])
def test_a_burst_of_errors_is_found(usual: float, then: float, within: int) -> None:
    for seed in range(3):
        series = failures(seed=seed, usual=usual, then=then)[: CHANGE + within]
        answers = watch(fitted(CHECK, drift(series[:HISTORY])), series, HISTORY)
        quiet = CHANGE - HISTORY
        assert all(a.status == "ok" for a in answers[:quiet])
        assert any(a.status == "breach" for a in answers[quiet:])


def test_three_failures_in_a_small_window_do_not_page() -> None:
    series = failures(seed=1, usual=0.01, then=0.01)
    model = fitted(CHECK, drift(series[:HISTORY]))
    rows = np.r_[np.ones(3), np.zeros(22)]
    last = sample(series[-1].window, rows)
    assert model.evaluate([*series[-24:-1], last], alpha=ALPHA).status == "ok"


def test_fewer_errors_are_no_breach() -> None:
    series = failures(seed=2, usual=0.3, then=0.0)
    answers = watch(fitted(CHECK, drift(series[:HISTORY])), series, HISTORY)
    assert all(a.status == "ok" for a in answers)


def test_the_margin_is_in_points_of_the_rate() -> None:
    series = failures(seed=3, usual=0.01, then=0.018, rate=1500)
    plain = watch(fitted(CHECK, drift(series[:HISTORY])), series, CHANGE)
    assert all(a.status == "ok" for a in plain)
    strict = fitted(CHECK, drift(series[:HISTORY]), CheckSettings(margin=0.005))
    assert any(a.status == "breach" for a in watch(strict, series, CHANGE))


def test_a_breach_names_the_numbers_and_ends_with_the_burst() -> None:
    burst = failures(seed=4, usual=0.01, then=0.4)[: CHANGE + 5]
    after = failures(seed=5, usual=0.01, then=0.01)[CHANGE + 5 :]
    series = burst + after
    answers = watch(fitted(CHECK, drift(series[:HISTORY])), series, CHANGE)
    breach = answers[3]
    assert breach.status == "breach"
    assert breach.value is not None
    assert breach.threshold is not None
    assert breach.value >= breach.threshold
    assert "requests failed" in breach.reason
    change = breach.evidence["change_point"]
    assert change["low"] <= (MONDAY + timedelta(hours=CHANGE)).isoformat() <= change["high"]
    failed = {key for s in series for key, row in zip(s.keys, s.rows[:, 0], strict=True) if row > 0}
    assert all(f"{e['trace_id']}/{e['span_id']}" in failed for e in breach.evidence["examples"])
    assert all(a.status == "ok" for a in answers[8:])


@pytest.mark.slow
def test_wandering_days_keep_the_promise() -> None:
    """Forty streams whose rate moves by a third from day to day: two days and a half each, at 1 in 36,000 a
    window, so that 0.07 alarms are promised.

    No alarm in 40 refutes, at 95%, a check that alarms in more than 7.2% of such streams (1 - 0.05^(1/40)).
    """
    for seed in range(40):
        series = failures(seed=100 + seed, usual=0.02, then=0.02, wander=0.33)
        answers = watch(fitted(CHECK, drift(series[:HISTORY])), series, HISTORY)
        assert not any(a.status == "breach" for a in answers)
