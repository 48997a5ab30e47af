"""Langfuse observations and traces as spans."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from collectors import semconv
from collectors.messages import parse_json
from collectors.model import Span
from collectors.sources._foreign import amount, foreign_span, mapping, nanoseconds, stable_name, text_or_none
from collectors.sources._langchain import text_in, text_out
from collectors.sources._langfuse_shape import KINDS, Record
from collectors.sources._langfuse_usage import usage_of
from collectors.sources.base import SourceContext

_STATUS = {"ERROR": "error"}
_USAGE_NAMES = frozenset(
    {
        *semconv.INPUT_TOKENS, *semconv.OUTPUT_TOKENS, *semconv.TOTAL_TOKENS, *semconv.CACHED_TOKENS,
        *semconv.COST,
    }
)  # fmt: skip
_TEXT_NAMES = (*semconv.INPUT_MESSAGES, *semconv.OUTPUT_MESSAGES, *semconv.INPUT_VALUE, *semconv.OUTPUT_VALUE)
_IN_MESSAGES = (*semconv.INPUT_MESSAGES, *semconv.INPUT_FLAT)
_OUT_MESSAGES = (*semconv.OUTPUT_MESSAGES, *semconv.OUTPUT_FLAT)
_INPUT, _OUTPUT = "langfuse.observation.input", "langfuse.observation.output"
# What a field of a span holds, what repeats another key, and the book-keeping of Langfuse itself.
_HANDLED = frozenset(
    {
        "id", "trace_id", "parent_observation_id", "name", "start_time", "end_time", "timestamp", "metadata",
        "input", "output", "model", "provided_model_name", "status_message", "version", "environment",
        "completion_start_time", "prompt_name", "prompt_version", "user_id", "session_id", "release",
        "trace_name", "latency", "time_to_first_token", "input_usage", "output_usage", "total_usage",
        "input_cost", "output_cost", "total_cost", "calculated_input_cost", "calculated_output_cost",
        "calculated_total_cost", "prompt_tokens", "completion_tokens", "total_tokens", "created_at",
        "updated_at", "event_ts", "is_deleted", "internal_model", "provided_usage_details",
        "provided_cost_details", "observations", "scores", "corrections", "bookmarked", "public",
    }
)  # fmt: skip
_RENAMED = {
    "type": "langfuse.observation.type",
    "level": "langfuse.observation.level",
    "prompt_id": "langfuse.observation.prompt.id",
}
_SAYS_NOTHING: tuple[object, ...] = (None, "", {}, [], "DEFAULT", 0)


def observation_span(record: Record, trace: Record, *, context: SourceContext) -> Span:
    """An observation as a span, with what its trace (empty when it came alone) says of it.

    Both have snake-case keys. A root without texts of its own has its trace's.
    """
    kind_word = str(record.get("type") or "SPAN").upper()
    metadata = mapping(record.get("metadata"))
    otel = mapping(metadata.pop("attributes", None))
    resource = mapping(metadata.pop("resourceAttributes", None))
    scope = mapping(metadata.pop("scope", None))
    usage = usage_of(record)
    kind = KINDS.get(kind_word) or _told(otel)
    input_raw, output_raw = record.get("input"), record.get("output")
    attributes = _attributes(record, otel, metadata, (input_raw, output_raw))
    _usage_of_others(attributes, kind, known=usage.total_tokens is not None)
    input_text, output_text = text_in(input_raw), text_out(output_raw)
    if kind in ("retriever", "reranker") and (found := _documents(output_raw)) is not None:
        attributes.setdefault(semconv.DOCUMENTS[0], found)
        output_text = None
    else:
        _keep_raw(attributes, _OUTPUT, output_raw, output_text)
    _keep_raw(attributes, _INPUT, input_raw, input_text)
    if trace and not record.get("parent_observation_id"):
        attributes |= _of_trace(trace)
    start = nanoseconds("startTime", record.get("start_time"))
    first = nanoseconds("completionStartTime", record.get("completion_start_time"))
    first_token_s = amount(record.get("time_to_first_token"))
    if first is not None and start is not None and first >= start:
        first_token_s = (first - start) / 1e9
    fields = {
        **_shared(record, trace, resource),
        "kind": kind,
        # Messages that OpenTelemetry attributes hold one by one are the better text.
        "input_text": None if _has_messages(otel, _IN_MESSAGES) else input_text,
        "output_text": None if _has_messages(otel, _OUT_MESSAGES) else output_text,
        "parameters": _parameters(record, otel),
        "model": text_or_none(record.get("model") or record.get("provided_model_name")),
        "component_version": text_or_none(record.get("version")),
        "prompt_template": text_or_none(record.get("prompt_name")),
        "prompt_version": text_or_none(record.get("prompt_version")),
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "cost_usd": usage.cost_usd,
        "duration_s": None if record.get("end_time") else record.get("latency"),
        "time_to_first_token_s": first_token_s,
    }
    return foreign_span(
        ids=(record.get("trace_id"), record.get("id"), record.get("parent_observation_id")),
        name=text_or_none(record.get("name")) or kind_word.lower(),
        times=(start, nanoseconds("endTime", record.get("end_time"))),
        attributes=attributes,
        fields=fields,
        status=_STATUS.get(str(record.get("level") or "").upper(), "unset"),
        status_message=text_or_none(record.get("status_message")) or "",
        resource={key: value for key, value in resource.items() if key not in semconv.CHAIN},
        scope=(text_or_none(scope.get("name")) or "", text_or_none(scope.get("version")) or ""),
        context=context,
    )


def trace_span(trace: Record, *, context: SourceContext) -> Span:
    """A trace whose observations are not there, as the span of its own that it then stands for."""
    usage = usage_of(trace)
    input_text, output_text = text_in(trace.get("input")), text_out(trace.get("output"))
    attributes = {"langfuse.observation.type": "trace", **_of_trace(trace)}
    _keep_raw(attributes, _INPUT, trace.get("input"), input_text)
    _keep_raw(attributes, _OUTPUT, trace.get("output"), output_text)
    fields = {
        **_shared(trace, trace, {}),
        "kind": "chain",
        "input_text": input_text,
        "output_text": output_text,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cost_usd": usage.cost_usd,
        "duration_s": trace.get("latency"),
        "status": "error" if str(trace.get("level") or "").upper() == "ERROR" else None,
    }
    return foreign_span(
        ids=(trace.get("id"), trace.get("id"), None),
        name=text_or_none(trace.get("name")) or "trace",
        times=(nanoseconds("timestamp", trace.get("timestamp")), None),
        attributes=attributes,
        fields=fields,
        context=context,
    )


def _shared(record: Record, trace: Record, resource: Mapping[str, Any]) -> dict[str, Any]:
    """Whose it is, and of which chain; rows of the enriched export have their trace's fields themselves."""
    service = next((resource[key] for key in semconv.CHAIN if resource.get(key)), None)
    if isinstance(service, str) and service.startswith("unknown_service"):
        service = None
    name = text_or_none(trace.get("name") or record.get("trace_name"))
    release = record.get("release") or trace.get("release")
    return {
        "chain": text_or_none(service) or (stable_name(name) if name else None),
        "chain_version": text_or_none(release) or text_or_none(trace.get("version")),
        "environment": text_or_none(record.get("environment") or trace.get("environment")),
        "user_id": text_or_none(record.get("user_id") or trace.get("user_id")),
        "session_id": text_or_none(record.get("session_id") or trace.get("session_id")),
    }


