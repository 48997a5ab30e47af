"""The LLM judge reads replies strictly: what is not stated, or not on the scale, is unscored."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from judge_outcome import KEY, RUBRIC, Outcome, always, by_form, each
from judge_support import judged
from scripted_llm import Reply, grades

from monitors.judges.config import JudgeConfig


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
