"""The learnt noise: it finds the amounts that were put in, and is honest where it has seen little."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from check_traffic import MONDAY, hours
from numpy.typing import NDArray
from scipy import stats

from monitors.noise import History, NoiseModel, Times, fit_noise
from monitors.noise_change import locate
from monitors.noise_level import within_moments
from monitors.noise_moments import row_moments
from monitors.noise_season import design
from monitors.noise_tails import mixture_cumulants, normal_tail, reskew, unskew

Floats = NDArray[np.float64]


def learn(
    *,
    days: int = 7,
    rows: float = 40.0,
    white: float = 0.0,
    day: float = 0.0,
    features: int = 30,
    seed: int = 0,
) -> NoiseModel:
    rng = np.random.default_rng(seed)
    windows = hours(24 * days)
    of_day = rng.standard_normal((days, features))[np.arange(len(windows)) // 24] * np.sqrt(day)
    means = of_day + rng.standard_normal((len(windows), features)) * np.sqrt(white + 1.0 / rows)
    return fit_noise(History(windows=windows, counts=np.full(len(windows), rows), means=means))


def variance(model: NoiseModel, count: int, *, after_days: int = 7, rows: float = 40.0) -> float:
    """Mean predicted variance of `count` windows at the end of the day after the history."""
    end = MONDAY + timedelta(days=after_days + 1)
    windows = hours(count, start=end - timedelta(hours=count))
    span = model.span(Times.of(windows), np.full(count, rows))
    return float((model.variances(span) @ model.weights).mean())


def test_independent_rows_have_the_variance_of_a_mean() -> None:
    model = learn()
    assert variance(model, 1) == pytest.approx(1 / 40, rel=0.25)
    assert variance(model, 24) == pytest.approx(1 / 960, rel=0.8)


def test_wander_between_windows_averages_out_and_wander_of_the_day_does_not() -> None:
    white, day = learn(white=0.05), learn(day=0.05)
    assert variance(white, 1) == pytest.approx(0.05 + 1 / 40, rel=0.3)
    assert variance(white, 24) < 0.02
    assert variance(day, 24) == pytest.approx(0.05, rel=0.5)


def test_a_short_history_has_wider_limits() -> None:
    assert variance(learn(days=1), 8, after_days=1) > 2 * variance(learn(days=7), 8)


def test_an_unseen_weekend_is_uncertain_and_a_seen_one_is_not() -> None:
    saturday = MONDAY + timedelta(days=5)
    ahead = Times.of(hours(8, start=saturday))
    counts = np.full(8, 40.0)

    def uncertainty(model: NoiseModel) -> float:
        return float((model.variances(model.span(ahead, counts)) @ model.weights).mean())

    assert uncertainty(learn(days=5)) > 0.05
    assert uncertainty(learn(days=14)) < 0.02


def test_without_history_the_prior_speaks() -> None:
    model = fit_noise(History(windows=[], counts=np.empty(0), means=np.empty((0, 3))))
    assert model.beta.shape[1] == 3
    assert variance(model, 24, after_days=0) > 0.02


def test_the_season_is_learnt() -> None:
    windows = hours(24 * 7)
    clock = np.array([w.start.hour + 0.5 for w in windows])
    truth = 0.4 * np.sin(clock / 24 * 2 * np.pi)
    rng = np.random.default_rng(1)
    means = (truth + rng.standard_normal(len(windows)) * 0.1)[:, None]
    model = fit_noise(History(windows=windows, counts=np.full(len(windows), 100.0), means=means))
    noon = Times.of(hours(1, start=MONDAY + timedelta(days=8, hours=6)))
    expected = model.expected(model.span(noon, np.array([100.0])))[0]
    assert expected == pytest.approx(0.4 * np.sin(6.5 / 24 * 2 * np.pi), abs=0.06)


def test_the_weekend_column_knows_the_calendar() -> None:
    friday, saturday, sunday, monday = (
        design(hours(1, start=datetime(2026, 3, d, 12, tzinfo=UTC)))[0, 7] for d in (6, 7, 8, 9)
    )
    assert friday == monday
    assert saturday == sunday == pytest.approx(friday + 1.0)


def test_the_noise_of_fifteen_minutes_and_of_hours_agree() -> None:
    """White wander of quarter hours averages into that of hours: the unit is the window's own length."""
    rng = np.random.default_rng(2)
    quarters = hours(24 * 7 * 4, length=timedelta(minutes=15))
    means = rng.standard_normal((len(quarters), 20)) * np.sqrt(0.08 + 1 / 50)
    model = fit_noise(History(windows=quarters, counts=np.full(len(quarters), 50.0), means=means))
    ahead = hours(1, start=MONDAY + timedelta(days=8), length=timedelta(minutes=15))
    span = model.span(Times.of(ahead), np.array([50.0]))
    assert (model.variances(span) @ model.weights).mean() == pytest.approx(0.1, rel=0.35)


