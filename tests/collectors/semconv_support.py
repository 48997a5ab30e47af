"""Spans by their attributes and events, decoded from JSON and from protobuf alike."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Literal

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from otlp_bodies import START_NS, attributes, otlp_request, otlp_span

from collectors.model import Span
from collectors.sources.otlp import Decoded, decode

CHILD = {"parentSpanId": "cc" * 8}


def event(name: str, values: Mapping[str, Any], at_ms: int = 1) -> dict[str, Any]:
    """A span event, `at_ms` after the span's start."""
    return {
        "name": name,
        "timeUnixNano": str(START_NS + at_ms * 1_000_000),
        "attributes": attributes(values),
    }


def both(signal: Literal["traces", "logs"], body: Mapping[str, Any]) -> Decoded:
    """The body decoded as JSON; the same one as protobuf must say the same."""
    found = decode(signal, json.dumps(body).encode(), "application/json")
    message = ExportTraceServiceRequest() if signal == "traces" else ExportLogsServiceRequest()
    ParseDict(_with_bytes(body), message)
    assert decode(signal, message.SerializeToString(), "application/x-protobuf") == found
    assert found.rejected == ()
    return found


def _with_bytes(value: Any) -> Any:
    """OTLP's JSON writes ids in hex, where protobuf's own writes bytes in base64."""
    if isinstance(value, list):
        return [_with_bytes(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    ids = ("traceId", "spanId", "parentSpanId")
    return {
        key: base64.b64encode(bytes.fromhex(item)).decode() if key in ids else _with_bytes(item)
        for key, item in value.items()
    }


def span_of(name: str, values: Mapping[str, Any], *events: dict[str, Any], **more: Any) -> Span:
    """The only span of a request."""
    found = both("traces", otlp_request(otlp_span(name, values, events=list(events), **more)))
    return found.spans[0]
