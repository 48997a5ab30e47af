"""The LLM judge against an endpoint that is late, busy, broken or gone: caps hold and nothing is invented."""

from __future__ import annotations

import json
from email.utils import formatdate
from typing import Any

import pytest
from judge_outcome import KEY, RUBRIC, Outcome, always, each
from judge_support import NOW, judged
from scripted_llm import Reply, Script, grades

from collectors.errors import ConfigError
from monitors.judges.budget import Budget
from monitors.judges.config import KEY_VARIABLE, JudgeConfig
from monitors.judges.endpoint import Endpoint
from monitors.judges.llm import LlmJudge


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"Retry-After": "7"}, [7.0, 7.0]),
        ({"Retry-After": formatdate(1012.0, usegmt=True)}, [12.0, 12.0]),
        ({"Retry-After": "soon"}, [0.5, 1.0]),
        ({}, [0.5, 1.0]),
    ],
)
@pytest.mark.parametrize("status", [429, 500, 503])
def test_it_waits_as_long_as_it_is_told(status: int, headers: dict[str, str], waits: list[float]) -> None:
    busy = Reply(status=status, headers=headers)
    found = Outcome(each(busy, busy, Reply(content=grades())))
    assert found.slept == waits
    assert found["correctness"].score == 3.0
    assert (found.budget.calls, found.budget.input_tokens) == (3, 100), (
        "a failed call is a call, and costs nothing"
    )


def test_no_answer_after_all_tries_is_unscored_and_the_run_stops_after_five() -> None:
    found = Outcome(always(status=500), [judged(span_id=str(i)) for i in range(8)], retries=1)
    assert found["correctness"].reason == "endpoint: HTTP 500, 2 tries"
    assert len(found.server.requests) == 10, "five spans, two tries each"
    assert found.judge.stopped == "stopped: HTTP 500, 2 tries"
    assert found.judge.skipped == {"stopped: HTTP 500, 2 tries": 3}


def test_a_wait_without_end_is_not_waited() -> None:
    found = Outcome(always(status=429, headers={"Retry-After": "86400"}))
    assert found["correctness"].reason == "endpoint: HTTP 429, and asks to wait 86400 s"
    assert found.slept == []


def test_a_slow_answer_is_a_timeout_and_may_have_been_billed() -> None:
    found = Outcome(always(content=grades(), delay_s=0.6), timeout_s=0.15, retries=0)
    assert found["correctness"].reason == "endpoint: timeout, 1 tries"
    assert found.budget.output_tokens == found.judge._settings.max_output_tokens


def test_a_slow_answer_within_the_limit_is_taken() -> None:
    assert Outcome(always(content=grades(), delay_s=0.3), timeout_s=5.0)["correctness"].score == 3.0


def test_a_wrong_key_stops_the_run_at_once_and_is_never_told() -> None:
    found = Outcome(always(status=401), [judged(span_id=str(i)) for i in range(4)])
    assert len(found.server.requests) == 1
    assert found.judge.skipped == {found.judge.stopped: 3}
    told = json.dumps([found.judge.stopped, [g.reason for g in found.grades]])
    assert KEY not in told
    assert KEY_VARIABLE in told


def test_no_endpoint_at_all() -> None:
    config = JudgeConfig(model="m", base_url="http://127.0.0.1:9/v1", retries=0)
    endpoint = Endpoint(config, Budget.of(config), environ={}, sleep=lambda s: None)
    grade = LlmJudge(config, RUBRIC, endpoint, clock=lambda: NOW).grade([judged()])[0]
    assert (grade.status, grade.reason) == ("unscored", "endpoint: no connection to 127.0.0.1:9, 1 tries")


@pytest.mark.parametrize(
    "raw", ["{}", '{"choices": []}', '{"choices": "x"}', "<html>", '{"choices": [{}]}', "null"]
)
def test_an_answer_that_is_no_chat_completion(raw: str) -> None:
    found = Outcome(always(raw=raw), retries=0)
    assert found["correctness"].status == "unscored"
    assert "endpoint: " in str(found["correctness"].reason)


def test_tokens_that_were_not_counted_are_not_claimed_and_count_as_the_worst_case() -> None:
    found = Outcome(always(content=grades(), usage=None))
    assert found["correctness"].input_tokens is None
    assert found.budget.output_tokens == 800
    assert found.budget.input_tokens > 3000


@pytest.mark.parametrize("concurrency", [1, 8])
def test_calls_are_never_exceeded(concurrency: int) -> None:
    found = Outcome(
        always(content="broken"),
        [judged(span_id=str(i)) for i in range(20)],
        max_calls=7,
        concurrency=concurrency,
    )
    assert len(found.server.requests) == 7 == found.budget.calls
    assert found.judge.skipped["budget: max_calls"] >= 18


@pytest.mark.parametrize("concurrency", [1, 8])
def test_tokens_and_cost_are_never_exceeded(concurrency: int) -> None:
    items = [judged(span_id=str(i)) for i in range(40)]
    found = Outcome(
        always(content=grades(), usage=(2000, 500)), items, max_tokens=30_000, concurrency=concurrency
    )
    assert 0 < found.budget.input_tokens + found.budget.output_tokens <= 30_000
    assert found.judge.skipped["budget: max_tokens"] + len(found.server.requests) == 40
    found = Outcome(
        always(content=grades(), usage=(2000, 500)),
        items,
        max_cost_usd=0.05,
        input_usd_per_million_tokens=1.0,
        output_usd_per_million_tokens=4.0,
        concurrency=concurrency,
    )
    # 4,000 micro-dollars a call, and the worst case of the next one must fit as well.
    assert found.budget.cost_usd <= 0.05
    assert 5 <= len(found.server.requests) <= 12
    assert "budget: max_cost_usd" in found.judge.skipped


def test_what_a_span_lacks_is_not_sent() -> None:
    found = Outcome(always(content=grades()), [judged(question=None)])
    assert (found["correctness"].reason, found.server.requests) == ("no question", [])


def test_grades_keep_the_order_of_the_spans() -> None:
    items = [judged(span_id=str(i)) for i in range(12)]
    script: Script = lambda body, number: Reply(content=grades(), delay_s=0.05 * (number % 3))  # noqa: E731
    found = Outcome(script, items, concurrency=6)
    assert [g.span_id for g in found.grades if g.criterion == "overall"] == [str(i) for i in range(12)]


def test_a_missing_configuration_says_what_to_set() -> None:
    with pytest.raises(ConfigError, match=r"no judge is configured: set \[judge\] model"):
        Endpoint(JudgeConfig(), Budget.of(JudgeConfig()), environ={})
    config = JudgeConfig(model="gpt-x")
    with pytest.raises(ConfigError, match=KEY_VARIABLE):
        Endpoint(config, Budget.of(config), environ={})


def test_the_version_follows_model_and_sampling() -> None:
    from monitors.judges.llm import judge_version

    base = JudgeConfig(model="m", base_url="http://a")
    changes: list[dict[str, Any]] = [
        {"model": "n"},
        {"base_url": "http://b"},
        {"temperature": 1.0},
        {"seed": 1},
    ]
    versions = {judge_version(base.model_copy(update=change)) for change in changes}
    assert len(versions) == 4
    assert judge_version(base) not in versions
    assert judge_version(base) == judge_version(base.model_copy(update={"max_calls": 3}))
