"""Agreement of judges with people, against scikit-learn, the package krippendorff and published figures."""

from __future__ import annotations

import csv
import gzip
import json
from typing import Any

import numpy as np
import pytest
from judge_support import SHARED
from sklearn.metrics import accuracy_score, cohen_kappa_score

from monitors.statistics.agreement import (
    agreement,
    alpha_figure,
    krippendorff_alpha,
    position_bias,
    share,
    verbosity_bias,
)

RNG = np.random.default_rng(1)
PEOPLE = RNG.integers(0, 4, 300)
JUDGE = np.clip(PEOPLE + RNG.integers(-1, 2, 300), 0, 3)
# Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", section C.
FOUR_OBSERVERS: list[list[int | None]] = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def rows(name: str) -> list[dict[str, Any]]:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"no {name} in ../shared/data")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file)) if ".csv" in name else [json.loads(line) for line in file]


def test_grades_against_scikit_learn() -> None:
    found = agreement(JUDGE.tolist(), PEOPLE.tolist())
    assert found.pairs == 300
    assert found.exact.value == pytest.approx(accuracy_score(PEOPLE, JUDGE), abs=1e-12)
    assert found.kappa.value == pytest.approx(cohen_kappa_score(JUDGE, PEOPLE), abs=1e-12)
    weighted = cohen_kappa_score(JUDGE, PEOPLE, weights="quadratic")
    assert found.weighted_kappa.value == pytest.approx(weighted, abs=1e-12)
    assert found.within_one.value == 1.0
    assert found.bias.value == pytest.approx(float((JUDGE - PEOPLE).mean()))


def test_grades_that_skip_a_step_weigh_by_their_distance() -> None:
    """0, 1 and 3: from 1 to 3 is two grades. By hand: expected 2.25, found 1."""
    found = agreement([0, 1, 3, 1], [0, 1, 3, 3])
    expected = cohen_kappa_score([0, 1, 3, 1], [0, 1, 3, 3], weights="quadratic", labels=[0, 1, 2, 3])
    assert found.weighted_kappa.value == pytest.approx(expected, abs=1e-12)
    assert found.within_one.value == 0.75


def test_names_have_no_distance() -> None:
    found = agreement(["a", "b", "b"], ["a", "b", "a"], ordered=False)
    assert found.kappa.value == pytest.approx(cohen_kappa_score(["a", "b", "b"], ["a", "b", "a"]))
    assert (found.within_one.value, found.weighted_kappa.value, found.bias.value) == (None, None, None)


def test_nothing_is_not_zero() -> None:
    assert agreement([], []).kappa.value is None
    assert agreement([2, 2], [2, 2]).kappa.value is None, "one grade only: chance explains all"
    assert agreement([2, 2], [2, 2]).exact.value == 1.0
    assert krippendorff_alpha([[1, 1], [1, 1]]) is None
    assert position_bias([0], [1]).bias.value is None
    assert share(0, 0).value is None
    assert verbosity_bias([0.0] * 20, list(range(20))).value is None
    with pytest.raises(ValueError, match="2 grades of the judge and 1 of people"):
        agreement([1, 2], [1])


