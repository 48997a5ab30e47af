"""Small OTLP bodies and a clock for the tests of the collectors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
START_NS = 1_772_359_200_000_000_000  # 2026-03-01T10:00:00Z


def any_value(value: Any) -> dict[str, Any]:
    """A Python value as an OTLP AnyValue in JSON."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value if math.isfinite(value) else str(value).replace("nan", "NaN")}
    if isinstance(value, (list, tuple)):
        return {"arrayValue": {"values": [any_value(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": attributes(value)}}
    return {} if value is None else {"stringValue": value}


def attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": any_value(value)} for key, value in values.items()]


def otlp_span(name: str, values: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A root span of one second; its id follows from its name."""
    return {
        "traceId": "aa" * 16,
        "spanId": (name or "x").encode().hex()[:16].ljust(16, "0"),
        "name": name,
        "startTimeUnixNano": str(START_NS),
        "endTimeUnixNano": str(START_NS + 1_000_000_000),
        "attributes": attributes(values),
        **more,
    }


def otlp_request(*spans: Mapping[str, Any], resource: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An ExportTraceServiceRequest with one resource and one scope."""
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": attributes(resource or {"service.name": "shop"})},
                "scopeSpans": [{"scope": {"name": "test.scope", "version": "1"}, "spans": list(spans)}],
            }
        ]
    }


def otlp_logs(*records: Mapping[str, Any]) -> dict[str, Any]:
    """An ExportLogsServiceRequest with one resource and one scope."""
    return {"resourceLogs": [{"scopeLogs": [{"scope": {"name": "test.scope"}, "logRecords": list(records)}]}]}


def otlp_log(
    name: str, span: Mapping[str, Any], body: Any = None, at: int = 1, **values: Any
) -> dict[str, Any]:
    """A log record on a span, `at` ms after the span's start."""
    return {
        "traceId": span["traceId"],
        "spanId": span["spanId"],
        "eventName": name,
        "timeUnixNano": str(START_NS + at * 1_000_000),
        "body": any_value(body),
        "attributes": attributes({key.replace("__", "."): value for key, value in values.items()}),
    }
