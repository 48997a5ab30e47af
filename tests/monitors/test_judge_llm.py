"""The LLM judge against an endpoint that answers well, badly, late and not at all: nothing is invented."""

from __future__ import annotations

import json
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest
from judge_support import NOW, judged
from scripted_llm import Reply, Script, form, grades, scripted_llm

from collectors.errors import ConfigError
from monitors.judges.budget import Budget
from monitors.judges.config import KEY_VARIABLE, JudgeConfig
from monitors.judges.endpoint import Endpoint
from monitors.judges.grade import Grade, JudgedSpan
from monitors.judges.llm import LlmJudge
from monitors.judges.rubric import load_rubric

RUBRIC = load_rubric("answer_quality")
KEY = "sk-secret"


class Outcome:
    """One judging: grades by criterion of the first span, the judge, what was sent and slept."""

    def __init__(self, script: Script, items: list[JudgedSpan] | None = None, **settings: Any) -> None:
        self.slept: list[float] = []
        with scripted_llm(script) as server:
            config = JudgeConfig.model_validate(
                {"model": "m", "base_url": server.url, "concurrency": 1} | settings
            )
            endpoint = Endpoint(
                config,
                Budget.of(config),
                environ={KEY_VARIABLE: KEY},
                sleep=self.slept.append,
                wall=lambda: 1000.0,
            )
            self.judge = LlmJudge(config, RUBRIC, endpoint, clock=lambda: NOW)
            self.grades = self.judge.grade(items or [judged()])
            endpoint.close()
        self.server = server
        self.budget = endpoint.budget

    def __getitem__(self, criterion: str) -> Grade:
        return next(g for g in self.grades if g.criterion == criterion)

    @property
    def forms(self) -> list[str]:
        return [form(r) for r in self.server.requests]


def always(**reply: Any) -> Script:
    return lambda body, number: Reply(**reply)


def each(*replies: Reply) -> Script:
    return lambda body, number: replies[min(number, len(replies) - 1)]


def by_form(**replies: Reply) -> Script:
    return lambda body, number: replies[form(body)]


def test_a_good_reply_becomes_grades_with_their_price() -> None:
    found = Outcome(
        always(content=grades(3, 2, 1), usage=(1000, 100)),
        input_usd_per_million_tokens=2.0,
        output_usd_per_million_tokens=10.0,
    )
    assert [(g.criterion, g.status, g.score) for g in found.grades] == [
        ("correctness", "graded", 3.0),
        ("comprehensiveness", "graded", 2.0),
        ("readability", "graded", 1.0),
        ("overall", "graded", 2.4),  # (60 * 3 + 20 * 2 + 20 * 1) / 100
    ]
    assert found["correctness"].rationale == "why correctness"
    assert sum(g.input_tokens or 0 for g in found.grades) == 1000
    assert sum(g.output_tokens or 0 for g in found.grades) == 100
    # 1000 tokens at 2 dollars a million and 100 at 10.
    assert sum(g.cost_usd or 0 for g in found.grades) == pytest.approx(0.003)
    assert {g.judge_kind for g in found.grades} == {"llm"}
    assert found["overall"].rubric_version == RUBRIC.version


def test_the_request_carries_what_was_configured() -> None:
    found = Outcome(always(content=grades()), temperature=0.3, seed=11, max_output_tokens=321)
    (request,) = found.server.requests
    assert (request["temperature"], request["seed"], request["max_tokens"], request["model"]) == (
        0.3,
        11,
        321,
        "m",
    )
    schema = request["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert list(schema["schema"]["properties"]["correctness"]["properties"]) == ["rationale", "score"]
    assert schema["schema"]["properties"]["correctness"]["properties"]["score"]["enum"] == [0, 1, 2, 3]
    assert found.server.keys == [f"Bearer {KEY}"]
    assert JudgeConfig().temperature == 0.1


@pytest.mark.parametrize(
    ("score", "reason"),
    [
        ("3", "wrong type: score is a string"),
        (True, "wrong type: score is a boolean"),
        (2.5, "wrong type: score is a fraction"),
        ([3], "wrong type: score is a list"),
        (None, "no score"),
        (4, "out of range: outside 0 to 3"),
        (-1, "out of range: outside 0 to 3"),
        (10**300, "out of range: outside 0 to 3"),
    ],
)
def test_a_bad_score_leaves_only_its_criterion_unscored(score: Any, reason: str) -> None:
    found = Outcome(always(content=grades(correctness=score)))
    assert (found["correctness"].status, found["correctness"].score) == ("unscored", None)
    assert found["correctness"].reason == reason
    assert found["readability"].score == 3.0
    assert (found["overall"].status, found["overall"].reason) == ("unscored", "without a score: correctness")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d.pop("correctness"), "missing in the reply"),
        (lambda d: d.update(correctness=3), "wrong type: a number instead of an object"),
        (lambda d: d["correctness"].pop("rationale"), "no rationale"),
        (lambda d: d["correctness"].update(rationale=" "), "no rationale"),
    ],
)
def test_what_is_missing_is_unscored(change: Callable[[dict], Any], reason: str) -> None:
    reply = json.loads(grades())
    change(reply)
    found = Outcome(always(content=json.dumps(reply)))
    assert (found["correctness"].status, found["correctness"].reason) == ("unscored", reason)


