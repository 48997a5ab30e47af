"""Context-aware MMD: a change of context is none of content."""

from __future__ import annotations

import numpy as np
import pytest

from monitors.statistics.context_mmd import conditional_mmd2, context_mmd, propensity
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


def test_both_sides_are_drawn_alike_whatever_the_shares() -> None:
    """Contexts that are the same or not: a regression draws a mean of n rows of N by n / (n + ridge N)."""
    rng = np.random.default_rng(5)
    context = np.repeat([0, 1, 2, 0, 1, 2], [20, 6, 4, 5, 15, 40])
    label = np.arange(90) < 30
    overlap, at = np.equal.outer(context, context) * 1.0, np.equal.outer(context, [0, 1, 1, 2]) * 1.0
    means = rng.standard_normal((3, 5))
    for noise in (0.0, 1.0):
        content = means[context] + noise * rng.standard_normal((90, 5))
        content -= content.mean(axis=0)
        by_hand = []
        for c in (0, 1, 1, 2):
            x, y = label & (context == c), ~label & (context == c)
            drawn = x.sum() / (x.sum() + 0.05 * 30) * y.sum() / (y.sum() + 0.05 * 60)
            by_hand.append(np.sum((drawn * (content[x].mean(axis=0) - content[y].mean(axis=0))) ** 2))
        found = conditional_mmd2(content @ content.T, overlap, at, label, 0.05, alike=True)
        assert found == pytest.approx(np.mean(by_hand), abs=1e-12)
    same = means[context] - means[context].mean(axis=0)
    # The same answers in other shares are a difference where each side is drawn by its own shares alone.
    assert conditional_mmd2(same @ same.T, overlap, at, label, 0.05) > 0.01
