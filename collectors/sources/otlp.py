"""OTLP traces and logs: JSON as the Collector's file exporter writes it, and protobuf.

A file holds a request a line, one pretty-printed request, a JSON list of requests, or one protobuf body.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from collectors.errors import SourceError
from collectors.files import WHOLE_LIMIT, read_all, read_lines
from collectors.json_text import loads
from collectors.model import Annotation, Feedback, Span
from collectors.semconv_index import DEFAULT, Index
from collectors.sources import _otlp_json, _otlp_proto
from collectors.sources._otlp_logs import from_log
from collectors.sources._otlp_map import event_notes, to_span
from collectors.sources._otlp_notes import attribute_notes, has_notes
from collectors.sources._otlp_raw import Raw, RawSpan, Rejected
from collectors.sources.base import RECORD_ERRORS, Bad, Item, Skipped, SourceContext, SpanContent, shorten

_TRACE_KEYS = ("resourceSpans", "resource_spans", "batches")
_LOG_KEYS = ("resourceLogs", "resource_logs")
_METRIC_KEYS = ("resourceMetrics", "resource_metrics")
# What query APIs put around requests, and the keys of a resource's group that stands without a request.
_WRAPPERS = ("trace", "result", "data", "traces")
_TRACE_GROUP_KEYS = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans")
_MAX_WRAPPED = 3
_BINARY = (".pb", ".binpb")


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """One OTLP request. `rejected` holds (reason, raw) of what could not be taken; `ignored` counts log
    records that are no business of ours. Neither stops the rest."""

    spans: tuple[Span, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    span_contents: tuple[SpanContent, ...] = ()
    rejected: tuple[tuple[str, str], ...] = ()
    ignored: int = 0


def decode(
    signal: Literal["traces", "logs"],
    body: bytes,
    content_type: str,
    *,
    source: str = "otlp",
    index: Index = DEFAULT,
) -> Decoded:
    """Decode the body of one OTLP/HTTP request.

    `content_type` is `application/x-protobuf` or `application/json` (parameters are ignored). Raises
    SourceError for another content type and for a body that cannot be parsed at all.
    """
    return decode_raw(parse(signal, body, content_type), source=source, index=index)


def parse(signal: Literal["traces", "logs"], body: bytes, content_type: str) -> Iterator[Raw]:
    """The records of one OTLP/HTTP request as they came; raises as `decode` does, here or on the way."""
    media = content_type.partition(";")[0].strip().lower()
    if media == "application/json":
        return _raw_json(signal, _load(body))
    if media in ("application/x-protobuf", "application/protobuf", "application/vnd.google.protobuf"):
        return _otlp_proto.spans(body) if signal == "traces" else _otlp_proto.logs(body)
    shown = shorten(content_type)[:80]
    raise SourceError(f"content type {shown!r}: choose one of: application/x-protobuf, application/json")


def decode_raw(raws: Iterable[Raw], *, source: str, index: Index) -> Decoded:
    """What the records of one request mean."""
    return collect(_items(raws, SourceContext(source=source, index=index)))


def collect(items: Iterable[Item]) -> Decoded:
    """Sort a stream of items by what they are."""
    spans: list[Span] = []
    feedback: list[Feedback] = []
    annotations: list[Annotation] = []
    contents: list[SpanContent] = []
    rejected: list[tuple[str, str]] = []
    ignored = 0
    for item in items:
        if isinstance(item, Span):
            spans.append(item)
        elif isinstance(item, SpanContent):
            contents.append(item)
        elif isinstance(item, Annotation):
            annotations.append(item)
        elif isinstance(item, Feedback):
            feedback.append(item)
        elif isinstance(item, Bad):
            rejected.append((item.reason, item.raw))
        else:
            ignored += 1
    return Decoded(
        spans=tuple(spans),
        feedback=tuple(feedback),
        annotations=tuple(annotations),
        span_contents=tuple(contents),
        rejected=tuple(rejected),
        ignored=ignored,
    )


def _load(body: bytes) -> dict[str, Any]:
    try:
        loaded = loads(body)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"not an OTLP JSON request: {error}") from error
    if not isinstance(loaded, dict):
        raise SourceError(f"not an OTLP JSON request: it is {type(loaded).__name__}, not an object")
    return loaded


def _raw_json(signal: str, body: Mapping[str, Any]) -> Iterator[Raw]:
    return _otlp_json.spans(body) if signal == "traces" else _otlp_json.logs(body)


def _items(raws: Iterable[Raw], context: SourceContext, line: int | None = None) -> Iterator[Item]:
    source = context.source
    for raw in raws:
        if isinstance(raw, Rejected):
            yield Bad(line=line, reason=raw.reason, raw=raw.raw, problem=raw.reason.partition(" = ")[0])
            continue
        try:
            if isinstance(raw, RawSpan):
                found: list[Item] = [to_span(raw, source=source, index=context.index)]
            else:
                found = list(from_log(raw, source=source))
        except RECORD_ERRORS as error:
            yield _bad(error, raw, line)
            continue
        yield from found or [Skipped(reason="log records that tell nothing of a span")]
        if isinstance(raw, RawSpan) and (raw.events or has_notes(raw.attributes)):
            yield from _notes(raw, source, line)


def _notes(raw: RawSpan, source: str, line: int | None) -> Iterator[Item]:
    for said in chain(event_notes(raw, source=source), attribute_notes(raw, source=source)):
        try:
            found = said()
        except RECORD_ERRORS as error:
            yield _bad(error, raw, line)
        else:
            if found is not None:
                yield found


def _bad(error: Exception, raw: object, line: int | None) -> Bad:
    return Bad(line=line, reason=str(error), raw=shorten(raw), problem=getattr(error, "problem", ""))


class Otlp:
    """Files of OTLP requests."""

    title = "OTLP (OpenTelemetry traces and logs)"

    def detect(self, path: Path, head: bytes) -> float:
        if path.suffix in _BINARY:
            return 0.9
        names = (*_TRACE_KEYS, *_LOG_KEYS, *_METRIC_KEYS, *_TRACE_GROUP_KEYS)
        found = any(b'"' + name.encode() + b'"' in head[:4096] for name in names)
        return 0.95 if found and head.lstrip()[:1] in (b"{", b"[") else 0.0

    def read(self, path: Path, context: SourceContext) -> Iterator[Item]:
        if path.suffix in _BINARY:
            yield from _protobuf(read_all(path, WHOLE_LIMIT), context)
            return
        if self.in_lines(path):
            yield from self.lines(read_lines(path), context)
        else:
            yield from _document(read_all(path, WHOLE_LIMIT), context)

    def in_lines(self, path: Path) -> bool:
        """Whether the first line is a whole request."""
        if path.suffix in _BINARY:
            return False
        first = next((line for _, line in read_lines(path) if line.strip()), b"{}")
        return _is_request(first)

    def lines(self, lines: Iterable[tuple[int, bytes]], context: SourceContext) -> Iterator[Item]:
        for number, line in lines:
            if line.strip():
                yield from _line(number, line, context)


def _is_request(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _line(number: int, line: bytes, context: SourceContext) -> Iterator[Item]:
    try:
        body = _load(line)
    except SourceError as error:
        yield Bad(
            line=number, reason=str(error), raw=shorten(line.decode("utf-8", "replace")), problem="not JSON"
        )
        return
    yield from _body(body, context, number)


def _document(text: bytes, context: SourceContext) -> Iterator[Item]:
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError):
        # Not one document after all: a line each, of which the first was broken.
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                yield from _line(number, line, context)
        return
    for body in loaded if isinstance(loaded, list) else [loaded]:
        if isinstance(body, dict):
            yield from _body(body, context, None)
        else:
            yield Bad(
                line=None, reason="must be an OTLP request object", raw=shorten(body), problem="not a request"
            )


def _body(
    body: Mapping[str, Any], context: SourceContext, line: int | None, depth: int = 0
) -> Iterator[Item]:
    known = False
    if any(key in body for key in _TRACE_KEYS):
        known = True
        yield from _items(_otlp_json.spans(body), context, line)
    if any(key in body for key in _LOG_KEYS):
        known = True
        yield from _items(_otlp_json.logs(body), context, line)
    if any(key in body for key in _METRIC_KEYS):
        known = True
        yield Skipped(reason="metrics")
    if not known and any(key in body for key in _TRACE_GROUP_KEYS):
        known = True
        yield from _items(_otlp_json.spans({_TRACE_KEYS[0]: [body]}), context, line)
    wrapped = [body[key] for key in _WRAPPERS if isinstance(body.get(key), (dict, list))]
    if not known and wrapped and depth < _MAX_WRAPPED:
        known = True
        for inner in wrapped[0] if isinstance(wrapped[0], list) else wrapped[:1]:
            yield from _body(inner if isinstance(inner, dict) else {}, context, line, depth + 1)
    if not known:
        problem = f"has none of the keys {', '.join((_TRACE_KEYS[0], _LOG_KEYS[0], _METRIC_KEYS[0]))}"
        yield Bad(line=line, reason=problem, raw=shorten(body), problem=problem)


def _protobuf(body: bytes, context: SourceContext) -> Iterator[Item]:
    """A binary body says nothing of its signal: the one that yields sound records is it."""
    try:
        traces = list(_otlp_proto.spans(body))
    except SourceError:
        traces = []
    if any(isinstance(raw, RawSpan) for raw in traces):
        yield from _items(traces, context)
    else:
        yield from _items(_otlp_proto.logs(body) if body else [], context)


SOURCE = Otlp()
