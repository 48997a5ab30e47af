"""OpenTelemetry's GenAI conventions: current and older names, on spans, in span events and as log records."""

from __future__ import annotations

import json
from typing import Any

import pytest
from otlp_bodies import otlp_log, otlp_logs, otlp_request, otlp_span
from semconv_support import CHILD, both, event, span_of

from collectors.sources.otlp import decode

ASKED = [
    {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
    {"role": "user", "parts": [{"type": "text", "content": "Weather in Paris?"}]},
]
ANSWERED = [
    {
        "role": "assistant",
        "parts": [
            {"type": "reasoning", "content": "I need the weather."},
            {"type": "text", "content": "Rainy."},
            {"type": "tool_call", "id": "c", "name": "radar", "arguments": {"city": "Paris"}},
        ],
        "finish_reason": "stop",
    }
]
CALL: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.response.model": "gpt-5-2025-08-07",
    "gen_ai.conversation.id": "conv-1",
    "gen_ai.request.temperature": 0.1,
    "gen_ai.request.choice.count": 2,
    "gen_ai.request.stop_sequences": ["END"],
    "gen_ai.request.stream": True,
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.response.time_to_first_chunk": 0.5,
    "gen_ai.usage.input_tokens": 30,
    "gen_ai.usage.output_tokens": 9,
    "gen_ai.usage.cache_read.input_tokens": 12,
    "gen_ai.usage.cache_creation.input_tokens": 4,
    "gen_ai.usage.reasoning.output_tokens": 5,
}


@pytest.mark.parametrize("as_text", [True, False])
def test_a_current_span(as_text: bool) -> None:
    texts = {"gen_ai.input.messages": ASKED, "gen_ai.output.messages": ANSWERED}
    given = {key: json.dumps(value) if as_text else value for key, value in texts.items()}
    span = span_of("chat gpt-5", {**CALL, **given}, **CHILD)
    assert (span.kind, span.component, span.provider) == ("llm", "chat", "openai")
    assert (span.model, span.session_id) == ("gpt-5-2025-08-07", "conv-1")
    assert (span.input_text, span.output_text) == ("Weather in Paris?", 'Rainy.\nradar(city="Paris")')
    assert (span.input_tokens, span.output_tokens, span.cached_tokens) == (30, 9, 12)
    assert span.time_to_first_token_s == 0.5
    assert span.parameters == {"temperature": 0.1, "n": 2, "stop": ["END"], "stream": True}
    assert span.attributes["gen_ai.usage.reasoning.output_tokens"] == 5


def test_the_other_operations() -> None:
    tool = span_of(
        "execute_tool radar",
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "radar",
            "gen_ai.tool.type": "function",
            "gen_ai.tool.call.arguments": {"city": "Paris"},
            "gen_ai.tool.call.result": {"rain": True},
        },
        **CHILD,
    )
    assert (tool.kind, tool.component) == ("tool", "radar")
    assert (tool.input_text, tool.output_text) == ('{"city": "Paris"}', '{"rain": true}')
    retrieval = span_of(
        "retrieval faq",
        {
            "gen_ai.operation.name": "retrieval",
            "gen_ai.data_source.id": "faq",
            "gen_ai.retrieval.query.text": "refunds",
            "gen_ai.retrieval.documents": [{"id": "doc_1", "score": 0.95}, {"id": "doc_2", "score": 0.87}],
        },
        **CHILD,
    )
    assert (retrieval.kind, retrieval.component, retrieval.input_text) == ("retriever", "faq", "refunds")
    assert [(d.id, d.score) for d in retrieval.documents] == [("doc_1", 0.95), ("doc_2", 0.87)]
    memory = span_of(
        "search_memory prefs",
        {
            "gen_ai.operation.name": "search_memory",
            "gen_ai.memory.query.text": "theme",
            "gen_ai.memory.records": [{"id": "m1", "content": "dark mode", "score": 0.9}],
        },
        **CHILD,
    )
    assert (memory.kind, memory.input_text, memory.documents[0].text) == ("retriever", "theme", "dark mode")
    agent = span_of(
        "invoke_agent Math Tutor",
        {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "Math Tutor",
            "gen_ai.agent.version": "1.2.0",
        },
    )
    assert (agent.kind, agent.component, agent.component_version) == ("agent", "Math Tutor", "1.2.0")
    flow = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "triage"}
    assert span_of("invoke_workflow triage", flow).component == "triage"


def test_older_names() -> None:
    span = span_of(
        "chat gpt-4",
        {
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4",
            "gen_ai.usage.prompt_tokens": 7,
            "gen_ai.usage.completion_tokens": 2,
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": "Hi",
            "gen_ai.completion.0.content": "Hello",
        },
    )
    assert (span.kind, span.provider, span.input_tokens, span.output_tokens) == ("llm", "openai", 7, 2)
    assert (span.input_text, span.output_text) == ("Hi", "Hello")


