"""Training the local scorer: nothing of a held-out group is seen, and the fit is scikit-learn's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from judge_support import WordHashEncoder

from collectors.errors import SourceError
from monitors.judges.logistic import parse_weights, shipped_weights
from monitors.judges.train_local import TrainingSet, fit, held_out, training_sets, weights_json
from monitors.judges.training_data import FOLDS, Example, load_groundedness, load_relevance


def made(n: int = 200) -> TrainingSet:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((n, 2))
    target = (x[:, 0] + 0.5 * rng.standard_normal(n) > 0).astype(float)
    examples = tuple(
        Example(source="a", group=f"q{i // 4}", question="q", answer="a", documents=(), target=t)
        for i, t in enumerate(target)
    )
    return TrainingSet(name="m", features=("good", "noise"), examples=examples, x=x)


def test_held_out_probabilities_do_not_know_their_own_labels() -> None:
    data = made()
    group = data.examples[0].group
    turned = replace(
        data,
        examples=tuple(replace(e, target=1.0 - e.target) if e.group == group else e for e in data.examples),
    )
    same_fold = data.fold == data.examples[0].fold
    before, after = held_out(data), held_out(turned)
    assert after[same_fold] == pytest.approx(before[same_fold], abs=1e-12)
    assert not np.allclose(after[~same_fold], before[~same_fold], atol=1e-6)
    assert len(set(data.fold)) == FOLDS


def test_the_fit_is_a_regularised_logistic_regression() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    data = made()
    model = fit(data)
    standard = StandardScaler().fit_transform(data.x)
    other = LogisticRegression(C=0.1, max_iter=1000).fit(standard, data.target)
    assert model.probability(data.x) == pytest.approx(other.predict_proba(standard)[:, 1], abs=1e-3)
    assert model.weights[0] > 5 * abs(model.weights[1])


def test_a_rating_between_is_learnt_as_a_probability() -> None:
    data = made()
    level = replace(data, examples=tuple(replace(e, target=0.7) for e in data.examples))
    assert fit(level).probability(data.x) == pytest.approx(np.full(200, 0.7), abs=1e-3)


def test_negatives_are_other_groups_of_the_same_source_and_fold(shared_data: Path) -> None:
    examples = load_relevance(shared_data, WordHashEncoder())
    own = {(e.group, e.answer): e for e in examples if e.target == 1.0}
    by_answer = {e.answer: e for e in own.values()}
    negatives = [e for e in examples if e.target == 0.0]
    assert len(negatives) > 700
    for negative in negatives:
        origin = by_answer[negative.answer]
        assert origin.fold == negative.fold


def test_questions_do_not_stand_on_both_sides(shared_data: Path) -> None:
    examples = load_groundedness(shared_data)
    folds: dict[str, set[int]] = {}
    for example in examples:
        folds.setdefault(example.question.strip().lower(), set()).add(example.fold)
        assert 0.0 <= example.target <= 1.0
    claims = {e.question.strip().lower() for e in examples if e.source.startswith("attributionbench")}
    assert all(len(folds[q]) == 1 for q in claims)


def test_weights_survive_the_file() -> None:
    data = made()
    read = parse_weights(weights_json([data], WordHashEncoder()))
    assert read.models["m"].probability(data.x) == pytest.approx(fit(data).probability(data.x), abs=1e-5)
    assert read.digest != shipped_weights().digest


@pytest.mark.slow
def test_the_features_beat_word_overlap_with_any_encoder(shared_data: Path) -> None:
    from sklearn.metrics import roc_auc_score

    data = training_sets(shared_data, WordHashEncoder())[0]
    claims = np.array([e.source.startswith("attributionbench") for e in data.examples])
    assert claims.sum() == 1198
    found = roc_auc_score(data.target[claims], held_out(data)[claims])
    # Overlap of content words reaches 0.713 on these claims.
    assert found > 0.72


def test_missing_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no training data at"):
        load_groundedness(tmp_path)
