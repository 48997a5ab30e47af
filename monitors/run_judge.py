"""Quality inside a monitor pass: new answers are graded before their windows are evaluated, estimated after.

The local scorer comes first, for the LLM judge is spent where the local scores are in doubt.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from collectors.context import Context
from collectors.errors import RunInProgressError
from collectors.warehouse.connection import Warehouse
from monitors.embedding.encoder import Say
from monitors.evidently_config import EvidentlyConfig
from monitors.judges.budget import NOTHING_SPENT
from monitors.judges.config import JudgeConfig
from monitors.judges.grading import local_grades, write_grades
from monitors.judges.local import LocalScorer
from monitors.result import Window
from monitors.sampling import Sampler
from monitors.window import days


def score_ahead(
    warehouse: Warehouse,
    sampler: Sampler,
    scorer: LocalScorer,
    windows: Sequence[Window],
    *,
    now: datetime,
    run_id: str,
) -> int:
    """Store the local scorer's grades of these windows before they are evaluated; returns how many.

    A day at a time, and no connection is held while it scores. Evaluating the windows gives the same grades
    again, in the same rows.
    """
    written = 0
    for batch in days(windows):
        with warehouse.read() as con:
            spans = sampler.judged(con, Window(start=batch[0].start, end=batch[-1].end))
        grades = local_grades(spans, sampler.encoder, now, run_id, scorer=scorer)
        if grades:
            with warehouse.write() as con:
                written += write_grades(con, grades)
    return written


def judge_new(
    context: Context,
    warehouse: Warehouse,
    windows: Sequence[Window],
    *,
    sampler: Sampler,
    scorer: LocalScorer,
    now: datetime,
    run_id: str,
    environ: Mapping[str, str],
    say: Say | None,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Grade a seeded sample of the answers in `windows`, by the judge's rubric and Evidently's templates.

    0 when [judge] is not enabled. The caps of a run hold for all of these together.

    An endpoint that fails costs its grades and not the pass: what it said is told by `say`, and the
    answers are asked for again by the next pass.
    """
    settings = context.config.section("judge", JudgeConfig)
    evidently = context.config.section("evidently", EvidentlyConfig)
    if not settings.enabled:
        waiting = ", ".join(s.descriptor for s in evidently.scorers if s.asks_judge)
        if waiting and say is not None:
            say(f"{waiting} of [evidently] needs the judge: set enabled = true in [judge]")
        return 0
    from monitors.evidently_templates import template_rubrics
    from monitors.judges.llm_run import LlmRun, draw_sample, judge_sample, open_rubric

    score_ahead(warehouse, sampler, scorer, windows, now=now, run_id=run_id)
    graded, spent = 0, NOTHING_SPENT
    for rubric in (open_rubric(settings, None), *template_rubrics(evidently)):
        with warehouse.read() as con:
            sample = draw_sample(
                con,
                settings,
                rubric,
                start=windows[0].start,
                end=windows[-1].end,
                limit=settings.sample,
                components=settings.components,
            )
        runs = judge_sample(
            warehouse,
            sample,
            settings,
            rubric,
            clock=context.clock,
            run_id=run_id,
            environ=environ,
            sleep=sleep,
            earlier=spent,
        )
        run: LlmRun | None = None
        try:
            for state in runs:
                run = state
            stopped = run.stopped if run is not None else None
        except RunInProgressError as error:
            stopped = f"did not start: {error}"
        if run is not None:
            graded, spent = graded + run.graded, run.spent(spent)
        if stopped is not None:
            if say is not None:
                say(f"the judge {stopped}; what it graded before is stored")
            break
    return graded
