"""Log records that belong to a span: its messages when they travel apart from it, and evaluations of it."""

from __future__ import annotations

from collections.abc import Iterator

from collectors import cleaning, messages, semconv
from collectors.messages import Message
from collectors.model import Annotation, Feedback, content_hash
from collectors.sources._otlp_events import from_event
from collectors.sources._otlp_map import note
from collectors.sources._otlp_raw import RawLog, RecordError
from collectors.sources.base import SpanContent


def from_log(raw: RawLog, *, source: str) -> Iterator[SpanContent | Annotation | Feedback]:
    """What a log record tells of a span; nothing when it is an ordinary log line.

    Raises RecordError for a GenAI record that cannot be tied to a span, InvalidValueError for a bad value.
    """
    name = raw.event_name
    if name == semconv.EVALUATION_EVENT or name in semconv.FEEDBACK_EVENTS:
        if not raw.trace_id:
            raise RecordError(f"{name} without traceId: there is nothing that it is about")
        about = (raw.trace_id, raw.span_id)
        found = note(name, raw.attributes, raw.at_ns, about, author=raw.origin.scope_name, source=source)
        if found is not None:
            yield found
        return
    if (
        name != semconv.DETAILS_EVENT
        and name not in semconv.MESSAGE_EVENTS
        and name not in semconv.CONTENT_EVENTS
    ):
        return
    if not raw.trace_id or not raw.span_id:
        raise RecordError(f"{name} without traceId and spanId: there is no span that it belongs to")
    if name == semconv.DETAILS_EVENT:
        yield from _details(raw)
    elif name in semconv.MESSAGE_EVENTS:
        side = "output" if name == "gen_ai.choice" else "input"
        for message in from_event(name, raw.body if raw.body is not None else raw.attributes):
            yield _content(raw, "system" if message.role == "system" else side, message.role, message.text)
    else:
        side = "output" if name.endswith("completion") else "input"
        value = semconv.first(raw.attributes, semconv.CONTENT_EVENTS[name]) or raw.body
        for message in messages.parse(value):
            yield _content(raw, "system" if message.role == "system" else side, message.role, message.text)


def _details(raw: RawLog) -> Iterator[SpanContent]:
    """The event that repeats a whole call: all its messages at once."""
    found: list[tuple[str, list[Message]]] = [
        ("input", _first(raw, semconv.INPUT_MESSAGES)),
        ("output", _first(raw, semconv.OUTPUT_MESSAGES)),
    ]
    for side, said in found:
        text = messages.conversation(said) if side == "input" else messages.reply(said)
        if text:
            yield _content(raw, side, "", text, whole=True)
        if side == "input":
            for message in said:
                if message.role == "system":
                    yield _content(raw, "system", "system", message.text)


def _first(raw: RawLog, names: tuple[str, ...]) -> list[Message]:
    for name in names:
        for holder in (raw.attributes, raw.body if isinstance(raw.body, dict) else {}):
            if holder.get(name) is not None:
                return messages.parse(holder[name])
    return []


def _content(raw: RawLog, side: str, role: str, text: str, *, whole: bool = False) -> SpanContent:
    text = cleaning.clean(text)[: cleaning.TEXT_LIMIT]
    if cleaning.time("timeUnixNano", raw.at_ns) is None:
        raise RecordError("timeUnixNano is missing")
    return SpanContent(
        content_id=content_hash(raw.trace_id, raw.span_id, side, role, str(raw.at_ns), text),
        trace_id=raw.trace_id,
        span_id=raw.span_id,
        side="system" if side == "system" else "output" if side == "output" else "input",
        role=role,
        whole=whole,
        at_ns=raw.at_ns,
        text=text,
    )
