"""Figures against a known truth: by hand, and through a monitor pass."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from judge_support import NOW, WordHashEncoder, judged
from run_world import HOUR, START, open_world, rows, store, traffic

from collectors.home import Home
from collectors.model import Document
from monitors.judges.grading import local_grades
from monitors.judges.reference import answer_figures, reference_grades, retrieval_figures
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
    assert answer_figures(answer, reference) == {"exact_match": exact, "token_f1": pytest.approx(f1)}


def test_only_spans_with_the_truth_have_figures() -> None:
    told = judged(span_id="a", reference_text="14 days")
    spans = [told, judged(span_id="b"), judged(span_id="c", reference_text="14 days", answer=None)]
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
        replace(s, reference_text="thanks card") if s.component == "generator" else s
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
    watched = {r["field"] for r in rows(context, "SELECT DISTINCT field FROM results")}
    assert {"quality.token_f1", "quality.exact_match"} <= watched
