"""What is judged, and what a judge says: the records between the warehouse and the judges."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from collectors.model import Document, content_hash

# `ensemble` is the median of several of kind `llm`.
JudgeKind = Literal["local", "llm", "ensemble"]
GradeStatus = Literal["graded", "unscored"]
# Reasons that begin so are the endpoint's fault: such spans are asked for again by the next run.
ENDPOINT_REASON = "endpoint: "


@dataclass(frozen=True, kw_only=True)
class Made:
    """Where a span ran and what it was made with, as it says itself; None is not told."""

    environment: str | None = None
    chain_version: str | None = None
    component_version: str | None = None
    prompt_version: str | None = None
    index_version: str | None = None
    model: str | None = None

    def made(self) -> dict[str, Any]:
        """These by name, for another record of the same span."""
        return {field.name: getattr(self, field.name) for field in fields(Made)}


@dataclass(frozen=True, kw_only=True)
class JudgedSpan(Made):
    """One answer (or one retrieval) with what is needed to judge it.

    Attributes:
        question: what was asked: the question at the head of the trace for an LLM or application span,
            the component's own input for a retriever or reranker.
        answer: what the component said; None for a component that only returns documents.
        input_text: what this component was given, where that is not what the user asked: a tool's arguments.
        documents: the component's own documents, or those of the last retriever or reranker before the
            answer in the same trace; empty when the trace has none.
        reference_ids, reference_contexts: the documents that should be found, by id or text.
        is_application: the span has no parent, so its answer is the application's.
    """

    trace_id: str
    span_id: str
    chain: str
    component: str
    kind: str
    started_at: datetime
    dataset: str
    question: str | None
    answer: str | None
    input_text: str | None = None
    documents: tuple[Document, ...] = ()
    reference_text: str | None = None
    reference_ids: tuple[str, ...] = ()
    reference_contexts: tuple[str, ...] = ()
    is_application: bool = False

    @property
    def key(self) -> str:
        """`trace_id/span_id`, as results name their examples."""
        return f"{self.trace_id}/{self.span_id}"


@dataclass(frozen=True, kw_only=True)
class Grade(Made):
    """One judge's word on one criterion of one span: a row of the table `grades`.

    `graded` always has a score; `unscored` never has one and says why in `reason`.
    Tokens and cost are this criterion's share of the call, so that they sum to the bill.
    Environment, versions and model are those of the span.
    """

    trace_id: str
    span_id: str
    chain: str
    component: str
    span_started_at: datetime
    dataset: str
    judge: str
    judge_kind: JudgeKind
    judge_version: str
    rubric: str
    rubric_version: str
    criterion: str
    status: GradeStatus
    score: float | None = None
    reason: str | None = None
    rationale: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    graded_at: datetime
    run_id: str | None = None
    grade_id: str = ""

    def __post_init__(self) -> None:
        if self.status == "graded" and self.score is None:
            raise ValueError(f"{self.judge} {self.criterion} of {self.span_id}: a grade needs a score")
        if self.status == "unscored" and (self.score is not None or not self.reason):
            raise ValueError(
                f"{self.judge} {self.criterion} of {self.span_id}: unscored has a reason and no score"
            )
        if not self.grade_id:
            object.__setattr__(self, "grade_id", self._identity())

    def _identity(self) -> str:
        """Judging the same span again with the same judge and rubric gives the same row."""
        return content_hash(
            self.trace_id,
            self.span_id,
            self.judge,
            self.judge_version,
            self.rubric,
            self.rubric_version,
            self.criterion,
        )
