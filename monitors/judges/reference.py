"""Figures against a known truth: documents that somebody marked as relevant, answers that are held for right.

They are grades of the judge `reference`, on 0 to 1, of spans that carry the truth; others get none. Documents
are marked by `relevant`, right answers are `reference_text`, right contexts are named by ids or texts. What
the figures of marked documents cannot know is what was not retrieved: their recall is of the relevant
documents that the span itself holds.

References: nDCG and average precision by scikit-learn; answers in `reference_answers.py`, contexts in
`reference_contexts.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from collectors.model import Document
from monitors.embedding.encoder import Encoder
from monitors.judges.base import Stamp
from monitors.judges.grade import Grade, JudgedSpan
from monitors.judges.reference_answers import answer_figures, words
from monitors.judges.reference_config import ReferenceConfig, RetrievalFigure
from monitors.judges.reference_contexts import context_figures

NAME = "reference"
VERSION = "1"
_RETRIEVAL: tuple[RetrievalFigure, ...] = (
    "recall",
    "precision",
    "reciprocal_rank",
    "ndcg",
    "average_precision",
)
_RETRIEVERS = frozenset({"retriever", "reranker"})


def reference_grades(
    spans: Sequence[JudgedSpan],
    *,
    now: datetime,
    run_id: str | None,
    encoder: Encoder | None = None,
    config: ReferenceConfig | None = None,
) -> list[Grade]:
    """The figures of every span that carries the truth, in order; nothing of the others.

    encoder: of BERTScore, and part of its version; without one there is none.
    """
    stamp = Stamp(
        judge=NAME,
        judge_kind="local",
        judge_version=VERSION,
        rubric=NAME,
        rubric_version=VERSION,
        graded_at=now,
        run_id=run_id,
    )
    settings = config or ReferenceConfig()
    return [
        replace(stamp, judge_version=f"{VERSION}{basis}").grade(span, criterion, score=score)
        for span in spans
        for criterion, score, basis in _figures(span, settings, encoder)
    ]


def _figures(
    span: JudgedSpan, config: ReferenceConfig, encoder: Encoder | None
) -> Iterator[tuple[str, float, str]]:
    """Criterion, score, and what else than the version of this module the score rests on."""
    if span.kind in _RETRIEVERS:
        for name, value in retrieval_figures(span.documents, config).items():
            yield name, value, ""
    elif span.reference_text and span.answer:
        wanted = config.of_answers(len(words(span.reference_text)))
        for name, value in answer_figures(span.answer, span.reference_text, wanted, encoder).items():
            yield name, value, f"-{encoder.identity}" if name == "bert_score" and encoder else ""
    told = (
        context_figures(span) if config.wants("context_recall") or config.wants("context_precision") else None
    )
    if told is not None:
        source, found = told
        for context in ("context_recall", "context_precision"):
            if config.wants(context) and context in found:
                yield context, found[context], f"-{source}"


def retrieval_figures(
    documents: Sequence[Document], config: ReferenceConfig | None = None
) -> dict[str, float]:
    """How well marked documents are ranked; nothing where nobody marked any.

    Documents that nobody marked count as not relevant once any is marked. Where none is relevant, precision,
    rank and gain are 0, and there is nothing that recall could be of.

    >>> ranked = [Document(relevant=False), Document(relevant=True), Document(relevant=False)]
    >>> found = retrieval_figures(ranked)
    >>> found["reciprocal_rank"], found["recall_at_5"], round(found["precision_at_5"], 3)
    (0.5, 1.0, 0.333)
    """
    settings = config or ReferenceConfig()
    if all(d.relevant is None for d in documents):
        return {}
    k, marks = settings.k, tuple(bool(d.relevant) for d in documents)
    relevant, top = sum(marks), marks[:k]
    found = {"precision": sum(top) / len(top), "reciprocal_rank": 0.0, "ndcg": 0.0}
    if relevant:
        found |= {
            "recall": sum(top) / relevant,
            "reciprocal_rank": 1.0 / (marks.index(True) + 1),
            "ndcg": _ndcg(marks, k),
            "average_precision": _average_precision(marks),
        }
    at_k = {"precision", "recall", "ndcg"}
    return {
        f"{name}_at_{k}" if name in at_k else name: found[name]
        for name in _RETRIEVAL
        if name in found and settings.wants(name)
    }


# Marks are few and come again in every window, and scikit-learn takes milliseconds for each.
@lru_cache(maxsize=4096)
def _ndcg(marks: tuple[bool, ...], k: int) -> float:
    """scikit-learn refuses a single document, whose order cannot be wrong."""
    if len(marks) == 1:
        return 1.0
    from sklearn.metrics import ndcg_score

    return float(ndcg_score([[float(m) for m in marks]], [_by_rank(marks)], k=k))


@lru_cache(maxsize=4096)
def _average_precision(marks: tuple[bool, ...]) -> float:
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(list(marks), _by_rank(marks)))


def _by_rank(marks: Sequence[bool]) -> list[float]:
    """Scores that fall with the rank: the order is the retriever's, whatever its own scores mean."""
    return [float(len(marks) - rank) for rank in range(len(marks))]
