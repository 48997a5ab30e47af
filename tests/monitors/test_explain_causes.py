"""What accounts for a change: how much of it goes away when a label is held fixed, and not by chance."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from monitors.explain_causes import Candidate, account, candidates
from monitors.explain_read import Said
from monitors.statistics.conditioning import Conditioned, condition

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


def two_kinds(
    rng: np.random.Generator, *, now: float, before: float, shift: float = 0.0
) -> tuple[Floats, Floats, Labels, Labels]:
    """Rows of two kinds that lie far apart, in other shares now; `shift` moves every row of now."""
    labels = [(rng.random(count) < share).astype(np.int64) for count, share in ((300, now), (400, before))]
    far = np.array([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0]])
    rows = [far[side] + rng.normal(0, 0.3, (len(side), 3)) for side in labels]
    rows[0][:, 1] += shift
    return rows[0], rows[1], labels[0], labels[1]


def found(*given: NDArray[np.generic], seed: int = 0, shuffles: int = 99) -> Conditioned:
    rows, labels = given[:2], given[2:]
    answer = condition(
        np.asarray(rows[0], dtype=np.float64),
        np.asarray(rows[1], dtype=np.float64),
        np.asarray(labels[0], dtype=np.int64),
        np.asarray(labels[1], dtype=np.int64),
        rng=np.random.default_rng(seed),
        shuffles=shuffles,
    )
    assert answer is not None
    return answer


def test_other_shares_of_the_same_kinds_are_explained_by_the_kind() -> None:
    answer = found(*two_kinds(np.random.default_rng(1), now=0.6, before=0.1))
    assert answer.share == pytest.approx(1.0, abs=0.05)
    assert answer.low < 1.0 < answer.high + 0.05
    assert answer.p == 0.01
    assert abs(answer.by_chance) < 0.05


def test_a_change_within_every_kind_is_explained_by_no_kind() -> None:
    answer = found(*two_kinds(np.random.default_rng(2), now=0.3, before=0.3, shift=2.0))
    assert abs(answer.share) < 0.1


def test_half_and_half_by_hand() -> None:
    """Shares move the mean by .5 x 3 along one axis, the shift by 1.5 along another: half of the square."""
    answer = found(*two_kinds(np.random.default_rng(3), now=0.6, before=0.1, shift=1.5))
    assert answer.share == pytest.approx(0.5, abs=0.08)


def test_it_is_kitagawas_decomposition_of_two_means() -> None:
    """One feature, large samples: (P1 - P0) x R0 over the whole difference, present shares as weights."""
    now_labels, before_labels = np.repeat([0, 1], [4000, 6000]), np.repeat([0, 1], [7000, 3000])
    now = np.where(now_labels == 1, 5.0, 2.0)[:, None]
    before = np.where(before_labels == 1, 4.0, 1.0)[:, None]
    # Means 3.8 and 1.9; within kinds each rose by 1, shares moved the rest, .9.
    answer = found(now, before, now_labels, before_labels, shuffles=1)
    assert answer.share == pytest.approx(0.9 / 1.9, abs=1e-3)


def test_a_label_that_one_side_lacks_says_nothing() -> None:
    """A new version for everybody: it coincides, and no shuffle can tell."""
    rng = np.random.default_rng(4)
    now, before = rng.normal(1, 1, (100, 3)), rng.normal(0, 1, (100, 3))
    answer = found(now, before, np.ones(100), np.zeros(100))
    assert (answer.share, answer.by_chance, answer.beyond_chance) == (1.0, 1.0, 0.0)
    told = account(now, before, [Candidate(name="model", now=["b"] * 100, before=["a"] * 100)], seed=0)
    assert told[0]["verdict"] == "coincides"
    assert told[0]["levels"][0] == {"level": "a", "before": 1.0, "now": 0.0}


def test_labels_that_mean_nothing_are_seldom_called_an_explanation() -> None:
    """A real change and random labels: a p of .05 or less in no more than chance has it."""
    small = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        now, before = rng.normal(0.5, 1, (40, 2)), rng.normal(0, 1, (40, 2))
        answer = condition(now, before, rng.integers(0, 3, 40), rng.integers(0, 3, 40), rng=rng, shuffles=19)
        small += answer is not None and answer.p <= 0.05
    # 5 % of 200; the binomial's 99.9 % quantile is 21.
    assert small <= 21


def test_nothing_to_compare_is_nothing() -> None:
    rng = np.random.default_rng(0)
    assert condition(np.ones((1, 2)), np.ones((9, 2)), np.zeros(1, int), np.zeros(9, int), rng=rng) is None
    same = np.ones((9, 2))
    assert condition(same, same, np.zeros(9, int), np.zeros(9, int), rng=rng) is None


def said(**facts: str | None) -> Said:
    return Said(text=facts.pop("text", None), characters=12, facts=facts)


def test_users_are_counted_and_not_named() -> None:
    """One user asks for something else: that explains it, and nobody's id is in the evidence."""
    rng = np.random.default_rng(6)
    now_users = ["heavy"] * 80 + [f"u{i % 5}" for i in range(120)]
    before_users = ["heavy"] * 8 + [f"u{i % 5}" for i in range(192)]
    rows = [np.array([[4.0 if u == "heavy" else 0.0] for u in side]) for side in (now_users, before_users)]
    rows = [side + rng.normal(0, 0.2, side.shape) for side in rows]
    tried = candidates(
        [said(user_id=u, model="m") for u in now_users],
        [said(user_id=u, model="m") for u in before_users],
        languages=False,
        length="length",
    )
    told = account(rows[0], rows[1], tried, seed=0)
    # Model and length are the same everywhere and are no candidates.
    assert [(e["by"], e["verdict"]) for e in told] == [("user", "explains")]
    assert told[0]["share"] > 0.9
    assert told[0]["remains"] == pytest.approx(1.0 - told[0]["share"])
    assert "heavy" not in str(told)


def test_languages_are_told_from_texts() -> None:
    english, spanish = "where is the parcel that I ordered last week", "¿dónde está el paquete que pedí ayer?"
    tried = candidates([said(text=spanish)] * 3, [said(text=english)] * 3, languages=True, length=None)
    language = next(c for c in tried if c.name == "language")
    assert (set(language.now), set(language.before)) == ({"es"}, {"en"})
