"""Attribute names of every convention, by small bodies: kind, component, texts, tokens, documents, events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from otlp_bodies import START_NS, attributes, otlp_log, otlp_logs, otlp_request, otlp_span

from collectors.model import Span
from collectors.sources.otlp import Decoded, decode


def traces(body: Any) -> Decoded:
    return decode("traces", json.dumps(body).encode(), "application/json; charset=utf-8")


def one(
    values: dict[str, Any], name: str = "step", resource: dict[str, Any] | None = None, **more: Any
) -> Span:
    found = traces(otlp_request(otlp_span(name, values, **more), resource=resource))
    assert found.rejected == ()
    return found.spans[0]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"gen_ai.operation.name": "chat"}, "llm"),
        ({"gen_ai.operation.name": "text_completion"}, "llm"),
        ({"gen_ai.operation.name": "generate_content"}, "llm"),
        ({"gen_ai.operation.name": "embeddings"}, "embedding"),
        ({"gen_ai.operation.name": "retrieval"}, "retriever"),
        ({"gen_ai.operation.name": "execute_tool"}, "tool"),
        ({"gen_ai.operation.name": "invoke_agent"}, "agent"),
        ({"gen_ai.operation.name": "invoke_workflow"}, "chain"),
        ({"openinference.span.kind": "RERANKER"}, "reranker"),
        ({"openinference.span.kind": "GUARDRAIL"}, "guardrail"),
        ({"openinference.span.kind": "EVALUATOR"}, "evaluator"),
        ({"traceloop.span.kind": "workflow"}, "chain"),
        ({"traceloop.span.kind": "task"}, "other"),
        ({"llm.request.type": "rerank"}, "reranker"),
        ({"db.system": "chroma"}, "retriever"),
        ({"db.system": "postgresql"}, "other"),
        ({"gen_ai.request.model": "m"}, "llm"),
        ({}, "other"),
    ],
)
def test_kind(values: dict[str, Any], kind: str) -> None:
    assert one(values).kind == kind


CHILD = {"parentSpanId": "cc" * 8}


@pytest.mark.parametrize(
    ("name", "values", "more", "component"),
    [
        ("chat gpt-5", {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5"}, CHILD, "chat"),
        (
            "chat gpt-5",
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": "gpt-5",
                "gen_ai.agent.name": "planner",
            },
            CHILD,
            "planner.chat",
        ),
        (
            "invoke_agent planner",
            {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"},
            {},
            "planner",
        ),
        (
            "execute_tool x",
            {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"},
            CHILD,
            "search",
        ),
        ("search.tool", {"traceloop.span.kind": "tool", "traceloop.entity.name": "search"}, CHILD, "search"),
        ("rewrite.task", {"traceloop.span.kind": "task"}, CHILD, "rewrite"),
        ("fetch 3fa85f64-5717-4562-b3fc-2c963f66afa6", {}, CHILD, "fetch"),
        ("GET /orders/90210", {}, CHILD, "GET /orders"),
        ("GET /orders/90210", {}, {}, "GET /orders/90210"),
        ("top_5", {}, CHILD, "top_5"),
        ("", {"openinference.span.kind": "RETRIEVER"}, CHILD, "retriever"),
        ("step", {"chainwatch.component": "router", "chainwatch.kind": "router"}, CHILD, "router"),
    ],
)
def test_component(name: str, values: dict[str, Any], more: dict[str, Any], component: str) -> None:
    assert one(values, name, **more).component == component


@pytest.mark.parametrize(
    "values",
    [
        {"gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 3},
        {"gen_ai.usage.prompt_tokens": 7, "gen_ai.usage.completion_tokens": 3},
        {"llm.token_count.prompt": 7, "llm.token_count.completion": 3},
        {"llm.usage.total_tokens": 10, "gen_ai.usage.completion_tokens": 3},
        {"gen_ai.usage.total_tokens": 10, "gen_ai.usage.input_tokens": 7},
        {"ai.usage.promptTokens": 7, "ai.usage.completionTokens": 3},
    ],
)
def test_tokens(values: dict[str, Any]) -> None:
    span = one(values)
    assert (span.input_tokens, span.output_tokens) == (7, 3)


def test_a_total_alone_makes_up_no_tokens() -> None:
    span = one({"gen_ai.usage.total_tokens": 10})
    assert (span.input_tokens, span.output_tokens) == (None, None)
    assert span.attributes["gen_ai.usage.total_tokens"] == 10


def test_old_genai_names_and_prompts_by_number() -> None:
    span = one(
        {
            "gen_ai.system": "anthropic",
            "gen_ai.request.model": "m-1",
            "gen_ai.prompt.0.role": "system",
            "gen_ai.prompt.0.content": "Be brief.",
            "gen_ai.prompt.1.role": "user",
            "gen_ai.prompt.1.content": "Hi",
            "gen_ai.prompt.10.role": "user",
            "gen_ai.prompt.10.content": "again",
            "gen_ai.prompt.2.role": "assistant",
            "gen_ai.prompt.2.content": "Hello",
            "gen_ai.completion.0.content": "Yes?",
        }
    )
    assert (span.provider, span.model, span.kind) == ("anthropic", "m-1", "llm")
    assert span.input_text == "user: Hi\nassistant: Hello\nuser: again"
    assert span.output_text == "Yes?"


def test_resource_parameters_prompt_and_the_rest() -> None:
    span = one(
        {
            "llm.invocation_parameters": '{"temperature": 0.1, "max_completion_tokens": 50, "model": "m"}',
            "gen_ai.request.top_p": 0.9,
            "llm.prompt_template.template": "Answer {q}",
            "llm.prompt_template.version": "v7",
            "gen_ai.usage.cost": 0.02,
            "enduser.id": "u9",
            "traceloop.association.properties.session_id": "s9",
            "gen_ai.response.time_to_first_chunk": 0.25,
            "custom": {"deep": [1, "x"]},
            "chainwatch.dataset": "golden",
            "chainwatch.reference_text": "42",
        },
        resource={
            "service.name": "shop",
            "service.version": "2.0",
            "deployment.environment": "prod",
            "host.name": "h1",
            "telemetry.sdk.name": "otel",
        },
    )
    assert span.parameters == {"temperature": 0.1, "max_tokens": 50, "top_p": 0.9}
    assert (span.prompt_template, span.prompt_version, span.cost_usd) == ("Answer {q}", "v7", 0.02)
    assert (span.user_id, span.session_id, span.time_to_first_token_s) == ("u9", "s9", 0.25)
    assert (span.chain, span.chain_version, span.environment) == ("shop", "2.0", "prod")
    assert (span.dataset, span.reference_text) == ("golden", "42")
    assert span.exporter == "test.scope/1"
    assert span.attributes == {
        "llm.invocation_parameters": '{"temperature": 0.1, "max_completion_tokens": 50, "model": "m"}',
        "custom": {"deep": [1, "x"]},
        "resource": {"host.name": "h1"},
    }


@pytest.mark.parametrize(
    "values",
    [
        {"gen_ai.retrieval.documents": '[{"id": "a", "score": 0.5, "content": "text a"}]'},
        {"gen_ai.retrieval.documents": [{"id": "a", "score": 0.5, "content": "text a"}]},
        {
            "retrieval.documents.0.document.id": "a",
            "retrieval.documents.0.document.score": 0.5,
            "retrieval.documents.0.document.content": "text a",
        },
        {
            "reranker.output_documents.0.document.content": "text a",
            "reranker.output_documents.0.document.metadata": '{"source": "a", "relevance_score": 0.5}',
        },
    ],
)
def test_documents(values: dict[str, Any]) -> None:
    (document,) = one({"openinference.span.kind": "RETRIEVER", **values}).documents
    assert (document.id, document.score, document.text) == ("a", 0.5, "text a")


def test_hits_of_a_vector_store_are_events() -> None:
    event = {
        "name": "db.query.result",
        "timeUnixNano": str(START_NS + 5),
        "attributes": attributes(
            {"db.query.result.id": "a", "db.query.result.distance": 0.2, "db.query.result.document": "t"}
        ),
    }
    (document,) = one({"db.system": "qdrant"}, events=[event, event]).documents[:1]
    assert (document.id, document.score, document.text) == ("a", 0.2, "t")


def test_evaluations_and_feedback_are_not_spans() -> None:
    values = {
        "gen_ai.evaluation.name": "relevance",
        "gen_ai.evaluation.score.value": 0.75,
        "gen_ai.evaluation.score.label": "relevant",
        "gen_ai.evaluation.explanation": "it answers",
    }
    event = {
        "name": "gen_ai.evaluation.result",
        "timeUnixNano": str(START_NS),
        "attributes": attributes(values),
    }
    found = traces(otlp_request(otlp_span("x", {}, events=[event])))
    (note,) = found.annotations
    assert (note.name, note.score, note.label, note.comment) == ("relevance", 0.75, "relevant", "it answers")
    assert (note.author, note.author_kind, note.span_id) == ("test.scope", "judge", found.spans[0].span_id)
    span = otlp_span("x", {})
    logs = otlp_logs(
        {**otlp_log("gen_ai.evaluation.result", span), "attributes": attributes(values)},
        otlp_log("gen_ai.evaluation.user_feedback", span, gen_ai__evaluation__score=1),
        otlp_log("some.other.event", span),
    )
    other = decode("logs", json.dumps(logs).encode(), "application/json")
    assert [a.score for a in other.annotations] == [0.75]
    assert [f.score for f in other.feedback] == [1.0]
    assert other.ignored == 1


def test_exceptions() -> None:
    event = {
        "name": "exception",
        "timeUnixNano": str(START_NS + 500_000_000),
        "attributes": attributes({"exception.type": "httpx.ReadTimeout", "exception.message": "slow"}),
    }
    span = one({}, status={"code": 2, "message": "it broke"}, events=[event])
    assert (span.status, span.error_type) == ("error", "ReadTimeout")
    assert span.attributes["otel.status_description"] == "it broke"
    assert span.attributes["events"] == [
        {
            "name": "exception",
            "offset_s": 0.5,
            "exception.type": "httpx.ReadTimeout",
            "exception.message": "slow",
        }
    ]
    assert (
        one({}, status={"code": "STATUS_CODE_ERROR", "message": "ValueError: no"}).error_type == "ValueError"
    )
    assert one({"error.type": "timeout"}).status == "error"
    assert one({}, status={"code": 2}).error_type is None


def test_googles_agent_kit_writes_whole_requests_and_responses() -> None:
    span = one(
        {
            "gen_ai.system": "gcp.vertex.agent",
            "gen_ai.request.model": "gemini-3",
            "gcp.vertex.agent.llm_request": json.dumps(
                {
                    "model": "gemini-3",
                    "config": {"system_instruction": "Be brief."},
                    "contents": [{"role": "user", "parts": [{"text": "List the releases"}]}],
                }
            ),
            "gcp.vertex.agent.llm_response": json.dumps(
                {"content": {"role": "model", "parts": [{"text": "There are two."}]}, "partial": False}
            ),
        },
        name="call_llm",
    )
    assert (span.input_text, span.output_text) == ("List the releases", "There are two.")
