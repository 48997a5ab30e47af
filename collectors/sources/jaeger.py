"""Jaeger's JSON: traces as its UI and its query API write them, and spans as its storage keeps them.

Tags are OpenTelemetry attributes by their names, so they are read as those of OTLP are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from collectors.cleaning import InvalidValueError
from collectors.sources._document_source import DocumentSource
from collectors.sources._foreign import Where, text_or_none
from collectors.sources._jaeger_proto import in_ui_names, is_proto
from collectors.sources._jaeger_values import ends, hex_id, parent_of, tags_of
from collectors.sources._otlp_map import event_notes, to_span
from collectors.sources._otlp_notes import attribute_notes
from collectors.sources._otlp_raw import Origin, RawEvent, RawSpan
from collectors.sources._outline import keys_under, outline
from collectors.sources.base import RECORD_ERRORS, Item, SourceContext

_PLACES = (
    "data[]",
    "data",
    "",
    "[]",
    "_source",
    "[]._source",
    "data[].spans[]",
    "spans[]",
    "[].spans[]",
    "result.spans[]",
)
_STATUS = {"OK": "ok", "ERROR": "error", "UNSET": "unset"}
_UNKNOWN = "is no Jaeger trace or span"
_MAX_NESTING = 6
# Tags that Jaeger makes of an OpenTelemetry span's own fields.
# The second word is what older SDKs called the scope.
_SCOPE_NAMES, _SCOPE_VERSIONS = (
    tuple(f"otel.{word}.{part}" for word in ("scope", "library")) for part in ("name", "version")
)
_STATUS_CODE, _STATUS_TEXT, _ERROR = "otel.status_code", "otel.status_description", "error"


class Jaeger(DocumentSource):
    """Traces with their spans and processes, and lines of single spans."""

    title = "Jaeger JSON"

    def detect(self, path: Path, head: bytes) -> float:
        found = outline(head)
        for place in _PLACES:
            keys = keys_under(found, place)
            if "traceID" in keys and ("spans" in keys or "processes" in keys or "operationName" in keys):
                return 0.95
            if is_proto(keys):
                return 0.9
        return 0.0

    def items(self, value: Any, where: Where, context: SourceContext) -> Iterator[Item]:
        return _items(value, where, context)


def _items(value: Any, where: Where, context: SourceContext, depth: int = 0) -> Iterator[Item]:
    if isinstance(value, list) and depth <= _MAX_NESTING:
        for number, item in enumerate(value):
            yield from _items(item, where.at(number), context, depth + 1)
    elif not isinstance(value, Mapping) or depth > _MAX_NESTING:
        yield where.bad(_UNKNOWN, value)
    elif isinstance(value.get("spans"), list):
        yield from _trace(value, where, context)
    elif "spanID" in value or is_proto(value):
        yield from _span(value, {}, where, context)
    else:
        inner = next(
            (key for key in ("data", "_source", "result") if isinstance(value.get(key), (list, Mapping))),
            None,
        )
        if inner is None:
            yield where.bad(_UNKNOWN, value)
        else:
            yield from _items(value[inner], where.at(inner), context, depth + 1)


def _trace(trace: Mapping[str, Any], where: Where, context: SourceContext) -> Iterator[Item]:
    processes = trace.get("processes")
    processes = processes if isinstance(processes, Mapping) else {}
    for number, span in enumerate(trace["spans"]):
        place = where.at("spans").at(number)
        traced = span
        if isinstance(span, Mapping) and "traceID" in trace:
            traced = {"traceID": trace["traceID"], **span}
        yield from _span(traced, processes, place, context)


def _span(value: Any, processes: Mapping[str, Any], where: Where, context: SourceContext) -> Iterator[Item]:
    try:
        raw = raw_span(value, processes)
        span = to_span(raw, source=context.source, index=context.index)
    except RECORD_ERRORS as error:
        yield where.bad(error, value)
        return
    yield span
    for said in chain(event_notes(raw, source=context.source), attribute_notes(raw, source=context.source)):
        try:
            found = said()
        except RECORD_ERRORS as error:
            yield where.bad(error, value)
        else:
            if found is not None:
                yield found


def raw_span(value: Any, processes: Mapping[str, Any]) -> RawSpan:
    """One span of a trace whose processes are `processes`; RECORD_ERRORS when it cannot be taken."""
    if not isinstance(value, Mapping):
        raise InvalidValueError("span", value, "must be an object")
    if is_proto(value):
        value = in_ui_names(value)
    trace_id = hex_id("traceID", value.get("traceID"))
    start_ns, end_ns = ends(value)
    attributes = tags_of(value.get("tags"), value.get("tag"))
    status = _STATUS.get(str(attributes.pop(_STATUS_CODE, "")).upper(), "")
    if not status:
        # OpenTracing's tag says it with `error` alone; it is the status's shadow otherwise.
        status = "error" if str(attributes.get(_ERROR)).lower() == "true" else "unset"
    if str(attributes.get(_ERROR)).lower() in ("true", "false"):
        del attributes[_ERROR]
    scope = [next((attributes.pop(key) for key in names if key in attributes), "") for names in
             (_SCOPE_NAMES, _SCOPE_VERSIONS)]  # fmt: skip
    parent, others = parent_of(value, trace_id)
    for key, kept in (("jaeger.references", others), ("jaeger.warnings", value.get("warnings"))):
        if kept:
            attributes[key] = kept
    process = value.get("process") or processes.get(str(value.get("processID"))) or {}
    process = process if isinstance(process, Mapping) else {}
    return RawSpan(
        trace_id=trace_id,
        span_id=hex_id("spanID", value.get("spanID")),
        parent_span_id=parent,
        name=text_or_none(value.get("operationName")) or "",
        start_ns=start_ns,
        end_ns=end_ns,
        events=tuple(_events(value.get("logs"))),
        status=status,
        status_message=text_or_none(attributes.pop(_STATUS_TEXT, None)) or "",
        attributes=attributes,
        origin=Origin(
            resource={
                **tags_of(process.get("tags"), process.get("tag")),
                "service.name": process.get("serviceName"),
            },
            scope_name=str(scope[0]),
            scope_version=str(scope[1]),
        ),
    )


def _events(logs: Any) -> Iterator[RawEvent]:
    for log in logs if isinstance(logs, list) else []:
        if not isinstance(log, Mapping):
            continue
        fields = tags_of(log.get("fields"), None)
        name = text_or_none(fields.pop("event", None)) or text_or_none(fields.get("message")) or "log"
        at = log.get("timestamp")
        at_us = at if isinstance(at, int) and not isinstance(at, bool) else 0
        yield RawEvent(name=name, at_ns=at_us * 1000, attributes=fields)


SOURCE = Jaeger()
