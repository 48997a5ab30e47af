"""Prediction-powered means: against the authors' package, and how often the intervals hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import skew, t

from monitors.statistics.ppi import (
    Control,
    Drawn,
    MeanEstimate,
    TooFewLabelsError,
    always_factor,
    combine,
    estimate_mean,
)

Floats = NDArray[np.float64]
PEOPLE = np.array([3, 2, 3, 1, 0, 3, 2, 2, 3, 1, 3, 0.0])
JUDGE = np.array([3, 3, 3, 2, 1, 3, 3, 2, 3, 2, 3, 1.0])
REST = np.array([3, 3, 2, 3, 1, 3, 2, 3, 3, 3, 2, 1, 3, 0, 2, 3, 2, 3, 0, 1, 2, 2, 1, 0.0])


def small(**changes: float) -> MeanEstimate:
    """Twelve labels, and a judge's grades of 24 further answers."""
    labelled = np.arange(36) < 12
    return estimate_mean(
        np.r_[PEOPLE, np.zeros(24)],
        Drawn(labelled),
        [Control(np.r_[JUDGE, REST], Drawn(~labelled), Drawn(labelled))],
        **({"step": 0.0} | changes),
    )


def test_equals_the_package_of_the_authors_of_ppi() -> None:
    """ppi-python 0.2.3: ppi_mean_pointestimate and ppi_mean_ci with lam = 0.7018633540372673."""
    found = small()
    assert found.coefficients[0] == pytest.approx(0.7018633540372673, abs=1e-9)
    assert found.value == pytest.approx(1.6242236, abs=1e-6)
    # The package has the error of large samples; ours pays for 12 labels and one coefficient.
    assert found.standard_error == pytest.approx(0.24018878 * math.sqrt(13 / 10), abs=1e-7)
    half = (found.high - found.low) / 2
    assert half == pytest.approx(found.standard_error * t.ppf(0.975, 10), abs=1e-9)


def test_labels_alone_are_the_t_interval_moved_by_johnsons_shift() -> None:
    found = estimate_mean(PEOPLE, Drawn(np.ones(12, dtype=bool)))
    error = PEOPLE.std(ddof=1) / math.sqrt(12)
    low, high = t.interval(0.95, 11, loc=PEOPLE.mean(), scale=error)
    # Johnson (1978), equation 2.7: the third moment over six variances, and twice that for every t squared.
    shift = error * skew(PEOPLE) / math.sqrt(12) * (1 + 2 * t.ppf(0.975, 11) ** 2) / 6
    assert shift < 0, "most grades are good: the few bad ones reach down"
    assert (found.low, found.high) == (pytest.approx(low + shift), pytest.approx(high + shift))
    assert found.skewness == pytest.approx(skew(PEOPLE) / math.sqrt(12))
    assert found.effective_labels == pytest.approx(12)


def test_the_shift_is_never_more_than_one_standard_error() -> None:
    labels = np.r_[np.ones(11), -1000.0]
    found = estimate_mean(labels, Drawn(np.ones(12, dtype=bool)))
    middle = (found.low + found.high) / 2
    assert middle == pytest.approx(found.value - found.standard_error)


def test_confidence_bounds_and_step_are_used() -> None:
    assert small(confidence=0.8).high < small().high
    assert small(bounds=(1.5, 1.7)).low == 1.5
    assert small(bounds=(1.5, 1.7)).always_high == 1.7
    # Four errors of two grades among twelve labels: 1.96 * 2 / 12.
    assert small(step=2.0).standard_error == pytest.approx(1.959964 * 2 / 12, abs=1e-6)


def test_equal_labels_are_no_certainty() -> None:
    """No error in 50 labels: up to 7 % may be wrong (Clopper-Pearson), and the interval says so."""
    same = estimate_mean(np.ones(500), Drawn(np.arange(500) < 50), bounds=(0.0, 1.0))
    assert same.low <= 1 - 0.0711


def test_too_few_labels_are_no_estimate() -> None:
    with pytest.raises(TooFewLabelsError, match="9 labels; an interval needs 10"):
        estimate_mean(PEOPLE, Drawn(np.arange(12) < 9))


