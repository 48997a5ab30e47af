"""One run of the LLM judge over the warehouse: draw the sample, grade it, say what it came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from collectors.model import PRODUCTION
from collectors.warehouse.connection import Connection, Warehouse
from monitors.judges.budget import NOTHING_SPENT, Budget, Spent
from monitors.judges.config import ENSEMBLE, JudgeConfig
from monitors.judges.draws import Draw, Judgement, draw
from monitors.judges.endpoint import Endpoint
from monitors.judges.ensemble import Ensemble, ensemble_version
from monitors.judges.grade import Grade, JudgedSpan
from monitors.judges.journal import Journal
from monitors.judges.ledger import alone, spent_today, write_drawn, write_run
from monitors.judges.llm import LlmJudge, judge_version
from monitors.judges.prompt import build_prompt
from monitors.judges.rubric import OVERALL, Rubric, load_rubric
from monitors.judges.spans import judged_spans, write_grades

# Grades are handed out after so many spans, so that a run that is stopped keeps what it paid for.
_BATCH = 20


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What was drawn: spans with their texts, in the order in which they are judged."""

    spans: tuple[JudgedSpan, ...]
    drawn: Draw

    @property
    def eligible(self) -> int:
        """Out of how many that are not judged yet."""
        return self.drawn.eligible


@dataclass(kw_only=True)
class LlmRun:
    """What an LLM judge did, for people and for the ledger.

    Attributes:
        graded: spans with a score in every criterion.
        unscored: spans without, by reason (of the first criterion that lacks one).
        skipped: spans that were not judged at all, by reason: a cap, or an endpoint that fails.
        stopped: why the run ended early; None when it did not.
        cost_usd: None while [judge] has no prices.
        members: of an ensemble, the runs of its judges, which have the calls, the tokens and the cost.
    """

    judge_run_id: str
    run_id: str | None
    started_at: datetime
    judge: str
    judge_version: str
    rubric: str
    rubric_version: str
    eligible: int
    sampled: int
    graded: int = 0
    unscored: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    stopped: str | None = None
    grades: list[Grade] = field(default_factory=list)
    members: list[LlmRun] = field(default_factory=list)

    @classmethod
    def empty(
        cls, settings: JudgeConfig, rubric: Rubric, sample: Sample, *, at: datetime, run_id: str | None
    ) -> LlmRun:
        """A run before its first request; `run_id` is the monitor run's that it is a part of."""
        judgement = judgement_of(settings, rubric)
        alone = settings.members() if settings.ensemble else ()
        return cls(
            judge_run_id=uuid4().hex,
            run_id=run_id,
            started_at=at,
            **vars(judgement),
            eligible=sample.eligible,
            sampled=len(sample.spans),
            # What an ensemble costs stands with its members.
            cost_usd=0.0 if settings.ensemble else Budget.of(settings).cost_usd,
            members=[cls.empty(m.settings, rubric, sample, at=at, run_id=run_id) for m in alone],
        )

    def row(self) -> dict[str, Any]:
        """Its own figures, for the ledger: everything but the grades and the members."""
        return {name: value for name, value in vars(self).items() if name not in ("grades", "members")}

    def summary(self) -> dict[str, Any]:
        """For people: an ensemble with what its members took together, and each of them."""
        if not self.members:
            return self.row()
        costs = [member.cost_usd for member in self.members]
        return {
            **self.row(),
            "calls": sum(m.calls for m in self.members),
            "input_tokens": sum(m.input_tokens for m in self.members),
            "output_tokens": sum(m.output_tokens for m in self.members),
            "cost_usd": None if None in costs else sum(c for c in costs if c is not None),
            "members": [member.row() for member in self.members],
        }

    def spent(self, before: Spent) -> Spent:
        """What it took, all members together, and what was taken before it."""
        told = self.summary()
        return before.and_also(told["calls"], told["input_tokens"] + told["output_tokens"], told["cost_usd"])


def judgement_of(settings: JudgeConfig, rubric: Rubric) -> Judgement:
    """What the grades of these settings are filed under: the judge, or the ensemble."""
    several = bool(settings.ensemble)
    return Judgement(
        judge=ENSEMBLE if several else settings.name,
        judge_version=ensemble_version(settings) if several else judge_version(settings),
        rubric=rubric.name,
        rubric_version=rubric.version,
    )


def draw_sample(
    con: Connection,
    settings: JudgeConfig,
    rubric: Rubric,
    *,
    start: datetime,
    end: datetime,
    limit: int,
    components: Sequence[str] = (),
    dataset: str = PRODUCTION,
) -> Sample:
    """A seeded sample of the spans in [start, end) that this judge has not judged by this rubric."""
    drawn = draw(
        con,
        judgement_of(settings, rubric),
        start=start,
        end=end,
        limit=limit,
        seed=settings.seed,
        components=components,
        dataset=dataset,
    )
    keys = [span.key for span in drawn.spans]
    spans = judged_spans(con, start, end, dataset=dataset, keys=keys, any_kind=True) if keys else []
    order = {key: place for place, key in enumerate(keys)}
    return Sample(
        spans=tuple(sorted(spans, key=lambda s: order[s.key])),
        drawn=drawn,
    )


