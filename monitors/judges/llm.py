"""An LLM as a judge, through any OpenAI-compatible endpoint.

It is asked for JSON by schema, else by a tool call, else in plain text with one request to repair the
reply. What none of that makes readable is unscored with the reason: no score is ever guessed.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitors.judges.base import Stamp
from monitors.judges.budget import Usage
from monitors.judges.config import JudgeConfig
from monitors.judges.endpoint import Answer, Endpoint, EndpointError, OutOfBudgetError, RejectedError
from monitors.judges.grade import ENDPOINT_REASON, Grade, JudgedSpan, JudgeKind
from monitors.judges.prompt import PROMPT_VERSION, build_prompt, repair_message, reply_schema
from monitors.judges.reply import UnreadableReplyError, Verdict, read_reply
from monitors.judges.rubric import OVERALL, Rubric

_FAILURES_BEFORE_STOP = 5
_FORMS = ("json_schema", "tool", "text")


@dataclass
class _Bill:
    """The tokens of one span's requests; None as soon as one of them was not counted."""

    usage: Usage | None = field(default_factory=lambda: Usage(input_tokens=0, output_tokens=0))

    def add(self, more: Usage | None) -> None:
        if self.usage is None or more is None:
            self.usage = None
            return
        self.usage = Usage(
            input_tokens=self.usage.input_tokens + more.input_tokens,
            output_tokens=self.usage.output_tokens + more.output_tokens,
        )


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
        self._form = 0
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
        """Each criterion and the weighted overall of every span that the budget allowed."""
        with ThreadPoolExecutor(max_workers=self._settings.concurrency) as pool:
            return [grade for found in pool.map(self._span, items) for grade in found]

    def _span(self, span: JudgedSpan) -> list[Grade]:
        missing = self._rubric.missing(span)
        if missing is not None:
            return self._unscored(span, f"no {missing}", _Bill())
        if self.stopped is not None:
            self._skip(span, self.stopped)
            return []
        bill = _Bill()
        try:
            verdicts = self._verdicts(span, bill)
        except OutOfBudgetError as cap:
            self._skip(span, f"budget: {cap}")
            return []
        except EndpointError as error:
            self._failed(error)
            return self._unscored(span, f"{ENDPOINT_REASON}{error}", bill)
        with self._lock:
            self._failures = 0
        if isinstance(verdicts, str):
            return self._unscored(span, verdicts, bill)
        return self._grades(span, verdicts, bill)

    def _verdicts(self, span: JudgedSpan, bill: _Bill) -> list[Verdict] | str:
        """The verdicts, or the reason why there are none."""
        messages: list[dict[str, Any]] = [
            *build_prompt(span, self._rubric, seed=self._settings.seed).messages()
        ]
        problem, rejected = "no reply", True
        for form in range(self._form, len(_FORMS)):
            try:
                answer = self._endpoint.ask(messages, self._extra(_FORMS[form]))
            except RejectedError as error:
                problem = f"request refused: {error}"
                continue
            if rejected:
                self._settle_on(form)
            rejected = False
            found = self._read(answer, bill)
            if not isinstance(found, UnreadableReplyError):
                return found
            problem = f"unreadable reply: {found}"
            if _FORMS[form] == "text":
                messages += [
                    {"role": "assistant", "content": answer.text or ""},
                    {"role": "user", "content": repair_message(self._rubric, str(found))},
                ]
                try:
                    again = self._read(self._endpoint.ask(messages, {}), bill)
                except RejectedError as error:
                    return f"request refused: {error}"
                return f"unreadable reply: {again}" if isinstance(again, UnreadableReplyError) else again
        return problem

    def _read(self, answer: Answer, bill: _Bill) -> list[Verdict] | str | UnreadableReplyError:
        """Verdicts, the reason why there will be none, or what is wrong with the form."""
        bill.add(answer.usage)
        if answer.refused:
            return "refused by the judge"
        try:
            return read_reply(answer.text, self._rubric)
        except UnreadableReplyError as error:
            return f"cut off after {self._settings.max_output_tokens} tokens" if answer.cut_off else error

    def _extra(self, form: str) -> dict[str, Any]:
        """What asks for structure in each form."""
        schema = reply_schema(self._rubric)
        if form == "json_schema":
            return {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "grades", "strict": True, "schema": schema},
                }
            }
        if form == "tool":
            return {
                "tools": [{"type": "function", "function": {"name": "grade", "parameters": schema}}],
                "tool_choice": {"type": "function", "function": {"name": "grade"}},
            }
        return {}

    def _grades(self, span: JudgedSpan, verdicts: Sequence[Verdict], bill: _Bill) -> list[Grade]:
        stamp = self._stamp()
        shares = self._shares(bill, len(verdicts))
        grades = [
            stamp.grade(
                span, v.criterion, score=_number(v.score), reason=v.reason, rationale=v.rationale, **share
            )
            for v, share in zip(verdicts, shares, strict=True)
        ]
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

    def _unscored(self, span: JudgedSpan, reason: str, bill: _Bill) -> list[Grade]:
        stamp = self._stamp()
        names = [c.name for c in self._rubric.criteria]
        shares = self._shares(bill, len(names))
        return [
            *(stamp.grade(span, n, reason=reason, **share) for n, share in zip(names, shares, strict=True)),
            stamp.grade(span, OVERALL, reason=reason),
        ]

    def _shares(self, bill: _Bill, parts: int) -> list[dict[str, Any]]:
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

    def _settle_on(self, form: int) -> None:
        """Forms before this one were refused and this one was taken: start with it from now on."""
        with self._lock:
            self._form = max(self._form, form)

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
