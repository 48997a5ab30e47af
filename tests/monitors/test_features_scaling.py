"""Level and shape of a number are judged apart: what a factor on all values does is no change of shape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from check_traffic import MONDAY, drift, fitted, hours, samples, watch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from monitors.checks import CHECKS
from monitors.checks._number_power import NumberChange, NumberPower
from monitors.checks._numbers import NumberFitted
from monitors.checks.base import CheckSettings, Outcome, Reference
from monitors.features_numbers import positive_features, shape_features
from monitors.noise_numbers import Features, NumberModel
from monitors.result import Window

Floats = NDArray[np.float64]
DAYS, PER_HOUR = 9, 100
TAILS = 3


def lognormal(rng: np.random.Generator, count: int) -> Floats:
    return np.round(rng.lognormal(5.0, 0.5, count))


def two_sorts(rng: np.random.Generator, count: int) -> Floats:
    """Short replies and long ones."""
    return np.round(rng.lognormal(np.where(rng.random(count) < 0.4, 3.0, 6.0), 0.4))


def few_numbers(rng: np.random.Generator, count: int) -> Floats:
    """Many ties, and zeros."""
    return rng.poisson(2.0, count).astype(np.float64)


def limited(rng: np.random.Generator, count: int) -> Floats:
    """A third of the answers end at the limit of tokens."""
    return np.minimum(lognormal(rng, count), 200.0)


SORTS = [lognormal, two_sorts, few_numbers, limited]


def shift_of(features: Features, reference: Floats, values: Floats) -> tuple[Floats, Floats]:
    """How far the features moved, and what of it no factor explains."""
    usual = features.of(reference).mean(axis=0)
    shift = features.of(values).mean(axis=0) - usual
    assert features.scaling is not None
    return shift, features.scaling.unexplained(shift, float(usual[0]), values)


@pytest.mark.parametrize("factor", [0.5, 0.75, np.exp(0.3), 2.0])
@pytest.mark.parametrize("draw", [lognormal, two_sorts])
def test_a_factor_on_all_values_is_a_change_of_the_level_alone(
    draw: Callable[[np.random.Generator, int], Floats], factor: float
) -> None:
    reference = draw(np.random.default_rng(1), 5_000)
    features = shape_features(reference)
    raw, left = shift_of(features, reference, draw(np.random.default_rng(2), 20_000) * factor)
    assert left[0] == raw[0]
    assert abs(left[0]) > 0.2
    # Sampling alone leaves about .016 of a feature.
    assert np.abs(left[1:]).max() < 0.05
    assert np.abs(raw[1:]).max() > 0.1


def test_all_lengths_times_1_35_move_the_tails_as_far_as_theory_says() -> None:
    """The ranks of a log-normal of width .5 that moves by .3: the integral of the fourth polynomial."""
    from scipy.stats import norm

    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    x = 2.0 * norm.cdf(nodes + 0.6) - 1.0
    expected = weights @ (3.0 * (35 * x**4 - 30 * x**2 + 3) / 8) / np.sqrt(2.0 * np.pi)
    reference = np.exp(5.0 + 0.5 * norm.ppf((np.arange(5_000) + 0.5) / 5_000))
    features = shape_features(reference)
    assert features.of(reference * np.exp(0.3))[:, TAILS].mean() == pytest.approx(expected, abs=0.003)
    assert features.scaling is not None
    level = float(features.of(reference * np.exp(0.3))[:, 0].mean())
    explained = np.interp(level, features.scaling.level, features.scaling.others[TAILS - 1])
    assert explained == pytest.approx(expected, abs=0.005)


@given(seed=st.integers(0, 10_000), sort=st.sampled_from(SORTS), sign=st.sampled_from([-1.0, 1.0]))
@settings(max_examples=25, deadline=None)
def test_a_shift_is_never_made_larger_or_turned_round(
    seed: int, sort: Callable[[np.random.Generator, int], Floats], sign: float
) -> None:
    rng = np.random.default_rng(seed)
    reference = sort(rng, 300)
    for features in (shape_features(reference), positive_features(reference, "the tail")):
        values = sort(rng, 30) * rng.lognormal(0.0, 0.3)
        shift = sign * rng.exponential(0.5, len(features.names))
        if features.scaling is None:
            continue
        left = features.scaling.unexplained(shift, rng.normal(0.0, 0.3), values)
        assert np.isfinite(left).all()
        assert left[0] == shift[0]
        assert (np.abs(left) <= np.abs(shift)).all()
        assert (left * shift >= 0).all()


@pytest.mark.parametrize("draw", SORTS)
def test_another_shape_is_still_one(draw: Callable[[np.random.Generator, int], Floats]) -> None:
    """A tenth of the requests ten times as long; half of all halved and half doubled."""
    reference, values = draw(np.random.default_rng(3), 5_000), draw(np.random.default_rng(4), 5_000)
    features = shape_features(reference)
    tail = values * np.where(np.arange(values.size) % 10 == 0, 10.0, 1.0)
    raw, left = shift_of(features, reference, tail)
    assert np.abs(left[1:]).max() > 0.6 * np.abs(raw[1:]).max()
    apart = values * np.where(np.arange(values.size) % 2 == 0, 2.0, 0.5)
    raw, left = shift_of(features, reference, apart)
    assert np.abs(left[1:]).max() > 0.6 * np.abs(raw[1:]).max()


def test_numbers_that_hardly_differ_explain_nothing_and_break_nothing() -> None:
    for reference in (np.full(50, 17.0), np.zeros(50), np.array([5.0])):
        for features in (shape_features(reference), positive_features(reference, "the tail")):
            shift = np.array([0.3, 0.2, -0.1, 0.4])[: len(features.names)]
            for values in (reference, np.full(9, 34.0), np.zeros(9)):
                if features.scaling is not None:
                    assert features.scaling.unexplained(shift, 0.0, values).tolist() == shift.tolist()


def wandering(seed: int, last_day: float, change: Callable[[Floats], Floats] | None = None) -> Reference:
    """Eight days of lengths whose level is another one every day, and a ninth of `last_day`."""
    rng = np.random.default_rng(seed)
    levels = [*rng.permutation([-0.15, -0.1, -0.05, 0.0, 0.0, 0.05, 0.1, 0.15]), last_day]

    def draw(window: Window) -> Floats:
        day = (window.start - MONDAY).days
        values = np.round(rng.lognormal(5.0 + levels[day], 0.5, PER_HOUR))
        return values if change is None or day < DAYS - 1 else change(values)

    return drift(samples(hours(24 * DAYS), draw))


def last_day(reference: Reference, name: str = "token_length") -> tuple[NumberModel, list[Outcome]]:
    """What was learnt of all days but the last one, and what is said of that one's end."""
    model = fitted(CHECKS.get(name), drift(reference.windows[: 24 * (DAYS - 1)]))
    assert isinstance(model, NumberFitted)
    return model.model, watch(model, reference.windows, 24 * DAYS - 1)


