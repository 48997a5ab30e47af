"""Decoded OTLP spans and log records as our records, by the names that `semconv` knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

from collectors import messages, semconv
from collectors.model import Annotation, Feedback, Span
from collectors.records import make_annotation, make_feedback, make_span
from collectors.semconv_index import DEFAULT, LINEAGE_PREFIX, Index, Sorted
from collectors.sources._otlp_events import texts as event_texts
from collectors.sources._otlp_raw import Origin, RawEvent, RawSpan
from collectors.sources._otlp_texts import documents, flattened, input_text, output_text

_NS = 1_000_000_000
_SUFFIX = re.compile(r"\.(workflow|task|agent|tool)$")
# Parts of a span name that change from call to call: uuids, long hex, long numbers.
VOLATILE = re.compile(
    r"[\s/_.:#-]*\b([0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{12,}|\d{4,})\b", re.ASCII
)
_CLASS_NAME = re.compile(r"^\s*([A-Za-z_][\w.]*(?:Error|Exception|Timeout))\b")
_MAX_EVENTS = 64
_MODELS = frozenset(semconv.MODEL)
# What the first of its names says goes into the field as it is.
_TEXTS = frozenset(
    {
        "model", "provider", "component_version", "prompt_template", "prompt_version", "user_id",
        "session_id",
    }
)  # fmt: skip
_NUMBERS = frozenset({"input_tokens", "output_tokens", "cached_tokens", "cost_usd"})
# A component is named by no more of a span's name: searching it takes time that grows with its square.
LONGEST_NAME = 256


def to_span(raw: RawSpan, *, source: str, index: Index = DEFAULT) -> Span:
    """The span, validated; `InvalidValueError` when a value cannot be taken."""
    attributes = raw.attributes
    about = index.span(attributes)
    resource = index.resource(raw.origin.resource)
    kind = semconv.kind_of(attributes)
    flat = flattened(about.trees)
    in_text = input_text(attributes, flat)
    found_documents = documents(attributes, flat, raw.events)
    out_text = None
    if kind not in ("retriever", "reranker") or not found_documents:
        out_text = output_text(attributes, flat)
    if raw.events and (in_text is None or out_text is None):
        asked, answered = event_texts(raw.events)
        in_text, out_text = in_text or asked, out_text or (None if found_documents else answered)
    error_type = _error_type(raw, about)
    found: dict[str, Any] = {
        "trace_id": raw.trace_id,
        "span_id": raw.span_id,
        "parent_span_id": raw.parent_span_id,
        "chain": _chain(resource),
        "component": component_of(raw, kind, about),
        "kind": kind,
        "name": raw.name or kind,
        "started_at": raw.start_ns,
        "status": "error" if error_type and raw.status == "unset" else raw.status,
        "error_type": error_type,
        "time_to_first_token_s": _first_token(raw, about),
        "input_text": in_text,
        "output_text": out_text,
        "documents": found_documents or None,
        "environment": _scalar(resource.known.get("environment")),
        "chain_version": _scalar(resource.known.get("chain_version")),
        "parameters": _parameters(attributes, about) or None,
        "exporter": _exporter(raw.origin),
    }
    for name, value in about.known.items():
        if name in _TEXTS:
            found[name] = value if type(value) is str else _scalar(value)
        elif name in _NUMBERS:
            found[name] = value
    if raw.end_ns:
        found["ended_at"] = raw.end_ns
        # From the nanoseconds: the two times above are cut to microseconds.
        found["duration_s"] = (raw.end_ns - raw.start_ns) / _NS if raw.end_ns >= raw.start_ns else None
    if semconv.METADATA in attributes:
        _from_metadata(found, attributes[semconv.METADATA])
    _total_tokens(found, about.known.get("total_tokens"))
    found["attributes"] = _rest(raw, about, resource, texts=(in_text, out_text))
    if index.has_lineage:
        _lineage(found, resource, about)
    for holder in (resource, about):
        # `chainwatch.*` attributes say outright what a field is.
        if holder.own:
            found.update(holder.own)
    return make_span(found, source=source)


def event_notes(raw: RawSpan, *, source: str) -> Iterator[Callable[[], Annotation | Feedback | None]]:
    """What makes each event that says something of the span a record; one may fail alone."""
    author, about = raw.origin.scope_name, (raw.trace_id, raw.span_id)
    for event in raw.events:
        at_ns = event.at_ns or raw.end_ns
        yield partial(note, event.name, event.attributes, at_ns, about, author=author, source=source)


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


def component_of(raw: RawSpan, kind: str, about: Sorted) -> str:
    """The step's name: what its instrumentation calls it, else the span name without its volatile parts.

    A root span keeps its name as it is. A model call's name loses the model: a swapped model is a change
    of the same component. With an agent's name beside it, the call is that agent's.
    """
    attributes = raw.attributes
    for names in (
        semconv.COMPONENT_NAMES.get(kind, ()),
        semconv.ANY_COMPONENT_NAME,
    ):
        value = semconv.first(attributes, names)
        if isinstance(value, str) and value.strip():
            return _SUFFIX.sub("", value.strip()) or value
    function = attributes.get(semconv.FUNCTION_ID)
    if isinstance(function, str) and function.strip():
        # The call and its steps are different components: else each token would count twice.
        step = str(attributes.get(semconv.FUNCTION_STEP) or "").rpartition(".")[2]
        return f"{function}.{step}" if step and kind in ("llm", "embedding") else function
    if raw.parent_span_id is None and kind in ("other", "chain", "agent"):
        return raw.name or kind
    named = sorted(_MODELS & attributes.keys())
    models = tuple(m for key in named if isinstance(m := attributes[key], str) and 0 < len(m) <= LONGEST_NAME)
    name = _step_name(raw.name[:LONGEST_NAME], models) or kind
    agent = about.known.get("agent_name")
    return f"{agent}.{name}" if isinstance(agent, str) and kind in ("llm", "embedding") else name


@lru_cache(maxsize=4096)
def _step_name(name: str, models: tuple[str, ...]) -> str:
    for model in models:
        name = name.replace(model, "")
    return _SUFFIX.sub("", VOLATILE.sub("", name)).strip(" -:/.")


def _chain(resource: Sorted) -> str | None:
    name = resource.known.get("chain")
    # What SDKs send when nobody named the service.
    return None if not isinstance(name, str) or name.startswith("unknown_service") else name


def _exporter(origin: Origin) -> str | None:
    """The instrumentation that made the span: its scope and version."""
    return "/".join(filter(None, (origin.scope_name, origin.scope_version))) or None


def _lineage(found: dict[str, Any], resource: Sorted, about: Sorted) -> None:
    """What the configuration names for a field."""
    for holder in (resource, about):
        for key, value in holder.known.items():
            if key.startswith(LINEAGE_PREFIX):
                found[key.removeprefix(LINEAGE_PREFIX)] = _scalar(value)


def _from_metadata(found: dict[str, Any], value: Any) -> None:
    """User and session that stand in OpenInference's metadata and nowhere else."""
    metadata = messages.parse_json(value)
    if isinstance(metadata, dict):
        for field, names in (("user_id", ("user_id",)), ("session_id", ("session_id", "thread_id"))):
            if found.get(field) is None:
                found[field] = _scalar(semconv.first(metadata, names))


