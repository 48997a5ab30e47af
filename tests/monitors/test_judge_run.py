"""`chainwatch judge` and the run's own judging: a seeded sample, stored once, gone on with after a stop."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from judge_support import NOW, WordHashEncoder, span
from scripted_llm import Reply, Script, grades, scripted_llm

from collectors.config import load
from collectors.context import Context
from collectors.home import Home
from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch, insert_spans
from monitors.judge_cli import judge
from monitors.judges.config import JudgeConfig
from monitors.judges.llm_run import draw_sample
from monitors.judges.local import LocalScorer
from monitors.judges.rubric import load_rubric
from monitors.result import Window
from monitors.run_judge import judge_new
from monitors.sampling import Sampler

DAY = timedelta(days=1)


@pytest.fixture
def stored(warehouse: Warehouse) -> Warehouse:
    """Thirty traces of an application with a router below it."""
    spans = []
    for i in range(30):
        root = span("root", "assistant", "chain", i, input_text=f"Question {i}?", output_text=f"Answer {i}.")
        spans.append(replace(root, trace_id=f"t{i}", parent_span_id=None))
        spans.append(
            replace(span("r", "router", "router", i, input_text="q", output_text="billing"), trace_id=f"t{i}")
        )
    with warehouse.write() as con:
        insert_spans(con, spans)
    return warehouse


def call(home: Home, monkeypatch: pytest.MonkeyPatch, config: str, *options: str) -> Result:
    monkeypatch.setenv("CHAINWATCH_HOME", str(home.root))
    monkeypatch.delenv("CHAINWATCH_JUDGE_API_KEY", raising=False)
    home.config.write_text(config, "utf-8")
    return CliRunner().invoke(judge, ["--config", str(home.config), "--json", *options])


def section(url: str, **more: Any) -> str:
    values = {"model": "m", "base_url": url, "concurrency": 2} | more
    return "[judge]\n" + "\n".join(f"{k} = {json.dumps(v)}" for k, v in values.items())


def sampled(warehouse: Warehouse, limit: int, **settings: Any) -> list[str]:
    with warehouse.read() as con:
        found = draw_sample(
            con,
            JudgeConfig(**settings),
            load_rubric("answer_quality"),
            start=NOW - DAY,
            end=NOW + DAY,
            limit=limit,
        )
    return [s.key for s in found.spans]


def test_the_sample_is_seeded_and_a_larger_one_contains_the_smaller(stored: Warehouse) -> None:
    ten = sampled(stored, 10)
    assert len(ten) == 10
    assert sampled(stored, 10) == ten
    assert sampled(stored, 20)[:10] == ten
    assert sampled(stored, 10, seed=8) != ten
    assert ten != sorted(ten)


def test_judging_goes_on_where_it_stopped(
    stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_llm(lambda body, number: Reply(content=grades())) as server:
        config = section(server.url, input_usd_per_million_tokens=1.0, output_usd_per_million_tokens=5.0)
        first = call(home, monkeypatch, config, "--limit", "12")
        assert first.exit_code == 0, first.output
        second = call(home, monkeypatch, config, "--limit", "100")
        third = call(home, monkeypatch, config)
    told = json.loads(first.output)
    assert (told["eligible"], told["sampled"], told["graded"], told["calls"]) == (30, 12, 12, 12)
    # 12 calls of 100 and 20 tokens at 1 and 5 dollars a million.
    assert told["cost_usd"] == pytest.approx(0.0024)
    assert json.loads(second.output)["graded"] == 18
    assert json.loads(third.output)["sampled"] == 0
    with stored.read() as con:
        rows = fetch(
            con,
            "SELECT count(*) AS n, count(DISTINCT grade_id) AS ids, sum(input_tokens) AS tokens FROM grades",
        )
    assert rows == [{"n": 120, "ids": 120, "tokens": 3000}]


def test_another_rubric_or_model_judges_again(
    stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = json.dumps({"relevance": {"rationale": "r", "score": 2}})
    script: Script = lambda body, number: Reply(  # noqa: E731
        content=reply
        if '"relevance"' in json.dumps(body) and "correctness" not in json.dumps(body)
        else grades()
    )
    with scripted_llm(script) as server:
        counts = [
            json.loads(call(home, monkeypatch, config, "--limit", "5", *more).output)["graded"]
            for config, more in [
                (section(server.url), []),
                (section(server.url), ["--rubric", "relevance"]),
                (section(server.url, model="n"), []),
            ]
        ]
    assert counts == [5, 5, 5]


def test_refusals_are_not_asked_again_and_failures_of_the_endpoint_are(
    stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(body: dict[str, Any], number: int) -> Reply:
        return [Reply(refusal="no"), Reply(status=500), Reply(content=grades())][min(number, 2)]

    with scripted_llm(script) as server:
        config = section(server.url, concurrency=1, retries=0)
        told = json.loads(call(home, monkeypatch, config, "--limit", "3").output)
        assert told["unscored"] == {"refused by the judge": 1, "endpoint: HTTP 500, 1 tries": 1}
        again = json.loads(call(home, monkeypatch, config, "--limit", "3").output)
    assert again["eligible"] == 28, "the refused one and the graded one are done"
    assert again["graded"] == 3


def test_a_failing_endpoint_fails_the_command_and_keeps_what_was_graded(
    stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    script: Script = lambda body, number: Reply(content=grades()) if number < 20 else Reply(status=401)  # noqa: E731
    with scripted_llm(script) as server:
        found = call(home, monkeypatch, section(server.url, concurrency=1), "--limit", "30")
    assert "HTTP 401" in str(found.exception)
    assert json.loads(found.output)["skipped"] == {
        "stopped: HTTP 401: CHAINWATCH_JUDGE_API_KEY is not set": 9
    }
    with stored.read() as con:
        (row,) = fetch(
            con, "SELECT count(*) AS n FROM grades WHERE criterion = 'overall' AND status = 'graded'"
        )
    assert row["n"] == 20


def test_a_dry_run_sends_nothing_and_needs_no_endpoint(
    stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices = "[judge]\ninput_usd_per_million_tokens = 1.0\noutput_usd_per_million_tokens = 2.0\n"
    found = json.loads(call(home, monkeypatch, prices, "--dry-run", "--limit", "4").output)
    assert (found["eligible"], found["prompts"]) == (30, 4)
    assert found["estimated_input_tokens"] > 4 * 500
    expected = (found["estimated_input_tokens"] + 2 * found["estimated_output_tokens"]) / 1e6
    assert found["estimated_cost_usd"] == pytest.approx(expected)
    grounded = call(home, monkeypatch, prices, "--dry-run", "--limit", "4", "--rubric", "groundedness")
    assert json.loads(grounded.output)["lacking"] == {"no documents": 4}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "no judge is configured"),
        (["--component", "reader"], "choose one of: assistant, router"),
        (["--rubric", "x"], "no such rubric; choose one of: answer_correctness"),
        (["--since", "yesterday"], "--since 'yesterday': give a date"),
    ],
)
def test_bad_use_is_explained(
    stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch, options: list[str], message: str
) -> None:
    assert message in str(call(home, monkeypatch, "", *options).exception)


def test_component_and_range_choose_the_answers(
    stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = (NOW + timedelta(seconds=20)).isoformat()
    until = (NOW + timedelta(seconds=25)).isoformat()
    options = ["--dry-run", "--component", "router", "--since", since, "--until", until]
    assert json.loads(call(home, monkeypatch, "", *options).output)["prompts"] == 5


def test_the_run_of_the_monitors_is_named_in_grades_and_ledger(
    stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_llm(lambda body, number: Reply(content=grades())) as server:
        home.config.write_text(section(server.url, enabled=True, sample=6), "utf-8")
        context = Context(home=home, config=load(home.config, home_config=home.config), clock=lambda: NOW)
        period = Window(start=NOW - DAY, end=NOW + DAY)
        encoder = WordHashEncoder()
        sampler = Sampler(length=DAY, cap=10, max_characters=400, seed=0, encoder=encoder)
        graded = judge_new(
            context,
            stored,
            [period],
            sampler=sampler,
            scorer=LocalScorer(encoder, clock=lambda: NOW),
            now=NOW,
            run_id="run-9",
            environ={},
            say=None,
        )
    assert graded == 6
    with stored.read() as con:
        assert fetch(con, "SELECT DISTINCT run_id FROM grades") == [{"run_id": "run-9"}]
        (row,) = fetch(con, "SELECT run_id, sampled, graded, calls, eligible FROM judge_runs")
        weights = fetch(con, "SELECT weight < 1 AS doubted FROM drawn_spans ORDER BY 1")
        (version,) = fetch(
            con,
            "SELECT DISTINCT judge_version AS judge, rubric_version AS rubric FROM grades "
            "WHERE judge = 'llm'",
        )
        raw = sampler.read(con, period)
    assert row == {"run_id": "run-9", "sampled": 6, "graded": 6, "calls": 6, "eligible": 30}
    assert weights[-1]["doubted"], "the draw knew the local scores, which the pass made before it"
    series = {
        s.basis for s in sampler.samples(raw, [], period) if s.stream.field == "quality.correctness@llm"
    }
    assert series == {f"llm/{version['judge']}/answer_quality/{version['rubric']}"}, (
        "other words, other series"
    )


def test_an_evaluation_set_is_judged_when_it_is_named(
    stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = span("g", "assistant", "chain", 0, input_text="Q?", output_text="A.", parent_span_id=None)
    with stored.write() as con:
        insert_spans(con, [replace(root, trace_id=f"g{i}", dataset="golden") for i in range(3)])
    with scripted_llm(lambda body, number: Reply(content=grades())) as server:
        told = json.loads(call(home, monkeypatch, section(server.url), "--dataset", "golden").output)
        wrong = call(home, monkeypatch, section(server.url), "--dataset", "gold")
    assert (told["eligible"], told["graded"]) == (3, 3)
    assert "--dataset 'gold': not stored; choose one of: golden, production" in str(wrong.exception)
    with stored.read() as con:
        assert fetch(con, "SELECT DISTINCT dataset FROM grades") == [{"dataset": "golden"}]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_cost_usd": 1.0}, "max_cost_usd needs input_usd_per_million_tokens"),
        ({"enabled": True}, "enabled = true needs a model"),
        ({"api_key": "sk-1"}, "Extra inputs"),
        ({"max_calls": 0}, "greater than or equal to 1"),
        ({"base_url": "localhost:8000/v1"}, "has to begin with http://"),
    ],
)
def test_settings_that_cannot_be_kept(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        JudgeConfig.model_validate(settings)


def test_summary_for_people(stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted_llm(lambda body, number: Reply(content=grades(correctness=9))) as server:
        home.config.write_text(section(server.url), "utf-8")
        monkeypatch.setenv("CHAINWATCH_HOME", str(home.root))
        found = CliRunner().invoke(judge, ["--config", str(home.config), "--limit", "3"])
    assert "0 graded by m@" in found.output
    assert "3 unscored: out of range: outside 0 to 3" in found.output
    assert "3 calls, 300 input and 60 output tokens" in found.output


def test_no_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = call(Home(root=tmp_path).create(), monkeypatch, "")
    assert "there is no warehouse" in str(found.exception)
