"""LangSmith runs as spans, feedback as feedback or annotations, and patches merged onto what they patch."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from collectors import semconv
from collectors.messages import parse_json
from collectors.model import Annotation, Feedback, Span
from collectors.records import make_annotation, make_feedback
from collectors.sources._foreign import foreign_span, mapping, nanoseconds, text_or_none
from collectors.sources._langchain import text_in, text_out
from collectors.sources._langsmith_usage import model_of, parameters_of, summed_up, usage_fields
from collectors.sources._otlp_raw import RawEvent
from collectors.sources.base import SourceContext

Run = dict[str, Any]

KINDS: Mapping[str, str] = {
    "llm": "llm", "chat_model": "llm", "chat": "llm", "tool": "tool", "chain": "chain",
    "retriever": "retriever", "embedding": "embedding", "agent": "agent", "evaluator": "evaluator",
    "reranker": "reranker", "guardrail": "guardrail", "prompt": "other", "parser": "other",
}  # fmt: skip
_STATUS = {"success": "ok", "error": "error", "interrupted": "unset", "pending": "unset"}
# What a field of a span holds, what repeats another key, and pointers into LangSmith itself.
_HANDLED = frozenset(
    {
        "id", "trace_id", "parent_run_id", "parent_run_ids", "name", "run_type", "start_time", "end_time",
        "inputs", "outputs", "error", "events", "extra", "session_name", "child_runs", "child_run_ids",
        "direct_child_run_ids", "first_token_time", "prompt_tokens", "completion_tokens", "total_tokens",
        "total_cost", "inputs_preview", "outputs_preview", "inputs_s3_urls", "outputs_s3_urls", "s3_urls",
        "app_path", "manifest_s3_id", "attachments", "execution_order", "_type",
    }
)  # fmt: skip
_ORDER_TIME = re.compile(r"(\d{8}T\d{6})(\d{1,6})\d*Z[^.]*$")
_FIRST_WORD = "new_token"
_JUDGES = frozenset({"model", "auto_eval", "evaluator"})


def merged(run: Run, patch: Mapping[str, Any]) -> Run:
    """A run after a patch: what the patch says, and what it leaves out as it was.

    `extra` is merged, `events` are added, and nothing that was known becomes unknown.
    """
    found = dict(run)
    for key, value in patch.items():
        if value is None or (value in ({}, []) and found.get(key)):
            continue
        if key == "extra":
            old, new = mapping(found.get(key)), mapping(value)
            metadata = {**mapping(old.get("metadata")), **mapping(new.get("metadata"))}
            found[key] = {**old, **new, "metadata": metadata}
        elif key == "events" and isinstance(value, list) and isinstance(found.get(key), list):
            found[key] = found[key] + [event for event in value if event not in found[key]]
        else:
            found[key] = value
    return found


def flattened(run: Run) -> Iterator[Run]:
    """A run and the runs that it holds as `child_runs`, each with its parent's and its trace's id."""
    queue = deque([run])
    while queue:
        parent = queue.popleft()
        children = parent.get("child_runs")
        yield {key: value for key, value in parent.items() if key != "child_runs"}
        for child in children if isinstance(children, list) else []:
            if isinstance(child, dict):
                child.setdefault("parent_run_id", parent.get("id"))
                child["trace_id"] = child.get("trace_id") or parent.get("trace_id") or parent.get("id")
                queue.append(child)


def run_span(run: Run, *, context: SourceContext) -> Span:
    """A run as a span. A missing start is read from `dotted_order`, which patches have as well."""
    kind = KINDS.get(str(run.get("run_type") or "").lower(), "other")
    metadata = mapping(mapping(run.get("extra")).get("metadata"))
    start = nanoseconds("start_time", run.get("start_time"))
    if start is None:
        start = _ordered_start(run.get("dotted_order"))
    inputs, outputs = parse_json(run.get("inputs")), parse_json(run.get("outputs"))
    attributes, output_text = _attributes(run, kind, metadata, inputs, outputs)
    error = text_or_none(run.get("error"))
    status = _STATUS.get(str(run.get("status") or "").lower(), "unset")
    fields = {
        **usage_fields(run, kind),
        "kind": kind,
        "chain": text_or_none(run.get("session_name")) or text_or_none(metadata.get("service_name")),
        "input_text": text_in(inputs) if inputs else None,
        "output_text": output_text,
        "model": model_of(run) if kind in ("llm", "embedding") else None,
        "provider": text_or_none(metadata.get("ls_provider")),
        "parameters": parameters_of(run) if kind in ("llm", "embedding") else None,
        "chain_version": text_or_none(metadata.get("revision_id")),
        "prompt_template": text_or_none(metadata.get("lc_hub_repo")),
        "prompt_version": text_or_none(metadata.get("lc_hub_commit_hash")),
        "environment": text_or_none(metadata.get("environment") or metadata.get("env")),
        "user_id": text_or_none(metadata.get("user_id")),
        "session_id": _session(metadata),
        "time_to_first_token_s": _first_token(run, start),
    }
    run_id = run.get("id")
    return foreign_span(
        ids=(
            run.get("trace_id") or (run_id if not run.get("parent_run_id") else None),
            run_id,
            run.get("parent_run_id"),
        ),
        name=text_or_none(run.get("name")) or kind,
        times=(start, nanoseconds("end_time", run.get("end_time"))),
        attributes=attributes,
        fields=fields,
        events=_events(run.get("events")),
        status="error" if error else "ok" if status == "unset" and _ended(run) else status,
        status_message=error or "",
        context=context,
    )


def _ended(run: Mapping[str, Any]) -> bool:
    """A run that ended without an error went well: that is how the SDK reports it."""
    return bool(run.get("end_time"))


def _attributes(
    run: Run, kind: str, metadata: Mapping[str, Any], inputs: Any, outputs: Any
) -> tuple[dict[str, Any], str | None]:
    extra = mapping(run.get("extra"))
    said = {
        "openinference.span.kind": kind,
        "langsmith.run_type": run.get("run_type"),
        semconv.METADATA: {k: v for k, v in metadata.items() if k != "usage_metadata"},
        semconv.INVOCATION_PARAMETERS: extra.get("invocation_params"),
        "langsmith.runtime": extra.get("runtime"),
        **{f"langsmith.{name}": parse_json(value) for name, value in run.items() if name not in _HANDLED},
    }
    found = {name: value for name, value in said.items() if value not in (None, "", [], {})}
    found |= summed_up(run, kind)
    documents = _documents(outputs) if kind in ("retriever", "reranker") else None
    text = None
    if documents is not None:
        found[semconv.DOCUMENTS[0]] = documents
    else:
        text = text_out(outputs) if outputs else None
        if outputs not in (None, {}, [], text):
            found["output.value"] = outputs
    if inputs not in (None, {}, []):
        found["input.value"] = inputs
    return found, text


def _documents(outputs: Any) -> list[Any] | None:
    """A retriever's documents: the output itself, or its `documents` or `output`."""
    if isinstance(outputs, Mapping):
        outputs = next(
            (outputs[k] for k in ("documents", "output") if isinstance(outputs.get(k), list)), None
        )
    return outputs if isinstance(outputs, list) and outputs else None


