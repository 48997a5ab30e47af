"""Decoded OTLP spans and log records as our records, by the names that `semconv` knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from collectors import messages, semconv
from collectors.messages import Message
from collectors.model import Annotation, Feedback, Span
from collectors.records import make_annotation, make_feedback, make_span
from collectors.sources._otlp_raw import RawEvent, RawSpan
from collectors.sources._otlp_texts import documents, flattened, input_text, output_text

_NS = 1_000_000_000
_SUFFIX = re.compile(r"\.(workflow|task|agent|tool)$")
# Parts of a span name that change from call to call: uuids, long hex, long numbers.
_VOLATILE = re.compile(
    r"[\s/_.:#-]*\b([0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{12,}|\d{4,})\b", re.ASCII
)
_CLASS_NAME = re.compile(r"^\s*([A-Za-z_][\w.]*(?:Error|Exception|Timeout))\b")
_MAX_EVENTS = 64


def to_span(raw: RawSpan, *, source: str) -> Span:
    """The span, validated; `InvalidValueError` when a value cannot be taken."""
    attributes = raw.attributes
    metadata = messages.parse_json(attributes.get(semconv.METADATA))
    metadata = metadata if isinstance(metadata, dict) else {}
    kind = semconv.kind_of(attributes)
    model = semconv.first(attributes, semconv.MODEL)
    flat = flattened(attributes)
    resource = raw.origin.resource
    found: dict[str, Any] = {
        "trace_id": raw.trace_id,
        "span_id": raw.span_id,
        "parent_span_id": raw.parent_span_id,
        "chain": _chain(resource),
        "component": component_of(raw, kind),
        "kind": kind,
        "name": raw.name or kind,
        "started_at": raw.start_ns,
        "status": raw.status,
        "error_type": _error_type(raw),
        "time_to_first_token_s": _first_token(raw),
        "input_text": input_text(attributes, flat),
        "documents": documents(attributes, flat, raw.events),
        "model": _scalar(model),
        "provider": _scalar(semconv.first(attributes, semconv.PROVIDER)),
        "environment": _scalar(semconv.first(resource, semconv.ENVIRONMENT)),
        "chain_version": _scalar(semconv.first(resource, semconv.CHAIN_VERSION)),
        "component_version": _scalar(semconv.first(attributes, semconv.COMPONENT_VERSION)),
        "prompt_template": _scalar(semconv.first(attributes, semconv.PROMPT_TEMPLATE)),
        "prompt_version": _scalar(semconv.first(attributes, semconv.PROMPT_VERSION)),
        "parameters": _parameters(attributes),
        "input_tokens": semconv.first(attributes, semconv.INPUT_TOKENS),
        "output_tokens": semconv.first(attributes, semconv.OUTPUT_TOKENS),
        "cached_tokens": semconv.first(attributes, semconv.CACHED_TOKENS),
        "cost_usd": semconv.first(attributes, semconv.COST),
        "user_id": _scalar(semconv.first(attributes, semconv.USER) or metadata.get("user_id")),
        "session_id": _scalar(
            semconv.first(attributes, semconv.SESSION)
            or metadata.get("session_id")
            or metadata.get("thread_id")
        ),
    }
    if raw.end_ns:
        found["ended_at"] = raw.end_ns
        # From the nanoseconds: the two times above are cut to microseconds.
        found["duration_s"] = (raw.end_ns - raw.start_ns) / _NS if raw.end_ns >= raw.start_ns else None
    if kind not in ("retriever", "reranker") or not found["documents"]:
        found["output_text"] = output_text(attributes, flat)
    if found["error_type"] and found["status"] == "unset":
        found["status"] = "error"
    _total_tokens(found, attributes)
    found["attributes"] = _rest(raw, texts=(found["input_text"], found.get("output_text")))
    for key, value in attributes.items():
        if key.startswith(semconv.OWN_PREFIX):
            found[key.removeprefix(semconv.OWN_PREFIX)] = value
    return make_span(found, source=source)


def notes(raw: RawSpan, *, source: str) -> Iterator[Annotation | Feedback]:
    """What others said of the span in its events: evaluation results and users' feedback."""
    for event in raw.events:
        at_ns = event.at_ns or raw.end_ns
        about = (raw.trace_id, raw.span_id)
        found = note(event.name, event.attributes, at_ns, about, author=raw.origin.scope_name, source=source)
        if found is not None:
            yield found