def test_unskew_follows_a_gamma_far_out() -> None:
    for skewness in (0.1, 0.3, 0.6):
        shape = 4.0 / skewness**2
        for z in (3.0, 4.5, 6.0):
            exact = stats.gamma.sf(shape + z * np.sqrt(shape), shape)
            nearly = float(normal_tail(unskew(z, skewness)))
            assert np.log10(nearly) == pytest.approx(np.log10(exact), abs=0.12)
            assert float(reskew(unskew(z, skewness), skewness)) == pytest.approx(z)


def test_uncertain_variances_lengthen_the_tail() -> None:
    rng = np.random.default_rng(4)
    variances = rng.choice([0.5, 2.0], size=(400_000, 3), p=[0.8, 0.2])
    q = (variances * rng.standard_normal(variances.shape) ** 2).sum(axis=1)
    moments = [[0.8 * 0.5**k + 0.2 * 2.0**k] * 3 for k in (1, 2, 3, 4)]
    k1, k2, k3, _ = mixture_cumulants(np.ones(3), moments)
    assert q.mean() == pytest.approx(k1, rel=0.01)
    assert q.var() == pytest.approx(k2, rel=0.03)
    assert ((q - q.mean()) ** 3).mean() == pytest.approx(k3, rel=0.1)


def test_rare_topics_lengthen_the_tail_of_a_few_rows() -> None:
    """Against simulation: one row in fifty is far off, and 30 rows are taken."""
    rng = np.random.default_rng(6)
    rows = rng.standard_normal((4000, 4)) + np.where(rng.random((4000, 1)) < 0.02, 6.0, 0.0)
    rows -= rows.mean(axis=0)
    drawn = rows[rng.integers(0, len(rows), size=(40_000, 30))].mean(axis=1)
    q = 30 * (drawn**2).sum(axis=1)
    covariance = rows.T @ rows / len(rows)
    gaussian = [np.trace(np.linalg.matrix_power(covariance, k)) for k in (1, 2, 3)]
    inflation = np.mean([row_moments(rows[i::8], np.ones(4)).inflation(30.0) for i in range(8)], axis=0)
    assert q.var() / (2 * gaussian[1]) == pytest.approx(inflation[1], rel=0.15)
    third = ((q - q.mean()) ** 3).mean() / (8 * gaussian[2])
    assert third > 1.3
    assert inflation[2] == pytest.approx(third, rel=0.35)


def test_the_moments_of_few_rows_are_those_of_all() -> None:
    """Correlated rows in 60 directions: the moments are traces of powers of the weighted covariance."""
    rng = np.random.default_rng(7)
    mixing = rng.standard_normal((60, 60)) * np.exp(-np.arange(60) / 15.0) / 8.0
    weights = np.linspace(0.5, 2.0, 60)
    scaled = np.diag(weights) @ mixing @ mixing.T
    second, third, fourth = (np.trace(np.linalg.matrix_power(scaled, k)) for k in (2, 3, 4))
    made = [row_moments(rng.standard_normal((200, 60)) @ mixing.T, weights) for _ in range(40)]
    assert np.mean([m.h2 for m in made]) == pytest.approx(second, rel=0.05)
    assert np.mean([m.triangle for m in made]) == pytest.approx(third, rel=0.05)
    assert np.mean([m.square for m in made]) == pytest.approx(fourth, rel=0.1)


def test_moments_within_groups_leave_the_groups_out() -> None:
    rng = np.random.default_rng(8)
    groups = [rng.gamma(4.0, 1.0, size=(300, 1)) + 10 * i for i in range(20)]
    sd, skewness = within_moments(groups)
    assert sd[0] == pytest.approx(2.0, rel=0.05)
    assert skewness[0] == pytest.approx(1.0, rel=0.15)


def test_the_change_point_interval_holds_the_truth() -> None:
    rng = np.random.default_rng(9)
    windows, held, widths = hours(24), 0, []
    for _ in range(200):
        start = int(rng.integers(6, 20))
        residuals = rng.standard_normal(24) + np.where(np.arange(24) >= start, 2.0, 0.0)
        found = locate(windows, residuals, np.ones(24))
        held += found.low <= windows[start].start <= found.high
        widths.append((found.high - found.low) / timedelta(hours=1))
        assert found.low <= found.at <= found.high
    assert held >= 170
    assert np.median(widths) < 8