def judge_sample(
    warehouse: Warehouse,
    sample: Sample,
    settings: JudgeConfig,
    rubric: Rubric,
    *,
    clock: Callable[[], datetime],
    run_id: str | None,
    environ: Mapping[str, str],
    sleep: Callable[[float], None],
    earlier: Spent = NOTHING_SPENT,
) -> Iterator[LlmRun]:
    """Grade a sample; yields the state of the run after each batch, when its grades and its bill are stored.

    No connection to the warehouse is held while the endpoint is asked. ConfigError when no judge is
    configured, RunInProgressError while another judge is at work: two could not keep the caps of a day. An
    endpoint that fails does not raise: see `stopped`, `unscored` and `skipped` of the run. `earlier`: what
    other rubrics took of the same run's caps.
    """
    with alone(warehouse, clock) as journal:
        yield from _judged(
            warehouse,
            journal,
            sample,
            settings,
            rubric,
            clock=clock,
            run_id=run_id,
            environ=environ,
            sleep=sleep,
            earlier=earlier,
        )


def _judged(
    warehouse: Warehouse,
    journal: Journal,
    sample: Sample,
    settings: JudgeConfig,
    rubric: Rubric,
    *,
    clock: Callable[[], datetime],
    run_id: str | None,
    environ: Mapping[str, str],
    sleep: Callable[[float], None],
    earlier: Spent,
) -> Iterator[LlmRun]:
    members = settings.members()
    with warehouse.read() as con:
        spent = spent_today(con, [m.settings.name for m in members], clock())
    budgets = [Budget.of(m.settings, spent, earlier) for m in members]
    Budget.together(budgets)
    endpoints = [
        Endpoint(m.settings, budget, environ=environ, key_variables=m.key_variables, sleep=sleep)
        for m, budget in zip(members, budgets, strict=True)
    ]
    judges = [
        LlmJudge(m.settings, rubric, endpoint, clock=clock, run_id=run_id)
        for m, endpoint in zip(members, endpoints, strict=True)
    ]
    judge: LlmJudge | Ensemble = judges[0]
    if settings.ensemble:
        judge = Ensemble(settings, rubric, judges, clock=clock, run_id=run_id)
    run = LlmRun.empty(settings, rubric, sample, at=clock(), run_id=run_id)
    for payer, budget in zip(run.members or [run], budgets, strict=True):
        budget.note = partial(journal.note, payer.judge_run_id)
    if sample.spans:
        with warehouse.write() as con:
            write_run(con, run, at=clock())
    size = max(_BATCH, settings.concurrency)
    try:
        for start in range(0, len(sample.spans), size):
            begun = sum(b.calls for b in budgets)
            grades = judge.grade(sample.spans[start : start + size])
            run.grades.extend(grades)
            _count(run, judge, None if settings.ensemble else budgets[0], run.grades)
            for member, of, budget in zip(run.members, judges, budgets, strict=bool(run.members)):
                _count(member, of, budget, run.grades)
            if grades or sum(b.calls for b in budgets) > begun:
                with warehouse.write() as con:
                    write_grades(con, grades)
                    write_drawn(con, sample.drawn, run.grades, judge.left_out, run, at=clock())
                    write_run(con, run, at=clock())
                journal.clear()
            yield run
    finally:
        for endpoint in endpoints:
            endpoint.close()
        if sample.spans:
            with warehouse.write() as con:
                write_drawn(con, sample.drawn, run.grades, judge.left_out, run, at=clock())
                write_run(con, run, at=clock())


def estimate(sample: Sample, settings: JudgeConfig, rubric: Rubric) -> dict[str, Any]:
    """What judging a sample would take, without a request: four characters are taken for a token."""
    members = [m.settings for m in settings.members()]
    judgeable = [s for s in sample.spans if rubric.missing(s) is None]
    sizes = [build_prompt(s, rubric, seed=settings.seed).size for s in judgeable]
    input_tokens = sum(size // 4 for size in sizes)
    # A line of rationale and a score for each criterion.
    output_tokens = min(60 * len(rubric.criteria), settings.max_output_tokens) * len(judgeable)
    costs = [Budget.of(m).cost(input_tokens, output_tokens) for m in members]
    return {
        "eligible": sample.eligible,
        "prompts": len(judgeable) * len(members),
        "lacking": dict(Counter(f"no {m}" for s in sample.spans if (m := rubric.missing(s)) is not None)),
        "estimated_input_tokens": input_tokens * len(members),
        "estimated_output_tokens": output_tokens * len(members),
        "estimated_cost_usd": None if None in costs else sum(c for c in costs if c is not None),
        "max_calls": settings.max_calls,
        "max_tokens": settings.max_tokens,
        "max_cost_usd": settings.max_cost_usd,
    }


def open_rubric(settings: JudgeConfig, name: str | None = None) -> Rubric:
    """The rubric of this call: by name or path, else the configured one."""
    return load_rubric(name or settings.rubric)


def _count(run: LlmRun, judge: LlmJudge | Ensemble, budget: Budget | None, grades: Sequence[Grade]) -> None:
    """Bring the figures of a run up to date. No budget: an ensemble's, whose members pay."""
    own = [g for g in grades if g.judge == run.judge]
    lacking: dict[str, str] = {}
    for grade in own:
        if grade.status == "unscored" and grade.criterion != OVERALL:
            lacking.setdefault(f"{grade.trace_id}/{grade.span_id}", grade.reason or "")
    run.graded = len({(g.trace_id, g.span_id) for g in own}) - len(lacking)
    run.unscored = dict(Counter(lacking.values()))
    run.skipped = dict(judge.skipped)
    run.stopped = judge.stopped
    if budget is not None:
        run.calls, run.cost_usd = budget.calls, budget.cost_usd
        run.input_tokens, run.output_tokens = budget.input_tokens, budget.output_tokens
