"""Logs of the OpenAI API in the shapes that the API, gateways and people write."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from api_logs import BATCH, CHAT_REQUEST, CHAT_RESPONSE, CREATED, one, read

from collectors.model import Span

AT = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


def log(row: Any, folder: Path) -> Span:
    return one("openai_log", folder, row)


@pytest.mark.parametrize(
    "row",
    [
        {"request": CHAT_REQUEST, "response": CHAT_RESPONSE},
        {"request": json.dumps(CHAT_REQUEST), "response": json.dumps(CHAT_RESPONSE)},
        {"request_body": CHAT_REQUEST, "response_body": CHAT_RESPONSE},
        {"input": CHAT_REQUEST, "output": CHAT_RESPONSE, "tags": {"app": "x"}},
        {
            "request": {"method": "POST", "url": "https://api.openai.com/v1/x", "body": CHAT_REQUEST},
            "response": {"status": 200, "headers": {}, "body": CHAT_RESPONSE},
        },
        {
            "requestedAt": CREATED * 1000,
            "reqPayload": json.dumps(CHAT_REQUEST),
            "respPayload": json.dumps(CHAT_RESPONSE),
            "statusCode": 200,
        },
        {**BATCH, "body": CHAT_REQUEST},
        {**BATCH, "request": {"custom_id": "request-2", "method": "POST", "body": CHAT_REQUEST}},
    ],
)
def test_a_call_in_every_wrapping(row: Any, tmp_path: Path) -> None:
    span = log(row, tmp_path)
    assert (span.component, span.kind, span.provider) == ("chat", "llm", "openai")
    assert span.model == "gpt-5-mini-2025-08-07"
    assert (span.input_text, span.output_text) == ("Capital of France?", "Paris.")
    assert (span.input_tokens, span.output_tokens, span.cached_tokens) == (19, 10, 8)
    assert span.parameters == {"temperature": 0.2, "max_tokens": 64}
    assert (span.user_id, span.session_id) == ("u-17", "s-4")
    assert (span.status, span.started_at, span.ended_at) == ("ok", AT, None)
    assert span.attributes["gen_ai.response.finish_reasons"] == ["stop"]
    assert span.attributes["gen_ai.usage.reasoning.output_tokens"] == 6


def test_the_response_alone_and_a_batch_without_its_requests(tmp_path: Path) -> None:
    for row in (CHAT_RESPONSE, BATCH):
        span = log(row, tmp_path)
        assert (span.input_text, span.output_text, span.started_at) == (None, "Paris.", AT)
    stored = {
        "object": "list",
        "data": [{**CHAT_RESPONSE, "temperature": 1.0}, {**CHAT_RESPONSE, "id": "chatcmpl-2"}],
        "first_id": "chatcmpl-B9MHDb",
        "has_more": False,
    }
    for text in (json.dumps(stored), json.dumps(stored, indent=2)):
        found = read("openai_log", tmp_path, text=text)
        assert [type(item) for item in found] == [Span, Span]
        assert found[0].parameters == {"temperature": 1.0}


def test_tool_calls_refusals_and_choices(tmp_path: Path) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    choices = [
        {"index": 0, "message": {"role": "assistant", "content": None, "tool_calls": [call]}},
        {"index": 1, "message": {"role": "assistant", "content": None, "refusal": "I can't."}},
        {"index": 2, "message": {"role": "assistant", "content": None, "audio": {"transcript": "Hi"}}},
    ]
    said = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "42"},
    ]
    span = log(
        {"request": {"model": "m", "messages": said}, "response": {**CHAT_RESPONSE, "choices": choices}},
        tmp_path,
    )
    assert span.input_text == "user: x\nassistant: f(a=1)\ntool: 42"
    assert span.output_text == "f(a=1)\n\nI can't.\n\nHi"


def test_a_response_of_the_responses_api(tmp_path: Path) -> None:
    body = {
        "id": "resp_67cb",
        "object": "response",
        "created_at": CREATED,
        "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"},
        "error": None,
        "model": "gpt-5",
        "instructions": "Be brief.",
        "temperature": 1.0,
        "reasoning": {"effort": "low", "summary": None},
        "conversation": {"id": "conv_1"},
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hmm"}]},
            {
                "type": "file_search_call",
                "id": "fs_1",
                "queries": ["refunds"],
                "results": [{"file_id": "file-1", "filename": "a.md", "score": 0.9, "text": "30 days"}],
            },
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a": 1}'},
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "30 days.", "annotations": []}],
            },
        ],
        "usage": {
            "input_tokens": 36,
            "input_tokens_details": {"cached_tokens": 4},
            "output_tokens": 87,
            "output_tokens_details": {"reasoning_tokens": 64},
        },
    }
    asked = [
        {"role": "user", "content": [{"type": "input_text", "text": "Refunds?"}]},
        {"type": "function_call", "call_id": "b", "name": "g", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "b", "output": "none"},
    ]
    row = {"request": {"model": "gpt-5", "input": asked}, "response": body}
    span = log(row, tmp_path)
    assert span.component == "responses"
    assert span.input_text == "user: Refunds?\nassistant: g()\ntool: none"
    assert span.output_text == 'file_search(queries=["refunds"])\n\nf(a=1)\n\n30 days.'
    assert [(d.id, d.score, d.text) for d in span.documents] == [("file-1", 0.9, "30 days")]
    assert (span.input_tokens, span.output_tokens, span.cached_tokens) == (36, 87, 4)
    assert span.parameters == {"temperature": 1.0, "reasoning_effort": "low"}
    assert (span.session_id, span.status) == ("conv_1", "ok")
    assert span.attributes["gen_ai.response.finish_reasons"] == ["max_output_tokens"]
    assert log({"request": {"model": "m", "input": "Hi"}, "response": body}, tmp_path).input_text == "Hi"
    failed = {**body, "status": "failed", "error": {"code": "server_error", "message": "sorry"}, "output": []}
    span = log(failed, tmp_path)
    assert (span.status, span.error_type) == ("error", "server_error")
    assert span.attributes["otel.status_description"] == "sorry"


def test_embeddings_moderations_and_legacy_completions(tmp_path: Path) -> None:
    vectors = {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.1] * 1536}],
        "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
    }
    at = {"timestamp": "2026-03-01T10:00:00Z", "latency_ms": 250}
    asked = {"model": "text-embedding-3-small", "input": ["a cat", "a dog"]}
    span = log({**at, "request": asked, "response": vectors}, tmp_path)
    assert (span.kind, span.component, span.input_text) == ("embedding", "embeddings", "a cat\n\na dog")
    assert (span.input_tokens, span.output_tokens, span.duration_s) == (8, None, 0.25)
    assert span.attributes["response"]["data"][0]["embedding"] == "[1536 numbers]"
    verdict = {"id": "modr-1", "model": "m", "results": [{"flagged": True, "categories": {"hate": True}}]}
    span = log({**at, "request": {"model": "m", "input": "x"}, "response": verdict}, tmp_path)
    assert (span.kind, span.output_text) == ("guardrail", "flagged: hate")
    legacy = {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": CREATED,
        "choices": [{"text": "\n\nYes"}],
    }
    span = log({"request": {"model": "m", "prompt": "Well?"}, "response": legacy}, tmp_path)
    assert (span.component, span.input_text, span.output_text) == ("completion", "Well?", "Yes")


CHUNK = {"id": "chatcmpl-9", "object": "chat.completion.chunk", "created": CREATED, "model": "m"}
CHUNKS = [
    {**CHUNK, "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]},
    {**CHUNK, "choices": [{"index": 0, "delta": {"content": "Par"}}]},
    {**CHUNK, "choices": [{"index": 0, "delta": {"content": "is"}}]},
    {**CHUNK, "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"name": "f"}}]}}]},
    {
        **CHUNK,
        "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]}}],
    },
    {
        **CHUNK,
        "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": ": 1}"}}]}}],
    },
    {**CHUNK, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    {**CHUNK, "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 7}},
]


@pytest.mark.parametrize(
    "answer",
    [
        CHUNKS,
        [json.dumps(chunk) for chunk in CHUNKS],
        [{"at": 1, "chunk": chunk} for chunk in CHUNKS],
        "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in CHUNKS) + "data: [DONE]\n\n",
        {"status_code": 200, "body": "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in CHUNKS)},
    ],
)
def test_a_streamed_answer_is_put_together(answer: Any, tmp_path: Path) -> None:
    span = log({"request": CHAT_REQUEST, "response": answer}, tmp_path)
    assert span.output_text == "Paris\nf(a=1)"
    assert (span.input_tokens, span.output_tokens, span.model) == (5, 7, "m")
    assert span.attributes["gen_ai.response.finish_reasons"] == ["tool_calls"]


def test_streamed_events_of_a_response(tmp_path: Path) -> None:
    start = {"id": "resp_1", "object": "response", "created_at": CREATED, "model": "m", "output": []}
    done = [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "whole"}]}]
    events = [
        {"type": "response.created", "response": start},
        {"type": "response.output_text.delta", "delta": "pa"},
        {"type": "response.output_text.delta", "delta": "rt"},
    ]
    whole = [*events, {"type": "response.completed", "response": {**start, "output": done}}]
    asked = {"model": "m", "input": "Hi"}
    assert log({"request": asked, "events": whole}, tmp_path).output_text == "whole"
    assert log({"request": asked, "events": events}, tmp_path).output_text == "part"
