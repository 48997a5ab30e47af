"""Logs of the Anthropic Messages API: whole, streamed, in batches, through Bedrock, and in error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from api_logs import MESSAGE, MESSAGES_REQUEST, one, read

from collectors.ingest import detect
from collectors.model import Span
from collectors.sources.base import Bad

AT = {"timestamp": "2026-03-01T10:00:00Z", "latency_ms": 1800, "ttft_ms": 400}


@pytest.mark.parametrize(
    "row",
    [
        {**AT, "request": MESSAGES_REQUEST, "response": MESSAGE},
        {**AT, "request_body": json.dumps(MESSAGES_REQUEST), "response_body": json.dumps(MESSAGE)},
        {**AT, "custom_id": "a", "request": {"params": MESSAGES_REQUEST}, "result": {"message": MESSAGE}},
    ],
)
def test_a_call(row: Any, tmp_path: Path) -> None:
    span = one("anthropic_log", tmp_path, row)
    assert (span.component, span.kind, span.provider) == ("messages", "llm", "anthropic")
    assert span.model == "claude-sonnet-4-5-20250929"
    assert span.input_text == "Capital of France?"
    assert span.output_text == 'Paris.\nmap(city="Paris")'
    # The API counts cached input apart: 21 + 100 written + 300 read.
    assert (span.input_tokens, span.output_tokens, span.cached_tokens) == (421, 15, 300)
    assert span.parameters == {"max_tokens": 1024, "thinking_budget_tokens": 2000}
    assert (span.user_id, span.status) == ("u-17", "ok")
    assert (span.duration_s, span.time_to_first_token_s) == (1.8, 0.4)
    assert span.attributes["gen_ai.response.finish_reasons"] == ["tool_use"]


def test_tool_results_are_the_tools_and_thinking_is_nobodys(tmp_path: Path) -> None:
    said = [
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hmm", "signature": "x"},
                {"type": "tool_use", "id": "t1", "name": "weather", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "t1",
                    "content": [{"type": "text", "text": "15 degrees"}],
                },
                {"type": "text", "text": "Answer in French."},
            ],
        },
    ]
    request = {**MESSAGES_REQUEST, "messages": said}
    span = one("anthropic_log", tmp_path, {**AT, "request": request, "response": MESSAGE})
    assert span.input_text == (
        "user: Weather?\nassistant: weather()\ntool: 15 degrees\nuser: Answer in French."
    )


def test_a_streamed_message(tmp_path: Path) -> None:
    usage = {"input_tokens": 25, "output_tokens": 1, "cache_read_input_tokens": 5}
    start = {**MESSAGE, "content": [], "stop_reason": None, "usage": usage}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo"}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "id": "t", "name": "f", "input": {}},
        },
        {
            "type": "content_block_delta",
            "index": 1,
            "delta": {"type": "input_json_delta", "partial_json": '{"a"'},
        },
        {
            "type": "content_block_delta",
            "index": 1,
            "delta": {"type": "input_json_delta", "partial_json": ": 1}"},
        },
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 15}},
        {"type": "message_stop"},
    ]
    sent = "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events)
    for answer in (events, sent, {"status": 200, "body": sent}):
        row = {**AT, "request": {**MESSAGES_REQUEST, "stream": True}, "response": answer}
        span = one("anthropic_log", tmp_path, row)
        assert span.output_text == "Hello\nf(a=1)"
        assert (span.input_tokens, span.output_tokens, span.cached_tokens) == (30, 15, 5)
        assert span.attributes["gen_ai.response.finish_reasons"] == ["end_turn"]


ERROR = {
    "type": "error",
    "error": {"type": "overloaded_error", "message": "Overloaded"},
    "request_id": "req_1",
}


@pytest.mark.parametrize(
    "row",
    [
        {**AT, "request": MESSAGES_REQUEST, "response": ERROR},
        {**AT, "request": MESSAGES_REQUEST, "response": {"status_code": 529, "body": ERROR}},
        {**AT, "request": MESSAGES_REQUEST, "error": ERROR},
        {**AT, "custom_id": "a", "result": {"type": "errored", "error": ERROR}},
    ],
)
def test_errors(row: Any, tmp_path: Path) -> None:
    span = one("anthropic_log", tmp_path, row)
    assert (span.status, span.error_type, span.output_text) == ("error", "overloaded_error", None)
    assert span.provider == "anthropic"
    assert span.attributes["otel.status_description"] == "Overloaded"


def test_a_batch_holds_no_times(tmp_path: Path) -> None:
    rows = [
        {"custom_id": "a", "result": {"type": "succeeded", "message": MESSAGE}},
        {"custom_id": "b", "result": {"type": "expired"}},
        {**AT, "custom_id": "c", "result": {"type": "expired"}},
    ]
    first, second, third = read("anthropic_log", tmp_path, *rows)
    for bad in (first, second):
        assert isinstance(bad, Bad)
        assert bad.reason.startswith("started_at (this API's answers hold no time; the log must have one of")
        assert bad.problem.startswith("started_at")
    assert isinstance(third, Span)
    assert (third.status, third.error_type) == ("error", "expired")
    path = tmp_path / "log.jsonl"
    assert detect(path) == "anthropic_log"


def test_bedrock_invocation_logs(tmp_path: Path) -> None:
    request = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 10, "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]}
    ]}  # fmt: skip
    row = {
        "schemaType": "ModelInvocationLog", "schemaVersion": "1.0", "timestamp": "2026-03-01T10:00:00Z",
        "accountId": "1", "region": "us-east-1", "requestId": "q-1", "operation": "InvokeModel",
        "modelId": "anthropic.claude-sonnet-4-5", "input": {"inputContentType": "application/json",
        "inputBodyJson": request, "inputTokenCount": 8},
        "output": {"outputContentType": "application/json", "outputBodyJson": MESSAGE, "outputTokenCount": 9},
    }  # fmt: skip
    span = one("anthropic_log", tmp_path, row)
    assert (span.provider, span.input_text) == ("aws.bedrock", "Hi")
    assert span.output_text == 'Paris.\nmap(city="Paris")'
    assert detect(tmp_path / "log.jsonl") == "anthropic_log"
