"""Jaeger JSON: tags by their types, references, processes, logs, and the shapes that hold spans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from source_support import check, read

TRACE = "5b8efff798038103d269b633813fc60c"
START_US = 1_772_359_200_000_000  # 2026-03-01T10:00:00Z


def tag(key: str, value: Any, kind: str = "string") -> dict[str, Any]:
    return {"key": key, "type": kind, "value": value}


def span(span_id: str = "eee19b7ec3c1b174", **more: Any) -> dict[str, Any]:
    return {
        "traceID": TRACE,
        "spanID": span_id,
        "operationName": "chat gpt-5-mini",
        "references": [
            {"refType": "FOLLOWS_FROM", "traceID": TRACE, "spanID": "aaaaaaaaaaaaaaaa"},
            {"refType": "CHILD_OF", "traceID": TRACE, "spanID": "eee19b7ec3c1b173"},
        ],
        "startTime": START_US,
        "duration": 1_500_000,
        "tags": [
            tag("gen_ai.operation.name", "chat"),
            tag("gen_ai.request.model", "gpt-5-mini"),
            tag("gen_ai.usage.input_tokens", "12", "int64"),
            tag("gen_ai.usage.output_tokens", 5, "int64"),
            tag("gen_ai.usage.cost", "0.001", "float64"),
            tag("gen_ai.prompt.0.role", "user"),
            tag("gen_ai.prompt.0.content", "Hi"),
            tag("gen_ai.completion.0.role", "assistant"),
            tag("gen_ai.completion.0.content", "Hello"),
            tag("cached", "false", "bool"),
            tag("otel.scope.name", "openai"),
            tag("otel.scope.version", "1.2"),
            tag("otel.status_code", "OK"),
            tag("span.kind", "client"),
        ],
        "logs": [],
        "processID": "p1",
        "warnings": None,
        **more,
    }


PROCESSES = {
    "p1": {
        "serviceName": "helpdesk",
        "tags": [tag("service.version", "1.4"), tag("deployment.environment", "prod"), tag("host.name", "h")],
    }
}


def page(*spans: Any) -> dict[str, Any]:
    return {
        "data": [{"traceID": TRACE, "spans": list(spans), "processes": PROCESSES}],
        "total": 0,
        "errors": None,
    }


def in_storage(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "processID": None, "process": PROCESSES["p1"]}


@pytest.mark.parametrize("shape", ["page", "trace", "spans", "elasticsearch"])
def test_a_model_call_in_every_shape(tmp_path: Path, shape: str) -> None:
    content: Any = {
        "page": page(span()),
        "trace": page(span())["data"][0],
        "spans": [in_storage(span())],
        "elasticsearch": [{"_index": "jaeger-span", "_source": in_storage(span())}],
    }[shape]
    file = "spans.jsonl" if shape in ("spans", "elasticsearch") else "trace.json"
    found = read("jaeger", tmp_path, content, file=file)
    check(
        found.span,
        trace_id=TRACE,
        span_id="eee19b7ec3c1b174",
        parent_span_id="eee19b7ec3c1b173",
        chain="helpdesk",
        chain_version="1.4",
        environment="prod",
        component="chat",
        kind="llm",
        name="chat gpt-5-mini",
        status="ok",
        model="gpt-5-mini",
        input_text="Hi",
        output_text="Hello",
        input_tokens=12,
        output_tokens=5,
        cost_usd=0.001,
        duration_s=1.5,
    )
    attributes = found.span.attributes
    assert attributes["cached"] is False
    assert attributes["span.kind"] == "client"
    assert attributes["jaeger.references"][0]["refType"] == "FOLLOWS_FROM"
    assert attributes["resource"] == {"host.name": "h"}


def test_elasticsearch_keeps_tags_flat_too(tmp_path: Path) -> None:
    one = in_storage(span(tags=[], tag={"llm@model_name": "gpt-5", "llm@token_count@prompt": 3}))
    check(read("jaeger", tmp_path, [one], file="x.jsonl").span, kind="llm", model="gpt-5", input_tokens=3)


def test_status_and_logs(tmp_path: Path) -> None:
    logs = [
        {
            "timestamp": START_US + 250_000,
            "fields": [tag("event", "exception"), tag("exception.type", "openai.RateLimitError")],
        },
        {"timestamp": START_US + 100_000, "fields": [tag("event", "First Token Stream Event")]},
        {
            "timestamp": START_US + 50_000,
            "fields": [tag("message", "retrying"), tag("attempt", "2", "int64")],
        },
        {
            "timestamp": START_US + 1,
            "fields": [
                tag("event", "gen_ai.evaluation.result"),
                tag("gen_ai.evaluation.name", "relevance"),
                tag("gen_ai.evaluation.score.value", "0.75", "float64"),
            ],
        },
    ]
    failed = span(
        tags=[
            tag("error", True, "bool"),
            tag("otel.status_code", "ERROR"),
            tag("otel.status_description", "no"),
        ],
        logs=logs,
    )
    opentracing = span("eee19b7ec3c1b175", tags=[tag("error", "true", "string")], references=[])
    message = span("eee19b7ec3c1b176", tags=[tag("error", "disk full")], references=None)
    found = read("jaeger", tmp_path, page(failed, opentracing, message))
    check(found.spans[0], status="error", error_type="RateLimitError", time_to_first_token_s=0.1)
    events = found.spans[0].attributes["events"]
    assert [(e["name"], e["offset_s"]) for e in events][:2] == [("exception", 0.25), ("retrying", 0.05)]
    assert events[1]["attempt"] == 2
    assert found.spans[0].attributes["otel.status_description"] == "no"
    check(found.spans[1], status="error", parent_span_id=None)
    check(found.spans[2], status="unset")
    assert found.spans[2].attributes["error"] == "disk full"
    (annotation,) = found.annotations
    check(annotation, name="relevance", score=0.75, trace_id=TRACE, span_id="eee19b7ec3c1b174")


def test_ids_get_their_leading_zeros_back_and_parents_of_other_traces_are_none(tmp_path: Path) -> None:
    short = span("3ce929d0e0e4736", traceID="BF92F3577B34DA6", references=[])
    linked = span("abc", references=[{"refType": "CHILD_OF", "traceID": "f" * 32, "spanID": "1" * 16}])
    legacy = span("abd", references=[], parentSpanID="abc")
    root = span("abe", references=[], parentSpanID="0")
    strange = span("not-hex", references=[])
    found = read("jaeger", tmp_path, page(short, linked, legacy, root, strange))
    assert [(s.trace_id, s.span_id, s.parent_span_id) for s in found.spans] == [
        ("0bf92f3577b34da6", "03ce929d0e0e4736", None),
        (TRACE, "0000000000000abc", None),
        (TRACE, "0000000000000abd", "0000000000000abc"),
        (TRACE, "0000000000000abe", None),
        (TRACE, "not-hex", None),
    ]


def test_broken_pieces_cost_themselves_only(tmp_path: Path) -> None:
    pieces = [
        span(),
        "text",
        span(spanID=None),
        span(startTime="yesterday"),
        span(startTime=-5),
        span("b" * 16, tags="none", logs=[None, {"fields": 3}], references=[7], processID={}),
    ]
    found = read("jaeger", tmp_path, page(*pieces))
    assert [s.span_id for s in found.spans] == ["eee19b7ec3c1b174", "b" * 16]
    assert [bad.reason for bad in found.bad] == [
        "data[0].spans[1]: span = 'text': must be an object",
        "data[0].spans[2]: spanID is missing",
        "data[0].spans[3]: startTime = 'yesterday': must be a whole number of microseconds",
        "data[0].spans[4]: startTime = -5: must be between 0 and 2**63 - 1",
    ]


@pytest.mark.parametrize("shape", ["lines", "gateway"])
def test_spans_as_protobuf_writes_them_in_json(tmp_path: Path, shape: str) -> None:
    one = {
        "traceId": "W47/95gDgQPSabYzgT/GDA==",
        "spanId": "7uGbfsPBsXQ=",
        "operationName": "chat gpt-5-mini",
        "references": [{"traceId": "W47/95gDgQPSabYzgT/GDA==", "spanId": "7uGbfsPBsXM="}],
        "startTime": "2026-03-01T10:00:00.000250123Z",
        "duration": "1.500s",
        "tags": [
            {"key": "gen_ai.operation.name", "vStr": "chat"},
            {"key": "gen_ai.usage.input_tokens", "vType": "INT64", "vInt64": "12"},
            {"key": "streamed", "vType": "BOOL", "vBool": True},
            {"key": "empty"},
        ],
        "logs": [{"timestamp": "2026-03-01T10:00:01Z", "fields": [{"key": "event", "vStr": "retry"}]}],
        "process": {"serviceName": "helpdesk", "tags": [{"key": "service.version", "vStr": "1.4"}]},
    }
    broken = {**one, "spanId": "7uGbfsPBsXU=", "duration": "long"}
    if shape == "lines":
        found = read("jaeger", tmp_path, [one, broken], file="kafka.jsonl")
    else:
        found = read("jaeger", tmp_path, {"result": {"spans": [one, broken]}})
    check(
        found.span,
        trace_id=TRACE,
        span_id="eee19b7ec3c1b174",
        parent_span_id="eee19b7ec3c1b173",
        kind="llm",
        chain="helpdesk",
        chain_version="1.4",
        input_tokens=12,
        duration_s=1.5,
    )
    assert found.span.started_at.microsecond == 250
    assert found.span.attributes["streamed"] is True
    assert found.span.attributes["events"][0]["name"] == "retry"
    (bad,) = found.bad
    assert bad.reason.endswith("duration = 'long': must be seconds such as 0.25s")
