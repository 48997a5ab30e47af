"""One judging of some spans by an LLM judge against a scripted endpoint, and scripts to do it with."""

from __future__ import annotations

from typing import Any

from judge_support import NOW, judged
from scripted_llm import Reply, Script, form, scripted_llm

from monitors.judges.budget import Budget
from monitors.judges.config import KEY_VARIABLE, JudgeConfig
from monitors.judges.endpoint import Endpoint
from monitors.judges.grade import Grade, JudgedSpan
from monitors.judges.llm import LlmJudge
from monitors.judges.rubric import Rubric, load_rubric

RUBRIC = load_rubric("answer_quality")
KEY = "sk-secret"


class Outcome:
    """One judging: grades by criterion of the first span, the judge, what was sent and slept."""

    def __init__(
        self,
        script: Script,
        items: list[JudgedSpan] | None = None,
        rubric: Rubric = RUBRIC,
        **settings: Any,
    ) -> None:
        self.slept: list[float] = []
        with scripted_llm(script) as server:
            config = JudgeConfig.model_validate(
                {"model": "m", "base_url": server.url, "concurrency": 1} | settings
            )
            endpoint = Endpoint(
                config,
                Budget.of(config),
                environ={KEY_VARIABLE: KEY},
                sleep=self.slept.append,
                wall=lambda: 1000.0,
            )
            self.judge = LlmJudge(config, rubric, endpoint, clock=lambda: NOW)
            self.grades = self.judge.grade(items or [judged()])
            endpoint.close()
        self.server = server
        self.budget = endpoint.budget

    def __getitem__(self, criterion: str) -> Grade:
        return next(g for g in self.grades if g.criterion == criterion)

    @property
    def forms(self) -> list[str]:
        return [form(r) for r in self.server.requests]


def always(**reply: Any) -> Script:
    return lambda body, number: Reply(**reply)


def each(*replies: Reply) -> Script:
    return lambda body, number: replies[min(number, len(replies) - 1)]


def by_form(**replies: Reply) -> Script:
    return lambda body, number: replies[form(body)]
