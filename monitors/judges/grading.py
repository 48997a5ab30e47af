"""What the monitor run calls: grades of everything by the local scorer, of a sample by the LLM judge."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from collectors.warehouse.connection import Warehouse
from monitors.embedding.encoder import Encoder
from monitors.judges.config import JudgeConfig
from monitors.judges.grade import Grade, JudgedSpan
from monitors.judges.llm_run import LlmRun, draw_sample, judge_sample, open_rubric
from monitors.judges.local import LocalScorer
from monitors.judges.spans import judged_spans, write_grades

__all__ = ["LlmRun", "judged_spans", "llm_grades", "local_grades", "write_grades"]


def local_grades(
    spans: Sequence[JudgedSpan],
    encoder: Encoder,
    now: datetime,
    run_id: str | None,
    *,
    scorer: LocalScorer | None = None,
) -> list[Grade]:
    """The local scorer's grades of `spans`, on 0 to 3.

    LLM and application spans get groundedness, relevance and readability, retrievers and rerankers
    retrieval_relevance, others nothing. What
    cannot be judged (no documents, no answer) is `unscored` with the reason. Pass one `scorer` for all the
    windows of a run: documents come back in every window and it keeps them prepared.
    """
    scorer = scorer or LocalScorer(encoder, clock=lambda: now)
    return scorer.grade_at(spans, now=now, run_id=run_id)


def llm_grades(
    warehouse: Warehouse,
    settings: JudgeConfig,
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    run_id: str | None,
    environ: Mapping[str, str] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> LlmRun:
    """The LLM judge's grades of a seeded sample of the spans in [start, end), inside the caps of [judge].

    Reads the sample over one short connection, then talks to the endpoint with none open. Nothing is
    written: store `run.grades` with `write_grades` in the run's own transaction. An endpoint that fails
    does not raise: see `run.stopped`, `run.unscored` and `run.skipped`. ConfigError when no model is set.
    """
    rubric = open_rubric(settings)
    with warehouse.read() as con:
        sample = draw_sample(
            con,
            settings,
            rubric,
            start=start,
            end=end,
            limit=settings.sample,
            components=settings.components,
        )
    run = LlmRun.empty(settings, rubric, sample)
    for _, state in judge_sample(
        sample,
        settings,
        rubric,
        clock=lambda: now,
        run_id=run_id,
        environ=os.environ if environ is None else environ,
        sleep=sleep,
    ):
        run = state
    return run
