"""Spans of Strands Agents: messages are span events, in Bedrock's content blocks or the newer parts."""

from __future__ import annotations

import json
from typing import Any

from semconv_support import CHILD, event, span_of

COMMON = {"gen_ai.event.start_time": "2026-03-01T10:00:00+00:00", "gen_ai.system": "strands-agents"}
USAGE = {
    "gen_ai.usage.prompt_tokens": 105,
    "gen_ai.usage.input_tokens": 105,
    "gen_ai.usage.completion_tokens": 42,
    "gen_ai.usage.output_tokens": 42,
    "gen_ai.usage.total_tokens": 147,
    "gen_ai.usage.cache_read_input_tokens": 60,
    "gen_ai.usage.cache_write_input_tokens": 0,
}
ASKED = [{"text": "Weather in Paris?"}]
CALLED = [
    {"text": "Let me look."},
    {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Paris"}}},
]
RESULT = [{"toolResult": {"toolUseId": "t1", "status": "success", "content": [{"text": "15 degrees"}]}}]


def message(name: str, key: str, content: Any, **more: Any) -> dict[str, Any]:
    return event(name, {key: json.dumps(content), **more})


def test_a_model_call() -> None:
    span = span_of(
        "chat",
        {
            **COMMON,
            **USAGE,
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "us.anthropic.claude-sonnet-4-20250514-v1:0",
            "gen_ai.server.time_to_first_token": 812,
            "gen_ai.server.request.duration": 2150,
        },
        message("gen_ai.user.message", "content", ASKED),
        message("gen_ai.assistant.message", "content", CALLED),
        message("gen_ai.tool.message", "content", RESULT),
        message("gen_ai.choice", "message", [{"text": "15 degrees."}], finish_reason="end_turn"),
        **CHILD,
    )
    assert (span.kind, span.component, span.provider) == ("llm", "chat", "strands-agents")
    assert span.model == "us.anthropic.claude-sonnet-4-20250514-v1:0"
    assert span.input_text == (
        'user: Weather in Paris?\nassistant: Let me look.\nweather(city="Paris")\ntool: 15 degrees'
    )
    assert span.output_text == "15 degrees."
    assert (span.input_tokens, span.output_tokens, span.cached_tokens) == (105, 42, 60)
    assert span.time_to_first_token_s == 0.812, "Strands writes milliseconds"
    assert [e["name"] for e in span.attributes["events"]][-1] == "gen_ai.choice"


def test_a_call_of_a_tool_and_of_the_agent() -> None:
    tool = span_of(
        "execute_tool weather",
        {
            **COMMON,
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "weather",
            "gen_ai.tool.call.id": "t1",
            "gen_ai.tool.status": "success",
        },
        event("gen_ai.tool.message", {"role": "tool", "content": '{"city": "Paris"}', "id": "t1"}),
        message("gen_ai.choice", "message", [{"text": "15 degrees"}], id="t1"),
        **CHILD,
    )
    assert (tool.kind, tool.component) == ("tool", "weather")
    assert (tool.input_text, tool.output_text) == ('{"city": "Paris"}', "15 degrees")
    agent = span_of(
        "invoke_agent Weather Agent",
        {
            **COMMON,
            **USAGE,
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "Weather Agent",
            "session.id": "s-1",
        },
        message("gen_ai.user.message", "content", ASKED),
        event("gen_ai.choice", {"message": "It is mild.\n", "finish_reason": "end_turn"}),
    )
    assert (agent.kind, agent.component, agent.session_id) == ("agent", "Weather Agent", "s-1")
    assert (agent.input_text, agent.output_text) == ("Weather in Paris?", "It is mild.")
    swarm = span_of(
        "invoke_swarm",
        {**COMMON, "gen_ai.operation.name": "invoke_swarm", "gen_ai.agent.name": "swarm"},
        event("gen_ai.user.message", {"content": "Plan a trip"}),
    )
    assert (swarm.kind, swarm.input_text) == ("chain", "Plan a trip")


def test_the_newer_conventions() -> None:
    asked = [{"role": "user", "parts": [{"type": "text", "content": "Weather?"}]}]
    part = {"type": "tool_call", "name": "weather", "id": "t1", "arguments": {"city": "Paris"}}
    said = [{"role": "assistant", "parts": [part], "finish_reason": "tool_use"}]
    details = "gen_ai.client.inference.operation.details"
    span = span_of(
        "chat",
        {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "strands-agents"},
        message(details, "gen_ai.input.messages", asked),
        message(details, "gen_ai.output.messages", said),
        **CHILD,
    )
    assert (span.input_text, span.output_text) == ("Weather?", 'weather(city="Paris")')


def test_a_failed_call() -> None:
    span = span_of(
        "chat",
        {**COMMON, "gen_ai.operation.name": "chat"},
        event("exception", {"exception.type": "strands.types.exceptions.ModelThrottledException"}),
        status={"code": 2, "message": "Too many requests"},
    )
    assert (span.status, span.error_type) == ("error", "ModelThrottledException")
