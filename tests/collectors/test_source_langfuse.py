"""Langfuse exports: every container, both spellings, its sums of tokens and cost, its scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from source_support import check, read

from collectors.sources._langfuse_usage import Usage, usage_of

TRACE = {
    "id": "0af7651916cd43dd8448eb211c80319c",
    "name": "answer-question 171105b7-59dd-49c0-9677-0b95395aa46a",
    "timestamp": "2026-03-01T10:00:00.000Z",
    "projectId": "p1",
    "userId": "u7",
    "sessionId": "s9",
    "release": "2.4.0",
    "environment": "prod",
    "tags": ["beta"],
    "input": '"How long do refunds take?"',
    "output": '"Five days."',
}
ROOT: dict[str, Any] = {
    "id": "b7ad6b7169203331",
    "traceId": TRACE["id"],
    "parentObservationId": None,
    "type": "SPAN",
    "name": "handle",
    "startTime": "2026-03-01T10:00:00.000Z",
    "endTime": "2026-03-01T10:00:02.500Z",
    "level": "DEFAULT",
    "input": None,
    "output": None,
    "usageDetails": {},
    "costDetails": {},
    "totalCost": 0,
    "inputUsage": 0,
    "outputUsage": 0,
    "totalUsage": 0,
}
GENERATION = {
    "id": "00f067aa0ba902b7",
    "traceId": TRACE["id"],
    "parentObservationId": ROOT["id"],
    "type": "GENERATION",
    "name": "generate gpt-5-mini",
    "startTime": "2026-03-01T10:00:01.000Z",
    "completionStartTime": "2026-03-01T10:00:01.250Z",
    "endTime": "2026-03-01T10:00:02.000Z",
    "model": "gpt-5-mini",
    "modelParameters": {"temperature": "0.2", "max_tokens": 100, "id": "resp_1"},
    "promptName": "support-answer",
    "promptVersion": 3,
    "version": "v12",
    "input": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "How long do refunds take?"},
    ],
    "output": {"role": "assistant", "content": "Five days."},
    "usageDetails": {"input": 40, "output": 5, "total": 45},
    "costDetails": {"input": 0.00004, "output": 0.00001, "total": 0.00005},
    "totalCost": 0.00005,
}
RETRIEVER = {
    "id": "1111111111111111",
    "traceId": TRACE["id"],
    "parentObservationId": ROOT["id"],
    "type": "RETRIEVER",
    "name": "kb",
    "startTime": "2026-03-01T10:00:00.100Z",
    "endTime": "2026-03-01T10:00:00.200Z",
    "input": "refunds",
    "output": [{"page_content": "Five business days.", "metadata": {"source": "faq.md", "score": 0.9}}],
}
TOOL = {
    "id": "2222222222222222",
    "traceId": TRACE["id"],
    "parentObservationId": ROOT["id"],
    "type": "TOOL",
    "name": "lookup",
    "startTime": "2026-03-01T10:00:00.300Z",
    "endTime": "2026-03-01T10:00:00.400Z",
    "level": "ERROR",
    "statusMessage": "TimeoutError: no answer in 5 s",
}
OBSERVATIONS: list[dict[str, Any]] = [ROOT, GENERATION, RETRIEVER, TOOL]


def without_texts(observation: dict[str, Any]) -> dict[str, Any]:
    return {**observation, "input": None, "output": None}


CONTAINERS = {
    "UI download": {
        "trace": {**TRACE, "observations": [without_texts(o) for o in OBSERVATIONS]},
        "observations": OBSERVATIONS,
    },
    "API trace": {**TRACE, "observations": OBSERVATIONS, "scores": []},
    "list of traces": [{**TRACE, "observations": OBSERVATIONS}],
    "API page": {"data": [{**TRACE, "observations": OBSERVATIONS}], "meta": {"page": 1, "totalItems": 1}},
    "session": {"id": "s9", "projectId": "p1", "traces": [{**TRACE, "observations": OBSERVATIONS}]},
    "tables": {"traces": [TRACE], "observations": OBSERVATIONS, "scores": []},
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_trace_in_every_container(tmp_path: Path, container: str) -> None:
    found = read("langfuse", tmp_path, CONTAINERS[container])
    assert found.bad == []
    assert [(s.name, s.kind) for s in found.spans] == [
        ("handle", "other"),
        ("generate gpt-5-mini", "llm"),
        ("kb", "retriever"),
        ("lookup", "tool"),
    ]
    for span in found.spans:
        check(
            span,
            trace_id=TRACE["id"],
            chain="answer-question",
            chain_version="2.4.0",
            environment="prod",
            user_id="u7",
            session_id="s9",
        )
    root = found.named("handle")
    # Its own texts are empty: the trace's are its.
    check(
        root,
        parent_span_id=None,
        input_text="How long do refunds take?",
        output_text="Five days.",
        input_tokens=None,
        output_tokens=None,
        cost_usd=None,
        duration_s=2.5,
        status="unset",
    )
    assert root.attributes["langfuse.trace.tags"] == ["beta"]
    generation = found.named("generate gpt-5-mini")
    check(
        generation,
        component="generate",
        parent_span_id=ROOT["id"],
        input_text="How long do refunds take?",
        output_text="Five days.",
        model="gpt-5-mini",
        input_tokens=40,
        output_tokens=5,
        cost_usd=0.00005,
        prompt_template="support-answer",
        prompt_version="3",
        component_version="v12",
        parameters={"temperature": 0.2, "max_tokens": 100},
        time_to_first_token_s=0.25,
    )
    assert generation.attributes["langfuse.observation.input"][0]["content"] == "Be brief."
    assert generation.attributes["langfuse.usage_details"] == {"input": 40, "output": 5, "total": 45}
    kb = found.named("kb")
    check(kb, input_text="refunds", output_text=None)
    assert [(d.id, d.score, d.text) for d in kb.documents] == [("faq.md", 0.9, "Five business days.")]
    check(found.named("lookup"), status="error", error_type="TimeoutError")


def snake_row(**more: Any) -> dict[str, Any]:
    return {
        "id": "obs-not-hex",
        "trace_id": "trace_A",
        "type": "GENERATION",
        "parent_observation_id": "",
        "start_time": "2026-03-01 10:00:00.000000",
        "end_time": "2026-03-01 10:00:04.000000",
        "name": "answer",
        "metadata": {"thread": "t"},
        "level": "DEFAULT",
        "input": '[{"role":"user","content":"Hi"}]',
        "output": "Hello",
        "provided_model_name": "claude-opus-5",
        "model_parameters": '{"temperature":0.5}',
        "usage_details": {
            "input": 0,
            "output": 4096,
            "input_cached_tokens": 32014,
            "input_cache_creation": 11667,
            "total": 47777,
        },
        "cost_details": {"input": 0.5, "output": 0.25},
        "total_cost": 0.75,
        "user_id": "u1",
        "session_id": "c1",
        "trace_name": "chat",
        "release": "r5",
        "tool_call_names": ["look_up"],
        "something_new": {"a": 1},
        **more,
    }


def test_rows_of_the_blob_storage_export(tmp_path: Path) -> None:
    rows = [snake_row(), snake_row(id="second", start_time="yesterday"), snake_row(id="third", type="EVENT")]
    found = read("langfuse", tmp_path, rows, file="observations.jsonl")
    first, third = found.spans
    check(
        first,
        trace_id="trace_A",
        span_id="obs-not-hex",
        parent_span_id=None,
        kind="llm",
        chain="chat",
        chain_version="r5",
        user_id="u1",
        session_id="c1",
        input_text="Hi",
        output_text="Hello",
        model="claude-opus-5",
        # Langfuse's input: all keys that say input.
        input_tokens=32014 + 11667,
        output_tokens=4096,
        cached_tokens=32014,
        cost_usd=0.75,
        parameters={"temperature": 0.5},
        duration_s=4.0,
    )
    assert first.attributes["langfuse.tool_call_names"] == ["look_up"]
    assert first.attributes["langfuse.something_new"] == {"a": 1}
    check(third, kind="other", span_id="third")
    (bad,) = found.bad
    assert bad.line == 2
    assert bad.reason.startswith("startTime = 'yesterday': must be a time")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"usage_details": {}, "total_cost": 0, "input_usage": 0, "total_usage": 0}, Usage()),
        (
            {"usage": {"input": 3, "output": 4, "total": 7, "unit": "TOKENS", "inputCost": 1.0}},
            Usage(input_tokens=3, output_tokens=4, total_tokens=7),
        ),
        ({"usage": {"input": 300, "output": 400, "unit": "CHARACTERS"}}, Usage()),
        (
            {"usage": {"promptTokens": 3, "completionTokens": 4, "totalTokens": 7}},
            Usage(input_tokens=3, output_tokens=4, total_tokens=7),
        ),
        (
            {"input_usage": 3, "output_usage": 4, "total_usage": 7, "calculated_total_cost": "0.5"},
            Usage(input_tokens=3, output_tokens=4, total_tokens=7, cost_usd=0.5),
        ),
        # The other keys say what the two consist of.
        (
            {"usage_details": '{"input": 10, "input_cached_tokens": 8, "output": 5, "total": 15}'},
            Usage(input_tokens=10, output_tokens=5, total_tokens=15, cached_tokens=8),
        ),
        # Reasoning beside the output makes up the total.
        (
            {
                "usage_details": {
                    "input": 6,
                    "output": 951,
                    "completion_details.reasoning": 1104,
                    "total": 2061,
                }
            },
            Usage(input_tokens=6, output_tokens=2055, total_tokens=2061),
        ),
        ({"usage_details": {"total": 9}}, Usage(total_tokens=9)),
        ({"cost_details": {"total": 0}, "total_cost": 0}, Usage(cost_usd=0.0)),
    ],
)
def test_tokens_and_cost_as_langfuse_adds_them_up(record: dict[str, Any], expected: Usage) -> None:
    assert usage_of(record) == expected


def test_a_trace_without_its_observations_stands_for_itself(tmp_path: Path) -> None:
    listed = {
        **TRACE,
        "observations": ["b7ad6b7169203331"],
        "scores": ["x"],
        "latency": 2.5,
        "totalCost": 0.1,
    }
    found = read("langfuse", tmp_path, {"data": [listed, {**listed, "id": None}, {**listed, "id": "t3"}]})
    assert [s.trace_id for s in found.spans] == [TRACE["id"], "t3"]
    check(
        found.spans[0],
        span_id=TRACE["id"],
        kind="chain",
        component="answer-question",
        input_text="How long do refunds take?",
        output_text="Five days.",
        duration_s=2.5,
        cost_usd=0.1,
        user_id="u7",
    )
    (bad,) = found.bad
    assert bad.reason == "data[1]: trace id is missing"


def score(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"score-{number}",
        "traceId": TRACE["id"],
        "observationId": None,
        "timestamp": "2026-03-01T11:00:00Z",
        "dataType": "NUMERIC",
        **more,
    }


def test_scores_become_what_they_are(tmp_path: Path) -> None:
    scores = [
        score(1, name="toxicity", value=0.8, source="EVAL", comment="rude"),
        score(
            2,
            name="correct",
            value=1,
            source="ANNOTATION",
            authorUserId="kim",
            observationId="00f067aa0ba902b7",
        ),
        score(3, name="user-feedback", value=-1, source="API", comment="wrong"),
        score(4, name="faithfulness", value=0.5, source="API"),
        score(5, name="tone", value=0, stringValue="friendly", source="EVAL", dataType="CATEGORICAL"),
        score(
            6, name="output", value=0, longStringValue="Six days.", source="ANNOTATION", dataType="CORRECTION"
        ),
        score(7, name="empty", value=None, source="EVAL"),
    ]
    found = read("langfuse", tmp_path, {"trace": {**TRACE, "scores": scores}, "observations": [ROOT]})
    assert [(a.name, a.author_kind, a.author, a.score, a.label, a.comment) for a in found.annotations] == [
        ("toxicity", "judge", "langfuse:eval", 0.8, None, "rude"),
        ("correct", "human", "kim", 1.0, None, None),
        ("faithfulness", "judge", "langfuse:api", 0.5, None, None),
        ("tone", "judge", "langfuse:eval", None, "friendly", None),
        ("output", "human", "langfuse:annotation", None, "correction", "Six days."),
    ]
    assert found.annotations[1].span_id == "00f067aa0ba902b7"
    (feedback,) = found.feedback
    check(feedback, feedback_id="score-3", score=-1.0, comment="wrong", user_id="u7", trace_id=TRACE["id"])
    (bad,) = found.bad
    assert bad.reason == "scores[6]: score, label or comment is missing"
    alone = read("langfuse", tmp_path, scores[:3], file="scores.jsonl")
    assert len(alone.annotations) == 2
    assert len(alone.feedback) == 1


def test_attributes_that_langfuse_kept_of_opentelemetry_are_read_by_their_names(tmp_path: Path) -> None:
    observation = {
        **GENERATION,
        "usageDetails": {"input": 1, "output": 2, "total": 3},
        "input": "a blob",
        "metadata": {
            "attributes": {
                "gen_ai.system": "openai",
                "gen_ai.usage.input_tokens": "999",
                "llm.input_messages.0.message.role": "user",
                "llm.input_messages.0.message.content": "Hi",
                "custom.key": "kept",
            },
            "resourceAttributes": {"service.name": "support-bot"},
            "scope": {"name": "openinference.openai", "version": "1.0"},
            "thread_id": "t-5",
        },
    }
    wrapper = {
        **ROOT,
        "metadata": {"attributes": {"gen_ai.usage.input_tokens": "999", "gen_ai.request.model": "gpt-5"}},
    }
    found = read("langfuse", tmp_path, {"trace": TRACE, "observations": [wrapper, observation]})
    assert found.bad == []
    check(
        found.spans[1],
        provider="openai",
        chain="support-bot",
        input_tokens=1,
        output_tokens=2,
        input_text="Hi",
        session_id="s9",
    )
    assert found.spans[1].attributes["custom.key"] == "kept"
    assert found.spans[1].attributes["metadata"] == {"thread_id": "t-5"}
    # A SPAN is no generation, and what it repeats of one would count twice.
    check(found.spans[0], kind="other", input_tokens=None)
    assert found.spans[0].attributes["langfuse.reported_usage"] == {"gen_ai.usage.input_tokens": "999"}


def test_broken_pieces_cost_themselves_only(tmp_path: Path) -> None:
    pieces = [
        ROOT,
        {**GENERATION, "endTime": "2020-01-01T00:00:00Z"},
        None,
        7,
        {**GENERATION, "usageDetails": {"input": -4, "output": "many"}},
        {**GENERATION, "metadata": "[[[", "modelParameters": "{", "id": "x" * 600},
    ]
    found = read("langfuse", tmp_path, {"trace": TRACE, "observations": pieces})
    assert [s.name for s in found.spans] == ["handle", "generate gpt-5-mini"]
    check(found.spans[1], input_tokens=None, output_tokens=None)
    assert [bad.reason.partition(":")[0] for bad in found.bad] == [f"observations[{n}]" for n in (1, 2, 3, 5)]
