"""Context-aware MMD: a change of context is none of content."""

from __future__ import annotations

import numpy as np

from monitors.statistics.context_mmd import context_mmd, propensity
from monitors.statistics.mmd import mmd_test
from monitors.statistics.two_sample import Floats


def day_and_night(rng: np.random.Generator, shift: float = 0.0) -> tuple[Floats, Floats, Floats, Floats]:
    """Content follows its context; the current rows have the upper half of the contexts alone."""
    c, d = rng.random((50, 1)) / 2 + 0.5, rng.random((80, 1))
    return c + 0.1 * rng.standard_normal(c.shape) + shift, d + 0.1 * rng.standard_normal(d.shape), c, d


def test_other_contexts_are_no_drift_but_plain_mmd_says_so() -> None:
    rng = np.random.default_rng(3)
    aware, plain = [], []
    for _ in range(150):
        x, y, c, d = day_and_night(rng)
        aware.append(context_mmd(x, y, c, d, permutations=19, rng=rng).p <= 0.05)
        plain.append(mmd_test(x, y, permutations=19, rng=rng).p <= 0.05)
    assert np.mean(aware) <= 0.12
    assert np.mean(plain) >= 0.99


def test_drift_given_the_context_is_found() -> None:
    rng = np.random.default_rng(4)
    found = []
    for _ in range(40):
        x, y, c, d = day_and_night(rng, shift=0.15)
        found.append(context_mmd(x, y, c, d, permutations=19, rng=rng).p <= 0.05)
    assert np.mean(found) >= 0.9


def test_the_propensity_follows_the_context() -> None:
    c = np.linspace(-2.0, 2.0, 200)[:, None]
    label = np.random.default_rng(0).random(200) < 1.0 / (1.0 + np.exp(-3.0 * c[:, 0]))
    overlap = np.exp(-0.5 * (c - c.T) ** 2)
    found = propensity(overlap, label)
    assert found[:40].mean() < 0.1
    assert found[-40:].mean() > 0.9
    assert abs(found.mean() - label.mean()) < 0.02


def test_few_rows_are_nan() -> None:
    few = np.zeros((5, 2))
    assert np.isnan(context_mmd(few, few, few, few).value)
