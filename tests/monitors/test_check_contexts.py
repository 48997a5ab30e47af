"""Context-aware checks: another mix of inputs, topics or versions is no drift of answers."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from check_traffic import ALPHA, drift, fitted, hours, sample, texts, topics
from numpy.typing import NDArray

from monitors.beside import SampleBeside, fields_beside, with_beside
from monitors.checks import CHECKS
from monitors.checks._given import NearestTopic, direction
from monitors.checks.base import CheckSettings, WindowSample
from monitors.config import MonitorsConfig
from monitors.plan import asked_for
from monitors.result import Window
from monitors.streams import Stream
from monitors.summaries import Sample, SampleStore

WEEK, DAY, KNOWN = 168, 24, 4
INPUTS, OUTPUTS, OTHER = topics(1, KNOWN), topics(2, KNOWN), topics(3, KNOWN)
ONE_DAY = CheckSettings(scales=(DAY,))


def names(chosen: NDArray[np.bool_], window: Window) -> WindowSample:
    rows = np.where(chosen, "large-2", "large-1").astype(object)
    return sample(window, rows)


def asked_and_answered(
    rng: np.random.Generator, window: Window, shares: list[float], answers: NDArray[np.float64]
) -> WindowSample:
    """Answers follow the topic of the question; topic 0 is answered by another model."""
    chosen = rng.choice(KNOWN, size=30, p=shares)
    said = sample(window, texts(rng, answers, chosen))
    beside = {"input_text": sample(window, texts(rng, INPUTS, chosen)), "model": names(chosen == 0, window)}
    return SampleBeside.of(said, beside)


def series(today: list[float], answers: NDArray[np.float64]) -> list[WindowSample]:
    rng = np.random.default_rng(5)
    usual = [1.0 / KNOWN] * KNOWN
    every = hours(WEEK + DAY)
    return [asked_and_answered(rng, w, usual, OUTPUTS) for w in every[:WEEK]] + [
        asked_and_answered(rng, w, today, answers) for w in every[WEEK:]
    ]


@pytest.mark.parametrize("name", ["context_mmd_input", "context_mmd_topic", "context_mmd_version"])
def test_what_the_context_explains_is_quiet_and_what_it_does_not_is_found(name: str) -> None:
    other_mix = [0.7, 0.1, 0.1, 0.1]
    made = series(other_mix, OUTPUTS)
    model = fitted(CHECKS.get(name), drift(made[:WEEK]), ONE_DAY)
    outcome = model.evaluate(made[WEEK:], alpha=ALPHA)
    assert outcome.status == "ok", outcome.reason
    plain = fitted(CHECKS.get("embedding_distance"), drift(made[:WEEK]), ONE_DAY)
    assert plain.evaluate(made[WEEK:], alpha=ALPHA).status == "breach"
    mixed = OUTPUTS.copy()
    mixed[0] = OTHER[0]
    found = model.evaluate(series([0.25] * KNOWN, mixed)[WEEK:], alpha=ALPHA)
    assert found.status == "breach", found.reason


def test_rows_go_together_by_their_keys() -> None:
    window = hours(1)[0]
    said = sample(window, np.eye(4, dtype=np.float32))
    other = WindowSample(
        window=window, n=2, rows=np.array([["b"], ["a"]], dtype=object), keys=(said.keys[2], said.keys[0])
    )
    together = SampleBeside.of(said, {"model": other})
    assert [None if r is None else r[0] for r in together.matched("model")] == ["a", None, "b", None]
    assert together.matched("prompt_version") == [None] * 4
    assert (together.keys, together.n) == (said.keys, said.n)


def test_the_store_gives_the_other_field_of_the_same_component() -> None:
    stream, window = Stream("support", "assistant", "output_text"), hours(1)[0]
    store = SampleStore(timedelta(hours=1))
    for component, value in (("assistant", 1.0), ("router", 2.0)):
        place = Stream("support", component, "input_text")
        rows = np.full((1, 2), value, dtype=np.float16)
        store.add(
            [
                Sample(
                    stream=place, window=window, basis="b", n=1, n_missing=0, rows=rows, keys=("t/s",), seed=0
                )
            ]
        )
    said = [WindowSample(window=window, n=1, rows=np.zeros((1, 2), np.float32), keys=("t/s",))]
    (made,) = with_beside(CHECKS.get("context_mmd_input"), stream, store, said)
    assert isinstance(made, SampleBeside)
    (found,) = made.matched("input_text")
    assert found is not None
    assert found.tolist() == [1.0, 1.0]
    assert with_beside(CHECKS.get("mmd"), stream, store, said) == said


def test_names_beside_are_read_for_the_checks_that_want_them() -> None:
    check = CHECKS.get("context_mmd_version")
    assert fields_beside(check) == {"model", "prompt_version"}
    assert asked_for([check], MonitorsConfig()) == {"model", "prompt_version"}
    assert asked_for([CHECKS.get("context_mmd_input")], MonitorsConfig()) == frozenset()


def test_topics_are_told_apart_and_nothing_is_of_none() -> None:
    rng = np.random.default_rng(0)
    chosen = rng.integers(0, KNOWN, size=200)
    rows = texts(rng, INPUTS, chosen)
    made = NearestTopic(rows)(np.concatenate([rows, np.zeros((1, rows.shape[1]), np.float32)]))
    assert made[-1].sum() == 0.0
    of = made[:-1].argmax(axis=1)
    # Every topic that was found lies within one of the true ones.
    assert np.mean([np.bincount(chosen[of == k]).max() / np.sum(of == k) for k in np.unique(of)]) > 0.9


def test_a_name_has_one_direction() -> None:
    assert np.array_equal(direction("gpt"), direction("gpt"))
    assert abs(float(direction("gpt") @ direction("claude"))) < 0.9
