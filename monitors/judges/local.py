"""The local scorer: groundedness, relevance and readability of every answer, with no key and no network.

It is a judge of kind `local` and its grades say so. It compares texts (embeddings, shared words, numbers,
names, denials) and cannot know whether a document is right. docs/judges/local-scorer.md has the figures.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from collectors.model import Document
from monitors.embedding.encoder import Encoder
from monitors.judges import features
from monitors.judges.base import Stamp
from monitors.judges.features import Passage, Rows
from monitors.judges.grade import Grade, JudgedSpan, JudgeKind
from monitors.judges.logistic import LocalWeights, shipped_weights
from monitors.judges.readability import readability
from monitors.judges.reference_config import ReferenceConfig
from monitors.judges.text import sentences

NAME = "local"
RUBRIC = "local"
ANSWER_CRITERIA = ("groundedness", "relevance", "readability")
RETRIEVAL_CRITERIA = ("retrieval_relevance",)
_RETRIEVERS = frozenset({"retriever", "reranker"})
_ANSWERERS = frozenset({"llm"})
_NEEDS: dict[str, tuple[str, ...]] = {
    "groundedness": ("answer", "documents"),
    "relevance": ("answer", "question"),
    "readability": ("answer",),
    "retrieval_relevance": ("question", "documents"),
}
_NOTHING = features.passage("", {}, 0)
_MAX_DOCUMENTS = 20
_KEPT_PASSAGES = 20_000


def criteria(span: JudgedSpan) -> tuple[str, ...]:
    """What the local scorer says of a span: answers of LLMs and of the application, and retrievals.

    A retriever that is the whole application is still a retriever. Routers, guardrails, tools and
    embeddings have no answer for people and get nothing.
    """
    if span.kind in _RETRIEVERS:
        return RETRIEVAL_CRITERIA
    return ANSWER_CRITERIA if span.is_application or span.kind in _ANSWERERS else ()


class MoreGrades(Protocol):
    """One more scorer on this machine, which grades the same spans."""

    def grade_at(self, items: Sequence[JudgedSpan], *, now: datetime, run_id: str | None) -> list[Grade]:
        """Its grades, in the order of `items`."""
        ...


class LocalScorer:
    """Grades spans from texts alone. Keep one for a whole run: documents repeat and stay prepared.

    Args:
        encoder: sentences to unit rows; part of the judge's version.
        weights: the logistic models; the shipped ones unless a test brings its own.
        also: more scorers that `local_grades` asks.
        reference: which figures against a known truth it asks for.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        clock: Callable[[], datetime],
        weights: LocalWeights | None = None,
        run_id: str | None = None,
        also: Sequence[MoreGrades] = (),
        reference: ReferenceConfig | None = None,
    ) -> None:
        self.also = tuple(also)
        self.reference = reference or ReferenceConfig()
        self._encoder = encoder
        self._weights = weights or shipped_weights()
        self._clock = clock
        self._run_id = run_id
        self._kept: OrderedDict[str, Passage] = OrderedDict()

    @property
    def name(self) -> str:
        return NAME

    @property
    def kind(self) -> JudgeKind:
        return "local"

    @property
    def version(self) -> str:
        return f"{features.FEATURES_VERSION}-{self._weights.digest}-{self._encoder.identity}"

    def grade(self, items: Sequence[JudgedSpan]) -> list[Grade]:
        """Every applicable criterion of every span, in order; unscored where something is missing."""
        return self.grade_at(items, now=self._clock(), run_id=self._run_id)

    def grade_at(self, items: Sequence[JudgedSpan], *, now: datetime, run_id: str | None) -> list[Grade]:
        """As `grade`, at a stated time."""
        judged = [(item, criteria(item)) for item in items]
        passages = self._prepare(text for item, wanted in judged if wanted for text in _texts(item))
        stamp = Stamp(
            judge=NAME,
            judge_kind="local",
            judge_version=self.version,
            rubric=RUBRIC,
            rubric_version=self._weights.digest,
            graded_at=now,
            run_id=run_id,
        )
        return [self._one(stamp, item, name, passages) for item, wanted in judged for name in wanted]

    def _one(self, stamp: Stamp, item: JudgedSpan, criterion: str, passages: dict[str, Passage]) -> Grade:
        answer = passages.get(item.answer or "", _NOTHING)
        question = passages.get(item.question or "", _NOTHING)
        documents = [passages[d.text] for d in _documents(item) if d.text in passages]
        has = {"question": question.sentences, "answer": answer.sentences, "documents": documents}
        missing = next((need for need in _NEEDS[criterion] if not has[need]), None)
        if missing is not None:
            return stamp.grade(item, criterion, reason=f"no {missing}")
        if criterion == "readability":
            read = readability(item.answer or "")
            if read is None:
                return stamp.grade(item, criterion, reason="no answer")
            return stamp.grade(item, criterion, score=read.score, rationale=read.rationale)
        if criterion == "groundedness":
            return self._model(stamp, item, criterion, features.groundedness(answer, documents))
        if criterion == "relevance":
            return self._model(stamp, item, criterion, features.relevance(question, answer))
        return self._model(stamp, item, criterion, features.retrieval(question, documents))

    def _model(self, stamp: Stamp, item: JudgedSpan, criterion: str, x: NDArray[np.float64]) -> Grade:
        model = self._weights.models[criterion]
        rationale = ", ".join(f"{name} {value:.2f}" for name, value in zip(model.features, x, strict=True))
        return stamp.grade(item, criterion, score=float(model.score(x[None, :])[0]), rationale=rationale)

    def _prepare(self, texts: Iterable[str]) -> dict[str, Passage]:
        """Passages by text, those with words only; sentences that are new are embedded in one batch."""
        wanted = list(dict.fromkeys(texts))
        new = [t for t in wanted if t not in self._kept]
        parts = list(dict.fromkeys(s for t in new for s in sentences(t)))
        rows = self._encoder.encode(parts) if parts else np.zeros((0, 0), dtype=np.float32)
        vectors: dict[str, Rows] = dict(zip(parts, rows, strict=True))
        found = {t: self._kept[t] for t in wanted if t in self._kept}
        for text in new:
            found[text] = self._kept[text] = features.passage(text, vectors, rows.shape[1])
        for text in wanted:
            self._kept.move_to_end(text)
        while len(self._kept) > _KEPT_PASSAGES:
            self._kept.popitem(last=False)
        return {text: p for text, p in found.items() if p.sentences}


def _documents(item: JudgedSpan) -> list[Document]:
    return [d for d in item.documents if d.text][:_MAX_DOCUMENTS]


def _texts(item: JudgedSpan) -> list[str]:
    texts = [item.answer, item.question, *(d.text for d in _documents(item))]
    return [t for t in texts if t]
