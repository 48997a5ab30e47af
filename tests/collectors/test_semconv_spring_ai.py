"""Spans of Spring AI: Micrometer writes every value as text, and "none" for what it does not know."""

from __future__ import annotations

from semconv_support import CHILD, event, span_of

FRAMEWORK = {"gen_ai.operation.name": "framework", "gen_ai.system": "spring_ai"}


def test_a_chat_model() -> None:
    span = span_of(
        "chat gpt-4o",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.response.model": "gpt-4o-2024-08-06",
            "gen_ai.request.temperature": "0.7",
            "gen_ai.request.max_tokens": "256",
            "gen_ai.response.finish_reasons": '["STOP"]',
            "gen_ai.usage.input_tokens": "52",
            "gen_ai.usage.output_tokens": "17",
            "gen_ai.usage.total_tokens": "69",
            "gen_ai.usage.cache_read.input_tokens": "12",
            "gen_ai.prompt": '["You are terse.", "Where is my order?"]',
            "gen_ai.completion": '["On its way."]',
        },
        **CHILD,
    )
    assert (span.kind, span.component, span.provider, span.model) == (
        "llm", "chat", "openai", "gpt-4o-2024-08-06",
    )  # fmt: skip
    assert (span.input_tokens, span.output_tokens, span.cached_tokens) == (52, 17, 12)
    assert span.parameters == {"temperature": 0.7, "max_tokens": 256}
    assert (span.input_text, span.output_text) == ("You are terse.\nWhere is my order?", "On its way.")
    assert span.attributes["gen_ai.response.finish_reasons"] == ["STOP"]


def test_a_model_that_did_not_answer() -> None:
    span = span_of(
        "chat gpt-4o",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.response.model": "none",
        },
        event("exception", {"exception.type": "org.springframework.ai.retry.TransientAiException"}),
        status={"code": 2},
    )
    assert span.model == "gpt-4o"
    assert (span.status, span.error_type) == ("error", "TransientAiException")


def test_prompts_in_the_older_events() -> None:
    span = span_of(
        "chat gpt-4o",
        {"gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o"},
        event("gen_ai.content.prompt", {"gen_ai.prompt": '["Where is my order?"]'}),
        event("gen_ai.content.completion", {"gen_ai.completion": '["On its way."]'}),
    )
    assert (span.input_text, span.output_text) == ("Where is my order?", "On its way.")


def test_the_client_its_advisors_and_tools() -> None:
    client = span_of(
        "spring_ai chat_client",
        {
            **FRAMEWORK,
            "spring.ai.kind": "chat_client",
            "spring.ai.chat.client.stream": "false",
            "spring.ai.chat.client.conversation.id": "conv-7",
            "spring.ai.chat.client.user.text": "Where is my order?",
        },
    )
    assert (client.kind, client.component, client.session_id) == ("chain", "spring_ai chat_client", "conv-7")
    assert client.input_text == "Where is my order?"
    advisor = span_of(
        "simple_logger_advisor",
        {**FRAMEWORK, "spring.ai.kind": "advisor", "spring.ai.advisor.name": "SimpleLoggerAdvisor"},
        **CHILD,
    )
    assert (advisor.kind, advisor.component) == ("other", "SimpleLoggerAdvisor")
    tool = span_of(
        "tool_call findOrder",
        {
            **FRAMEWORK,
            "spring.ai.kind": "tool_call",
            "spring.ai.tool.definition.name": "findOrder",
            "spring.ai.tool.call.arguments": '{"id": "A-1"}',
            "spring.ai.tool.call.result": '{"state": "shipped"}',
        },
        **CHILD,
    )
    assert (tool.kind, tool.component) == ("tool", "findOrder")
    assert (tool.input_text, tool.output_text) == ('{"id": "A-1"}', '{"state": "shipped"}')


def test_vector_stores_and_embeddings() -> None:
    store = {
        "spring.ai.kind": "vector_store",
        "db.system": "pg_vector",
        "db.operation.name": "query",
        "db.collection.name": "vector_store",
        "db.vector.query.top_k": "4",
        "db.vector.query.content": "refunds",
        "db.vector.query.response.documents": '["Within 30 days.", "Keep the box."]',
    }
    query = span_of("pg_vector query", store, **CHILD)
    assert (query.kind, query.input_text) == ("retriever", "refunds")
    assert [d.text for d in query.documents] == ["Within 30 days.", "Keep the box."]
    add = span_of("pg_vector add", {**store, "db.operation.name": "add"}, **CHILD)
    assert add.kind == "other", "a write retrieves nothing"
    embedding = span_of(
        "embedding text-embedding-3-small",
        {
            "gen_ai.operation.name": "embedding",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "text-embedding-3-small",
            "gen_ai.usage.input_tokens": "5",
            "gen_ai.usage.total_tokens": "5",
        },
        **CHILD,
    )
    assert (embedding.kind, embedding.component) == ("embedding", "embedding")
    assert (embedding.input_tokens, embedding.output_tokens) == (5, None)
