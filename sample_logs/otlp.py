"""The sample as OpenTelemetry would have sent it: OTLP JSON, as the Collector's file exporter writes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from collectors.model import Span

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPAN_KINDS = {"chain": "CHAIN", "router": "AGENT", "reranker": "RERANKER", "guardrail": "GUARDRAIL"}


def otlp_lines(spans: Iterable[Span]) -> list[str]:
    """One ExportTraceServiceRequest a line for each trace; `spans` of a trace stand together."""
    return [
        json.dumps(_request(list(trace)), ensure_ascii=False, separators=(",", ":"))
        for _, trace in groupby(spans, key=lambda s: s.trace_id)
    ]


def _request(trace: list[Span]) -> dict[str, Any]:
    first = trace[0]
    resource = {
        "service.name": first.chain,
        "service.version": first.chain_version,
        "deployment.environment.name": first.environment,
    }
    scope = {"name": "fernline.assistant", "version": "1.0.0"}
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(resource)},
                "scopeSpans": [{"scope": scope, "spans": [_span(s) for s in trace]}],
            }
        ]
    }


def _span(span: Span) -> dict[str, Any]:
    status = {"code": 2, "message": span.error_type} if span.status == "error" else {}
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        **({"parentSpanId": span.parent_span_id} if span.parent_span_id else {}),
        "name": span.name,
        "kind": 1,
        "startTimeUnixNano": _nanoseconds(span.started_at),
        "endTimeUnixNano": _nanoseconds(span.ended_at or span.started_at),
        "attributes": _attributes(_names(span)),
        "status": status,
    }


def _names(span: Span) -> dict[str, Any]:
    """GenAI names where the conventions have one, OpenInference for the kinds that they lack."""
    common = {"session.id": span.session_id, "user.id": span.user_id, "error.type": span.error_type}
    if span.kind == "llm":
        return {
            **common,
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": span.provider,
            "gen_ai.request.model": span.model,
            "gen_ai.request.temperature": span.parameters.get("temperature"),
            "gen_ai.request.max_tokens": span.parameters.get("max_tokens"),
            "gen_ai.usage.input_tokens": span.input_tokens,
            "gen_ai.usage.output_tokens": span.output_tokens,
            "gen_ai.usage.cache_read.input_tokens": span.cached_tokens,
            "gen_ai.response.time_to_first_chunk": span.time_to_first_token_s,
            "gen_ai.prompt.version": span.prompt_version,
            "gen_ai.input.messages": _message("user", span.input_text),
            "gen_ai.output.messages": _message("assistant", span.output_text),
        }
    if span.kind == "retriever":
        documents = [{"id": d.id, "score": d.score, "content": d.text} for d in span.documents]
        return {
            **common,
            "gen_ai.operation.name": "retrieval",
            "gen_ai.retrieval.query.text": span.input_text,
            "gen_ai.retrieval.documents": json.dumps(documents, ensure_ascii=False),
        }
    ranked = {
        f"reranker.output_documents.{n}.document.{key}": value
        for n, d in enumerate(span.documents)
        for key, value in (("id", d.id), ("content", d.text), ("score", d.score))
    }
    return {
        **common,
        "openinference.span.kind": _SPAN_KINDS[span.kind],
        "input.value": span.input_text,
        "output.value": span.output_text,
        **ranked,
    }


def _message(role: str, text: str | None) -> str | None:
    if text is None:
        return None
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}], ensure_ascii=False)


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items() if value is not None]


def _value(value: str | int | float) -> dict[str, Any]:
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


def _nanoseconds(at: datetime) -> str:
    delta = at - _EPOCH
    return str((delta.days * 86_400 + delta.seconds) * 1_000_000_000 + delta.microseconds * 1_000)
