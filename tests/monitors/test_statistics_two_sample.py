"""The two-sample tests of embeddings against loops, SciPy and recorded values."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from drift_oracle import d1, d2, oracle
from scipy import stats

from monitors.statistics.context_mmd import conditional_mmd2
from monitors.statistics.domain_classifier import area, held_out_scores
from monitors.statistics.drifted_dimensions import discovery_share, drifted_dimensions, rank_p
from monitors.statistics.kernels import squared_distances
from monitors.statistics.learned_kernel import DeepKernel, deep_mmd2, learned_kernel_mmd, train_kernel
from monitors.statistics.learned_power import criterion, power
from monitors.statistics.lsdd import lsdd
from monitors.statistics.mmd_fuse import mmd_fuse
from monitors.statistics.sliced_wasserstein import random_directions, sliced_wasserstein
from monitors.statistics.two_sample import Floats, labels_of


def naive_fuse(x: Floats, y: Floats, widths: Floats) -> float:
    pooled = np.concatenate([x, y])
    n, m, total = len(x), len(y), len(x) + len(y)
    values = []
    for exponent in (2, 1):
        for b in widths:
            k = np.array(
                [[np.exp(-((np.linalg.norm(u - v) / b) ** exponent)) for v in pooled] for u in pooled]
            )
            np.fill_diagonal(k, 0.0)
            mmd2 = k[:n, :n].sum() / (n * (n - 1)) + k[n:, n:].sum() / (m * (m - 1)) - 2 * k[:n, n:].mean()
            values.append(mmd2 / np.sqrt((k**2).sum() / (total * (total - 1))))
    c = np.sqrt(min(n, m) * (min(n, m) - 1))
    return float(np.log(np.mean(np.exp(c * np.array(values)))) / c)


def test_fuse_is_the_formula_and_every_permutation_too() -> None:
    x, y = (v[:14] for v in d1())
    widths = np.array([0.5, 1.0, 3.0])
    found = mmd_fuse(x, y, bandwidths=widths, permutations=4, rng=np.random.default_rng(2), block=9)
    labels = labels_of(14, 14, 4, np.random.default_rng(2))
    pooled = np.concatenate([x, y])
    by_hand = [naive_fuse(pooled[c == 1], pooled[c == 0], widths) for c in labels.T]
    assert [found.value, *found.null] == pytest.approx(by_hand, abs=2e-6)


@pytest.mark.parametrize("data", ["D1", "D2"])
@pytest.mark.parametrize("sigma", [1.0, 2.0])
@pytest.mark.parametrize("ridge", [0.1, 0.01])
def test_lsdd_is_the_recorded_value(data: str, sigma: float, ridge: float) -> None:
    x, y = d1() if data == "D1" else d2()
    key = f"sigma={sigma},lambda={ridge},centres=first 10 rows of X then first 10 of Y"
    found = lsdd(
        x,
        y,
        permutations=0,
        centres=np.concatenate([x[:10], y[:10]]),
        bandwidth=sigma,
        ridge=ridge,
        density=True,
    )
    assert found.value == pytest.approx(oracle()[f"lsdd_{data}"][key], rel=1e-9)


def test_lsdd_estimates_the_integral_of_the_squared_difference() -> None:
    # Of two standard normals d apart it is (1 - exp(-d^2 / 4)) / sqrt(pi): .3567 for d = 2.
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((4000, 1)), rng.standard_normal((4000, 1)) + 2.0
    found = lsdd(x, y, permutations=0, bandwidth=0.5, ridge=1e-3, density=True)
    assert found.value == pytest.approx((1 - np.exp(-1)) / np.sqrt(np.pi), rel=0.08)


def test_sliced_wasserstein_is_scipys_along_each_direction() -> None:
    x, y = d1()
    onto = random_directions(5, 7, np.random.default_rng(1))
    labels = labels_of(60, 50, 3, np.random.default_rng(9))
    found = sliced_wasserstein(x, y, directions=onto, permutations=3, rng=np.random.default_rng(9))
    pooled = np.concatenate([x, y]) @ onto
    for value, column in zip([found.value, *found.null], labels.T, strict=True):
        expected = np.mean(
            [stats.wasserstein_distance(p[column == 1], p[column == 0]) for p in pooled.T], dtype=float
        )
        assert value == pytest.approx(expected, rel=1e-5)


def test_the_ranks_test_is_scipys_with_and_without_ties() -> None:
    for decimals in (8, 0):
        x, y = (np.round(v, decimals) for v in d1())
        labels = labels_of(60, 50, 0, np.random.default_rng(0))
        expected = [
            stats.mannwhitneyu(a, b, method="asymptotic", use_continuity=False).pvalue
            for a, b in zip(x.T, y.T, strict=True)
        ]
        p = rank_p(np.concatenate([x, y]), labels)
        assert p[:, 0] == pytest.approx(expected, rel=1e-5)
        adjusted = stats.false_discovery_control(expected)
        assert discovery_share(p, 0.05)[0] == pytest.approx(np.mean(adjusted <= 0.05))


def test_the_share_is_that_of_the_moved_dimensions() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 300, 40))
    y[:, :10] += 0.6
    found = drifted_dimensions(x, y, permutations=49)
    assert found.value == pytest.approx(0.25, abs=0.05)
    assert found.p == 0.02


def test_held_out_scores_are_those_of_models_fitted_without_the_fold() -> None:
    x, y = d1()
    rows = np.concatenate([x, y])
    labels = labels_of(60, 50, 2, np.random.default_rng(0)).astype(np.float64)
    folds = [np.arange(k, 110, 5) for k in range(5)]
    found = held_out_scores(rows, labels, folds, 3.0)
    centred = rows - rows.mean(axis=0)
    strength = 3.0 * (centred**2).sum() / 5
    big = 1e4 * max(strength, (centred**2).sum() / 110)
    design = np.c_[centred, np.full(110, np.sqrt(big))]
    for fold in folds:
        rest = np.setdiff1d(np.arange(110), fold)
        a = design[rest]
        weights = np.linalg.solve(a.T @ a + strength * np.eye(6), a.T @ labels[rest])
        assert found[fold] == pytest.approx(design[fold] @ weights, abs=1e-7)


def test_the_area_is_mann_whitneys() -> None:
    rng = np.random.default_rng(0)
    scores, labels = rng.random((40, 1)), (rng.random((40, 1)) < 0.4).astype(float)
    u = stats.mannwhitneyu(scores[labels == 1], scores[labels == 0]).statistic
    pairs = labels.sum() * (1 - labels).sum()
    assert area(scores, labels, [np.arange(40)])[0] == pytest.approx(u / pairs, rel=1e-12)


def test_the_power_criterion_is_the_papers_loop() -> None:
    rng = np.random.default_rng(0)
    a = rng.random((6, 6))
    h = a + a.T
    n = 6
    mean = sum(h[i, j] for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    rows = sum(sum(h[i, j] for j in range(n)) ** 2 for i in range(n))
    variance = 4 / n**3 * rows - 4 / n**4 * sum(h[i, j] for i in range(n) for j in range(n)) ** 2
    assert power(h)[0] == pytest.approx(mean / np.sqrt(variance + 1e-8), rel=1e-12)


def test_the_gradient_of_the_kernel_is_that_of_differences() -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((24, 5))
    rows[:12] += 0.5
    kernel = DeepKernel(
        weights=rng.standard_normal((5, 3)), offset=rng.standard_normal(3), logs=np.array([0.3, 0.9, -1.0])
    )
    plain = squared_distances(rows, rows).astype(np.float64)
    _, slopes = criterion(kernel, rows, plain)
    for name, slope in zip(("weights", "offset", "logs"), slopes, strict=True):
        for place in np.ndindex(slope.shape):
            sides = []
            for step in (1e-6, -1e-6):
                moved = getattr(kernel, name).copy()
                moved[place] += step
                sides.append(criterion(dataclasses.replace(kernel, **{name: moved}), rows, plain)[0])
            assert slope[place] == pytest.approx((sides[0] - sides[1]) / 2e-6, abs=1e-7)


def test_training_raises_the_power() -> None:
    rng = np.random.default_rng(0)
    # Equal means and variances: only the correlation of two columns differs.
    x, z = rng.standard_normal((80, 4)), rng.standard_normal((80, 4))
    y = np.c_[z[:, 0], 0.9 * z[:, 0] + np.sqrt(0.19) * z[:, 1], z[:, 2:]]
    rows = np.concatenate([x, y])
    plain = squared_distances(rows, rows).astype(np.float64)
    before = criterion(train_kernel(x, y, steps=1), rows, plain)[0]
    assert criterion(train_kernel(x, y), rows, plain)[0] > 1.3 * before


def test_mmd_of_a_deep_kernel_is_the_double_loop() -> None:
    x, y = d1()
    rows = np.concatenate([x, y])
    labels = labels_of(60, 50, 0, np.random.default_rng(0))
    # With a share of one for the plain kernel, the deep one has no part.
    kernel = DeepKernel(weights=np.ones((5, 3)), offset=np.zeros(3), logs=np.array([0.0, 0.0, 40.0]))
    expected = oracle()["mmd2_D1"]["sigma=1.0"]
    assert deep_mmd2(kernel, rows, labels)[0] == pytest.approx(expected["unbiased"], rel=2e-5)
    biased = deep_mmd2(kernel, rows, labels, biased=True)[0]
    assert biased == pytest.approx(expected["biased"], rel=2e-5)


def test_blocks_do_not_change_a_deep_kernels_mmd() -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((1200, 4))
    kernel = DeepKernel(
        weights=rng.standard_normal((4, 3)), offset=rng.standard_normal(3), logs=np.array([0.3, 0.9, -1.0])
    )
    labels = labels_of(700, 500, 2, rng)
    deep = kernel.features(rows)
    whole = np.asarray(kernel.between(rows, rows, deep, deep))
    np.fill_diagonal(whole, 0.0)
    for value, column in zip(deep_mmd2(kernel, rows, labels), labels.T, strict=True):
        a, b = column == 1, column == 0
        by_hand = whole[np.ix_(a, a)].sum() / (700 * 699) + whole[np.ix_(b, b)].sum() / (500 * 499)
        assert value == pytest.approx(by_hand - 2 * whole[np.ix_(a, b)].mean(), abs=1e-6)


def test_training_on_batches_finds_what_training_on_all_finds() -> None:
    rng = np.random.default_rng(0)
    x, z = rng.standard_normal((600, 4)), rng.standard_normal((600, 4))
    y = np.c_[z[:, 0], 0.9 * z[:, 0] + np.sqrt(0.19) * z[:, 1], z[:, 2:]]
    rows = np.concatenate([x[:150], y[:150]])
    plain = squared_distances(rows, rows).astype(np.float64)
    whole = criterion(train_kernel(x[:150], y[:150]), rows, plain)[0]
    assert criterion(train_kernel(x, y), rows, plain)[0] > 0.8 * whole


@pytest.mark.parametrize(("ridge", "expected"), [(0.01, 0.18817041202), (0.1, 0.11080310941)])
def test_the_conditional_distance_is_alibi_detects(ridge: float, expected: float) -> None:
    # ContextMMDDriftTorch._cmmd of alibi-detect 0.13.0 on the same matrices.
    rng = np.random.default_rng(20240601)
    x, y = rng.standard_normal((60, 5)), rng.standard_normal((50, 5)) + 0.3
    rows = np.concatenate([x, y[10:]])
    c = rows[:, :1]
    kernel = np.exp(-squared_distances(rows, rows) / 8.0)
    overlap, at = np.exp(-squared_distances(c, c) / 2.0), np.exp(-squared_distances(c, y[:10, :1]) / 2.0)
    label = np.arange(100) >= 60
    found = conditional_mmd2(kernel.astype(float), overlap.astype(float), at.astype(float), label, ridge)
    assert found == pytest.approx(expected, rel=1e-7)


def test_learned_kernels_keep_their_level() -> None:
    rng = np.random.default_rng(1)
    p = [
        learned_kernel_mmd(*rng.standard_normal((2, 16, 3)), permutations=39, steps=5, hidden=3, rng=rng).p
        for _ in range(1000)
    ]
    assert 0.022 <= np.mean(np.array(p) <= 0.05) <= 0.078
