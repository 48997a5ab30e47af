"""The checks on a distance of embeddings: quiet on wandering traffic, a new topic is found and explained."""

from __future__ import annotations

import numpy as np
import pytest
from check_traffic import ALPHA, drift, fitted, hours, samples, texts, topics
from numpy.typing import NDArray

from monitors.checks import CHECKS
from monitors.checks._embeddings import set_apart
from monitors.checks._given import covered
from monitors.checks._new_topic import NewTopic, turned_topic
from monitors.checks._sampled import Sampled
from monitors.checks.base import Reference, WindowSample
from monitors.checks.context_mmd import BANDWIDTH, CONTEXT, with_hour
from monitors.result import Window
from monitors.statistics.two_sample import TwoSample

NAMES = ("mmd_fuse", "lsdd", "sliced_wasserstein", "domain_classifier", "drifted_dimensions", "context_mmd")
KNOWN, WEEK = 8, 168


def series(*, new: float = 0.0, cycle: float = 0.0, count: int = WEEK + 24) -> list[WindowSample]:
    """A week of hours and a day whose second half has a share of a ninth topic."""
    rng = np.random.default_rng(11)
    centres = topics(11, KNOWN + 1)
    phase = rng.uniform(0, 2 * np.pi, size=KNOWN)

    def draw(window: Window) -> NDArray[np.float32]:
        number = (window.start - hours(1)[0].start).total_seconds() / 3600.0
        logits = cycle * np.cos(window.start.hour / 24 * 2 * np.pi - phase)
        chosen = rng.choice(KNOWN, size=40, p=np.exp(logits) / np.exp(logits).sum())
        if number >= WEEK + 12:
            chosen = np.where(rng.random(40) < new, KNOWN, chosen)
        return texts(rng, centres, chosen)

    return samples(hours(count), draw)


@pytest.mark.parametrize("name", NAMES)
def test_much_new_content_is_found_sized_and_explained(name: str) -> None:
    made = series(new=0.4)
    outcome = fitted(CHECKS.get(name), drift(made[:WEEK])).evaluate(made[-12:], alpha=ALPHA)
    assert outcome.status == "breach", outcome.reason
    assert outcome.effect == pytest.approx(0.4, abs=0.25)
    assert outcome.value is not None
    assert outcome.threshold is not None
    assert outcome.value >= outcome.threshold
    evidence = outcome.evidence
    assert 0.0 < evidence["detectable"]["share_of_new_content"] <= outcome.effect + 1e-9
    assert evidence["permutation"]["p_if_independent"] == 0.005
    # The rows that stand out are those of the new topic, which came in the second half of the day.
    centre = topics(11, KNOWN + 1)[KNOWN]
    rows = {key: row for s in made[-12:] for key, row in zip(s.keys, s.rows, strict=True)}
    shown = np.array([rows[f"{e['trace_id']}/{e['span_id']}"] for e in evidence["examples"]])
    assert np.mean(shown @ centre > 0.35) >= 0.9


@pytest.mark.parametrize("name", ["lsdd", "sliced_wasserstein", "context_mmd"])
def test_a_day_like_the_others_is_quiet(name: str) -> None:
    made = series(cycle=0.6)
    model = fitted(CHECKS.get(name), drift(made[:WEEK]))
    for end in (WEEK + 3, WEEK + 11, WEEK + 23):
        outcome = model.evaluate(made[end - 23 : end + 1], alpha=ALPHA)
        assert outcome.status == "ok", outcome.reason


def test_what_the_distance_learns_from_is_not_compared() -> None:
    made = series(count=60)
    left, apart = set_apart(drift(made), lambda s: np.concatenate([w.rows for w in s]))
    kept = {row.tobytes() for w in left.windows for row in w.rows}
    assert not kept & {row.tobytes() for row in apart}
    assert len(kept) + len(apart) == 60 * 40
    pool = np.eye(90, dtype=np.float32)
    alone, some = set_apart(
        Reference(kind="skew", name="golden", windows=(), pool=pool), lambda s: np.empty((0, 1))
    )
    assert alone.pool is not None
    assert (len(alone.pool), len(some)) == (60, 30)


def test_a_share_of_new_content_is_read_back() -> None:
    """The squared distance of means grows with the square of the share."""

    def of(x: NDArray[np.floating], y: NDArray[np.floating], permutations: int) -> TwoSample:
        difference = x.mean(axis=0) - y.mean(axis=0)
        return TwoSample(value=float(difference @ difference), null=np.empty(0))

    rng = np.random.default_rng(0)
    rows = texts(rng, topics(0, 5), rng.integers(0, 5, size=3000))
    distance = Sampled(of=of, power=0.1, rows=656, reference_rows=2000)
    topic = NewTopic(rows, distance, dimension=rows.shape[1], size=656, seed=0, square=False)
    assert topic.share(0.01, 0.02) == 0.0
    for share in (0.05, 0.1, 0.3):
        assert topic.share(topic.value(share, 0.01), 0.01) == pytest.approx(share, rel=1e-6)
    four = topic.value(0.4, 0.0) / topic.value(0.2, 0.0)
    assert four == pytest.approx(4.0, rel=0.15)


def test_a_turned_topic_is_as_narrow_and_as_far() -> None:
    rng = np.random.default_rng(0)
    rows = texts(rng, topics(0, 5), rng.integers(0, 5, size=600))
    made = turned_topic(rows, rows.shape[1], 200, rng)
    assert np.linalg.norm(made, axis=1) == pytest.approx(np.ones(len(made)), abs=1e-5)
    assert np.linalg.norm(made.mean(axis=0)) == pytest.approx(0.7, abs=0.15)
    assert np.abs(made.mean(axis=0) @ (rows - rows.mean(axis=0)).T).max() < 0.5


def test_hours_unseen_are_not_compared() -> None:
    made = series(count=24)
    rows = with_hour(made)
    assert rows.shape == (960, 67)
    contexts = rows[:, -CONTEXT:]
    early, late = contexts[: 6 * 40], contexts[6 * 40 :]
    near = covered(late, early, BANDWIDTH)
    assert 0 < np.count_nonzero(near) < len(late)
    assert covered(late[-40 * 12 : -40 * 8], early[:40], BANDWIDTH).all()