def _told(otel: Mapping[str, Any]) -> str:
    """What the OpenTelemetry attributes say of a plain SPAN; a model call Langfuse would have told itself."""
    kind = semconv.kind_of(otel)
    return "other" if kind in ("llm", "embedding") else kind


def _attributes(record: Record, otel: Record, metadata: Record, raw: tuple[Any, Any]) -> dict[str, Any]:
    """What no field holds: OpenTelemetry attributes without a second copy of the texts, and the rest."""
    texts = [parse_json(text) for text in raw if text is not None]
    found = {
        key: value
        for key, value in otel.items()
        if value is not None and not (key in _TEXT_NAMES and parse_json(value) in texts)
    }
    if metadata:
        found[semconv.METADATA] = metadata
    elif record.get("metadata") and not mapping(record["metadata"]):
        found[semconv.METADATA] = record["metadata"]
    found |= _rest(record, "langfuse.")
    kind = record.get("type")
    if isinstance(kind, str):
        found[_RENAMED["type"]] = kind.lower()
    return found


def _rest(record: Record, prefix: str) -> dict[str, Any]:
    """The keys that no field holds, JSON text of objects as what it is."""
    said = {key: parse_json(value) for key, value in record.items() if key not in _HANDLED}
    return {
        _RENAMED.get(key, prefix + key): value for key, value in said.items() if value not in _SAYS_NOTHING
    }


def _parameters(record: Record, otel: Record) -> dict[str, Any] | None:
    """The known inference parameters; the whole of them stays in `attributes`, with ids that change."""
    if otel.get(semconv.INVOCATION_PARAMETERS) is not None:
        return None
    given = mapping(record.get("model_parameters"))
    found = {semconv.INVOCATION_KEYS[k]: _scalar(v) for k, v in given.items() if k in semconv.INVOCATION_KEYS}
    return {key: value for key, value in found.items() if value not in (None, "")} or None


def _usage_of_others(attributes: dict[str, Any], kind: str, *, known: bool) -> None:
    """Tokens are what Langfuse counts; what an attribute of a wrapping span repeats would count twice."""
    if known or kind not in ("llm", "embedding"):
        repeated = {key: attributes.pop(key) for key in list(attributes) if key in _USAGE_NAMES}
        if repeated:
            attributes["langfuse.reported_usage"] = repeated


def _has_messages(otel: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    return any(key.startswith(names) for key in otel)


def _documents(output: Any) -> list[Any] | None:
    found = parse_json(output)
    if isinstance(found, Mapping):
        found = next(
            (found[k] for k in ("documents", "results", "nodes") if isinstance(found.get(k), list)), None
        )
    return found if isinstance(found, list) and found else None


def _keep_raw(attributes: dict[str, Any], name: str, raw: Any, text: str | None) -> None:
    if raw not in (None, "", {}, []) and raw != text and raw != json.dumps(text, ensure_ascii=False):
        attributes[name] = raw


def _of_trace(trace: Record) -> dict[str, Any]:
    found = {
        "langfuse.trace.name": trace.get("name"),
        "langfuse.trace.version": trace.get("version"),
        **_rest(trace, "langfuse.trace."),
    }
    metadata = mapping(trace.get("metadata"))
    rest = {k: v for k, v in metadata.items() if k not in ("attributes", "resourceAttributes", "scope")}
    return {k: v for k, v in {**found, "langfuse.trace.metadata": rest}.items() if v}


def _scalar(value: Any) -> Any:
    """A model parameter that was written as text, as the number or truth value that it is."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
