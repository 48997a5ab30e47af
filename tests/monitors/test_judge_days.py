"""The caps of a day hold when a judge is killed, and when midnight falls into its run."""

from __future__ import annotations

import multiprocessing
import signal
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from judge_support import NOW, span
from scripted_llm import Reply, grades, scripted_llm

from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch, insert_spans
from monitors.judges.config import JudgeConfig
from monitors.judges.llm_run import LlmRun, draw_sample, judge_sample
from monitors.judges.rubric import load_rubric

MIDNIGHT = datetime(2028, 3, 1, tzinfo=UTC)
GOOD = Reply(content=grades(), usage=(700, 60))


@pytest.fixture
def stored(warehouse: Warehouse) -> Warehouse:
    """Thirty answers that nobody has judged."""
    texts = {"input_text": "How long?", "output_text": "14 days.", "parent_span_id": None}
    with warehouse.write() as con:
        insert_spans(con, [span(f"s{i}", "assistant", "chain", i, **texts) for i in range(30)])
    return warehouse


def judge_all(path: Path, url: str, first: datetime, per_day: int) -> LlmRun:
    """Judge what is not judged yet, by a clock that begins at `first` and moves a second a reading."""
    readings = count()
    config = JudgeConfig(model="m", base_url=url, concurrency=1, max_calls_per_day=per_day)
    rubric = load_rubric("answer_quality")
    warehouse, day = Warehouse(path), timedelta(days=1)
    with warehouse.read() as con:
        sample = draw_sample(con, config, rubric, start=NOW - day, end=NOW + day, limit=100)
    states = judge_sample(
        warehouse,
        sample,
        config,
        rubric,
        clock=lambda: first + timedelta(seconds=next(readings)),
        run_id=None,
        environ={},
        sleep=lambda s: None,
    )
    return list(states)[-1]


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(MIDNIGHT - timedelta(hours=12), id="one day"),
        # The first batch is stored at the 65th reading of the clock, the judge is killed at the 78th.
        pytest.param(MIDNIGHT - timedelta(seconds=68), id="midnight in its last batch"),
    ],
)
def test_a_judge_that_is_killed_has_told_what_it_took(stored: Warehouse, first: datetime) -> None:
    """kill -9 in the middle of the second batch: the day's cap holds, and the next run judges the rest."""
    running: list[BaseProcess] = []

    def script(body: dict[str, Any], number: int) -> Reply:
        if number == 26:
            running[0].kill()
        return GOOD

    with scripted_llm(script) as server:
        at_work = partial(judge_all, stored.path, server.url, first, 35)
        running.append(multiprocessing.get_context("spawn").Process(target=at_work))
        running[0].start()
        running[0].join(timeout=180)
        assert running[0].exitcode == -signal.SIGKILL
        with stored.read() as con:
            (ledger,) = fetch(con, "SELECT updated_at FROM judge_runs")
        assert ledger["updated_at"] < MIDNIGHT
        run = judge_all(stored.path, server.url, first + timedelta(hours=1), 35)
        assert len(server.requests) == 35, "27 before the kill, and the 8 that the day had left"
    assert run.sampled == 10, "twenty were stored"
    assert (run.graded, run.skipped) == (8, {"budget: max_calls_per_day": 2})
    with stored.read() as con:
        rows = fetch(con, "SELECT calls, stopped FROM judge_runs ORDER BY started_at")
        (kept,) = fetch(con, "SELECT count(*) AS n, count(DISTINCT span_id) AS spans FROM grades")
        chances = fetch(con, "SELECT outcome, count(*) AS n FROM drawn_spans GROUP BY 1 ORDER BY 1")
    assert rows == [{"calls": 27, "stopped": "killed"}, {"calls": 8, "stopped": None}]
    assert kept == {"n": 28 * 4, "spans": 28}
    assert chances == [{"outcome": "graded", "n": 28}, {"outcome": "skipped", "n": 2}]
    assert not stored.path.with_name("judge.spent").exists()


@pytest.mark.parametrize(
    ("first", "calls"),
    [
        pytest.param(MIDNIGHT - timedelta(hours=1), 10, id="all of it the day before"),
        pytest.param(MIDNIGHT - timedelta(seconds=20), 0, id="midnight in the middle of it"),
        pytest.param(MIDNIGHT, 0, id="from midnight on"),
    ],
)
def test_no_day_takes_more_than_its_cap(stored: Warehouse, first: datetime, calls: int) -> None:
    """Ten calls a day: what a run takes after midnight is not the next day's to take again."""
    with scripted_llm(lambda body, number: GOOD) as server:
        assert judge_all(stored.path, server.url, first, 10).calls == 10
        today = judge_all(stored.path, server.url, MIDNIGHT + timedelta(hours=1), 10)
        tomorrow = judge_all(stored.path, server.url, MIDNIGHT + timedelta(hours=25), 10)
    assert (today.calls, tomorrow.calls) == (calls, 10)