def _scalar(value: Any) -> str | None:
    """Text for a text column; anything structured stays in the attributes only."""
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None


def _error_type(raw: RawSpan, about: Sorted) -> str | None:
    """The error's class: the attribute, the exception event, the status message, the HTTP status."""
    named = _scalar(about.known.get("error_type"))
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
    return _scalar(about.known.get("http_status"))


def _first_token(raw: RawSpan, about: Sorted) -> float | None:
    seconds = about.known.get("first_token_s")
    if isinstance(seconds, (int, float)):
        return float(seconds)
    milliseconds = about.known.get("first_token_ms")
    if isinstance(milliseconds, (int, float)):
        return milliseconds / 1000
    times = [e.at_ns for e in raw.events if e.name in semconv.FIRST_TOKEN_EVENTS and e.at_ns >= raw.start_ns]
    return (min(times) - raw.start_ns) / _NS if times else None


def _parameters(attributes: Mapping[str, Any], about: Sorted) -> dict[str, Any]:
    given = attributes.get(semconv.INVOCATION_PARAMETERS)
    if given is None:
        return about.parameters
    given = messages.parse_json(given)
    found: dict[str, Any] = {}
    if isinstance(given, dict):
        found = {semconv.INVOCATION_KEYS[k]: v for k, v in given.items() if k in semconv.INVOCATION_KEYS}
    found |= about.parameters
    return {key: value for key, value in found.items() if value is not None}


def _total_tokens(found: dict[str, Any], total: Any) -> None:
    """A side that only the total tells of. No output is no tokens for an embedding, so nothing is made up."""
    if not isinstance(total, int) or isinstance(total, bool):
        return
    for known, missing in (("output_tokens", "input_tokens"), ("input_tokens", "output_tokens")):
        other = found.get(known)
        if found.get(missing) is None and isinstance(other, int) and 0 <= other < total:
            found[missing] = total - other


def _rest(
    raw: RawSpan, about: Sorted, resource: Sorted, texts: tuple[str | None, str | None]
) -> dict[str, Any]:
    """Everything that no column holds as it came."""
    rest = about.rest
    for names, text in zip((semconv.INPUT_VALUE, semconv.OUTPUT_VALUE), texts, strict=True):
        if text is not None:
            for key in names:
                if rest.get(key) == text:
                    del rest[key]
    reasons = about.known.get("finish_reasons")
    if reasons is not None:
        reasons = messages.parse_json(reasons)
        rest[semconv.FINISH_REASONS_KEY] = reasons if isinstance(reasons, list) else [reasons]
    if raw.status_message:
        rest[semconv.STATUS_DESCRIPTION] = raw.status_message
    if raw.events:
        events = [_event(e, raw.start_ns) for e in raw.events if e.name not in semconv.FIRST_TOKEN_EVENTS]
        if events:
            rest["events"] = events[:_MAX_EVENTS]
    if resource.rest:
        rest["resource"] = resource.rest
    return rest


def _event(event: RawEvent, start_ns: int) -> dict[str, Any]:
    return {"name": event.name, "offset_s": (event.at_ns - start_ns) / _NS, **dict(event.attributes)}
