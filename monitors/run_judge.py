"""The LLM judge inside a monitor pass: new answers are graded before their windows are evaluated."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from collectors.context import Context
from collectors.warehouse.connection import Warehouse
from monitors.embedding.encoder import Say
from monitors.judges.config import JudgeConfig
from monitors.judges.grading import write_grades
from monitors.result import Window


def judge_new(
    context: Context,
    warehouse: Warehouse,
    period: Window,
    *,
    run_id: str,
    environ: Mapping[str, str],
    say: Say | None,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Grade a seeded sample of the answers in `period`; 0 when [judge] is not enabled.

    An endpoint that fails costs its grades and not the pass: what it said is told by `say`, and the
    answers are asked for again by the next pass.
    """
    settings = context.config.section("judge", JudgeConfig)
    if not settings.enabled:
        return 0
    from monitors.judges.llm_run import LlmRun, draw_sample, judge_sample, open_rubric

    rubric = open_rubric(settings, None)
    with warehouse.read() as con:
        sample = draw_sample(
            con,
            settings,
            rubric,
            start=period.start,
            end=period.end,
            limit=settings.sample,
            components=settings.components,
        )
    run = LlmRun.empty(settings, rubric, sample)
    batches = judge_sample(
        sample, settings, rubric, clock=context.clock, run_id=run_id, environ=environ, sleep=sleep
    )
    for grades, state in batches:
        with warehouse.write() as con:
            write_grades(con, grades)
        run = state
    if run.stopped is not None and say is not None:
        say(f"the judge {run.stopped}; what it graded before is stored")
    return run.graded
