"""An LLM as a judge, through any OpenAI-compatible endpoint: one answer by one rubric.

What cannot be read in its reply is unscored with the reason: no score is ever guessed.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from monitors.judges.asking import Asker, Bill, Shape, Unanswered
from monitors.judges.base import Stamp
from monitors.judges.config import JudgeConfig
from monitors.judges.endpoint import Endpoint, EndpointError, OutOfBudgetError
from monitors.judges.grade import ENDPOINT_REASON, Grade, JudgedSpan, JudgeKind
from monitors.judges.prompt import PROMPT_VERSION, build_prompt, repair_message, reply_schema
from monitors.judges.reply import Verdict, read_reply
from monitors.judges.rubric import OVERALL, Rubric

_FAILURES_BEFORE_STOP = 5


class LlmJudge:
    """Grades by a rubric.

    `skipped` counts the spans that the budget or a stop left out, by reason; `left_out` names them.
    """

    def __init__(
        self,
        settings: JudgeConfig,
        rubric: Rubric,
        endpoint: Endpoint,
        *,
        clock: Callable[[], datetime],
        run_id: str | None = None,
    ) -> None:
        self._settings = settings
        self._rubric = rubric
        self._endpoint = endpoint
        self._clock = clock
        self._run_id = run_id
        self._lock = threading.Lock()
        shape = Shape(
            name="grade",
            schema=reply_schema(rubric),
            read=lambda text: read_reply(text, rubric),
            repair=lambda problem: repair_message(rubric, problem),
        )
        self._asker = Asker(endpoint, shape, max_output_tokens=settings.max_output_tokens)
        self._failures = 0
        self.stopped: str | None = None
        self.skipped: dict[str, int] = {}
        self.left_out: dict[str, str] = {}

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def kind(self) -> JudgeKind:
        return "llm"

    @property
    def version(self) -> str:
        return judge_version(self._settings)

    def grade(self, items: Sequence[JudgedSpan]) -> list[Grade]:
        """Each criterion of every span that the budget allowed, and the rubric's overall if it has one."""
        with ThreadPoolExecutor(max_workers=self._settings.concurrency) as pool:
            return [grade for found in pool.map(self._span, items) for grade in found]

    def _span(self, span: JudgedSpan) -> list[Grade]:
        missing = self._rubric.missing(span)
        if missing is not None:
            return self._unscored(span, f"no {missing}", Bill())
        if self.stopped is not None:
            self._skip(span, self.stopped)
            return []
        bill = Bill()
        try:
            prompt = build_prompt(span, self._rubric, seed=self._settings.seed)
            verdicts = self._asker.ask(prompt.messages(), bill)
        except OutOfBudgetError as cap:
            self._skip(span, f"budget: {cap}")
            return []
        except EndpointError as error:
            self._failed(error)
            return self._unscored(span, f"{ENDPOINT_REASON}{error}", bill)
        with self._lock:
            self._failures = 0
        if isinstance(verdicts, Unanswered):
            return self._unscored(span, verdicts.reason, bill)
        return self._grades(span, verdicts, bill)

    def _grades(self, span: JudgedSpan, verdicts: Sequence[Verdict], bill: Bill) -> list[Grade]:
        stamp = self._stamp()
        shares = self._shares(bill, len(verdicts))
        grades = [
            stamp.grade(
                span, v.criterion, score=_number(v.score), reason=v.reason, rationale=v.rationale, **share
            )
            for v, share in zip(verdicts, shares, strict=True)
        ]
        if not self._rubric.has_overall:
            return grades
        overall = self._rubric.overall({v.criterion: v.score for v in verdicts if v.score is not None})
        lacking = ", ".join(v.criterion for v in verdicts if v.score is None)
        weights = ", ".join(f"{c.name} {c.weight:g}" for c in self._rubric.criteria)
        return [
            *grades,
            stamp.grade(
                span,
                OVERALL,
                score=overall,
                reason=None if overall is not None else f"without a score: {lacking}",
                rationale=f"weighted: {weights}" if overall is not None else None,
            ),
        ]

    def _unscored(self, span: JudgedSpan, reason: str, bill: Bill) -> list[Grade]:
        stamp = self._stamp()
        names = [c.name for c in self._rubric.criteria]
        shares = self._shares(bill, len(names))
        overall = [stamp.grade(span, OVERALL, reason=reason)] if self._rubric.has_overall else []
        return [
            *(stamp.grade(span, n, reason=reason, **share) for n, share in zip(names, shares, strict=True)),
            *overall,
        ]

    def _shares(self, bill: Bill, parts: int) -> list[dict[str, Any]]:
        """The bill of one span in `parts` shares that sum to it; nothing is claimed for calls not counted."""
        if bill.usage is None or bill.usage.input_tokens + bill.usage.output_tokens == 0:
            return [{} for _ in range(parts)]
        inputs, outputs = _split(bill.usage.input_tokens, parts), _split(bill.usage.output_tokens, parts)
        return [
            {"input_tokens": i, "output_tokens": o, "cost_usd": self._endpoint.budget.cost(i, o)}
            for i, o in zip(inputs, outputs, strict=True)
        ]

    def _stamp(self) -> Stamp:
        return Stamp(
            judge=self.name,
            judge_kind="llm",
            judge_version=self.version,
            rubric=self._rubric.name,
            rubric_version=self._rubric.version,
            graded_at=self._clock(),
            run_id=self._run_id,
        )

    def _skip(self, span: JudgedSpan, reason: str) -> None:
        with self._lock:
            self.skipped[reason] = self.skipped.get(reason, 0) + 1
            self.left_out[span.key] = reason

    def _failed(self, error: EndpointError) -> None:
        with self._lock:
            self._failures += 1
            if error.fatal or self._failures >= _FAILURES_BEFORE_STOP:
                self.stopped = f"stopped: {error}"


def judge_version(settings: JudgeConfig) -> str:
    """Model, endpoint, sampling and prompt: whatever could change a grade, in one short name."""
    parts = [settings.base_url, settings.model, settings.temperature, settings.seed, PROMPT_VERSION]
    digest = hashlib.blake2b(json.dumps(parts).encode(), digest_size=4).hexdigest()
    return f"{settings.model}@{digest}"


def _number(score: int | None) -> float | None:
    return None if score is None else float(score)


def _split(total: int, parts: int) -> list[int]:
    """`total` in whole shares.

    >>> _split(10, 3)
    [4, 3, 3]
    """
    return [total // parts + (i < total % parts) for i in range(parts)]