def test_a_far_wander_of_the_level_is_no_change_of_the_shape() -> None:
    """Three times the usual wander, and the level that is seen of it as rare as that."""
    for seed in range(4):
        reference = wandering(seed, 0.3)
        model, _ = last_day(reference)
        for test in model.tests(reference.windows[-24:], CheckSettings()):
            level, *shape = model.p_values(test.shift[None], [test.prediction])[0]
            assert min(shape) > max(level, 0.01)


@pytest.mark.parametrize(
    "change",
    [
        lambda v: np.minimum(v, 150.0),
        lambda v: v * np.where(np.arange(v.size) % 5 == 0, 5.0, 1.0),
        lambda v: v * np.where(np.arange(v.size) % 2 == 0, 1.6, 0.6),
        lambda v: v * 2.5,
    ],
    ids=["cut off", "longer tail", "two sorts", "all longer"],
)
def test_what_changes_is_found_where_levels_wander(change: Callable[[Floats], Floats]) -> None:
    assert last_day(wandering(11, 0.0, change))[1][-1].status == "breach"


def test_a_heavier_tail_of_times_is_found_where_levels_wander() -> None:
    def slow(values: Floats) -> Floats:
        return values * np.where(np.arange(values.size) % 5 == 0, 4.0, 1.0)

    assert last_day(wandering(12, 0.0, slow), "latency")[1][-1].status == "breach"
    assert last_day(wandering(12, 0.0), "latency")[1][-1].status == "ok"


def test_a_factor_is_said_to_be_seen_by_the_level() -> None:
    """What is said of longer texts rests on what is judged."""
    reference = np.sort(lognormal(np.random.default_rng(5), 5_000))
    features = shape_features(reference)
    change = NumberChange(
        apply=lambda v, size: v * (1.0 + size), measure=lambda v, size: size, most=9.0,
        unit="share longer", said="texts {} longer", written="{:.0%}",
    )  # fmt: skip
    shifts = NumberPower(reference, features, change, 0.1).shifts(np.array([0.1, 0.3, 1.0]))
    assert (shifts[:, 0] > 0.1).all()
    assert np.abs(shifts[:, 1:]).max() < 0.02
