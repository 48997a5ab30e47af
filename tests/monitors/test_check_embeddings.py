"""The checks on embeddings: a new topic, topics that vanish, cycles, wander and repeats."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

import numpy as np
import pytest
from check_traffic import ALPHA, DIMENSION, MONDAY, drift, fitted, hours, samples, texts, topics, watch
from numpy.typing import NDArray

from monitors.checks import CHECKS
from monitors.checks.base import CheckSettings, Outcome, Reference, WindowSample
from monitors.features_embedding import topic_distance
from monitors.noise_directions import eigen
from monitors.result import Window

HISTORY, CHANGE, END = 168, 180, 210
KNOWN = 10
DEFAULT = ("embedding_distance", "mmd")


@lru_cache(maxsize=4)  # the checks are tried in turn on the same traffic, and none changes it
def conversation(
    *,
    seed: int,
    new: float = 0.0,
    lost: bool = False,
    rate: float = 40.0,
    cycle: float = 0.0,
    wander: float = 0.0,
    repeats: float = 0.0,
    until: int = END,
) -> list[WindowSample]:
    """Hourly windows of texts about ten topics; from CHANGE on a share `new` is about an eleventh."""
    rng = np.random.default_rng(seed)
    centres = topics(seed, KNOWN + 1)
    usual = np.log(rng.dirichlet(np.full(KNOWN, 3.0)) + 0.01)
    phase, of_day = rng.uniform(0, 2 * np.pi, size=KNOWN), rng.standard_normal((END // 24 + 1, KNOWN))

    def draw(window: Window) -> NDArray[np.float32]:
        number = round((window.start - MONDAY) / timedelta(hours=1))
        changed = CHANGE <= number < until
        logits = (
            usual + cycle * np.cos(window.start.hour / 24 * 2 * np.pi - phase) + wander * of_day[number // 24]
        )
        if lost and changed:
            logits[int(np.argmax(usual))] = -20.0
        shares = np.exp(logits) / np.exp(logits).sum()
        k = int(rng.poisson(rate))
        chosen = rng.choice(KNOWN, size=k, p=shares)
        if changed:
            chosen = np.where(rng.random(k) < new, KNOWN, chosen)
        rows = texts(rng, centres, chosen)
        for i in np.flatnonzero(rng.random(k) < repeats):
            rows[i] = rows[rng.integers(0, k)]
        return rows

    return samples(hours(END), draw)


def outcomes(
    name: str, series: list[WindowSample], settings: CheckSettings | None = None, *, since: int = HISTORY
) -> list[Outcome]:
    return watch(fitted(CHECKS.get(name), drift(series[:HISTORY]), settings), series, since)


def breaches(answers: list[Outcome]) -> list[int]:
    return [i for i, a in enumerate(answers) if a.status == "breach"]


@pytest.mark.parametrize("name", DEFAULT)
@pytest.mark.parametrize(
    ("traffic", "share", "within"),
    [
        ({}, 0.2, 4),
        ({}, 0.1, 24),
        ({"cycle": 0.5}, 0.2, 5),
        ({"cycle": 0.4, "wander": 0.2, "repeats": 0.1}, 0.2, 12),
    ],
)
def test_a_new_topic_is_found_in_hours(
    name: str, traffic: dict[str, float], share: float, within: int
) -> None:
    for seed in range(2):
        answers = outcomes(name, conversation(seed=seed, new=share, **traffic)[: CHANGE + within])
        found = breaches(answers)
        assert found
        assert found[0] >= CHANGE - HISTORY


@pytest.mark.parametrize("name", DEFAULT)
def test_a_topic_that_vanishes_is_found(name: str) -> None:
    assert breaches(outcomes(name, conversation(seed=3, lost=True)))


@pytest.mark.parametrize("name", [*DEFAULT, "energy_distance"])
@pytest.mark.parametrize(
    "traffic",
    [{}, {"cycle": 0.6}, {"cycle": 0.4, "wander": 0.3, "repeats": 0.15}],
    ids=["independent", "cycles", "wander and repeats"],
)
def test_unchanged_traffic_is_silent(name: str, traffic: dict[str, float]) -> None:
    for seed in range(3):
        assert not breaches(outcomes(name, conversation(seed=10 + seed, **traffic)))


def test_energy_distance_finds_a_large_change() -> None:
    assert breaches(outcomes("energy_distance", conversation(seed=4, new=0.5)))


def test_the_effect_is_about_the_share_of_new_content() -> None:
    series = conversation(seed=5, new=0.3, rate=80.0)
    for name in DEFAULT:
        answer = outcomes(name, series, since=CHANGE + 8)[0]
        assert answer.effect_unit == "share of new content"
        assert answer.effect == pytest.approx(0.3, abs=0.1)
        assert f"{answer.effect:.0%} of the content were new" in answer.reason


def test_a_breach_shows_when_and_what() -> None:
    series = conversation(seed=6, new=0.3)
    centres = topics(6, KNOWN + 1)
    by_key = {key: row for s in series for key, row in zip(s.keys, s.rows, strict=True)}
    for name in DEFAULT:
        answer = outcomes(name, series, since=CHANGE + 6)[0]
        assert answer.status == "breach"
        assert answer.value is not None
        assert answer.threshold is not None
        assert answer.value >= answer.threshold
        change = answer.evidence["change_point"]
        assert change["low"] <= (MONDAY + timedelta(hours=CHANGE)).isoformat() <= change["high"]
        rows = np.array([by_key[f"{e['trace_id']}/{e['span_id']}"] for e in answer.evidence["examples"]])
        nearest = np.argmax(rows @ (centres / np.linalg.norm(centres, axis=1, keepdims=True)).T, axis=1)
        assert np.mean(nearest == KNOWN) >= 0.9
    assert answer.evidence["current"]["permutation_p_if_independent"] < 0.01


def test_cosine_distance_is_that_of_the_means() -> None:
    series = conversation(seed=7, new=0.5, rate=200.0)
    answer = outcomes("embedding_distance", series, CheckSettings(scales=(4,)), since=CHANGE + 5)[0]
    a = np.concatenate([s.rows for s in series[CHANGE + 2 : CHANGE + 6]]).mean(axis=0)
    b = np.concatenate([s.rows for s in series[:HISTORY]]).mean(axis=0)
    expected = 1.0 - float(a @ b) / float(np.linalg.norm(a) * np.linalg.norm(b))
    assert answer.value == pytest.approx(expected, rel=0.1)


def test_the_margin_keeps_a_small_certain_change_silent() -> None:
    series = conversation(seed=8, new=0.04, rate=1500.0)
    answers = outcomes("embedding_distance", series, since=CHANGE + 8)[:1]
    assert answers[0].p_value is not None
    assert answers[0].p_value < ALPHA
    assert not breaches(answers)
    assert "less than the 5% that matter" in answers[0].reason
    assert breaches(outcomes("embedding_distance", series, CheckSettings(margin=0.01), since=CHANGE + 8)[:1])


def test_a_breach_ends_soon_after_the_change_has_ended() -> None:
    answers = outcomes("embedding_distance", conversation(seed=9, new=0.6, until=CHANGE + 6), since=CHANGE)
    assert answers[3].status == "breach"
    assert not breaches(answers[11:])


def skew(*, new: float, production: float = 0.0) -> Outcome:
    rng = np.random.default_rng(1)
    series = conversation(seed=11, new=production, cycle=0.4)
    centres = topics(11, KNOWN + 1)
    rows = np.concatenate([s.rows for s in conversation(seed=11, cycle=0.4)[24:48]])
    pool = rows[rng.permutation(len(rows))[:300]]
    replaced = rng.random(300) < new
    pool[replaced] = texts(rng, centres, np.full(int(replaced.sum()), KNOWN))
    reference = Reference(kind="skew", name="golden", windows=tuple(series[:120]), pool=pool)
    model = fitted(CHECKS.get("embedding_distance"), reference)
    return model.evaluate(series[CHANGE : CHANGE + 24], alpha=ALPHA)


def test_production_is_not_blamed_for_not_being_the_evaluation_set_exactly() -> None:
    same, little, other = skew(new=0.0), skew(new=0.1), skew(new=0.6)
    assert (same.status, little.status, other.status) == ("ok", "ok", "breach")
    assert other.evidence["scale_windows"] == 24
    assert other.n_reference == 300


def test_the_topic_distance_is_that_of_the_topics() -> None:
    rng = np.random.default_rng(2)
    centres = topics(2, 12)
    rows = texts(rng, centres, rng.integers(0, 12, size=600))
    mean = rows.mean(axis=0)
    assigned = rows.astype(np.float64)
    labels = np.argmax(rows @ centres.T, axis=1)
    true = [np.linalg.norm(assigned[labels == k].mean(axis=0) - mean) for k in range(12)]
    assert topic_distance(rows) == pytest.approx(float(np.mean(true)), rel=0.15)


def test_the_shrunk_eigenvalues_keep_the_trace() -> None:
    rng = np.random.default_rng(3)
    rows = (rng.standard_normal((100, DIMENSION)) * np.linspace(2, 0.1, DIMENSION)).astype(np.float32)
    basis, values = eigen(rows)
    assert values.sum() == pytest.approx(float((rows**2).sum() / 100), rel=0.02)
    assert np.allclose(basis.T @ basis, np.eye(DIMENSION), atol=1e-9)
    assert values.min() > 0.0
