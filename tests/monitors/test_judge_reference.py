"""Figures against a known truth: by hand, and through a monitor pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from judge_support import NOW, WordHashEncoder, judged
from numpy.typing import NDArray
from run_world import HOUR, START, open_world, rows, store, traffic

from collectors.home import Home
from collectors.model import Document
from monitors.judges.grade import JudgedSpan
from monitors.judges.grading import local_grades
from monitors.judges.reference import reference_grades, retrieval_figures
from monitors.judges.reference_answers import answer_figures, bert_score
from monitors.judges.reference_config import ReferenceConfig
from monitors.judges.reference_contexts import context_figures
from monitors.runner import run_pass


def marked(*relevant: bool | None) -> list[Document]:
    return [Document(id=str(i), text="x", relevant=mark) for i, mark in enumerate(relevant)]


def test_retrieval_by_hand() -> None:
    found = retrieval_figures(marked(False, True, None, True, False, True))
    # Relevant at 2, 4 and 6; the first five hold two of the three.
    assert found["recall_at_5"] == pytest.approx(2 / 3)
    assert found["precision_at_5"] == pytest.approx(2 / 5)
    assert found["reciprocal_rank"] == 0.5
    assert found["average_precision"] == pytest.approx((1 / 2 + 2 / 4 + 3 / 6) / 3)
    gain = 1 / math.log2(3) + 1 / math.log2(5)
    best = 1 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert found["ndcg_at_5"] == pytest.approx(gain / best)


def test_documents_that_nobody_marked_have_no_figures() -> None:
    assert retrieval_figures(marked(None, None)) == {}
    assert retrieval_figures([]) == {}


def test_a_retrieval_without_a_hit_is_bad_and_not_unknown() -> None:
    assert retrieval_figures(marked(False, False, None)) == {
        "precision_at_5": 0.0,
        "reciprocal_rank": 0.0,
        "ndcg_at_5": 0.0,
    }
    assert retrieval_figures(marked(True))["ndcg_at_5"] == 1.0


@pytest.mark.parametrize(
    ("answer", "reference", "exact", "f1"),
    [
        ("14 days", "14 days", 1.0, 1.0),
        ("The answer: 14 DAYS!", "an answer 14 days", 1.0, 1.0),
        # Two of three words, both of the reference's two: 2 * 2 / 5.
        ("14 working days", "14 days", 0.0, 0.8),
        ("never", "14 days", 0.0, 0.0),
        ("days days days", "days", 0.0, 0.5),
        ("the", "14", 0.0, 0.0),
    ],
)
def test_answers_by_hand(answer: str, reference: str, exact: float, f1: float) -> None:
    found = answer_figures(answer, reference, ("exact_match", "token_f1"))
    assert found == {"exact_match": exact, "token_f1": pytest.approx(f1)}


def test_rouge_by_hand_and_in_any_script() -> None:
    said, right = "the cat sat on the mat", "the cat was on the red mat"
    found = answer_figures(said, right, ("rouge_1", "rouge_2", "rouge_l"))
    # Five of six words and of seven, in order; "the cat" and "on the" of five pairs and six.
    assert found["rouge_1"] == pytest.approx(2 * (5 / 6) * (5 / 7) / (5 / 6 + 5 / 7))
    assert found["rouge_2"] == pytest.approx(2 * (2 / 5) * (2 / 6) / (2 / 5 + 2 / 6))
    assert found["rouge_l"] == found["rouge_1"]
    backwards = answer_figures("mat the on sat cat the", right, ("rouge_1", "rouge_l"))
    assert backwards["rouge_1"] == found["rouge_1"] > backwards["rouge_l"]
    assert answer_figures("возврат за 14 дней", "возврат за 30 дней", ("rouge_1",))["rouge_1"] == 0.75
    assert answer_figures("退款", "退货", ("rouge_l",))["rouge_l"] == 0.5


def test_bleu_of_a_sentence_by_hand() -> None:
    same = answer_figures("the cat sat on the mat", "the cat sat on the mat", ("bleu",))
    assert same["bleu"] == pytest.approx(1.0)
    # Four words of five, and 3 of 4, 2 of 3, 1 of 2 longer pieces; no shorter than the right answer.
    near = answer_figures("the cat sat on mats", "the cat sat on rugs", ("bleu",))
    assert near["bleu"] == pytest.approx((4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25)
    # A part of it: precision is 1, and e ** (1 - 6 / 3) is the price of being short.
    short = answer_figures("the cat sat", "the cat sat on the mat", ("bleu",))
    assert short["bleu"] == pytest.approx(math.exp(-1))


# Words of two dimensions, so that every cosine is known.
ROWS = {"north": (0.0, 1.0), "east": (1.0, 0.0), "northeast": (0.6, 0.8), "south": (0.0, -1.0)}


class Directions:
    """An encoder of four words."""

    identity, dimensions = "directions", 2

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([ROWS.get(text, (0.0, 0.0)) for text in texts], dtype=np.float32)


def test_bert_score_by_hand() -> None:
    # north matches northeast by .8, east by .6; of the right answer, northeast is matched by .8.
    precision, recall = (0.8 + 0.6) / 2, 0.8
    found = answer_figures("North east", "northeast unheard-of", ("bert_score",), Directions())
    assert found["bert_score"] == pytest.approx(2 * precision * recall / (precision + recall))
    assert bert_score("south", "north", Directions()) == 0.0
    assert bert_score("north north", "north", Directions()) == pytest.approx(1.0)
    assert bert_score("who knows", "north", Directions()) is None
    assert answer_figures("who knows", "north", ("bert_score",), Directions()) == {}


def test_the_default_figures_follow_the_length_of_the_right_answer() -> None:
    long = "You can have your money back within 14 days of buying it from our shop"
    spans = [
        judged(span_id="a", reference_text="14 days", answer="14 days", documents=()),
        judged(span_id="b", reference_text=long, answer=long, documents=()),
    ]

    def names(config: ReferenceConfig | None = None) -> dict[str, set[str]]:
        grades = reference_grades(spans, now=NOW, run_id=None, encoder=WordHashEncoder(), config=config)
        return {s.span_id: {g.criterion for g in grades if g.span_id == s.span_id} for s in spans}

    assert names() == {
        "a": {"exact_match", "token_f1"},
        "b": {"token_f1", "rouge_l", "bert_score"},
    }
    assert names(ReferenceConfig(short_words=20))["b"] == {"exact_match", "token_f1"}
    assert names(ReferenceConfig(figures=("bleu",))) == {"a": {"bleu"}, "b": {"bleu"}}
    versions = {
        g.criterion: g.judge_version
        for g in reference_grades(spans, now=NOW, run_id=None, encoder=WordHashEncoder())
    }
    assert versions["bert_score"].endswith(WordHashEncoder().identity)
    assert versions["token_f1"] == "1"


def test_k_is_how_many_documents_are_looked_at() -> None:
    found = retrieval_figures(marked(False, True, True), ReferenceConfig(k=2))
    assert (found["recall_at_2"], found["precision_at_2"]) == (0.5, 0.5)
    assert "recall_at_5" not in found
    assert set(retrieval_figures(marked(True), ReferenceConfig(figures=("ndcg",)))) == {"ndcg_at_5"}


def contexts(*texts: str | None, **more: Any) -> JudgedSpan:
    documents = tuple(Document(id=str(i), text=text) for i, text in enumerate(texts))
    return judged(kind="retriever", documents=documents, answer=None, **more)


def test_context_figures_by_ids_know_what_was_not_found() -> None:
    found = context_figures(contexts("x", "y", "z", reference_ids=("2", "0", "77")))
    # Two of three; right at ranks 1 and 3: precision there is 1 and 2/3.
    assert found == (
        "ids",
        {"context_recall": pytest.approx(2 / 3), "context_precision": pytest.approx((1 + 2 / 3) / 2)},
    )
    assert context_figures(contexts(reference_ids=("1",))) == ("ids", {"context_recall": 0.0})
    assert context_figures(contexts("x", reference_ids=("9",))) == (
        "ids",
        {"context_recall": 0.0, "context_precision": 0.0},
    )


def test_context_figures_by_text_and_by_the_right_answer() -> None:
    chunk = "Refunds are paid within 14 days of purchase."
    other = "Routers are reset with the small button."
    by_text = contexts(
        other, f"Policy. {chunk} Ask us.", reference_contexts=(chunk, "Gift cards never expire.")
    )
    assert context_figures(by_text) == ("contexts", {"context_recall": 0.5, "context_precision": 0.5})
    right = "Refunds are paid within 14 days. Gift cards never expire."
    assert context_figures(contexts(chunk, other, reference_text=right)) == (
        "answer",
        {"context_recall": 0.5, "context_precision": 1.0},
    )
    assert context_figures(contexts(chunk)) is None
    assert context_figures(contexts(reference_text=right)) is None, "it may have needed none"


def test_only_spans_with_the_truth_have_figures() -> None:
    told = judged(span_id="a", reference_text="14 days")
    told = replace(told, documents=())
    spans = [
        told,
        judged(span_id="b"),
        judged(span_id="c", reference_text="14 days", answer=None, documents=()),
    ]
    found = reference_grades(spans, now=NOW, run_id="r")
    assert {(g.span_id, g.judge, g.criterion) for g in found} == {
        ("a", "reference", "exact_match"),
        ("a", "reference", "token_f1"),
    }
    retrieval = judged(kind="retriever", documents=tuple(marked(True, False)), reference_text="14 days")
    names = {g.criterion for g in reference_grades([retrieval], now=NOW, run_id=None)}
    assert "recall_at_5" in names
    assert "exact_match" not in names
    both = local_grades([told], WordHashEncoder(), NOW, None)
    assert {g.judge for g in both} == {"local", "reference"}


def test_a_pass_stores_and_watches_them(home: Home) -> None:
    context = open_world(home, "quality")
    spans = [
        replace(s, reference_text="thanks card", attributes={"reference_context_ids": ["1", "9"]})
        if s.component == "generator"
        else s
        for s in traffic(range(30))
    ]
    store(context, spans)
    run_pass(context, now=START + 30 * HOUR + HOUR / 10)
    (row,) = rows(
        context,
        "SELECT count(*) AS n, min(score) AS low FROM grades "
        "WHERE judge = 'reference' AND criterion = 'token_f1'",
    )
    assert row["n"] > 200
    assert row["low"] == 1.0
    (found,) = rows(
        context,
        "SELECT min(score) AS low, max(score) AS high, any_value(judge_version) AS version FROM grades "
        "WHERE judge = 'reference' AND criterion = 'context_recall'",
    )
    assert (found["low"], found["high"], found["version"]) == (0.5, 0.5, "1-ids")
    watched = {r["field"] for r in rows(context, "SELECT DISTINCT field FROM results")}
    assert {"quality.token_f1", "quality.exact_match", "quality.context_precision"} <= watched
