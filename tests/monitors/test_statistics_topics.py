"""Topics, shares by windows, new groups, densities, the map: against scikit-learn, SciPy, hand sums."""

from __future__ import annotations

import numpy as np
import pytest
from check_traffic import texts, topics
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.neighbors import NearestCentroid

from monitors.statistics.density import around, gain, whitened
from monitors.statistics.new_group import Nearness, new_groups
from monitors.statistics.shared_map import shared_map
from monitors.statistics.shares import window_share
from monitors.statistics.topics import directions, find_topics, silhouette

RNG = np.random.default_rng(8)
CENTRES = topics(3, 9)


def drawn(count: int, kinds: int, *, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, kinds, count)
    return texts(rng, CENTRES, chosen), chosen


def test_the_number_of_topics_is_found_and_so_are_they() -> None:
    for kinds in (3, 6, 8):
        rows, truth = drawn(600, kinds, seed=kinds)
        found = find_topics(rows)
        assert len(found.centres) == kinds
        assert adjusted_rand_score(truth, found.of(rows)) > 0.98


def test_topics_do_not_depend_on_order_or_chance() -> None:
    rows, _ = drawn(500, 5)
    once, again = find_topics(rows), find_topics(rows.copy())
    np.testing.assert_array_equal(once.centres, again.centres)
    shuffled = find_topics(rows[RNG.permutation(len(rows))])
    assert adjusted_rand_score(once.of(rows), shuffled.of(rows)) == pytest.approx(1.0)


def test_the_nearest_centre_is_scikit_learns() -> None:
    rows, _ = drawn(300, 5)
    found = find_topics(rows)
    apart = directions(rows, found.mean)
    labels = found.of(rows)
    reference = NearestCentroid().fit(apart, labels)
    reference.centroids_ = found.centres
    np.testing.assert_array_equal(labels, reference.predict(apart))


def test_the_silhouette_is_scikit_learns() -> None:
    rows = RNG.normal(size=(120, 4))
    labels = RNG.integers(0, 5, 120).astype(np.int64)
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    assert silhouette(distances, labels) == pytest.approx(silhouette_score(rows, labels), abs=1e-12)
    assert silhouette(distances, np.zeros(120, dtype=np.int64)) == 0.0


def test_rows_that_are_all_one_are_one_topic() -> None:
    found = find_topics(np.ones((30, 4)))
    assert len(found.centres) == 1
    assert found.of(np.ones((2, 4))).tolist() == [0, 0]
    assert found.of(np.ones((0, 4))).tolist() == []


def test_the_error_of_a_share_is_that_of_window_means() -> None:
    """Windows of one size: the error of the mean of window shares, SciPy's sem."""
    from scipy.stats import sem

    shares = np.array([0.9, 0.2, 0.5, 0.1, 0.6])
    inside = np.concatenate([np.arange(10) < round(10 * s) for s in shares])
    share, error = window_share(inside, np.repeat(np.arange(5), 10))
    assert share == pytest.approx(0.46)
    assert error == pytest.approx(float(sem(shares)))
    assert np.isnan(window_share(inside[:30], np.repeat(np.arange(3), 10))[1])
    assert np.isnan(window_share(np.zeros(0, dtype=bool), np.zeros(0, dtype=np.int64))[0])


def _unit_rows(count: int) -> np.ndarray:
    rows = RNG.normal(size=(count, 4))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _near(place: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.array([np.exp(-np.sum((place - row) ** 2) / 1.4) for row in rows])


def test_the_gain_is_a_bound_of_the_ratio_of_two_densities() -> None:
    now, before = _unit_rows(9), _unit_rows(6)
    told = gain(now, now, before, width=0.7, errors=3.0)
    for i, place in enumerate(now):
        own, old = _near(place, np.delete(now, i, axis=0)), np.append(_near(place, before), 1.0)
        error = np.sqrt(np.sum(own**2) / own.sum() ** 2 + np.sum(old**2) / old.sum() ** 2)
        assert told[i] == pytest.approx(np.log(own.sum() / 9) - np.log(old.sum() / 6) - 3.0 * error)
    assert np.isnan(gain(now, now, before[:0], width=0.7, errors=3.0)).all()


def test_a_row_has_the_weights_of_the_rows_around_it() -> None:
    now, before, weights = _unit_rows(9), _unit_rows(6), RNG.random(9)
    told, denser = around(now, weights, now, before, width=0.7)
    for i, place in enumerate(now):
        own, old = _near(place, now), _near(place, before)
        assert told[i] == pytest.approx(np.mean(own * weights) / (own.mean() + old.mean()))
        assert denser[i] == (own.mean() > old.mean())


def test_whitened_rows_spread_alike_in_every_direction() -> None:
    rows = RNG.normal(size=(4000, 3)) * [5.0, 1.0, 0.2]
    (white,) = whitened(rows, ridge=0.0)
    np.testing.assert_allclose(white.T @ white / len(white), np.eye(3) / 3, atol=0.02)
    (ridged,) = whitened(rows, ridge=10.0)
    spread = (ridged**2).mean(axis=0)
    assert spread[0] > spread[1] > spread[2]


def test_a_new_group_is_found_where_the_reference_has_none() -> None:
    reference, _ = drawn(400, 6)
    rng = np.random.default_rng(2)
    labels = np.concatenate([rng.integers(0, 6, 90), np.full(10, 8)])
    rows = texts(rng, CENTRES, labels)
    book, rows = whitened(reference, rows)
    near = Nearness.of(book)
    found = new_groups(rows, near.density(rows, book), near=near, most=3)
    inside = found[0].holds(rows)
    assert inside[90:].sum() >= 6
    assert inside[:90].sum() == 0


def test_one_row_is_no_group() -> None:
    rows, _ = drawn(60, 3)
    near = Nearness.of(rows)
    assert new_groups(rows[:1], near.density(rows[:1], rows[1:]), near=near) == []


def test_the_density_of_rows_is_the_mean_over_all_pairs() -> None:
    rows, _ = drawn(80, 6)
    here, others = rows[:30] * np.linspace(0.9, 1.1, 30)[:, None], rows[30:]  # of any length
    near = Nearness.of(rows)
    apart = np.linalg.norm(here[:, None] - others[None], axis=2)
    expected = np.clip((near.outer - apart) / (near.outer - near.inner), 0.0, 1.0).mean(axis=1)
    assert (expected > 0).sum() > 10
    np.testing.assert_allclose(near.density(here, others), expected, atol=1e-5)


def test_across_the_map_lies_the_linear_discriminant() -> None:
    rng = np.random.default_rng(4)
    before, now = rng.normal(size=(300, 6)), rng.normal(np.array([1.5, 0, 0, 0.5, 0, 0]), 1.0, (200, 6))
    placed = np.concatenate(shared_map(now, before, components=6))
    rows, labels = np.concatenate([now, before]), np.repeat([1, 0], [200, 300])
    scores = LinearDiscriminantAnalysis().fit(rows, labels).decision_function(rows)
    # The covariance is shrunk, theirs is not.
    assert np.corrcoef(placed[:, 0], scores)[0, 1] > 0.99
    assert placed[:200, 0].mean() > placed[200:, 0].mean()
    assert np.corrcoef(placed.T)[0, 1] == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(placed.std(axis=0), 1.0)


def test_a_map_of_nothing_is_empty_and_of_one_text_is_a_point() -> None:
    assert shared_map(np.zeros((0, 3)), np.ones((2, 3)))[1].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert shared_map(np.ones((3, 2)), np.ones((2, 2)))[0].tolist() == [[0.0, 0.0]] * 3