def _session(metadata: Mapping[str, Any]) -> str | None:
    """The conversation. The run's own `session_id` is the project."""
    names = ("session_id", "thread_id", "conversation_id")
    return next((found for name in names if (found := text_or_none(metadata.get(name)))), None)


def _ordered_start(order: Any) -> int | None:
    """The start in the last part of a dotted order, `20241011T205823298773Z<run id>`."""
    match = _ORDER_TIME.search(order[-128:]) if isinstance(order, str) else None
    if match is None:
        return None
    day, fraction = match.groups()
    return nanoseconds("dotted_order", f"{day}.{fraction.ljust(6, '0')}Z")


def _first_token(run: Mapping[str, Any], start: int | None) -> float | None:
    first = nanoseconds("first_token_time", run.get("first_token_time"))
    if first is None:
        times = (
            event.get("time") for event in _event_list(run.get("events")) if event.get("name") == _FIRST_WORD
        )
        first = nanoseconds("events.time", next(times, None))
    return (first - start) / 1e9 if first is not None and start is not None and first >= start else None


def _events(events: Any) -> list[RawEvent]:
    """The events but for tokens, of which there are as many as there are tokens."""
    return [
        RawEvent(
            name=str(event.get("name") or "event"),
            at_ns=nanoseconds("events.time", event.get("time")) or 0,
            attributes=mapping(event.get("kwargs")),
        )
        for event in _event_list(events)
        if event.get("name") not in (_FIRST_WORD, "start", "end")
    ]


def _event_list(events: Any) -> list[Mapping[str, Any]]:
    events = parse_json(events)
    return [event for event in events if isinstance(event, Mapping)] if isinstance(events, list) else []


def feedback_item(
    record: Mapping[str, Any], traces: Mapping[str, str], *, source: str
) -> Annotation | Feedback:
    """Feedback by where it came from: a model's is a judge's annotation, an annotator's a person's, and
    what came over the API is the end user's.

    Without a trace id the run's is taken from `traces` (run id -> trace id), else the run is its own root.
    """
    origin = mapping(record.get("feedback_source"))
    kind = str(origin.get("type") or record.get("feedback_source_type") or "api").lower()
    run_id = record.get("run_id")
    score, value = record.get("score"), parse_json(record.get("value"))
    correction = record.get("correction")
    found: dict[str, Any] = {
        "trace_id": record.get("trace_id") or traces.get(str(run_id)) or run_id,
        "span_id": run_id,
        "name": text_or_none(record.get("key")) or "feedback",
        "score": int(score) if isinstance(score, bool) else score,
        "label": text_or_none(value) if not isinstance(value, bool) else str(value).lower(),
        "comment": text_or_none(record.get("comment")) or (None if correction is None else str(correction)),
        "created_at": record.get("created_at") or record.get("modified_at"),
    }
    if kind == "api":
        user = record.get("user_id") or origin.get("user_id")
        return make_feedback({**found, "feedback_id": record.get("id"), "user_id": user}, source=source)
    found |= {
        "annotation_id": record.get("id"),
        "author": text_or_none(origin.get("user_name"))
        or text_or_none(origin.get("user_id"))
        or f"langsmith:{kind}",
        "author_kind": "judge" if kind in _JUDGES else "human",
    }
    return make_annotation(found, source=source)