@pytest.mark.parametrize(
    "events",
    [
        [
            event("gen_ai.client.inference.operation.details", {"gen_ai.input.messages": json.dumps(ASKED),
                  "gen_ai.output.messages": json.dumps(ANSWERED)}),
        ],
        [
            event("gen_ai.system.message", {"gen_ai.system": "openai", "content": "Be brief."}),
            event("gen_ai.user.message", {"gen_ai.system": "openai", "content": "Weather in Paris?"}),
            event("gen_ai.choice", {"index": 0, "finish_reason": "stop", "message": json.dumps(
                {"role": "assistant", "content": 'Rainy.\nradar(city="Paris")'})}),
        ],
        [
            event("gen_ai.user.message", {"gen_ai.event.content": '{"content": "Weather in Paris?"}'}),
            event("gen_ai.choice", {"gen_ai.event.content": json.dumps(
                {"index": 0, "message": {"content": 'Rainy.\nradar(city="Paris")'}})}),
        ],
    ],
)  # fmt: skip
def test_messages_in_span_events(events: list[dict[str, Any]]) -> None:
    span = span_of("chat gpt-5", CALL, *events, **CHILD)
    assert (span.input_text, span.output_text) == ("Weather in Paris?", 'Rainy.\nradar(city="Paris")')


def test_messages_as_log_records() -> None:
    span = otlp_span("chat gpt-5", CALL)
    details = otlp_log("gen_ai.client.inference.operation.details", span)
    for as_body in (True, False):
        values = {"gen_ai.input.messages": ASKED, "gen_ai.output.messages": ANSWERED}
        more = otlp_log("x", span, values) if as_body else otlp_log("x", span, None, **_dunder(values))
        record = {**more, "eventName": details["eventName"]}
        found = both("logs", otlp_logs(record)).span_contents
        whole = {content.side: content.text for content in found}
        assert whole == {
            "input": "Weather in Paris?",
            "output": 'Rainy.\nradar(city="Paris")',
            "system": "Be brief.",
        }
        assert all(content.whole for content in found if content.side != "system")
    call = {"id": "c", "type": "function", "function": {"name": "radar", "arguments": '{"city": "Paris"}'}}
    beside = {
        "index": 0,
        "message": {"role": "assistant"},
        "tool_calls": [call],
        "finish_reason": "tool_calls",
    }
    inside = {"index": 0, "message": {"role": "assistant", "tool_calls": [call]}}
    for body in (beside, inside):
        (content,) = both("logs", otlp_logs(otlp_log("gen_ai.choice", span, body))).span_contents
        assert (content.side, content.text) == ("output", 'radar(city="Paris")')
    old = [
        otlp_log("gen_ai.user.message", span, {"content": "Weather in Paris?"}),
        otlp_log("gen_ai.user.message", span, None, content="In attributes?"),
        otlp_log("gen_ai.choice", span, {"index": 0, "message": {"role": "assistant", "content": "Rainy."}}),
    ]
    found = both("logs", otlp_logs(*old)).span_contents
    assert [(c.side, c.role, c.text) for c in found] == [
        ("input", "user", "Weather in Paris?"),
        ("input", "user", "In attributes?"),
        ("output", "assistant", "Rainy."),
    ]


def _dunder(values: dict[str, Any]) -> dict[str, Any]:
    return {key.replace(".", "__"): value for key, value in values.items()}


def test_results_of_evaluations() -> None:
    values = {
        "gen_ai.evaluation.name": "Relevance",
        "gen_ai.evaluation.score.value": 4.0,
        "gen_ai.evaluation.score.label": "pass",
        "gen_ai.evaluation.explanation": "It answers.",
    }
    nameless = event("gen_ai.evaluation.result", {"gen_ai.evaluation.score.value": 1.0})
    body = otlp_request(
        otlp_span("chat", CALL, events=[event("gen_ai.evaluation.result", values)]),
        otlp_span("chat2", CALL, events=[nameless, event("gen_ai.evaluation.result", values)]),
    )
    found = decode("traces", json.dumps(body).encode(), "application/json")
    assert [(n.name, n.score, n.label, n.comment) for n in found.annotations] == [
        ("Relevance", 4.0, "pass", "It answers.")
    ] * 2, "a wrong one costs no other"
    assert len(found.rejected) == 1
    span = otlp_span("chat", CALL)
    log = otlp_log("gen_ai.evaluation.result", span, None, **_dunder(values))
    (note,) = both("logs", otlp_logs(log)).annotations
    assert (note.name, note.score, note.span_id, note.author_kind) == (
        "Relevance",
        4.0,
        span["spanId"],
        "judge",
    )
