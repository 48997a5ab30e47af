"""One OTLP request: unpacking with a limit, and the check before it is acknowledged.

The check looks at what the specification lets a receiver reject (ids and start times), so that the sender
hears of it as partial success. Everything else about a record is judged when the spool is stored, where a
bad record is quarantined with its reason.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collectors.sources import _otlp_json
from collectors.sources._otlp_raw import Rejected

Signal = Literal["traces", "logs", "metrics"]
PROTOBUF = "application/x-protobuf"
JSON = "application/json"
ENCODINGS = ("", "identity", "gzip", "deflate")

_WINDOW_BITS = {"gzip": 31, "deflate": 15}
# Empty spans take two bytes each, and a hundred times that once parsed.
MOST_RECORDS = 100_000
# A record that is alone in its group comes with four more: the group, the resource, the scope and its spans.
_MOST_FIELDS = 6 * MOST_RECORDS
# Nothing of this size becomes much when it is parsed.
_SMALL_BYTES = 1 << 20
# Fields of the request that lead to a record: resource_spans, scope_spans, spans; the same numbers for logs.
_TO_RECORD = (1, 2, 2)
# Each member of a gzip body costs a copy of what follows it.
_MOST_MEMBERS = 100


class BadRequestError(ValueError):
    """The body is not what its headers say."""


class TooLargeError(ValueError):
    """The body is larger than the limit, packed or unpacked, or has too many records."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """How many records a request holds, and how many of them cannot be taken, with the first reason."""

    items: int
    rejected: int = 0
    reason: str = ""


def unpack(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its Content-Encoding; never more than `limit` bytes are made."""
    if encoding in ("", "identity"):
        if len(body) > limit:
            raise TooLargeError(f"the body is larger than {limit} bytes")
        return body
    parts: list[bytes] = []
    room = limit
    while body:
        stream = zlib.decompressobj(_WINDOW_BITS[encoding])
        try:
            part = stream.decompress(body, room + 1)
        except zlib.error as error:
            raise BadRequestError(f"the body is not {encoding}: {error}") from error
        room -= len(part)
        if room < 0:
            raise TooLargeError(f"the unpacked body is larger than {limit} bytes")
        if not stream.eof:
            raise BadRequestError(f"the {encoding} body ends too early")
        parts.append(part)
        if len(parts) > _MOST_MEMBERS:
            raise BadRequestError(f"the gzip body has more than {_MOST_MEMBERS} members")
        # gzip allows several members in a row.
        body = stream.unused_data if encoding == "gzip" else b""
    return b"".join(parts)


def check(signal: Signal, content_type: str, body: bytes) -> Checked:
    """Parse the unpacked body; BadRequestError when it is not a request of that signal, TooLargeError when it
    has more than `MOST_RECORDS` records."""
    verdicts = _json_verdicts(signal, body) if content_type == JSON else _protobuf_verdicts(signal, body)
    items = rejected = 0
    reason = ""
    for verdict in verdicts:
        items += 1
        if items > MOST_RECORDS:
            raise _too_many()
        if verdict:
            rejected += 1
            reason = reason or verdict
    return Checked(items=items, rejected=rejected, reason=reason)


def _protobuf_verdicts(signal: Signal, body: bytes) -> Iterator[str]:
    """For each record '' or why it cannot be taken."""
    if len(body) > _SMALL_BYTES and _fields(body, 0, len(body), 0, _MOST_FIELDS) > _MOST_FIELDS:
        raise _too_many()
    try:
        if signal == "logs":
            logs = ExportLogsServiceRequest.FromString(body)
            records = sum(len(s.log_records) for r in logs.resource_logs for s in r.scope_logs)
            return iter([""] * records)
        traces = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise BadRequestError(f"not an OTLP {signal} request: {error}") from error
    return _spans(span for r in traces.resource_spans for s in r.scope_spans for span in s.spans)


def _spans(spans: Iterable[Any]) -> Iterator[str]:
    for span in spans:
        trace_id, span_id = span.trace_id, span.span_id
        if len(trace_id) != 16 or not any(trace_id):
            yield "trace_id must be 16 bytes and not all zero"
        elif len(span_id) != 8 or not any(span_id):
            yield "span_id must be 8 bytes and not all zero"
        elif not span.start_time_unix_nano:
            yield "start_time_unix_nano is missing"
        else:
            yield ""


def _json_verdicts(signal: Signal, body: bytes) -> Iterator[str]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise BadRequestError(f"not an OTLP {signal} request: it must be a JSON object")
    records = _otlp_json.logs(parsed) if signal == "logs" else _otlp_json.spans(parsed)
    return (record.reason if isinstance(record, Rejected) else "" for record in records)


def _too_many() -> TooLargeError:
    return TooLargeError(f"more than {MOST_RECORDS} records in one request; send smaller batches")


def _fields(body: bytes, at: int, end: int, depth: int, most: int) -> int:
    """Fields of the request, its groups and their scopes in body[at:end]; stops counting beyond `most`.

    What is not protobuf ends the count: the parser says what is wrong with it.
    """
    seen = 0
    try:
        while at < end and seen <= most:
            seen += 1
            tag, at = _varint(body, at)
            # Wire types: 0 is a varint, 1 is 64 bits, 2 has its length before it, 5 is 32 bits; 3 and 4 mark
            # groups of old, whose fields follow like any others.
            size = {1: 8, 5: 4}.get(tag & 7, 0)
            if tag & 7 == 0:
                _, at = _varint(body, at)
            elif tag & 7 == 2:
                size, at = _varint(body, at)
                if depth + 1 < len(_TO_RECORD) and tag >> 3 == _TO_RECORD[depth]:
                    seen += _fields(body, at, min(end, at + size), depth + 1, most - seen)
            at += size
    except IndexError:
        return seen
    return seen


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
