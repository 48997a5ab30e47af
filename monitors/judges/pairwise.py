"""Two answers side by side, in both orders: which of two models, versions or prompts is the better one.

A judge often prefers what stands first, or second. So each pair is asked twice, and a side wins only if no
order says otherwise. Reference: Zheng et al. (2023), Judging LLM-as-a-Judge, arXiv:2306.05685.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from collectors.warehouse.connection import Warehouse
from monitors.judges.asking import Asker, Bill, Shape, Unanswered
from monitors.judges.budget import Budget
from monitors.judges.config import JudgeConfig
from monitors.judges.draws import Judgement
from monitors.judges.endpoint import Endpoint, EndpointError, OutOfBudgetError
from monitors.judges.grade import ENDPOINT_REASON, JudgedSpan
from monitors.judges.ledger import alone, spent_today, write_pair_run
from monitors.judges.llm import judge_version
from monitors.judges.pair_prompt import (
    PAIR_PROMPT_VERSION,
    PairVerdict,
    build_pair_prompt,
    pair_repair,
    pair_schema,
    read_pair_reply,
)
from monitors.judges.pairs import Drawn, Pair, PairVerdicts, Side, Winner, write_verdicts
from monitors.judges.rubric import Rubric

_BATCH = 20
_FAILURES_BEFORE_STOP = 5
_AS_GIVEN: Mapping[str, Winner] = {"first": "a", "second": "b", "tie": "tie"}
_SWAPPED: Mapping[str, Winner] = {"first": "b", "second": "a", "tie": "tie"}


@dataclass(kw_only=True)
class PairRun:
    """What comparing took, for people and for the ledger; the fields are those of an `LlmRun`."""

    judge_run_id: str
    started_at: datetime
    judgement: Judgement
    matched: int
    drawn: int
    compared: int = 0
    unread: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    stopped: str | None = None

    def row(self) -> dict[str, Any]:
        """As a row of the ledger, under a rubric that says that pairs were compared."""
        return {
            "judge_run_id": self.judge_run_id,
            "run_id": None,
            **vars(self.judgement),
            "rubric": f"{self.judgement.rubric}, pairs",
            "started_at": self.started_at,
            "eligible": self.matched,
            "sampled": self.drawn,
            "graded": self.compared,
            "unscored": self.unread,
            "skipped": self.skipped,
            "calls": self.calls,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": self.cost_usd,
            "stopped": self.stopped,
        }


def pair_judgement(settings: JudgeConfig, rubric: Rubric) -> Judgement:
    """What verdicts on pairs are filed under; of an ensemble only the judge of [judge] compares."""
    return Judgement(
        judge=settings.name,
        judge_version=f"{judge_version(settings)}+pairs{PAIR_PROMPT_VERSION}",
        rubric=rubric.name,
        rubric_version=rubric.version,
    )


class PairJudge:
    """Compares. `skipped` counts the pairs that the budget or a stop left out, by reason."""

    def __init__(self, settings: JudgeConfig, rubric: Rubric, endpoint: Endpoint) -> None:
        self._settings = settings
        self._rubric = rubric
        shape = Shape(name="verdict", schema=pair_schema(), read=read_pair_reply, repair=pair_repair)
        self._asker: Asker[PairVerdict] = Asker(endpoint, shape, max_output_tokens=settings.max_output_tokens)
        self._lock = threading.Lock()
        self._failures = 0
        self.stopped: str | None = None
        self.skipped: dict[str, int] = {}

    def compare(self, pairs: Sequence[Pair]) -> list[PairVerdicts]:
        """The verdicts on every pair that the budget allowed, in their order."""
        with ThreadPoolExecutor(max_workers=self._settings.concurrency) as pool:
            return [found for found in pool.map(self._both, pairs) if found is not None]

    def _both(self, pair: Pair) -> PairVerdicts | None:
        """Both orders of one pair; None when it was left out."""
        if self.stopped is not None:
            self._skip(self.stopped)
            return None
        missing = self._rubric.missing(pair.a) or self._rubric.missing(pair.b)
        if missing is not None:
            return PairVerdicts(pair=pair, a_first=None, b_first=None, reason=f"no {missing}")
        try:
            given = self._one(pair.a, pair.b)
            swapped = self._one(pair.b, pair.a)
        except OutOfBudgetError as cap:
            self._skip(f"budget: {cap}")
            return None
        except EndpointError as error:
            self._failed(error)
            return PairVerdicts(pair=pair, a_first=None, b_first=None, reason=f"{ENDPOINT_REASON}{error}")
        with self._lock:
            self._failures = 0
        reasons = [v.reason for v in (given, swapped) if isinstance(v, Unanswered)]
        return PairVerdicts(
            pair=pair,
            a_first=None if isinstance(given, Unanswered) else _AS_GIVEN[given.better],
            b_first=None if isinstance(swapped, Unanswered) else _SWAPPED[swapped.better],
            reason=reasons[0] if reasons else None,
        )

    def _one(self, first: JudgedSpan, second: JudgedSpan) -> PairVerdict | Unanswered:
        prompt = build_pair_prompt(first, second, self._rubric, seed=self._settings.seed)
        return self._asker.ask(prompt.messages(), Bill())

    def _skip(self, reason: str) -> None:
        with self._lock:
            self.skipped[reason] = self.skipped.get(reason, 0) + 1

    def _failed(self, error: EndpointError) -> None:
        with self._lock:
            self._failures += 1
            if error.fatal or self._failures >= _FAILURES_BEFORE_STOP:
                self.stopped = f"stopped: {error}"


def compare_pairs(
    warehouse: Warehouse,
    drawn: Drawn,
    a: Side,
    b: Side,
    settings: JudgeConfig,
    rubric: Rubric,
    *,
    clock: Callable[[], datetime],
    environ: Mapping[str, str],
    sleep: Callable[[float], None],
) -> Iterator[PairRun]:
    """Compare pairs; yields the state of the run after each batch, when its verdicts and its bill are stored.

    As `judge_sample`: no connection is held while the endpoint is asked, the caps of [judge] hold, and an
    endpoint that fails does not raise.
    """
    judgement = pair_judgement(settings, rubric)
    with alone(warehouse, clock) as journal:
        with warehouse.read() as con:
            budget = Budget.of(settings, spent_today(con, [settings.name], clock()))
        endpoint = Endpoint(settings, budget, environ=environ, sleep=sleep)
        judge = PairJudge(settings, rubric, endpoint)
        run = PairRun(
            judge_run_id=uuid4().hex,
            started_at=clock(),
            judgement=judgement,
            matched=drawn.matched,
            drawn=len(drawn.pairs),
        )
        budget.note = partial(journal.note, run.judge_run_id)
        if drawn.pairs:
            with warehouse.write() as con:
                write_pair_run(con, run.row(), at=clock())
        try:
            for start in range(0, len(drawn.pairs), _BATCH):
                found = judge.compare(drawn.pairs[start : start + _BATCH])
                _count(run, found, judge, budget)
                with warehouse.write() as con:
                    write_verdicts(con, found, a, b, judgement, at=clock())
                    write_pair_run(con, run.row(), at=clock())
                journal.clear()
                yield run
        finally:
            endpoint.close()


def _count(run: PairRun, found: Sequence[PairVerdicts], judge: PairJudge, budget: Budget) -> None:
    for verdicts in found:
        if verdicts.reason is None:
            run.compared += 1
        else:
            run.unread[verdicts.reason] = run.unread.get(verdicts.reason, 0) + 1
    run.skipped, run.stopped = dict(judge.skipped), judge.stopped
    run.calls, run.cost_usd = budget.calls, budget.cost_usd
    run.input_tokens, run.output_tokens = budget.input_tokens, budget.output_tokens
