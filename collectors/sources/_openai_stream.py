"""A streamed answer of the OpenAI API, put together: chat and completion chunks, and Responses events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_CHUNKS = ("chat.completion.chunk", "text_completion.chunk")
_FINAL = ("response.completed", "response.incomplete", "response.failed")
_DELTA = "response.output_text.delta"
_REFUSAL = "response.refusal.delta"
_CALL_DONE = "response.function_call_arguments.done"


def is_stream(chunks: Sequence[Any]) -> bool:
    """Whether the objects are chunks of one streamed answer."""
    first = next((c for c in chunks if isinstance(c, dict)), None)
    return first is not None and (is_chunk(first) or is_event(first))


def is_chunk(value: Mapping[str, Any]) -> bool:
    """Whether it is a chunk of a chat completion; a legacy completion streams whole objects."""
    if value.get("object") in _CHUNKS:
        return True
    choices = value.get("choices")
    return (
        isinstance(choices, list) and bool(choices) and isinstance(choices[0], dict) and "delta" in choices[0]
    )


def is_event(value: Mapping[str, Any]) -> bool:
    """Whether it is an event of a streamed response."""
    kind = value.get("type")
    return isinstance(kind, str) and kind.startswith("response.")


def joined(chunks: Sequence[Any]) -> dict[str, Any] | None:
    """The whole answer that the chunks make; None when there is no chunk among them."""
    found = [chunk for chunk in chunks if isinstance(chunk, dict)]
    if not found:
        return None
    if any(is_event(chunk) for chunk in found):
        return _response(found)
    return _completion(found)


def _completion(chunks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = {"object": "chat.completion"}
    choices: dict[Any, dict[str, Any]] = {}
    for chunk in chunks:
        for key in ("id", "created", "model", "system_fingerprint", "service_tier", "usage", "error"):
            if chunk.get(key) is not None:
                whole[key] = chunk[key]
        for choice in _mappings(chunk.get("choices")):
            index = choice.get("index")
            made = choices.setdefault(index if isinstance(index, int) else 0, {"message": {}})
            _grow(made, choice)
    whole["choices"] = [{"index": index, **choices[index]} for index in sorted(choices)]
    return whole


def _grow(made: dict[str, Any], choice: Mapping[str, Any]) -> None:
    if choice.get("finish_reason") is not None:
        made["finish_reason"] = choice["finish_reason"]
    if isinstance(choice.get("text"), str):
        made["text"] = made.get("text", "") + choice["text"]
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        return
    message = made["message"]
    for key in ("content", "refusal", "reasoning_content"):
        if isinstance(delta.get(key), str):
            message[key] = (message.get(key) or "") + delta[key]
    if isinstance(delta.get("role"), str):
        message["role"] = delta["role"]
    calls = message.setdefault("tool_calls", {}) if delta.get("tool_calls") else {}
    for part in _mappings(delta.get("tool_calls")):
        index = part.get("index")
        call = calls.setdefault(index if isinstance(index, int) else 0, {"name": "", "arguments": ""})
        function = part.get("function")
        for key in ("name", "arguments"):
            if isinstance(function, dict) and isinstance(function.get(key), str):
                call[key] += function[key]


def _response(events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The response of the last event that holds it whole, else what its pieces tell."""
    whole: dict[str, Any] = {"object": "response"}
    text, refusal = "", ""
    calls: list[dict[str, Any]] = []
    for event in events:
        body = event.get("response")
        if isinstance(body, dict):
            whole = {**whole, **body}
            if event.get("type") in _FINAL:
                return whole
        if event.get("type") == _DELTA and isinstance(event.get("delta"), str):
            text += event["delta"]
        elif event.get("type") == _REFUSAL and isinstance(event.get("delta"), str):
            refusal += event["delta"]
        elif event.get("type") == _CALL_DONE:
            calls.append({"type": "function_call", **event})
        elif event.get("type") == "error":
            whole["error"] = {key: event.get(key) for key in ("code", "message")}
    parts = [{"type": "output_text", "text": text}] if text else []
    parts += [{"type": "refusal", "refusal": refusal}] if refusal else []
    if not whole.get("output"):
        said = [{"type": "message", "role": "assistant", "content": parts}] if parts else []
        whole["output"] = [*said, *calls]
    return whole


def calls_of(message: Mapping[str, Any]) -> list[Any]:
    """The tool calls of a message: a list, or the mapping by index that a joined stream has."""
    calls = message.get("tool_calls")
    if isinstance(calls, dict):
        return [calls[index] for index in sorted(calls)]
    return calls if isinstance(calls, list) else []


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
