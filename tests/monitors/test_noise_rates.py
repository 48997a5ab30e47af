"""How far rates wander is learnt from many, and decides what a rate without a history may do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from monitors.noise_rates import fit_rate, learn_wander, steady_tail
from monitors.result import Window

START = datetime(2026, 3, 2, tzinfo=UTC)
LENGTH = timedelta(hours=3)
WINDOWS = [Window(start=START + i * LENGTH, end=START + (i + 1) * LENGTH) for i in range(56)]
ROWS = np.full(56, 100.0)


def events(sd: float, *, by_day: bool) -> NDArray[np.float64]:
    """(24, 56) counts of rates of 4 %, whose logarithm wanders by the day or by the window."""
    rng = np.random.default_rng(3)
    drawn = np.exp(rng.normal(0, sd, (24, 56)))
    rates = 0.04 * (np.repeat(drawn[:, :7], 8, axis=1) if by_day else drawn)
    return rng.binomial(100, np.minimum(rates, 1.0)).astype(np.float64)


def test_wander_is_learnt_by_windows_and_by_days() -> None:
    amounts = np.array([0.02, 0.1, 0.2, 0.35, 0.6, 1.0, 1.7])
    steady, daily, hourly = (
        np.log(learn_wander(WINDOWS, events(sd, by_day=by_day), ROWS) @ amounts)
        for sd, by_day in ((0.0, True), (0.6, True), (0.6, False))
    )
    assert (np.exp(steady) < 0.3).all()
    assert (np.exp(daily) > 0.4).all(), "a wander of the day shows in its windows, too"
    assert np.exp(hourly[0]) > 0.4
    assert np.exp(hourly[1]) < 0.4, "wander of eight windows averages out over their day"


def test_what_others_did_decides_the_tail_of_a_rate_that_never_was() -> None:
    nothing = np.zeros(56)
    calm, wild = (learn_wander(WINDOWS, events(sd, by_day=True), ROWS) for sd in (0.0, 0.9))
    tails = [fit_rate(WINDOWS, nothing, ROWS, wander=w).tail(12, 400) for w in (calm, None, wild)]
    assert tails[0] < tails[1] / 3
    assert tails[0] < tails[2] / 3


def test_a_steady_rate_has_a_binomial_tail_that_any_wander_makes_longer() -> None:
    told = steady_tail(7, 200, 55, 5600)
    np.testing.assert_allclose(told, binom.sf(6, 200, 55.5 / 5601), rtol=1e-9)
    counts = events(0.0, by_day=True)[0] / 4.0
    assert fit_rate(WINDOWS, counts, ROWS).tail(7, 200) > steady_tail(7, 200, int(counts.sum()), 5600)
