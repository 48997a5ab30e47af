"""Draws with known chances, the ledger, the caps of a day, and the estimates that are made of it all."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from judge_support import NOW, judged, span, warehouse_with
from scripted_llm import Reply, grades, scripted_llm

from collectors.errors import RunInProgressError
from collectors.model import Span
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import fetch, insert
from monitors.judges.base import Stamp
from monitors.judges.budget import Budget, Spent
from monitors.judges.config import JudgeConfig
from monitors.judges.draws import Draw, Judgement, chances, draw, write_draw
from monitors.judges.estimates import ALL_VERSIONS, update_estimates
from monitors.judges.grade import Grade
from monitors.judges.llm_run import LlmRun, draw_sample, judge_sample
from monitors.judges.rubric import load_rubric
from monitors.judges.spans import write_grades

DAY = timedelta(days=1)
WHAT = Judgement(judge="llm", judge_version="v", rubric="answer_quality", rubric_version="r")


def answers(count: int, version: str = "v1", first: int = 0) -> list[Span]:
    return [
        replace(
            span("root", "assistant", "chain", i / 10, input_text="Q?", output_text=f"Answer {i}."),
            trace_id=f"t{i:05}",
            parent_span_id=None,
            component_version=version,
        )
        for i in range(first, first + count)
    ]


def grade(of: Span, score: float, kind: str, criterion: str) -> Grade:
    stamp = Stamp(
        judge="local" if kind == "local" else "llm",
        judge_kind=kind,  # type: ignore[arg-type]
        judge_version="v",
        rubric="answer_quality",
        rubric_version="r",
        graded_at=NOW,
    )
    item = judged(trace_id=of.trace_id, span_id=of.span_id, component="assistant", started_at=of.started_at)
    return stamp.grade(item, criterion, score=score)


def drawn(warehouse: Warehouse, limit: int, what: Judgement | str = WHAT, **more: Any) -> Draw:
    with warehouse.read() as con:
        return draw(con, what, start=NOW - DAY, end=NOW + DAY, limit=limit, seed=more.pop("seed", 7), **more)


def keep(warehouse: Warehouse, found: Draw, answered: int | None = None) -> None:
    done = found.spans if answered is None else found.spans[:answered]
    with warehouse.write() as con:
        write_draw(con, found, {s.key: ("graded", None) for s in done}, at=NOW, run_id=None)


def test_the_chances_add_up_to_all_answers(tmp_path: Path) -> None:
    """Horvitz and Thompson: the inverse chances of a sample estimate how many there are; unbiased."""
    spans = answers(600)
    warehouse = warehouse_with(tmp_path, spans)
    rng = np.random.default_rng(3)
    with warehouse.write() as con:
        write_grades(con, [grade(s, 3 * float(rng.random()), "local", "groundedness") for s in spans])
    totals = []
    for seed in range(20):
        found = drawn(warehouse, 80, seed=seed)
        assert len(found.spans) == 80
        totals.append(sum(1 / (c or np.nan) for c in chances(found, outcomes(found)).values()))
    assert np.mean(totals) == pytest.approx(600, abs=3 * np.std(totals) / np.sqrt(20))
    doubt = {s.key: s.weight for s in drawn(warehouse, 600).spans}
    assert min(doubt.values()) >= 0.3
    assert max(doubt.values()) > 0.9
    assert np.mean([s.weight for s in drawn(warehouse, 80).spans]) > np.mean(list(doubt.values()))


def outcomes(found: Draw) -> dict[str, Any]:
    return {s.key: ("graded", None) for s in found.spans}


def test_people_label_within_what_the_judge_grades(tmp_path: Path) -> None:
    warehouse = warehouse_with(tmp_path, answers(300))
    judge = {s.key for s in drawn(warehouse, 100).spans}
    assert {s.key for s in drawn(warehouse, 30, "correctness").spans} <= judge


def test_a_small_version_is_seen(tmp_path: Path) -> None:
    warehouse = warehouse_with(tmp_path, answers(900) + answers(9, "v2", first=900))
    found = drawn(warehouse, 60)
    # Square roots of 900 and 9 are 30 and 3: five or six of sixty, where simple chance gives about one.
    assert 5 <= sum(s.version == "v2" for s in found.spans) <= 6


def test_a_stop_in_the_middle_is_a_smaller_draw(tmp_path: Path) -> None:
    warehouse = warehouse_with(tmp_path, answers(100))
    found = drawn(warehouse, 20)
    done = {s.key: ("graded", None) for s in found.spans[:10]} | {found.spans[15].key: ("graded", None)}
    chance = chances(found, done)  # type: ignore[arg-type]
    assert chance[found.spans[0].key] == pytest.approx(found.spans[10].place)
    assert chance[found.spans[15].key] is None, "judged out of turn"
    everything = drawn(warehouse, 100)
    assert set(chances(everything, outcomes(everything)).values()) == {1.0}


def test_a_second_draw_raises_the_chances_of_the_first(tmp_path: Path) -> None:
    spans = answers(100)
    warehouse = warehouse_with(tmp_path, spans)
    first = drawn(warehouse, 10, "correctness")
    keep(warehouse, first)
    second = drawn(warehouse, 30, "correctness")
    assert not {s.key for s in first.spans} & {s.key for s in second.spans}
    keep(warehouse, second)
    with warehouse.read() as con:
        rows = fetch(con, "SELECT DISTINCT probability FROM drawn_spans")
    whole = warehouse_with(tmp_path / "other", spans)
    assert [r["probability"] for r in rows] == [pytest.approx(drawn(whole, 40, "correctness").spans[0].cut)]


def run(warehouse: Warehouse, url: str, limit: int, **more: Any) -> LlmRun:
    settings = JudgeConfig(model="m", base_url=url, concurrency=1, **more)
    rubric = load_rubric("answer_quality")
    with warehouse.read() as con:
        sample = draw_sample(con, settings, rubric, start=NOW - DAY, end=NOW + DAY, limit=limit)
    states = list(
        judge_sample(
            warehouse,
            sample,
            settings,
            rubric,
            clock=lambda: NOW,
            run_id=None,
            environ={},
            sleep=lambda _: None,
        )
    )
    return states[-1]


@pytest.mark.parametrize(
    ("caps", "calls"),
    [
        ({"max_calls_per_day": 25}, 25),
        ({"max_tokens_per_day": 30_000, "max_output_tokens": 50}, None),
        (
            {
                "max_cost_usd_per_day": 0.003,
                "input_usd_per_million_tokens": 0.1,
                "output_usd_per_million_tokens": 0.1,
            },
            None,
        ),
    ],
)
def test_the_caps_of_a_day_hold_over_runs(tmp_path: Path, caps: dict[str, Any], calls: int | None) -> None:
    warehouse = warehouse_with(tmp_path, answers(120))
    with scripted_llm(lambda body, number: Reply(content=grades(), usage=(1000, 50))) as server:
        found = [run(warehouse, server.url, 20, **caps) for _ in range(6)]
    spent = sum(r.input_tokens + r.output_tokens for r in found)
    assert calls is None or len(server.requests) == calls
    assert spent <= caps.get("max_tokens_per_day", spent)
    assert spent * 0.1 / 1e6 <= caps.get("max_cost_usd_per_day", 1.0)
    assert found[0].graded > 0
    assert any(reason.endswith("_per_day") for reason in found[-1].skipped)
    with warehouse.read() as con:
        (row,) = fetch(con, "SELECT count(*) AS n, sum(calls) AS calls FROM judge_runs")
        ledger = fetch(con, "SELECT outcome, count(*) AS n FROM drawn_spans GROUP BY 1 ORDER BY 1")
    assert (row["n"], row["calls"]) == (6, len(server.requests))
    assert {r["outcome"] for r in ledger} == {"graded", "skipped"}


def test_another_day_has_its_own_cap() -> None:
    settings = JudgeConfig(max_calls_per_day=10)
    assert Budget.of(settings, Spent(calls=10)).left_calls == 0
    assert Budget.of(settings).left_calls == 10


def test_two_judges_at_once_could_not_keep_the_caps(tmp_path: Path) -> None:
    warehouse = warehouse_with(tmp_path, answers(3))
    with FileLock(tmp_path / "judge.lock"), pytest.raises(RunInProgressError, match="another judge"):
        run(warehouse, "http://127.0.0.1:9/v1", 3)


def test_estimates_correct_a_judge_that_is_too_kind(tmp_path: Path) -> None:
    """600 answers, all with a local score, 200 judged a grade too well, 80 labelled."""
    rng = np.random.default_rng(4)
    spans = answers(600)
    warehouse = warehouse_with(tmp_path, spans)
    skill = rng.normal(size=600)
    people = np.clip(np.round(skill + 1.5 + rng.normal(size=600) * 0.4), 0, 3)
    kind = np.clip(people + (rng.random(600) < 0.7), 0, 3)
    by_key = {f"{s.trace_id}/{s.span_id}": i for i, s in enumerate(spans)}
    with warehouse.write() as con:
        local = [
            grade(s, float(3 / (1 + np.exp(-x))), "local", "groundedness")
            for s, x in zip(spans, skill, strict=True)
        ]
        write_grades(con, local)
    to_judge = drawn(warehouse, 200)
    to_label = drawn(warehouse, 80, "correctness")
    keep(warehouse, to_judge)
    keep(warehouse, to_label)
    with warehouse.write() as con:
        write_grades(
            con,
            [
                grade(spans[by_key[s.key]], float(kind[by_key[s.key]]), "llm", "correctness")
                for s in to_judge.spans
            ],
        )
        insert(con, "annotations", [label(s.trace_id, float(people[by_key[s.key]])) for s in to_label.spans])
    assert update_estimates(warehouse, [NOW.date()], at=NOW) == 4
    assert update_estimates(warehouse, [NOW.date(), date(2020, 1, 1)], at=NOW) == 4
    with warehouse.read() as con:
        rows = fetch(con, "SELECT * FROM quality_estimates WHERE version = $v ORDER BY target", {"v": "v1"})
        whole = fetch(
            con, "SELECT target, value FROM quality_estimates WHERE version = $v", {"v": ALL_VERSIONS}
        )
    by_judge, by_people = rows
    assert {r["judge_version"] for r in rows} == {"v/answer_quality/r"}, "with the rubric"
    assert (by_people["labels"], by_people["judged"], by_people["scored"], by_people["answers"]) == (
        80,
        200,
        600,
        600,
    )
    assert by_people["low"] <= people.mean() <= by_people["high"]
    assert by_people["high"] < kind.mean(), "the judge's own mean is out of the question"
    assert by_people["high"] - by_people["low"] < 0.8 * (by_people["alone_high"] - by_people["alone_low"])
    assert by_people["always_high"] - by_people["always_low"] > by_people["high"] - by_people["low"]
    assert by_judge["low"] <= kind.mean() <= by_judge["high"]
    assert by_judge["high"] - by_judge["low"] < by_judge["alone_high"] - by_judge["alone_low"]
    assert {r["target"]: r["value"] for r in whole} == {r["target"]: pytest.approx(r["value"]) for r in rows}


def label(trace_id: str, score: float) -> dict[str, Any]:
    return {
        "annotation_id": trace_id,
        "trace_id": trace_id,
        "span_id": "root",
        "author": "ada",
        "author_kind": "human",
        "name": "correctness",
        "score": score,
        "created_at": NOW,
        "source": "test",
        "ingested_at": NOW,
    }


def test_labels_that_were_not_drawn_are_no_estimate(tmp_path: Path) -> None:
    spans = answers(40)
    warehouse = warehouse_with(tmp_path, spans)
    with warehouse.write() as con:
        insert(con, "annotations", [label(s.trace_id, 3.0) for s in spans])
    assert update_estimates(warehouse, [NOW.date()], at=NOW) == 0


def test_the_ledger_says_why(tmp_path: Path) -> None:
    warehouse = warehouse_with(tmp_path, answers(4))
    replies = [Reply(content=grades()), Reply(refusal="no"), Reply(content=grades(correctness=9))]
    with scripted_llm(lambda body, number: replies[min(number, 2)]) as server:
        found = run(warehouse, server.url, 4, max_calls=3)
    assert found.skipped == {"budget: max_calls": 1}
    with warehouse.read() as con:
        rows = fetch(con, "SELECT outcome, reason FROM drawn_spans ORDER BY place")
        (ledger,) = fetch(con, "SELECT unscored, skipped FROM judge_runs")
    assert [(r["outcome"], r["reason"]) for r in rows] == [
        ("graded", None),
        ("unscored", "refused by the judge"),
        ("unscored", "without a score: correctness"),
        ("skipped", "budget: max_calls"),
    ]
    assert json.loads(ledger["skipped"]) == found.skipped