def test_a_whole_number_written_as_a_fraction_is_that_number() -> None:
    assert Outcome(always(content=grades(correctness=2.0)))["correctness"].score == 2.0


def test_a_reply_in_a_code_fence_is_read() -> None:
    assert Outcome(always(content=f"```json\n{grades()}\n```"))["correctness"].score == 3.0


def test_a_tool_call_is_asked_for_when_the_schema_is_refused_and_from_then_on() -> None:
    script = by_form(
        json_schema=Reply(status=400), tool=Reply(tool_arguments=grades(2)), text=Reply(content=grades(0))
    )
    found = Outcome(script, [judged(span_id=str(i)) for i in range(3)])
    assert found.forms == ["json_schema", "tool", "tool", "tool"]
    assert {g.score for g in found.grades if g.criterion == "correctness"} == {2.0}


def test_plain_text_is_the_last_form() -> None:
    script = by_form(json_schema=Reply(status=422), tool=Reply(status=400), text=Reply(content=grades(1)))
    found = Outcome(script)
    assert found.forms == ["json_schema", "tool", "text"]
    assert found["correctness"].score == 1.0


def test_an_unreadable_reply_is_repaired_once() -> None:
    broken = '{"correctness": {"rationale": "x", "score": 3'
    script = each(
        Reply(content=broken), Reply(content=broken), Reply(content=broken), Reply(content=grades(1))
    )
    found = Outcome(script)
    assert found.forms == ["json_schema", "tool", "text", "text"]
    repair = found.server.requests[-1]["messages"]
    assert [m["role"] for m in repair] == ["system", "user", "assistant", "user"]
    assert repair[2]["content"] == broken
    assert found["correctness"].score == 1.0
    assert sum(g.input_tokens or 0 for g in found.grades) == 400, "all four calls are on the bill"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"correctness": ', "unreadable reply: not JSON"),
        ("The answer is excellent, I would give it a 3.", "unreadable reply: not JSON"),
        ('{"correctness": {"rationale": "x", "score": NaN}}', "unreadable reply: NaN is not a number"),
        (
            '{"correctness": {"rationale": "x", "score": 1, "score": 3}}',
            "unreadable reply: a key is given twice",
        ),
        ("3", "unreadable reply: a number instead of an object"),
        ("", "unreadable reply: empty"),
        (None, "unreadable reply: empty"),
        ("[" * 100_000, "unreadable reply: not JSON"),
    ],
)
def test_what_stays_unreadable_is_unscored(content: str | None, reason: str) -> None:
    found = Outcome(always(content=content))
    assert [g.status for g in found.grades] == ["unscored"] * 4
    assert found["correctness"].reason == reason
    assert len(found.forms) == 4


@pytest.mark.parametrize(
    "refusal", [{"refusal": "I cannot"}, {"content": "", "finish_reason": "content_filter"}]
)
def test_a_refusal_is_unscored_at_once(refusal: dict[str, Any]) -> None:
    found = Outcome(always(**refusal))
    assert found["correctness"].reason == "refused by the judge"
    assert len(found.forms) == 1


def test_a_reply_that_was_cut_off_says_so() -> None:
    found = Outcome(always(content='{"corr', finish_reason="length"), max_output_tokens=50)
    assert found["correctness"].reason == "cut off after 50 tokens"


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
    assert (grade.status, grade.reason) == ("unscored", "endpoint: no connection, 1 tries")


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
