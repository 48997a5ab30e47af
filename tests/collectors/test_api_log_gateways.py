"""Logs of gateways, logs with nothing but errors, and what a log is taken for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from api_logs import BATCH, CHAT_REQUEST, CHAT_RESPONSE, CREATED, MESSAGE, MESSAGES_REQUEST, one, read

from collectors.config import parse
from collectors.fieldmap import choose
from collectors.ingest import detect
from collectors.ingest_config import IngestConfig
from collectors.model import Annotation, Feedback, Span
from collectors.sources.base import Bad


def log(row: Any, folder: Path) -> Span:
    return one("openai_log", folder, row)


def test_errors(tmp_path: Path) -> None:
    error = {
        "message": "Rate limit reached",
        "type": "requests",
        "param": None,
        "code": "rate_limit_exceeded",
    }
    at = {"timestamp": "2026-03-01T10:00:00Z"}
    rows: list[dict[str, Any]] = [
        {**at, "request": CHAT_REQUEST, "response": {"error": error}},
        {**at, "request": CHAT_REQUEST, "response": {"status_code": 429, "body": {"error": error}}},
        {**at, "request": CHAT_REQUEST, "error": error, "response": None},
        {**at, **BATCH, "response": {"status_code": 429, "body": {"error": error}}},
    ]
    for row in rows:
        span = log(row, tmp_path)
        assert (span.status, span.error_type) == ("error", "rate_limit_exceeded"), row
        assert span.output_text is None
    told = [("openai.APITimeoutError: too slow", "APITimeoutError"), ("it broke", None)]
    for said, kind in told:
        span = log({**at, "request": CHAT_REQUEST, "error": said}, tmp_path)
        assert (span.status, span.error_type) == ("error", kind)
        assert span.attributes["otel.status_description"] == said
    span = log({**at, "request": CHAT_REQUEST, "response": {"status": 503, "body": "upstream"}}, tmp_path)
    assert (span.status, span.error_type) == ("error", "503")


def test_what_has_no_time_is_set_aside_with_the_keys_that_it_needs(tmp_path: Path) -> None:
    rows = [
        {**BATCH, "response": None, "error": {"code": "batch_expired", "message": "too late"}},
        {"custom_id": "r", "method": "POST", "url": "/v1/chat/completions", "body": CHAT_REQUEST},
    ]
    for row in rows:
        (bad,) = read("openai_log", tmp_path, row)
        assert isinstance(bad, Bad)
        assert "started_at" in bad.reason
        assert "timestamp, created_at" in bad.reason
    (bad,) = read("openai_log", tmp_path, {"a": 1, "b": 2})
    assert isinstance(bad, Bad)
    assert "'a, b'" in bad.reason


def test_a_field_map_names_what_the_log_does_not(tmp_path: Path) -> None:
    config = parse(
        '[ingest.maps.nightly.fields]\nstarted_at = {constant = "2026-02-01T00:00:00Z"}\n'
        'component = {constant = "nightly"}\ndataset = {constant = "golden"}\n',
        "test",
    ).section("ingest", IngestConfig)
    mapped = choose(config, Path("x"), "nightly")
    (span,) = read("openai_log", tmp_path, {**BATCH, "response": None, "error": "x"}, field_map=mapped)
    assert isinstance(span, Span)
    assert (span.component, span.dataset, span.started_at.month) == ("nightly", "golden", 2)


def test_litellm(tmp_path: Path) -> None:
    row = {
        "id": "chatcmpl-1", "trace_id": "t-1", "call_type": "acompletion", "stream": True,
        "status": "success", "response_cost": 0.00033, "custom_llm_provider": "azure", "prompt_tokens": 30,
        "completion_tokens": 10, "total_tokens": 40, "startTime": CREATED + 0.5, "endTime": CREATED + 2.5,
        "completionStartTime": CREATED + 1.25, "response_time": 0.75, "model": "gpt-5-mini",
        "model_id": "cb41bc", "api_base": "https://x.openai.azure.com", "end_user": "u-3",
        "metadata": {"user_api_key_hash": "88dc", "requester_metadata": {}}, "cache_hit": False,
        "messages": CHAT_REQUEST["messages"], "response": {**CHAT_RESPONSE, "id": "chatcmpl-1"},
        "model_parameters": {"temperature": 0.5}, "error_str": None,
    }  # fmt: skip
    span = log(row, tmp_path)
    assert (span.trace_id, span.provider, span.user_id) == ("t-1", "azure", "u-3")
    assert (span.cost_usd, span.duration_s, span.time_to_first_token_s) == (0.00033, 2.0, 0.75)
    assert (span.input_text, span.output_text) == ("Capital of France?", "Paris.")
    assert span.parameters["temperature"] == 0.5
    failed = {
        **row, "id": "x", "status": "failure", "response": {}, "response_cost": 0,
        "error_str": "litellm.RateLimitError: slow down",
        "error_information": {"error_class": "RateLimitError", "error_message": "slow down"},
    }  # fmt: skip
    span = log(failed, tmp_path)
    assert (span.status, span.error_type, span.output_text) == ("error", "RateLimitError", None)


def test_helicone_and_portkey(tmp_path: Path) -> None:
    row = {
        "response_id": "r1", "response_created_at": "2026-03-01T10:00:02.1Z", "response_status": 200,
        "request_id": "q1", "request_created_at": "2026-03-01T10:00:00Z", "request_user_id": "u-8",
        "request_body": CHAT_REQUEST, "response_body": CHAT_RESPONSE, "provider": "OPENAI",
        "request_properties": {"Helicone-Session-Id": "s-9"}, "delay_ms": 2000, "time_to_first_token": 310,
        "prompt_tokens": 19, "completion_tokens": 10, "costUSD": 0.0004, "feedback_rating": False,
        "feedback_created_at": "2026-03-01T10:05:00Z", "scores": {"helpful": 1}, "prompt_id": "p",
        "prompt_version": "3",
    }  # fmt: skip
    span, feedback, note = read("openai_log", tmp_path, row)
    assert isinstance(span, Span)
    assert (span.duration_s, span.time_to_first_token_s, span.cost_usd) == (2.0, 0.31, 0.0004)
    assert (span.user_id, span.session_id, span.prompt_version) == ("u-8", "s-9", "p:3")
    assert isinstance(feedback, Feedback)
    assert (feedback.score, feedback.span_id, feedback.created_at.minute) == (-1.0, span.span_id, 5)
    assert isinstance(note, Annotation)
    assert (note.name, note.score, note.author_kind) == ("helpful", 1.0, "judge")
    row = {
        "id": "l1", "trace_id": "t", "created_at": "2026-03-01T10:00:00Z", "request": CHAT_REQUEST,
        "response": CHAT_RESPONSE, "is_success": True, "ai_org": "openai", "ai_model": "gpt-5-mini",
        "req_units": 19, "res_units": 10, "cost": 0.05, "cost_currency": "USD", "response_time": 1500,
        "response_status_code": 200,
    }  # fmt: skip
    span = log(row, tmp_path)
    assert (span.cost_usd, span.duration_s, span.trace_id) == (0.0005, 1.5, "t")


def test_gateways_that_keep_no_bodies(tmp_path: Path) -> None:
    spend = {
        "request_id": "chatcmpl-1", "call_type": "aembedding", "spend": 0.0002, "total_tokens": 9,
        "prompt_tokens": 9, "completion_tokens": 0, "startTime": "2026-03-01T10:00:00Z",
        "endTime": "2026-03-01T10:00:00.400Z", "model": "text-embedding-3-small", "messages": {},
        "response": {}, "custom_llm_provider": "openai", "session_id": "s-1", "status": "success",
    }  # fmt: skip
    span = log(spend, tmp_path)
    assert detect(tmp_path / "log.jsonl") == "openai_log"
    assert (span.kind, span.model, span.provider) == ("embedding", "text-embedding-3-small", "openai")
    assert (span.input_tokens, span.cost_usd, span.duration_s) == (9, 0.0002, 0.4)
    assert (span.status, span.session_id, span.input_text) == ("ok", "s-1", None)
    row = {
        "request_id": "q", "request_created_at": "2026-03-01T10:00:00Z", "response_status": 200,
        "request_model": "gpt-5", "provider": "OPENAI", "delay_ms": 900, "prompt_tokens": 3,
        "completion_tokens": 4, "cost": 0.01, "request_path": "https://api.openai.com/v1/chat/completions",
    }  # fmt: skip
    span = log(row, tmp_path)
    assert (span.kind, span.model, span.duration_s, span.cost_usd) == ("llm", "gpt-5", 0.9, 0.01)


def test_an_answer_that_is_bare_text_or_a_message(tmp_path: Path) -> None:
    at = {"timestamp": "2026-03-01T10:00:00Z", "latency_ms": 500}
    for answer in ("Paris.", {"role": "assistant", "content": "Paris."}):
        span = log({**at, "request": CHAT_REQUEST, "response": answer}, tmp_path)
        assert (span.input_text, span.output_text, span.status) == ("Capital of France?", "Paris.", "ok")
        span = log({**at, **MESSAGES_REQUEST, "response": answer}, tmp_path)
        assert (span.provider, span.output_text) == ("anthropic", "Paris.")
    span = log({**at, "request": CHAT_REQUEST, "response": "no", "status_code": 500}, tmp_path)
    assert (span.status, span.error_type) == ("error", "500")


def test_credentials_and_files_are_not_stored(tmp_path: Path) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 5000}}
    said = [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, image]}]
    row = {
        "request": {
            "headers": {"Authorization": "Bearer sk-1"},
            "api_key": "sk-2",
            "body": {"messages": said},
        },
        "response": CHAT_RESPONSE,
    }
    span = log(row, tmp_path)
    stored = json.dumps(span.attributes)
    assert "sk-" not in stored
    assert "A" * 300 not in stored
    assert span.input_text == "What is it?\n[image_url]"


def test_calls_stay_apart_and_a_reload_is_the_same(tmp_path: Path) -> None:
    def row(request_id: str, answer: str) -> dict[str, Any]:
        return {
            "request_id": request_id,
            "request": CHAT_REQUEST,
            "response": {**CHAT_RESPONSE, "id": answer},
        }

    rows = [row("web-1", "chatcmpl-1"), row("web-1", "chatcmpl-2"), row("web-2", "chatcmpl-1")]
    vectors = {"object": "list", "data": [{"embedding": [0.1]}]}
    rows += [
        {
            "request_id": "web-1",
            "time": CREATED,
            "request": {"model": "e", "input": text},
            "response": vectors,
        }
        for text in ("a cat", "a dog", "a dog")
    ]
    ids = [item.span_id for item in read("openai_log", tmp_path, *rows) if isinstance(item, Span)]
    assert len(ids) == 6
    assert len(set(ids)) == 5
    assert ids == [i.span_id for i in read("openai_log", tmp_path, *rows) if isinstance(i, Span)]


def test_a_mixed_log_loses_nothing(tmp_path: Path) -> None:
    at = {"timestamp": "2026-03-01T10:00:00Z"}
    rows = [
        {**at, "request": CHAT_REQUEST, "response": CHAT_RESPONSE},
        {**at, "request": MESSAGES_REQUEST, "response": MESSAGE},
        {**at, "nothing": 1},
        {**at, "request": CHAT_REQUEST, "response": CHAT_RESPONSE, "id": "again"},
    ]
    found = read("openai_log", tmp_path, *rows)
    assert [type(item) for item in found] == [Span, Span, Bad, Span]
    assert [getattr(item, "provider", None) for item in found] == ["openai", "anthropic", None, "openai"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (json.dumps({"request": CHAT_REQUEST, "response": CHAT_RESPONSE}), "openai_log"),
        (json.dumps([{"request": CHAT_REQUEST, "response": CHAT_RESPONSE}] * 400, indent=1), "openai_log"),
        (json.dumps({"object": "list", "data": [CHAT_RESPONSE], "has_more": False}), "openai_log"),
        (json.dumps(BATCH), "openai_log"),
        (json.dumps({"request": {"messages": "x" * 90_000}, "response": CHAT_RESPONSE}), "openai_log"),
        (json.dumps({"request": MESSAGES_REQUEST, "response": MESSAGE}), "anthropic_log"),
        (
            json.dumps({"custom_id": "a", "result": {"type": "succeeded", "message": MESSAGE}}),
            "anthropic_log",
        ),
        (json.dumps({"started_at": 1, "component": "x", "response": CHAT_RESPONSE}), "jsonl"),
        (json.dumps({"messages": CHAT_REQUEST["messages"]}), "jsonl"),
        (json.dumps({"model": "m", "prompt": "x", "response": "y"}), "jsonl"),
        (json.dumps({"model": "m", "messages": CHAT_REQUEST["messages"], "response": "y"}), "jsonl"),
        (json.dumps({"resourceSpans": [], "response": CHAT_RESPONSE}), "otlp"),
    ],
)
def test_detection(text: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(text + "\n", "utf-8")
    assert detect(path) == name


def test_the_page_shows_lines_that_are_taken(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "api-logs.md").read_text("utf-8")
    lines = page.partition("```json\n")[2].partition("```")[0]
    found = read("openai_log", tmp_path, text=lines)
    assert [getattr(item, "output_text", None) for item in found] == ["Paris.", "Paris."]
    toml = page.partition("```toml\n")[2].partition("```")[0]
    config = parse(toml, "api-logs.md").section("ingest", IngestConfig)
    mapped = choose(config, Path("msgbatch_1.jsonl"), None)
    row = {"custom_id": "a", "result": {"type": "succeeded", "message": MESSAGE}}
    (span,) = read("anthropic_log", tmp_path, row, field_map=mapped)
    assert isinstance(span, Span)
    assert (span.component, span.started_at.hour) == ("nightly-labels", 2)