def note(
    name: str, attributes: Mapping[str, Any], at_ns: int, about: tuple[str, str], *, author: str, source: str
) -> Annotation | Feedback | None:
    """An evaluation or feedback event on the span `about` (trace id, span id); None for any other event."""
    if name != semconv.EVALUATION_EVENT and name not in semconv.FEEDBACK_EVENTS:
        return None
    found = {key: semconv.first(attributes, names) for key, names in semconv.EVALUATION.items()}
    found |= {"trace_id": about[0], "span_id": about[1] or None, "created_at": at_ns}
    if name in semconv.FEEDBACK_EVENTS:
        found["name"] = found["name"] or "feedback"
        return make_feedback(found, source=source)
    found |= {"author": author or "unknown", "author_kind": "judge"}
    return make_annotation(found, source=source)


def component_of(raw: RawSpan, kind: str) -> str:
    """The step's name: what its instrumentation calls it, else the span name without its volatile parts.

    A root span keeps its name as it is. A model call's name loses the model: a swapped model is a change
    of the same component. With an agent's name beside it, the call is that agent's.
    """
    attributes = raw.attributes
    for names in (
        semconv.COMPONENT_NAMES.get(kind, ()),
        semconv.ANY_COMPONENT_NAME,
        semconv.OPERATION_ALIASES,
    ):
        value = semconv.first(attributes, names)
        if isinstance(value, str) and value.strip():
            return _SUFFIX.sub("", value.strip()) or value
    if raw.parent_span_id is None and kind in ("other", "chain", "agent"):
        return raw.name or kind
    name = raw.name
    for key in semconv.MODEL:
        model = attributes.get(key)
        if isinstance(model, str) and model:
            name = name.replace(model, "")
    name = _SUFFIX.sub("", _VOLATILE.sub("", name)).strip(" -:/.") or kind
    agent = semconv.first(attributes, semconv.AGENT_NAME)
    return f"{agent}.{name}" if isinstance(agent, str) and kind in ("llm", "embedding") else name


def content_messages(event_name: str, body: Any) -> list[Message]:
    """The messages in the body of a log event such as `gen_ai.user.message`."""
    role = semconv.MESSAGE_EVENTS[event_name]
    role = "assistant" if role == "choice" else role
    parsed = messages.parse_json(body)
    if (
        isinstance(parsed, Mapping)
        and "role" not in parsed
        and not isinstance(parsed.get("message"), Mapping)
    ):
        parsed = {**parsed, "role": role}
    return messages.parse(parsed, role)


def _chain(resource: Mapping[str, Any]) -> str | None:
    name = semconv.first(resource, semconv.CHAIN)
    # What SDKs send when nobody named the service.
    return None if not isinstance(name, str) or name.startswith("unknown_service") else name


def _scalar(value: Any) -> str | None:
    """Text for a text column; anything structured stays in the attributes only."""
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None


def _error_type(raw: RawSpan) -> str | None:
    """The error's class: the attribute, the exception event, the status message, the HTTP status."""
    named = _scalar(semconv.first(raw.attributes, semconv.ERROR_TYPE))
    if named:
        return named.rpartition(".")[2] or named
    if raw.status != "error":
        return None
    for event in reversed(raw.events):
        kind = event.attributes.get(semconv.EXCEPTION_TYPE)
        if event.name == semconv.EXCEPTION_EVENT and isinstance(kind, str) and kind:
            return kind.rpartition(".")[2] or kind
    match = _CLASS_NAME.match(raw.status_message[:200])
    if match:
        return match.group(1).rpartition(".")[2]
    return _scalar(semconv.first(raw.attributes, semconv.RESPONSE_ERRORS))


