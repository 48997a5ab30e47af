"""OTLP as JSON: camelCase or snake_case, ids in hex or base64, enums by name or number.

The specification wants hex ids and enum numbers; the canonical protobuf JSON writes base64 and names;
old exporters say `instrumentationLibrarySpans`. All of them are met in the wild.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from collectors.sources._otlp_raw import Origin, RawEvent, RawLog, RawSpan, RecordError, Rejected
from collectors.sources.base import RECORD_ERRORS, shorten

MAX_DEPTH = 48
_HEX = re.compile(r"[0-9a-fA-F]+")
_STATUS = {"STATUS_CODE_UNSET": "unset", "STATUS_CODE_OK": "ok", "STATUS_CODE_ERROR": "error"}
_STATUS_NUMBER = {0: "unset", 1: "ok", 2: "error"}


def spans(body: Mapping[str, Any]) -> Iterator[RawSpan | Rejected]:
    """Every span of one ExportTraceServiceRequest."""
    for resource, group in _resources(body, "resourceSpans", "resource_spans", "batches"):
        scopes = _get(
            group, "scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans"
        )
        for origin, scope in _scopes(resource, scopes):
            for item in _list(_get(scope, "spans")):
                try:
                    yield _span(item, origin)
                except RECORD_ERRORS as error:
                    yield Rejected(reason=f"span: {error}", raw=shorten(item))


def logs(body: Mapping[str, Any]) -> Iterator[RawLog | Rejected]:
    """Every log record of one ExportLogsServiceRequest."""
    for resource, group in _resources(body, "resourceLogs", "resource_logs"):
        scopes = _get(
            group, "scopeLogs", "scope_logs", "instrumentationLibraryLogs", "instrumentation_library_logs"
        )
        for origin, scope in _scopes(resource, scopes):
            for item in _list(_get(scope, "logRecords", "log_records", "logs")):
                try:
                    yield _log(item, origin)
                except RECORD_ERRORS as error:
                    yield Rejected(reason=f"log record: {error}", raw=shorten(item))


def _span(item: Any, origin: Origin) -> RawSpan:
    if not isinstance(item, dict):
        raise RecordError(f"must be an object, not {type(item).__name__}")
    status = _get(item, "status")
    status = status if isinstance(status, dict) else {}
    start = _nanoseconds(item, "startTimeUnixNano", "start_time_unix_nano")
    if start == 0:
        raise RecordError("startTimeUnixNano is missing")
    return RawSpan(
        trace_id=_id(item, 16, "traceId", "trace_id"),
        span_id=_id(item, 8, "spanId", "span_id"),
        parent_span_id=_id(item, 8, "parentSpanId", "parent_span_id", optional=True) or None,
        name=_text(_get(item, "name")),
        start_ns=start,
        end_ns=_nanoseconds(item, "endTimeUnixNano", "end_time_unix_nano"),
        attributes=_attributes(_get(item, "attributes")),
        events=tuple(
            RawEvent(
                name=_text(_get(event, "name")),
                at_ns=_nanoseconds(event, "timeUnixNano", "time_unix_nano"),
                attributes=_attributes(_get(event, "attributes")),
            )
            for event in _list(_get(item, "events"))
            if isinstance(event, dict)
        ),
        status=_status(_get(status, "code")),
        status_message=_text(_get(status, "message")),
        origin=origin,
    )


def _log(item: Any, origin: Origin) -> RawLog:
    if not isinstance(item, dict):
        raise RecordError(f"must be an object, not {type(item).__name__}")
    attributes = _attributes(_get(item, "attributes"))
    at = _nanoseconds(item, "timeUnixNano", "time_unix_nano")
    return RawLog(
        trace_id=_id(item, 16, "traceId", "trace_id", optional=True),
        span_id=_id(item, 8, "spanId", "span_id", optional=True),
        event_name=_text(_get(item, "eventName", "event_name") or attributes.get("event.name")),
        at_ns=at or _nanoseconds(item, "observedTimeUnixNano", "observed_time_unix_nano"),
        attributes=attributes,
        body=value_of(_get(item, "body")),
        origin=origin,
    )


def value_of(value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - one line a type
    """An AnyValue as plain Python; bytes become base64 text, as they came."""
    if depth > MAX_DEPTH:
        raise RecordError(f"an attribute is nested deeper than {MAX_DEPTH} levels")
    if not isinstance(value, dict):
        return value
    for key, content in value.items():
        if key in ("stringValue", "string_value", "boolValue", "bool_value", "bytesValue", "bytes_value"):
            return content
        if key in ("intValue", "int_value"):
            return _number(key, content, int)
        if key in ("doubleValue", "double_value"):
            return _number(key, content, float)
        if key in ("arrayValue", "array_value"):
            return [value_of(v, depth + 1) for v in _list(_get(content, "values"))]
        if key in ("kvlistValue", "kvlist_value"):
            return _attributes(_get(content, "values"), depth + 1)
    return None


def _number(key: str, content: Any, kind: type[int] | type[float]) -> int | float:
    try:
        return kind(content)
    except (ValueError, TypeError, OverflowError):
        raise RecordError(f"{key} = {shorten(content)[:80]!r}: must be a number") from None


def _attributes(pairs: Any, depth: int = 0) -> dict[str, Any]:
    if isinstance(pairs, dict):
        # Some emitters write a plain object.
        return {str(key): value_of(value, depth) for key, value in pairs.items()}
    found: dict[str, Any] = {}
    for pair in _list(pairs):
        if isinstance(pair, dict) and isinstance(pair.get("key"), str):
            found[pair["key"]] = value_of(pair.get("value"), depth)
    return found


def _resources(body: Mapping[str, Any], *names: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for group in _list(_get(body, *names)):
        if isinstance(group, dict):
            try:
                yield _attributes(_get(_get(group, "resource"), "attributes")), group
            except RECORD_ERRORS:
                # A broken resource must not take its spans with it.
                yield {}, group


def _scopes(resource: dict[str, Any], scopes: Any) -> Iterator[tuple[Origin, dict[str, Any]]]:
    for scope in _list(scopes):
        if isinstance(scope, dict):
            about = _get(scope, "scope", "instrumentationLibrary", "instrumentation_library")
            yield (
                Origin(
                    resource=resource,
                    scope_name=_text(_get(about, "name")),
                    scope_version=_text(_get(about, "version")),
                ),
                scope,
            )


def _get(holder: Any, *names: str) -> Any:
    if isinstance(holder, dict):
        for name in names:
            if name in holder:
                return holder[name]
    return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _nanoseconds(item: Mapping[str, Any], *names: str) -> int:
    value = _get(item, *names)
    if value is None or value == "":
        return 0
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise RecordError(f"{names[0]} = {shorten(value)[:80]!r}: must be a whole number of nanoseconds")
    try:
        return int(value)
    except ValueError:
        raise RecordError(
            f"{names[0]} = {shorten(value)[:80]!r}: must be a whole number of nanoseconds"
        ) from None


def _status(code: Any) -> str:
    if isinstance(code, str):
        return _STATUS.get(code) or _STATUS_NUMBER.get(
            int(code) if code.isdigit() and len(code) < 3 else -1, "unset"
        )
    return _STATUS_NUMBER.get(code, "unset") if isinstance(code, int) else "unset"


def _id(item: Mapping[str, Any], size: int, *names: str, optional: bool = False) -> str:
    """An id as lower-case hex, from hex (2 digits a byte) or base64; all zeros means none."""
    value = _get(item, *names)
    if value is None or value == "":
        if optional:
            return ""
        raise RecordError(f"{names[0]} is missing")
    found = ""
    if isinstance(value, str):
        if len(value) == size * 2 and _HEX.fullmatch(value):
            found = value.lower()
        else:
            try:
                decoded = base64.b64decode(value, validate=True)
            except (binascii.Error, ValueError):
                decoded = b""
            found = decoded.hex() if len(decoded) == size else ""
    if not found:
        raise RecordError(f"{names[0]} = {shorten(value)[:80]!r}: must be {size} bytes in hex or base64")
    if not found.strip("0"):
        if optional:
            return ""
        raise RecordError(f"{names[0]} is all zeros")
    return found