def test_intervals_hold() -> None:
    """Tables drawn from a known one: its kappa lies in 95 % of the intervals."""
    table = np.array([[30, 5, 2], [6, 25, 5], [2, 4, 21]]) / 100
    cells = [(i, j) for i in range(3) for j in range(3)]
    drawn = np.random.default_rng(0).multinomial(4_000_000, table.ravel())
    population = [c for c, n in zip(cells, drawn // 4000, strict=True) for _ in range(n)]
    truth = cohen_kappa_score(*zip(*population, strict=True))
    rng, hits = np.random.default_rng(2), 0
    for seed in range(200):
        picked = [cells[i] for i in rng.choice(9, size=120, p=table.ravel())]
        found = agreement([a for a, _ in picked], [b for _, b in picked], seed=seed).kappa
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= truth <= found.high
    assert 0.90 <= hits / 200 <= 0.99


@pytest.mark.parametrize(
    ("scale", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_as_krippendorff_published_it(scale: Any, published: float) -> None:
    assert krippendorff_alpha(FOUR_OBSERVERS, scale=scale) == pytest.approx(published, abs=6e-4)


def test_alpha_has_an_interval() -> None:
    found = alpha_figure([JUDGE.tolist(), PEOPLE.tolist()], seed=3)
    assert found.value == krippendorff_alpha([JUDGE.tolist(), PEOPLE.tolist()])
    assert found.low is not None
    assert found.high is not None
    assert found.low < (found.value or 0) < found.high
    beside = agreement(JUDGE.tolist(), PEOPLE.tolist()).alpha
    assert beside.value == pytest.approx(found.value, abs=1e-12)
    assert (beside.low, beside.high) == pytest.approx((found.low, found.high), abs=0.02), "other draws"


def test_a_judge_that_likes_length_is_found() -> None:
    lengths = RNG.integers(20, 400, 200).astype(float)
    found = verbosity_bias((RNG.normal(size=200) + lengths / 200).tolist(), lengths.tolist())
    assert found.low is not None
    assert found.low > 0.2


CODES = {"1_full_compliance": 1, "3_partial_refusal": 2, "2_full_refusal": 3}


@pytest.mark.parametrize(
    ("model", "alpha"),
    # Of the package krippendorff 0.9.0, level ordinal: two people and the judge, unreadable ones missing.
    [
        ("gpt4", 0.9331759491918222),
        ("llama2orig", 0.7476676760189815),
        ("mistralinstruct", 0.39554616664332143),
    ],
)
def test_xstest(model: str, alpha: float) -> None:
    found = [r for r in rows("xstest/xstest.jsonl.gz") if r["model"] == model]
    judge, people = [r["gpt4_judge"] for r in found], [r["human"] for r in found]
    ours = agreement(judge, people, ordered=False)
    assert ours.kappa.value == pytest.approx(cohen_kappa_score(judge, people), abs=1e-6)
    assert ours.exact.value == pytest.approx(accuracy_score(people, judge), abs=1e-6)
    ratings = [[CODES.get(r[who]) for r in found] for who in ("annotator_1", "annotator_2", "gpt4_judge")]
    assert krippendorff_alpha(ratings) == pytest.approx(alpha, abs=1e-6)


def test_pandalm() -> None:
    found = rows("pandalm/pandalm.jsonl.gz")
    annotators = [list(column) for column in zip(*(r["annotators"] for r in found), strict=True)]
    # The package krippendorff 0.9.0, level nominal.
    assert krippendorff_alpha(annotators, scale="nominal") == pytest.approx(0.8720775356777866, abs=1e-6)
    read = {"1": 1, "2": 2, "0": 0, "Tie": 0}
    for judge in ("gpt35_judge", "pandalm7b_judge"):
        pairs = [(read[r[judge]], r["majority"]) for r in found if r[judge] in read]
        said, right = [a for a, _ in pairs], [b for _, b in pairs]
        ours = agreement(said, right, ordered=False)
        assert ours.kappa.value == pytest.approx(cohen_kappa_score(said, right), abs=1e-6)
        invalid = share(len(found) - len(pairs), len(found))
        assert invalid.value == pytest.approx((9 if judge == "gpt35_judge" else 0) / 512, abs=1e-6)


def test_llmbar() -> None:
    gold = {r["item"]: r["gold"] for r in rows("llmbar/items.jsonl.gz")}
    found = rows("llmbar/judge_predictions.csv.gz")
    for judge, strategy in {(r["judge"], r["strategy"]) for r in found}:
        mine = [r for r in found if (r["judge"], r["strategy"]) == (judge, strategy)]
        said = [[int(r[name]) if r[name] else 0 for r in mine] for name in ("win_noswap", "win_swap")]
        right = [gold[r["item"]] for r in mine]
        for order in said:
            ours = agreement(order, right, ordered=False)
            assert ours.kappa.value == pytest.approx(cohen_kappa_score(order, right), abs=1e-6)
        bias = position_bias(*said)
        both = [(a, b) for a, b in zip(*said, strict=True) if a and b]
        # Counted apart: the first stands first in the first order, the second in the other.
        first = sum(a == 1 and b == 2 for a, b in both) / len(both)
        second = sum(a == 2 and b == 1 for a, b in both) / len(both)
        assert bias.bias.value == pytest.approx(first - second, abs=1e-6)
        assert bias.consistent.value == pytest.approx(sum(a == b for a, b in both) / len(both), abs=1e-6)
