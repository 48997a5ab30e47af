"""Messages that a span carries in its events: Strands Agents, and the older GenAI conventions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from collectors import messages, semconv
from collectors.messages import Message
from collectors.sources._otlp_raw import RawEvent


def texts(events: Sequence[RawEvent]) -> tuple[str | None, str | None]:
    """(input, output) as the events tell them; None for a side that none tells of."""
    asked: list[Message] = []
    answered: list[Message] = []
    for event in events:
        if event.name in semconv.MESSAGE_EVENTS:
            side = answered if semconv.MESSAGE_EVENTS[event.name] == "choice" else asked
            side += from_event(event.name, event.attributes)
        elif event.name == semconv.DETAILS_EVENT:
            asked += messages.parse(semconv.first(event.attributes, semconv.INPUT_MESSAGES))
            answered += messages.parse(semconv.first(event.attributes, semconv.OUTPUT_MESSAGES))
        elif event.name in semconv.CONTENT_EVENTS:
            side = answered if event.name.endswith("completion") else asked
            side += messages.parse(semconv.first(event.attributes, semconv.CONTENT_EVENTS[event.name]))
    return messages.conversation(asked), messages.reply(answered)


def from_event(name: str, body: Any) -> list[Message]:
    """The messages in the body, or the attributes, of an event such as `gen_ai.user.message`."""
    role = semconv.MESSAGE_EVENTS[name]
    role = "assistant" if role == "choice" else role
    parsed = messages.parse_json(body)
    if not isinstance(parsed, Mapping):
        return messages.parse(parsed, role)
    inner = messages.parse_json(parsed.get(semconv.EVENT_CONTENT))
    if isinstance(inner, Mapping):
        parsed = inner
    said = messages.parse_json(parsed.get("message"))
    if said is not None:
        # The calls of a choice stand beside its message, or in it.
        calls = {"tool_calls": parsed["tool_calls"]} if "tool_calls" in parsed else {}
        parsed = {**calls, **(said if isinstance(said, Mapping) else {"content": said})}
    return messages.parse(parsed if "role" in parsed else {**parsed, "role": role}, role)
