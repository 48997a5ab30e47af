"""Results of evaluations in a span's own attributes, as OpenInference flattens them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from collectors import semconv
from collectors.model import Annotation, content_hash
from collectors.records import make_annotation
from collectors.sources._otlp_raw import RawSpan

# The results are numbered from 0 and each has a name, so these tell of any without a look at all attributes.
_FIRST = tuple(f"{prefix}0.{noun}.name" for prefix, noun in semconv.NOTE_PREFIXES.items())


def has_notes(attributes: Mapping[str, Any]) -> bool:
    """Whether any attribute belongs to a result; nearly no span has one."""
    return any(name in attributes for name in _FIRST)


def attribute_notes(raw: RawSpan, *, source: str) -> Iterator[Callable[[], Annotation]]:
    """What makes each result an annotation on the span, or on its trace as a whole; one may fail alone."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for key, value in raw.attributes.items():
        for prefix, noun in semconv.NOTE_PREFIXES.items():
            number, _, name = key.removeprefix(prefix).partition(f".{noun}.")
            if key.startswith(prefix) and name and number.isascii() and number.isdigit():
                found.setdefault((prefix, number), {})[name] = value
    for (prefix, _), note in found.items():
        if note.get("name") is not None and any(note.get(k) is not None for k in semconv.NOTE_RESULTS):
            yield partial(_annotation, raw, note, source, whole_trace=prefix in semconv.TRACE_NOTES)


def _annotation(raw: RawSpan, note: Mapping[str, Any], source: str, *, whole_trace: bool) -> Annotation:
    identifier = note.get("identifier")
    record = {
        "trace_id": raw.trace_id,
        "span_id": None if whole_trace else raw.span_id,
        "created_at": raw.end_ns or raw.start_ns,
        "author": identifier or raw.origin.scope_name or "unknown",
        "author_kind": "human" if note.get("annotator_kind") == "HUMAN" else "judge",
        "name": note.get("name"),
        "score": note.get("score"),
        "label": note.get("label"),
        "comment": note.get("explanation"),
    }
    if identifier is not None:
        about = (raw.trace_id, "" if whole_trace else raw.span_id, str(note["name"]), str(identifier))
        record["annotation_id"] = content_hash("annotation", *about)
    return make_annotation(record, source=source)
