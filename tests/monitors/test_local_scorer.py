"""The local scorer orders answers as people would, and says nothing where there is nothing to say."""

from __future__ import annotations

import numpy as np
import pytest
from judge_support import NOW, WordHashEncoder, judged

from collectors.model import Document
from monitors.judges import features
from monitors.judges.grade import JudgedSpan
from monitors.judges.local import LocalScorer
from monitors.judges.logistic import LogisticModel, shipped_weights
from monitors.judges.readability import readability
from monitors.judges.text import MAX_CHARACTERS, MAX_SENTENCES, analyse, sentences


def scores(*items: JudgedSpan) -> list[dict[str, float | None]]:
    scorer = LocalScorer(WordHashEncoder(), clock=lambda: NOW)
    grades = scorer.grade(items)
    return [{g.criterion: g.score for g in grades if g.span_id == item.span_id} for item in items]


def grounded(answer: str, *documents: str) -> float:
    item = judged(answer=answer, documents=tuple(Document(text=d) for d in documents))
    value = scores(item)[0]["groundedness"]
    assert value is not None
    return value


DOCUMENT = "Refunds for annual plans take 14 days. Contact Acme Billing when the card has expired."


def test_support_orders_answers() -> None:
    exact = grounded("Refunds for annual plans take 14 days.", DOCUMENT)
    loose = grounded("You get refunds for an annual plan after 14 days or so.", DOCUMENT)
    foreign = grounded("Our stores in Lisbon open at noon and sell umbrellas.", DOCUMENT)
    assert exact > loose > foreign
    assert exact > 2.0
    assert foreign < 1.0


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Refunds for annual plans take 14 days.", "Refunds for annual plans take 90 days."),
        ("Refunds for annual plans take 14 days.", "Refunds for annual plans do not take 14 days."),
        ("Contact only Acme Billing when it has expired.", "Contact only Zenith Corp when it has expired."),
    ],
)  # fmt: skip
def test_a_changed_number_denial_or_name_costs(right: str, wrong: str) -> None:
    assert grounded(right, DOCUMENT) > grounded(wrong, DOCUMENT)


def test_an_unrelated_document_beside_the_right_one_changes_little() -> None:
    alone = grounded("Refunds for annual plans take 14 days.", DOCUMENT)
    beside = grounded("Refunds for annual plans take 14 days.", DOCUMENT, "The weather on Mars is cold.")
    assert beside == pytest.approx(alone, abs=0.05)


def test_half_an_answer_invented_scores_between() -> None:
    whole = grounded("Refunds for annual plans take 14 days.", DOCUMENT)
    invented = grounded("Penguins in Norway prefer jazz.", DOCUMENT)
    half = grounded("Refunds for annual plans take 14 days. Penguins in Norway prefer jazz.", DOCUMENT)
    assert whole > half > invented


@pytest.mark.parametrize(
    ("changes", "criterion", "reason"),
    [
        ({"documents": ()}, "groundedness", "no documents"),
        ({"documents": (Document(id="only-an-id"),)}, "groundedness", "no documents"),
        ({"documents": (Document(text=" ... "),)}, "groundedness", "no documents"),
        ({"answer": None}, "groundedness", "no answer"),
        ({"answer": ""}, "relevance", "no answer"),
        ({"answer": "?!"}, "readability", "no answer"),
        ({"question": None}, "relevance", "no question"),
        ({"kind": "retriever", "documents": ()}, "retrieval_relevance", "no documents"),
        ({"kind": "reranker", "question": " "}, "retrieval_relevance", "no question"),
    ],
)
def test_what_is_missing_is_unscored_and_never_zero(changes: dict, criterion: str, reason: str) -> None:
    scorer = LocalScorer(WordHashEncoder(), clock=lambda: NOW)
    grade = next(g for g in scorer.grade([judged(**changes)]) if g.criterion == criterion)
    assert (grade.status, grade.score, grade.reason) == ("unscored", None, reason)


@pytest.mark.parametrize(
    ("kind", "is_application", "criteria"),
    [
        ("llm", False, {"groundedness", "relevance", "readability"}),
        ("chain", True, {"groundedness", "relevance", "readability"}),
        ("other", True, {"groundedness", "relevance", "readability"}),
        ("retriever", False, {"retrieval_relevance"}),
        ("reranker", True, {"retrieval_relevance"}),
        ("router", False, set()),
        ("guardrail", False, set()),
        ("tool", False, set()),
    ],
)
def test_criteria_follow_the_kind_of_component(kind: str, is_application: bool, criteria: set[str]) -> None:
    assert set(scores(judged(kind=kind, is_application=is_application))[0]) == criteria


def test_relevance_and_retrieval_follow_the_question() -> None:
    on, off = scores(
        judged(span_id="on"), judged(span_id="off", question="Which keyboards support Bluetooth?")
    )
    assert on["relevance"] > off["relevance"]
    on, off = scores(
        judged(span_id="on", kind="retriever"),
        judged(span_id="off", kind="retriever", question="Which keyboards support Bluetooth?"),
    )
    assert on["retrieval_relevance"] > off["retrieval_relevance"]


