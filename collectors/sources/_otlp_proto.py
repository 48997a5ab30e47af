"""OTLP as protobuf, decoded with the published message classes."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from collectors.errors import SourceError
from collectors.sources._otlp_json import MAX_DEPTH
from collectors.sources._otlp_raw import (
    STATUS_CODES,
    Origin,
    RawEvent,
    RawLog,
    RawSpan,
    RecordError,
    Rejected,
)
from collectors.sources.base import shorten

_NO_ID = bytes(16)


def spans(body: bytes) -> Iterator[RawSpan | Rejected]:
    """Every span of one ExportTraceServiceRequest; SourceError when the bytes are not one."""
    request = ExportTraceServiceRequest()
    _parse(request, body)
    for group in request.resource_spans:
        resource = _attributes(group.resource.attributes)
        for scope in group.scope_spans:
            origin = Origin(resource=resource, scope_name=scope.scope.name, scope_version=scope.scope.version)
            for item in scope.spans:
                try:
                    yield _span(item, origin)
                except RecordError as error:
                    yield Rejected(reason=f"span: {error}", raw=shorten(str(item)))


def logs(body: bytes) -> Iterator[RawLog | Rejected]:
    """Every log record of one ExportLogsServiceRequest; SourceError when the bytes are not one."""
    request = ExportLogsServiceRequest()
    _parse(request, body)
    for group in request.resource_logs:
        resource = _attributes(group.resource.attributes)
        for scope in group.scope_logs:
            origin = Origin(resource=resource, scope_name=scope.scope.name, scope_version=scope.scope.version)
            for item in scope.log_records:
                try:
                    yield _log(item, origin)
                except RecordError as error:
                    yield Rejected(reason=f"log record: {error}", raw=shorten(str(item)))


def _parse(request: Any, body: bytes) -> None:
    try:
        request.ParseFromString(body)
    except (DecodeError, RecursionError) as error:
        raise SourceError(f"not an OTLP protobuf request: {error}") from error


def _span(item: Any, origin: Origin) -> RawSpan:
    if item.start_time_unix_nano == 0:
        raise RecordError("startTimeUnixNano is missing")
    # Each look at a field costs: what nearly all spans have not is asked for once.
    parent, status, events = item.parent_span_id, item.status, item.events
    return RawSpan(
        trace_id=_id(item.trace_id, 16, "traceId"),
        span_id=_id(item.span_id, 8, "spanId"),
        parent_span_id=(_id(parent, 8, "parentSpanId", optional=True) or None) if parent else None,
        name=item.name,
        start_ns=item.start_time_unix_nano,
        end_ns=item.end_time_unix_nano,
        attributes=_attributes(item.attributes),
        events=tuple(
            RawEvent(name=event.name, at_ns=event.time_unix_nano, attributes=_attributes(event.attributes))
            for event in events
        )
        if events
        else (),
        status=STATUS_CODES.get(status.code, "unset"),
        status_message=status.message,
        origin=origin,
    )


def _log(item: Any, origin: Origin) -> RawLog:
    attributes = _attributes(item.attributes)
    name = item.event_name or attributes.get("event.name") or ""
    return RawLog(
        trace_id=_id(item.trace_id, 16, "traceId", optional=True),
        span_id=_id(item.span_id, 8, "spanId", optional=True),
        event_name=name if isinstance(name, str) else str(name),
        at_ns=item.time_unix_nano or item.observed_time_unix_nano,
        attributes=attributes,
        body=_value(item.body),
        origin=origin,
    )


def _attributes(pairs: Iterable[KeyValue], depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        value = pair.value
        # Most values are text or counts; asking for them is quicker than asking which type it is.
        found[pair.key] = value.string_value or value.int_value or _value(value, depth)
    return found


def _value(value: AnyValue, depth: int = 0) -> Any:
    if depth > MAX_DEPTH:
        raise RecordError(f"an attribute is nested deeper than {MAX_DEPTH} levels")
    which = value.WhichOneof("value")
    if which is None:
        return None
    if which == "array_value":
        return [_value(v, depth + 1) for v in value.array_value.values]
    if which == "kvlist_value":
        return _attributes(value.kvlist_value.values, depth + 1)
    content = getattr(value, which)
    return base64.b64encode(content).decode("ascii") if isinstance(content, bytes) else content


def _id(value: bytes, size: int, name: str, *, optional: bool = False) -> str:
    if len(value) == size and value != _NO_ID[:size]:
        return value.hex()
    if not any(value):
        if optional:
            return ""
        raise RecordError(f"{name} is missing" if not value else f"{name} is all zeros")
    raise RecordError(f"{name} = {value[:32].hex()!r}: must be {size} bytes")