def _first_token(raw: RawSpan) -> float | None:
    seconds = semconv.first(raw.attributes, semconv.FIRST_TOKEN_S)
    if isinstance(seconds, (int, float)):
        return float(seconds)
    milliseconds = semconv.first(raw.attributes, semconv.FIRST_TOKEN_MS)
    if isinstance(milliseconds, (int, float)):
        return milliseconds / 1000
    times = [e.at_ns for e in raw.events if e.name in semconv.FIRST_TOKEN_EVENTS and e.at_ns >= raw.start_ns]
    return (min(times) - raw.start_ns) / _NS if times else None


def _parameters(attributes: Mapping[str, Any]) -> dict[str, Any]:
    given = messages.parse_json(attributes.get(semconv.INVOCATION_PARAMETERS))
    found: dict[str, Any] = {}
    if isinstance(given, dict):
        found = {semconv.INVOCATION_KEYS[k]: v for k, v in given.items() if k in semconv.INVOCATION_KEYS}
    found |= {semconv.PARAMETERS[k]: v for k, v in attributes.items() if k in semconv.PARAMETERS}
    return {key: value for key, value in found.items() if value is not None}


def _total_tokens(found: dict[str, Any], attributes: Mapping[str, Any]) -> None:
    """A side that only the total tells of. No output is no tokens for an embedding, so nothing is made up."""
    total = semconv.first(attributes, semconv.TOTAL_TOKENS)
    if not isinstance(total, int) or isinstance(total, bool):
        return
    for known, missing in (("output_tokens", "input_tokens"), ("input_tokens", "output_tokens")):
        other = found[known]
        if found[missing] is None and isinstance(other, int) and 0 <= other < total:
            found[missing] = total - other


def _rest(raw: RawSpan, texts: tuple[str | None, str | None]) -> dict[str, Any]:
    """Everything that no column holds as it came."""
    rest = {
        key: value
        for key, value in raw.attributes.items()
        if key not in semconv.STORED and not key.startswith(semconv.OWN_PREFIX) and not _in_documents(key)
    }
    for names, text in zip((semconv.INPUT_VALUE, semconv.OUTPUT_VALUE), texts, strict=True):
        for key in names:
            if text is not None and rest.get(key) == text:
                del rest[key]
    reasons = semconv.first(raw.attributes, semconv.FINISH_REASONS)
    if reasons is not None:
        rest[semconv.FINISH_REASONS_KEY] = reasons if isinstance(reasons, list) else [reasons]
    if raw.status_message:
        rest[semconv.STATUS_DESCRIPTION] = raw.status_message
    if raw.origin.scope_name:
        rest[semconv.SCOPE_NAME] = raw.origin.scope_name
    if raw.origin.scope_version:
        rest[semconv.SCOPE_VERSION] = raw.origin.scope_version
    events = [_event(e, raw.start_ns) for e in raw.events if e.name not in semconv.FIRST_TOKEN_EVENTS]
    if events:
        rest["events"] = events[:_MAX_EVENTS]
    resource = {
        key: value
        for key, value in raw.origin.resource.items()
        if key not in semconv.RESOURCE_STORED and not key.startswith(semconv.RESOURCE_NOISE_PREFIX)
    }
    if resource:
        rest["resource"] = resource
    return rest


def _in_documents(key: str) -> bool:
    return key.startswith(semconv.DOCUMENTS_FLAT) and key.endswith(semconv.DOCUMENT_STORED)


def _event(event: RawEvent, start_ns: int) -> dict[str, Any]:
    return {"name": event.name, "offset_s": (event.at_ns - start_ns) / _NS, **dict(event.attributes)}