def test_a_chance_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        estimate_mean(PEOPLE, Drawn(np.ones(12, dtype=bool), np.zeros(12)))


def test_unequal_chances_are_undone() -> None:
    """Half of the answers are bad and drawn three times as often: the mean stays one half."""
    labels = np.r_[np.zeros(30), np.ones(10)]
    chances = np.r_[np.full(30, 0.3), np.full(10, 0.1)]
    found = estimate_mean(labels, Drawn(np.ones(40, dtype=bool), chances))
    assert found.value == pytest.approx(0.5)
    assert found.effective_labels == pytest.approx(200**2 / (30 * (1 / 0.3) ** 2 + 10 * 10**2))


def test_strata_are_put_together_by_their_shares() -> None:
    a = estimate_mean(PEOPLE, Drawn(np.ones(12, dtype=bool)))
    b = estimate_mean(JUDGE, Drawn(np.ones(12, dtype=bool)))
    both = combine([a, b], [0.9, 0.1])
    assert both.value == pytest.approx(0.9 * a.value + 0.1 * b.value)
    assert both.standard_error == pytest.approx(math.hypot(0.9 * a.standard_error, 0.1 * b.standard_error))
    assert both.labels == 24
    with pytest.raises(ValueError, match="sum to one"):
        combine([a, b], [0.9, 0.2])


def test_the_sequence_is_wider_than_one_look_at_any_number() -> None:
    assert all(always_factor(n) > 2.9 for n in (10, 50, 100, 500, 5000))
    # Formula (Waudby-Smith et al., 2024, theorem 2.2) by hand at rho^2 = 0.0794, t = 100.
    assert always_factor(100) == pytest.approx(3.0352, abs=1e-3)


def world(rng: np.random.Generator, size: int) -> tuple[Floats, Floats, Floats]:
    """People's grades 0 to 3; a judge that is a grade too kind in six cases of ten; a faint local score."""
    skill = rng.normal(size=size)
    people = np.clip(np.round(skill + 1.8 + rng.normal(size=size) * 0.5), 0, 3)
    judge = np.clip(people + (rng.random(size) < 0.6), 0, 3)
    return people, judge, 3 / (1 + np.exp(-skill - rng.normal(size=size)))


def draw(chance: Floats, luck: Floats, count: int) -> Drawn:
    """The `count` smallest of luck by weight, with what each one's chance was (priority sampling)."""
    order = luck / chance
    cut = np.partition(order, count)[count]
    return Drawn(order < cut, np.minimum(1.0, chance * cut))


def looks(count: int, active: bool) -> tuple[float, float, float]:
    """Coverage of one look, coverage of the sequence over four looks, width against labels alone."""
    rng = np.random.default_rng(11)
    truth = float(np.mean([world(rng, 50_000)[0].mean() for _ in range(5)]))
    runs, hit, always, width, alone_width = 120, 0, 0, 0.0, 0.0
    for _ in range(runs):
        people, judge, local = world(rng, 1500)
        chance = 0.3 + 0.7 * 2 * np.sqrt(local / 3 * (1 - local / 3)) if active else np.ones(1500)
        luck = rng.random(1500)
        judged, everybody = draw(chance, luck, 600), Drawn(np.ones(1500, dtype=bool))
        held = []
        for labels in (count // 4, count // 2, 3 * count // 4, count):
            drawn = draw(chance, luck, labels)
            controls = [Control(judge, judged, drawn), Control(local, everybody, drawn)]
            found = estimate_mean(people, drawn, controls, bounds=(0, 3))
            held.append(found.always_low <= truth <= found.always_high)
        alone = estimate_mean(people, draw(np.ones(1500), luck, count), bounds=(0, 3))
        hit += found.low <= truth <= found.high
        always += all(held)
        width += found.high - found.low
        alone_width += alone.high - alone.low
    return hit / runs, always / runs, width / alone_width


@pytest.mark.parametrize(("count", "active"), [(60, False), (200, True)])
def test_covers_with_a_biased_judge_and_is_shorter_than_labels_alone(count: int, active: bool) -> None:
    once, always, width = looks(count, active)
    # 0.95 less two standard deviations of 120 runs.
    assert once >= 0.91
    assert always >= 0.91
    assert width < 0.8
