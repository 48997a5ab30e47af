"""The LLM judge inside a monitor pass: new answers are graded before their windows are evaluated."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from collectors.context import Context
from collectors.errors import RunInProgressError
from collectors.warehouse.connection import Warehouse
from monitors.embedding.encoder import Say
from monitors.judges.config import JudgeConfig
from monitors.result import Window

_BEFORE = timedelta(days=1)


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
    from monitors.judges.estimates import days_of, update_estimates
    from monitors.judges.llm_run import draw_sample, judge_sample, open_rubric

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
    graded, stopped = 0, None
    runs = judge_sample(
        warehouse,
        sample,
        settings,
        rubric,
        clock=context.clock,
        run_id=run_id,
        environ=environ,
        sleep=sleep,
    )
    try:
        for run in runs:
            graded, stopped = run.graded, run.stopped
    except RunInProgressError as error:
        stopped = f"did not start: {error}"
    if graded:
        # The local scores of the last pass came after its estimates: its day is made anew.
        update_estimates(warehouse, days_of(period.start - _BEFORE, period.end), at=context.clock())
    if stopped is not None and say is not None:
        say(f"the judge {stopped}; what it graded before is stored")
    return graded
