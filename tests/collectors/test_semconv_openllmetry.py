"""Spans of OpenLLMetry: prompts by number until 0.4x, messages as JSON since, workflows around them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from semconv_support import CHILD, event, span_of

ASSOCIATED = {
    "traceloop.workflow.name": "support",
    "traceloop.association.properties.user_id": "u-1",
    "traceloop.association.properties.session_id": "s-1",
}
BY_NUMBER = {
    "gen_ai.system": "OpenAI",
    "llm.request.type": "chat",
    "gen_ai.prompt.0.role": "system",
    "gen_ai.prompt.0.content": "Be brief.",
    "gen_ai.prompt.1.role": "user",
    "gen_ai.prompt.1.content": "Weather?",
    "gen_ai.prompt.2.role": "assistant",
    "gen_ai.prompt.2.tool_calls.0.id": "c1",
    "gen_ai.prompt.2.tool_calls.0.name": "weather",
    "gen_ai.prompt.2.tool_calls.0.arguments": '{"city": "Paris"}',
    "gen_ai.prompt.3.role": "tool",
    "gen_ai.prompt.3.content": "15 degrees",
    "gen_ai.prompt.3.tool_call_id": "c1",
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.content": "Mild.",
    "gen_ai.completion.0.finish_reason": "stop",
    "gen_ai.usage.prompt_tokens": 30,
    "gen_ai.usage.completion_tokens": 4,
    "llm.usage.total_tokens": 34,
    "gen_ai.usage.cache_read_input_tokens": 16,
    "llm.response.finish_reason": "stop",
    "llm.headers": "None",
}
PART = {"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Paris"}}
AS_MESSAGES = {
    "gen_ai.provider.name": "openai",
    "gen_ai.operation.name": "chat",
    "gen_ai.input.messages": json.dumps(
        [
            {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
            {"role": "user", "parts": [{"type": "text", "content": "Weather?"}]},
            {"role": "assistant", "parts": [PART]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "15 degrees"}]},
        ]
    ),
    "gen_ai.output.messages": json.dumps(
        [{"role": "assistant", "parts": [{"type": "text", "content": "Mild."}], "finish_reason": "stop"}]
    ),
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 30,
    "gen_ai.usage.output_tokens": 4,
    "gen_ai.usage.total_tokens": 34,
    "gen_ai.usage.cache_read.input_tokens": 16,
}


@pytest.mark.parametrize(("values", "provider"), [(BY_NUMBER, "OpenAI"), (AS_MESSAGES, "openai")])
def test_a_model_call(values: dict[str, Any], provider: str) -> None:
    common = {
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.response.model": "gpt-5-mini-2025-08-07",
        "gen_ai.request.temperature": 0.2,
        "llm.top_k": 40,
        "llm.frequency_penalty": 0.5,
        "llm.is_streaming": True,
    }
    chunk = event("llm.content.completion.chunk", {}, at_ms=300)
    span = span_of("openai.chat", {**common, **ASSOCIATED, **values}, chunk, **CHILD)
    assert (span.kind, span.component, span.provider) == ("llm", "openai.chat", provider)
    assert span.model == "gpt-5-mini-2025-08-07"
    assert span.input_text == 'user: Weather?\nassistant: weather(city="Paris")\ntool: 15 degrees'
    assert span.output_text == "Mild."
    assert (span.input_tokens, span.output_tokens, span.cached_tokens) == (30, 4, 16)
    assert span.time_to_first_token_s == 0.3
    assert span.parameters == {"temperature": 0.2, "top_k": 40, "frequency_penalty": 0.5, "stream": True}
    assert (span.user_id, span.session_id) == ("u-1", "s-1")
    assert span.attributes["gen_ai.response.finish_reasons"] == ["stop"]


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [("workflow", "support.workflow", "chain"), ("task", "rewrite.task", "other"),
     ("agent", "planner.agent", "agent"), ("tool", "search.tool", "tool")],
)  # fmt: skip
def test_decorated_functions(kind: str, name: str, expected: str) -> None:
    span = span_of(
        name,
        {
            **ASSOCIATED,
            "traceloop.span.kind": kind,
            "traceloop.entity.name": name.partition(".")[0],
            "traceloop.entity.path": "",
            "traceloop.entity.version": "3",
            "traceloop.entity.input": json.dumps({"args": ["Where is my order?"], "kwargs": {}}),
            "traceloop.entity.output": json.dumps("On its way."),
        },
        **CHILD,
    )
    assert (span.kind, span.component) == (expected, name.partition(".")[0])
    assert (span.component_version, span.input_text) == ("3", "Where is my order?")
    assert span.output_text == "On its way."


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"args": [], "kwargs": {"question": "q?", "top_k": 3}}, "q?"),
        ({"args": [], "kwargs": {"name": "q?"}}, "q?"),
        ({"args": [{"query": "q?"}], "kwargs": {}}, "q?"),
        ({"inputs": {"question": "q?"}, "tags": [], "metadata": {}, "kwargs": {}}, "q?"),
    ],
)
def test_inputs_of_functions(given: dict[str, Any], text: str) -> None:
    values = {"traceloop.span.kind": "task", "traceloop.entity.input": json.dumps(given)}
    assert span_of("x.task", values, **CHILD).input_text == text


def test_vector_stores_and_rerankers() -> None:
    hits = [
        event("db.query.result", {"db.query.result.id": "d1", "db.query.result.distance": 0.1,
              "db.query.result.document": "Within 30 days."}),
        event("pinecone.query.result", {"pinecone.query.result.id": "d2",
              "pinecone.query.result.score": 0.8}),
        event("db.search.result", {"db.search.result.id": "d3", "db.search.result.distance": 0.3}),
    ]  # fmt: skip
    span = span_of("chroma.query", {"db.system": "chroma", "db.operation": "query"}, *hits, **CHILD)
    assert span.kind == "retriever"
    assert [(d.id, d.score) for d in span.documents] == [("d1", 0.1), ("d2", 0.8), ("d3", 0.3)]
    assert span_of("chroma.add", {"db.system": "chroma", "db.operation": "add"}, **CHILD).kind == "other"
    rerank = {"llm.request.type": "rerank", "gen_ai.system": "Cohere", "gen_ai.request.model": "rerank-v3"}
    assert span_of("cohere.rerank", rerank, **CHILD).kind == "reranker"


def test_embeddings_and_failures() -> None:
    span = span_of(
        "openai.embeddings",
        {
            "llm.request.type": "embedding",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "text-embedding-3-small",
            "gen_ai.prompt.0.content": "a cat",
            "gen_ai.usage.prompt_tokens": 2,
            "llm.usage.total_tokens": 2,
        },
        **CHILD,
    )
    assert (span.kind, span.input_text, span.input_tokens, span.output_tokens) == (
        "embedding",
        "a cat",
        2,
        None,
    )
    failed = span_of("openai.chat", {**BY_NUMBER, "error.type": "RateLimitError"}, status={"code": 2})
    assert (failed.status, failed.error_type) == ("error", "RateLimitError")
