"""Langfuse: rows of the blob storage, its sums of tokens and cost, and what it kept of OpenTelemetry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langfuse_export import (
    GENERATION,
    ROOT,
    TRACE,
)
from source_support import check, read

from collectors.sources._langfuse_usage import Usage, usage_of


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
