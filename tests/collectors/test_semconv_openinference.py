"""Spans of OpenInference instrumentations, with the results of evaluations in their attributes."""

from __future__ import annotations

import json
from typing import Any

from otlp_bodies import otlp_request, otlp_span
from semconv_support import CHILD, both, event, span_of


def flat(prefix: str, values: dict[str, Any]) -> dict[str, Any]:
    return {f"{prefix}{key}": value for key, value in values.items()}


def test_a_model_call() -> None:
    span = span_of(
        "ChatCompletion",
        {
            "openinference.span.kind": "LLM",
            "llm.provider": "azure",
            "llm.system": "openai",
            "llm.model_name": "gpt-5",
            "llm.request.model_name": "gpt-5",
            "llm.response.model_name": "gpt-5-2025-08-07",
            "llm.invocation_parameters": '{"model": "gpt-5", "temperature": 0.3, "max_output_tokens": 99}',
            "llm.input_messages.0.message.role": "system",
            "llm.input_messages.0.message.content": "Be brief.",
            "llm.input_messages.1.message.role": "user",
            "llm.input_messages.1.message.contents.0.message_content.type": "text",
            "llm.input_messages.1.message.contents.0.message_content.text": "Weather?",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "weather",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"city": "Paris"}',
            "llm.finish_reason": "tool_calls",
            "llm.token_count.prompt": 30,
            "llm.token_count.completion": 8,
            "llm.token_count.total": 38,
            "llm.token_count.prompt_details.cache_read": 16,
            "llm.cost.total": 0.0066,
            "llm.prompt_template.template": "Weather in {city}?",
            "llm.prompt_template.version": "v2",
            "session.id": "s-1",
            "user.id": "u-1",
            "metadata": '{"team": "a"}',
            "input.value": "{}",
            "output.value": "{}",
        },
        event("First Token Stream Event", {}, at_ms=250),
        **CHILD,
    )
    assert (span.kind, span.component, span.provider) == ("llm", "ChatCompletion", "azure")
    assert span.model == "gpt-5-2025-08-07"
    assert (span.input_text, span.output_text) == ("Weather?", 'weather(city="Paris")')
    assert (span.input_tokens, span.output_tokens, span.cached_tokens) == (30, 8, 16)
    assert (span.cost_usd, span.time_to_first_token_s) == (0.0066, 0.25)
    assert span.parameters == {"temperature": 0.3, "max_tokens": 99}
    assert (span.prompt_template, span.prompt_version) == ("Weather in {city}?", "v2")
    assert (span.session_id, span.user_id) == ("s-1", "u-1")
    assert span.attributes["gen_ai.response.finish_reasons"] == ["tool_calls"]


def test_completions_embeddings_retrievers_rerankers_tools_and_agents() -> None:
    completion = span_of(
        "Completion",
        {
            "openinference.span.kind": "LLM",
            "llm.prompts.0.prompt.text": "def fib(n):",
            "llm.choices.0.completion.text": " return n",
        },
    )
    assert (completion.input_text, completion.output_text) == ("def fib(n):", "return n")
    embedding = span_of(
        "CreateEmbeddings",
        {
            "openinference.span.kind": "EMBEDDING",
            "embedding.model_name": "text-embedding-3-small",
            "embedding.embeddings.0.embedding.text": "a cat",
            "embedding.embeddings.1.embedding.text": "a dog",
        },
    )
    assert (embedding.kind, embedding.model, embedding.input_text) == (
        "embedding", "text-embedding-3-small", "a cat\n\na dog",
    )  # fmt: skip
    hit = {"id": "d1", "content": "Within 30 days.", "score": 0.9, "metadata": '{"source": "faq.md"}'}
    retriever = span_of(
        "VectorStoreRetriever",
        {
            "openinference.span.kind": "RETRIEVER",
            "input.value": "refunds",
            **flat("retrieval.documents.0.document.", hit),
        },
        **CHILD,
    )
    assert [(d.id, d.score, d.text) for d in retriever.documents] == [("d1", 0.9, "Within 30 days.")]
    assert (retriever.input_text, retriever.output_text) == ("refunds", None)
    reranker = span_of(
        "CohereRerank",
        {
            "openinference.span.kind": "RERANKER",
            "reranker.query": "refunds",
            "reranker.model_name": "rerank-v3",
            **flat("reranker.input_documents.0.document.", {"content": "no"}),
            **flat("reranker.output_documents.0.document.", hit),
        },
        **CHILD,
    )
    assert (reranker.kind, reranker.model, reranker.input_text) == ("reranker", "rerank-v3", "refunds")
    assert [d.id for d in reranker.documents] == ["d1"]
    tool = span_of(
        "weather",
        {
            "openinference.span.kind": "TOOL",
            "tool.name": "weather",
            "input.value": "{}",
            "output.value": "15",
        },
        **CHILD,
    )
    assert (tool.kind, tool.component, tool.output_text) == ("tool", "weather", "15")
    agent = span_of("run", {"openinference.span.kind": "AGENT", "agent.name": "planner"}, **CHILD)
    assert (agent.kind, agent.component) == ("agent", "planner")


def test_results_of_evaluations_become_annotations() -> None:
    values = {
        "openinference.span.kind": "CHAIN",
        "annotations.0.annotation.name": "hallucination",
        "annotations.0.annotation.score": 1,
        "annotations.0.annotation.label": "hallucinated",
        "annotations.0.annotation.explanation": "Not in the documents.",
        "annotations.0.annotation.annotator_kind": "LLM",
        "annotations.0.annotation.identifier": "judge-v2",
        "annotations.0.annotation.metadata": json.dumps({"rubric_version": "2"}),
        "evaluations.0.evaluation.name": "correct",
        "evaluations.0.evaluation.label": "yes",
        "evaluations.0.evaluation.annotator_kind": "HUMAN",
        "trace.evaluations.0.evaluation.name": "retrieval_quality",
        "trace.evaluations.0.evaluation.score": 0.92,
        "evaluations.1.evaluation.name": "without a result",
    }
    found = both("traces", otlp_request(otlp_span("x", values)))
    span = found.spans[0]
    by_name = {note.name: note for note in found.annotations}
    assert set(by_name) == {"hallucination", "correct", "retrieval_quality"}
    judged = by_name["hallucination"]
    assert (judged.score, judged.label, judged.comment) == (1.0, "hallucinated", "Not in the documents.")
    assert (judged.author, judged.author_kind, judged.span_id) == ("judge-v2", "judge", span.span_id)
    assert (by_name["correct"].author_kind, by_name["correct"].label) == ("human", "yes")
    assert (by_name["retrieval_quality"].span_id, by_name["retrieval_quality"].score) == (None, 0.92)
    assert span.attributes["annotations.0.annotation.name"] == "hallucination"
