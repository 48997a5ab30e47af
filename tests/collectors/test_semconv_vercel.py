"""Spans of the Vercel AI SDK, as versions 4 to 6 write them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from semconv_support import CHILD, event, span_of

BASE = {
    "ai.model.id": "gpt-5-mini",
    "ai.model.provider": "openai.responses",
    "ai.settings.maxRetries": 2,
    "ai.telemetry.functionId": "answer-question",
    "ai.telemetry.metadata.userId": "u-1",
    "ai.telemetry.metadata.sessionId": "s-1",
    "resource.name": "answer-question",
}
MESSAGES = json.dumps(
    [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Weather in Paris?"}]},
    ]
)
CALLS = json.dumps(
    [{"toolCallId": "call-1", "toolName": "weather", "input": '{"city": "Paris"}', "type": "tool-call"}]
)
STEP = {
    **BASE,
    "operation.name": "ai.streamText.doStream answer-question",
    "ai.operationId": "ai.streamText.doStream",
    "ai.prompt.messages": MESSAGES,
    "ai.response.finishReason": "tool-calls",
    "ai.response.id": "resp_1",
    "ai.response.model": "gpt-5-mini-2025-08-07",
    "ai.response.msToFirstChunk": 312.25,
    "ai.response.msToFinish": 1200.5,
    "ai.response.text": "Let me look.",
    "ai.response.toolCalls": CALLS,
    "ai.usage.inputTokens": 40,
    "ai.usage.outputTokens": 12,
    "ai.usage.totalTokens": 52,
    "ai.usage.inputTokenDetails.cacheReadTokens": 32,
    "gen_ai.system": "openai.responses",
    "gen_ai.request.model": "gpt-5-mini",
    "gen_ai.request.temperature": 0.4,
    "gen_ai.response.finish_reasons": ["tool-calls"],
    "gen_ai.response.model": "gpt-5-mini-2025-08-07",
    "gen_ai.usage.input_tokens": 40,
    "gen_ai.usage.output_tokens": 12,
}


def test_a_step_asks_the_model() -> None:
    first = event("ai.stream.firstChunk", {"ai.response.msToFirstChunk": 312.25}, at_ms=312)
    span = span_of("ai.streamText.doStream", STEP, first, **CHILD)
    assert (span.kind, span.component) == ("llm", "answer-question.doStream")
    assert (span.model, span.provider) == ("gpt-5-mini-2025-08-07", "openai.responses")
    assert span.input_text == "Weather in Paris?"
    assert span.output_text == 'Let me look.\nweather(city="Paris")'
    assert (span.input_tokens, span.output_tokens, span.cached_tokens) == (40, 12, 32)
    assert span.time_to_first_token_s == 0.31225
    assert span.parameters == {"temperature": 0.4}
    assert (span.user_id, span.session_id) == ("u-1", "s-1")
    assert span.attributes["gen_ai.response.finish_reasons"] == ["tool-calls"]


def test_the_whole_call_is_a_chain_around_its_steps() -> None:
    span = span_of(
        "ai.streamText",
        {
            **BASE,
            "ai.operationId": "ai.streamText",
            "ai.prompt": json.dumps({"system": "Be brief.", "prompt": "Weather in Paris?"}),
            "ai.response.text": "15 degrees.",
            "ai.usage.inputTokens": 90,
            "ai.usage.outputTokens": 20,
        },
    )
    assert (span.kind, span.component) == ("chain", "answer-question")
    assert (span.input_text, span.output_text) == ("Weather in Paris?", "15 degrees.")
    plain = {key: value for key, value in STEP.items() if "functionId" not in key}
    assert span_of("ai.streamText.doStream", plain, **CHILD).component == "ai.streamText.doStream"


def test_a_tool_call() -> None:
    span = span_of(
        "ai.toolCall",
        {
            "operation.name": "ai.toolCall answer-question",
            "ai.operationId": "ai.toolCall",
            "ai.telemetry.functionId": "answer-question",
            "ai.toolCall.name": "weather",
            "ai.toolCall.id": "call-1",
            "ai.toolCall.args": '{"city": "Paris"}',
            "ai.toolCall.result": '{"degrees": 15}',
        },
        **CHILD,
    )
    assert (span.kind, span.component) == ("tool", "weather")
    assert (span.input_text, span.output_text) == ('{"city": "Paris"}', '{"degrees": 15}')


@pytest.mark.parametrize(
    ("operation", "values", "kind", "text"),
    [
        ("ai.embed", {"ai.value": '"sunny day"'}, "chain", "sunny day"),
        ("ai.embed.doEmbed", {"ai.values": ['"sunny day"']}, "embedding", "sunny day"),
        ("ai.embedMany.doEmbed", {"ai.values": ['"sunny"', '"rainy"']}, "embedding", "sunny\n\nrainy"),
    ],
)
def test_embeddings(operation: str, values: dict[str, Any], kind: str, text: str) -> None:
    span = span_of(operation, {**BASE, "ai.operationId": operation, "ai.usage.tokens": 10, **values})
    assert (span.kind, span.input_text, span.input_tokens) == (kind, text, 10)
    unknown = {**BASE, "ai.operationId": operation, "ai.usage.tokens": float("nan")}
    assert span_of(operation, unknown).input_tokens is None


def test_objects_and_the_names_of_version_3() -> None:
    span = span_of(
        "ai.generateObject.doGenerate",
        {**STEP, "ai.operationId": "ai.generateObject.doGenerate", "ai.response.text": "",
         "ai.response.object": '{"answer": "Paris"}', "ai.response.toolCalls": ""},
    )  # fmt: skip
    assert (span.kind, span.output_text) == ("llm", "Paris")
    old = {
        "ai.operationId": "ai.generateText.doGenerate", "ai.model.id": "gpt-4", "ai.model.provider": "openai",
        "ai.prompt.messages": MESSAGES, "ai.result.text": "15", "ai.usage.promptTokens": 9,
        "ai.usage.completionTokens": 2, "ai.finishReason": "stop",
    }  # fmt: skip
    span = span_of("ai.generateText.doGenerate", old)
    assert (span.kind, span.output_text, span.input_tokens, span.output_tokens) == ("llm", "15", 9, 2)
    assert (span.model, span.provider) == ("gpt-4", "openai")
