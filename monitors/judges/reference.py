"""Figures against a known truth: documents that somebody marked as relevant, answers that are held for right.

They are grades of the judge `reference`, on 0 to 1, of spans that carry the truth; others get none. Documents
are marked by `relevant`, answers by `reference_text`. What retrieval figures cannot know is what was not
retrieved: recall is of the relevant documents that the span itself holds.

References: exact match and F1 as in SQuAD (Rajpurkar et al., 2016, arXiv:1606.05250); nDCG and average
precision by scikit-learn.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from collectors.model import Document
from monitors.judges.base import Stamp
from monitors.judges.grade import Grade, JudgedSpan

NAME = "reference"
VERSION = "1"
K = 5
_RETRIEVERS = frozenset({"retriever", "reranker"})
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def reference_grades(spans: Sequence[JudgedSpan], *, now: datetime, run_id: str | None) -> list[Grade]:
    """The figures of every span that carries the truth, in order; nothing of the others."""
    stamp = Stamp(
        judge=NAME,
        judge_kind="local",
        judge_version=VERSION,
        rubric=NAME,
        rubric_version=VERSION,
        graded_at=now,
        run_id=run_id,
    )
    return [
        stamp.grade(span, criterion, score=score)
        for span in spans
        for criterion, score in _figures(span).items()
    ]


def _figures(span: JudgedSpan) -> dict[str, float]:
    if span.kind in _RETRIEVERS:
        return retrieval_figures(span.documents)
    if span.reference_text and span.answer:
        return answer_figures(span.answer, span.reference_text)
    return {}


def retrieval_figures(documents: Sequence[Document]) -> dict[str, float]:
    """How well marked documents are ranked; nothing where nobody marked any.

    Documents that nobody marked count as not relevant once any is marked. Where none is relevant, precision,
    rank and gain are 0, and there is nothing that recall could be of.

    >>> ranked = [Document(relevant=False), Document(relevant=True), Document(relevant=False)]
    >>> found = retrieval_figures(ranked)
    >>> found["reciprocal_rank"], found["recall_at_5"], round(found["precision_at_5"], 3)
    (0.5, 1.0, 0.333)
    """
    if all(d.relevant is None for d in documents):
        return {}
    marks = tuple(bool(d.relevant) for d in documents)
    if not any(marks):
        return {f"precision_at_{K}": 0.0, "reciprocal_rank": 0.0, f"ndcg_at_{K}": 0.0}
    relevant, top = sum(marks), marks[:K]
    return {
        f"recall_at_{K}": sum(top) / relevant,
        f"precision_at_{K}": sum(top) / len(top),
        "reciprocal_rank": 1.0 / (marks.index(True) + 1),
        f"ndcg_at_{K}": _ndcg(marks),
        "average_precision": _average_precision(marks),
    }


def answer_figures(answer: str, reference: str) -> dict[str, float]:
    """How far an answer says the words of the right one: 1 for all and no others.

    >>> answer_figures("The 14 days.", "14 days"), answer_figures("14 working days", "14 days")
    ({'exact_match': 1.0, 'token_f1': 1.0}, {'exact_match': 0.0, 'token_f1': 0.8})
    """
    said, right = _words(answer), _words(reference)
    shared = sum((Counter(said) & Counter(right)).values())
    # Nothing but articles and punctuation on both sides is the same answer; on one side it is not.
    total = len(said) + len(right)
    return {
        "exact_match": float(said == right),
        "token_f1": 2.0 * shared / total if total else 1.0,
    }


def _words(text: str) -> list[str]:
    """Words without case, punctuation and English articles."""
    return _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split()


# Marks are few and come again in every window, and scikit-learn takes milliseconds for each.
@lru_cache(maxsize=4096)
def _ndcg(marks: tuple[bool, ...]) -> float:
    """scikit-learn refuses a single document, whose order cannot be wrong."""
    if len(marks) == 1:
        return 1.0
    from sklearn.metrics import ndcg_score

    return float(ndcg_score([[float(m) for m in marks]], [_by_rank(marks)], k=K))


@lru_cache(maxsize=4096)
def _average_precision(marks: tuple[bool, ...]) -> float:
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(list(marks), _by_rank(marks)))


def _by_rank(marks: Sequence[bool]) -> list[float]:
    """Scores that fall with the rank: the order is the retriever's, whatever its own scores mean."""
    return [float(len(marks) - rank) for rank in range(len(marks))]
