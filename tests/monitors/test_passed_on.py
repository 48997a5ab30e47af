"""A change that came with the input is told from one of the component's own, also where one kind is hit."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import RidgeCV

from monitors.explain_input import from_input
from monitors.statistics.passed_on import LEAST_ROWS, PassedOn, passed_on

Floats = NDArray[np.float64]
KINDS, NEW, DIMENSIONS, N, M = 12, 12, 24, 150, 300
SEEDS = range(20)


def world(case: str, seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Rows of 12 kinds of input and what is said to each; a fifth is about a 13th kind, or answered wrong."""
    rng = np.random.default_rng(seed)
    inputs, answers = rng.normal(0, 1, (2, KINDS + 1, DIMENSIONS))
    shares = rng.dirichlet(np.full(KINDS, 5.0))
    before, now = (rng.choice(KINDS, size=size, p=shares) for size in (M, N))
    said = now.copy()
    hit = rng.random(N) < 0.2
    if case == "new input":
        now = np.where(hit, NEW, now)
        said = now
    elif case == "wrong at random":
        said = np.where(hit, NEW, now)
    elif case == "wrong for one kind":
        said = np.where(now == int(np.argmax(shares)), NEW, now)
    noise = [rng.normal(0, 0.7, (size, DIMENSIONS)) for size in (N, M, N, M)]
    places = (answers[said], answers[before], inputs[now], inputs[before])
    rows = [place + off for place, off in zip(places, noise, strict=True)]
    unit = [row / np.linalg.norm(row, axis=1, keepdims=True) for row in rows]
    return unit[0], unit[1], unit[2], unit[3]


def found(case: str, seed: int) -> PassedOn:
    answer = passed_on(*world(case, seed), bandwidth=0.9)
    assert answer is not None
    return answer


def explains(case: str) -> float:
    """How often the input is said to explain the change, by the rule of the evidence."""
    told = 0
    for seed in SEEDS:
        now, before, now_given, before_given = world(case, seed)
        sides = [
            (rows.astype(np.float32), [f"{i}/{seed}" for i in numbers])
            for rows, numbers in ((now, range(N)), (before, range(N, N + M)))
        ]
        given = dict(
            zip([key for _, keys in sides for key in keys], [*now_given, *before_given], strict=True)
        )
        [entry] = from_input(sides, given)
        told += entry["verdict"] == "explains"
    return told / len(SEEDS)


def test_a_new_kind_of_input_explains_the_new_answers() -> None:
    assert explains("new input") >= 0.9


@pytest.mark.parametrize("case", ["wrong at random", "wrong for one kind"])
def test_a_fault_of_its_own_is_not_put_down_to_the_input(case: str) -> None:
    assert explains(case) <= 0.05


def test_the_share_is_that_of_a_regression_of_the_witness_but_for_rows_with_themselves() -> None:
    now, before, now_given, before_given = world("new input", 3)
    kernel = RBF(0.9)
    witness = kernel(now, now).mean(axis=1) - kernel(now, before).mean(axis=1)
    model = RidgeCV(alphas=np.logspace(-3, 2, 11)).fit(now_given, witness)
    moved = witness.mean() - model.predict(before_given).mean()
    whole = kernel(now, now).mean() + kernel(before, before).mean() - 2 * kernel(now, before).mean()
    assert found("new input", 3).share == pytest.approx(moved / whole, abs=0.1)


def test_its_interval_holds_zero_where_the_component_is_at_fault() -> None:
    """The inputs are the same in distribution, so the true share is zero."""
    covered = [answer.low <= 0.0 for answer in (found("wrong for one kind", seed) for seed in SEEDS)]
    assert np.mean(covered) >= 0.9


def test_too_few_rows_say_nothing() -> None:
    now, before, now_given, before_given = world("new input", 0)
    few = LEAST_ROWS - 1
    assert passed_on(now[:few], before, now_given[:few], before_given, bandwidth=1.0) is None
    assert from_input([(now.astype(np.float32), ["a"] * N)] * 2, {}) == []


def test_no_difference_says_nothing() -> None:
    _, before, _, before_given = world("new input", 0)
    assert passed_on(before, before, before_given, before_given, bandwidth=1.0) is None
