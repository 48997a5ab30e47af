"""The checks on topics: shares that move, topics that are new, and what neither is for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from check_traffic import drift, fitted, hours, samples, texts, topics
from numpy.typing import NDArray

from monitors.checks import CHECKS
from monitors.checks.base import CheckSettings, Outcome, WindowSample
from monitors.result import Window

CENTRES = topics(5, 6)
USUAL = np.array([0.35, 0.3, 0.2, 0.15])
SETTINGS = CheckSettings(scales=(16,))


def traffic(
    count: int, shares: NDArray[np.float64], *, seed: int, start: Window | None = None
) -> list[WindowSample]:
    rng = np.random.default_rng(seed)
    windows = hours(count) if start is None else hours(count, start=start.end)
    return samples(windows, lambda _: texts(rng, CENTRES, rng.choice(len(shares), 40, p=shares)))


def judged(name: str, shares: NDArray[np.float64]) -> tuple[Outcome, list[WindowSample]]:
    """The answer for sixteen hours of these shares after a week of the usual ones."""
    past = traffic(168, USUAL, seed=1)
    now = traffic(16, shares, seed=2, start=past[-1].window)
    return fitted(CHECKS.get(name), drift(past), SETTINGS).evaluate(now, alpha=1e-3), now


def test_a_topic_that_doubles_is_found_with_its_rows() -> None:
    outcome, now = judged("topic_mix", np.array([0.25, 0.2, 0.15, 0.4]))
    assert outcome.status == "breach"
    topic = outcome.evidence["topic"]
    assert abs(topic["usual"] - 0.15) < 0.02
    assert topic["low"] < 0.4 < topic["high"]
    assert outcome.evidence["found"]["topics"] == 4
    # The rows it names are those nearest to the fourth centre.
    rows = np.concatenate([w.rows for w in now])
    np.testing.assert_array_equal(topic["rows"], np.flatnonzero(np.argmax(rows @ CENTRES.T, axis=1) == 3))
    assert len(topic["reference_rows"]) > 200


def test_shares_that_stay_are_no_breach() -> None:
    for name in ("topic_mix", "new_topic"):
        outcome, _ = judged(name, USUAL)
        assert outcome.status == "ok", name
        assert "topic" not in outcome.evidence


def test_a_new_topic_is_found_and_its_texts_are_the_examples() -> None:
    outcome, now = judged("new_topic", np.append(USUAL * 0.8, [0.0, 0.2]))
    assert outcome.status == "breach"
    topic, rows = outcome.evidence["topic"], np.concatenate([w.rows for w in now])
    of_new = np.argmax(rows @ CENTRES.T, axis=1) == 5
    # Of two groups the surer one is told, which may reach a little further than the purer one.
    assert of_new[topic["rows"]].mean() > 0.85
    # Four in five of what found it lie in the ball.
    assert 0.1 < topic["share"] <= 0.25
    assert topic["low"] < topic["share"] < topic["high"]
    assert topic["usual"] < 0.02
    keys = [key for window in now for key in window.keys]
    told = [keys.index(f"{e['trace_id']}/{e['span_id']}") for e in outcome.evidence["examples"]]
    assert of_new[told].all()


def test_a_topic_that_only_grows_is_not_new() -> None:
    outcome, _ = judged("new_topic", np.array([0.25, 0.25, 0.2, 0.3]))
    assert outcome.status == "ok"


def test_a_small_new_topic_may_be_certain_and_not_matter() -> None:
    past = traffic(168, USUAL, seed=1)
    now = traffic(16, np.append(USUAL * 0.8, [0.0, 0.2]), seed=2, start=past[-1].window)
    strict = CheckSettings(scales=(16,), margin=0.5)
    outcome = fitted(CHECKS.get("new_topic"), drift(past), strict).evaluate(now, alpha=1e-3)
    assert outcome.status == "ok"
    assert "less than the 50%" in outcome.reason


def test_a_text_that_is_sent_again_and_again_is_no_new_topic() -> None:
    past = traffic(168, USUAL, seed=1)
    now = traffic(16, USUAL, seed=2, start=past[-1].window)
    # In every hour some other text fills a quarter of the rows.
    stormy = [replace(w, rows=np.concatenate([w.rows[:30], np.repeat(w.rows[:1], 10, axis=0)])) for w in now]
    check = fitted(CHECKS.get("new_topic"), drift(past), CheckSettings(scales=(1,)))
    chances = [check.evaluate(stormy[: i + 1], alpha=1e-3).p_value or 0.0 for i in range(16)]
    assert min(chances) > 0.01
    one_text = replace(now[0], rows=np.repeat(now[0].rows[:1], 40, axis=0))
    assert check.evaluate([one_text], alpha=1e-3).status == "ok"