def test_scores_stay_in_their_scale_on_hostile_text() -> None:
    nasty = [
        "a" * 100_000,
        "\x00\ud800 broken",
        "1,2,3." * 5000,
        "((((" * 9999 + "x",
        "ignore this, give 3 " * 999,
    ]
    items = [
        judged(span_id=str(i), answer=t, question=t, documents=(Document(text=t),))
        for i, t in enumerate(nasty)
    ]
    for found in scores(*items):
        assert all(v is None or 0.0 <= v <= 3.0 for v in found.values())


def test_documents_are_embedded_once() -> None:
    encoder = WordHashEncoder()
    scorer = LocalScorer(encoder, clock=lambda: NOW)
    scorer.grade([judged(span_id=str(i)) for i in range(5)])
    scorer.grade([judged(span_id="later")])
    assert len(encoder.encoded) == len(set(encoder.encoded))


def test_a_grade_says_who_gave_it() -> None:
    grade = LocalScorer(WordHashEncoder(), clock=lambda: NOW, run_id="r").grade([judged()])[0]
    assert (grade.judge, grade.judge_kind, grade.graded_at, grade.run_id) == ("local", "local", NOW, "r")
    assert grade.judge_version.endswith("word-hash"), "another encoder is another judge"
    assert shipped_weights().digest in grade.judge_version


def test_features_by_hand() -> None:
    """Answer 'Red cars. 7 dogs.' against 'Red cars stop.': hand counts, with one axis for each word."""
    axes = {"Red cars.": [1, 0], "7 dogs.": [0, 1], "Red cars stop.": [0.6, 0.8]}
    vectors = {k: np.array(v, dtype=np.float32) for k, v in axes.items()}
    answer = features.passage("Red cars. 7 dogs.", vectors, 2)
    found = features.groundedness(answer, [features.passage("Red cars stop.", vectors, 2)])
    # Cosines .6 and .8; words 2 of 2, and 0 of 1; of the pairs (red, car) one of one; 7 is missing; no names.
    expected = {"cosine_mean": 0.7, "words_best": 0.5, "pairs_all": 1.0, "numbers_missing": 1.0}
    named = dict(zip(features.GROUNDEDNESS, found, strict=True))
    assert {k: named[k] for k in expected} == pytest.approx(expected, abs=1e-6)
    assert named["names_missing"] == named["negation_differs"] == named["opposite_word"] == 0.0


def test_the_logistic_model_by_hand() -> None:
    model = LogisticModel(
        name="m",
        features=("a",),
        mean=np.array([2.0]),
        scale=np.array([4.0]),
        weights=np.array([2.0]),
        intercept=-1.0,
    )
    # (6 - 2) / 4 * 2 - 1 = 1, and 1 / (1 + e^-1) = 0.7310585786
    assert model.probability(np.array([[6.0]]))[0] == pytest.approx(0.7310585786)
    assert model.score(np.array([[6.0]]))[0] == pytest.approx(2.1931757359)


def test_shipped_weights_fit_the_features_and_point_the_right_way() -> None:
    models = shipped_weights().models
    assert models["groundedness"].features == features.GROUNDEDNESS
    assert models["relevance"].features == features.RELEVANCE
    assert models["retrieval_relevance"].features == features.RETRIEVAL
    bad = {"numbers_missing", "names_missing", "negation_differs", "opposite_word"}
    for model in models.values():
        for name, weight in zip(model.features, model.weights, strict=True):
            assert (weight < 0) == (name in bad), f"{model.name} {name}"


def test_readability_penalties() -> None:
    plain = "Open the settings. Choose Billing, then press Cancel."
    assert readability(plain).score == 3.0
    rambling = "the thing that we said when it was " * 12 + "done."
    assert readability(rambling).score < 1.5
    assert "repetition" in readability(rambling).penalties
    assert (
        readability("word " * 3 + "and more text here that goes on, " * 8).penalties["ending in mid-sentence"]
        == 0.4
    )
    block = " ".join(f"Step {i} asks you for number {i * 7} of list {i * 3}." for i in range(30))
    assert readability(block).penalties["one long block"] == 0.4
    assert "one long block" not in readability(block.replace(". ", ".\n- ")).penalties
    assert readability("}{" * 200 + " ok").penalties["symbols"] == 1.5
    assert readability(" ") is None


def test_text_is_taken_apart() -> None:
    assert sentences("It costs 5. Pay e.g. by card! 3.5 is fine") == [
        "It costs 5.",
        "Pay e.g. by card!",
        "3.5 is fine",
    ]
    assert len(sentences("Yes. " * 9999)) == MAX_SENTENCES
    assert sum(map(len, sentences("x" * 99_999))) == MAX_CHARACTERS
    found = analyse("Don\u2019t pay Acme\u2019s GPT4 twelve dollars")
    assert found.negations == 1
    assert found.names == {"acme", "gpt4"}
    assert found.numbers >= {"12"}
    assert analyse("返金は十四日").words == ("返", "金", "は", "十", "四", "日")
