"""What every judge is, whichever way it comes to its grades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from monitors.judges.grade import Grade, GradeStatus, JudgedSpan, JudgeKind


class Judge(Protocol):
    """Grades spans. A judge never invents a score: what it cannot grade is `unscored` with a reason."""

    @property
    def name(self) -> str:
        """What the grade is filed under: `local`, or the configured name of an LLM judge."""
        ...

    @property
    def kind(self) -> JudgeKind:
        """Whether a model on this machine or a language model somewhere decided."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same text could get another score: model, weights, prompt."""
        ...

    def grade(self, items: Sequence[JudgedSpan]) -> list[Grade]:
        """One grade per span and criterion that applies to it, in the order of `items`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What all grades of one judge in one run have in common."""

    judge: str
    judge_kind: JudgeKind
    judge_version: str
    rubric: str
    rubric_version: str
    graded_at: datetime
    run_id: str | None = None

    def grade(
        self,
        span: JudgedSpan,
        criterion: str,
        *,
        score: float | None = None,
        reason: str | None = None,
        rationale: str | None = None,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        cost_usd: float | None = None,
    ) -> Grade:
        """A grade of `span`: graded when there is a score, else unscored for `reason`."""
        status: GradeStatus = "unscored" if score is None else "graded"
        return Grade(
            trace_id=span.trace_id,
            span_id=span.span_id,
            chain=span.chain,
            component=span.component,
            span_started_at=span.started_at,
            dataset=span.dataset,
            judge=self.judge,
            judge_kind=self.judge_kind,
            judge_version=self.judge_version,
            rubric=self.rubric,
            rubric_version=self.rubric_version,
            criterion=criterion,
            status=status,
            score=score,
            reason=reason,
            rationale=rationale,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cost_usd=cost_usd,
            graded_at=self.graded_at,
            run_id=self.run_id,
            **span.made(),
        )
