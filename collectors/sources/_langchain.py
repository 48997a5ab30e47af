"""Messages as LangChain and the Vercel AI SDK serialise them, in the shape that everybody else writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectors.messages import parse_json, readable_input, readable_output

_MAX_DEPTH = 10
_CALLS = ("tool_calls", "function_call")


def plain_messages(value: Any, depth: int = 0) -> Any:
    """`value` with tool calls lifted out of `additional_kwargs`, and the class of a message as its type.

    >>> plain_messages({"content": "", "additional_kwargs": {"tool_calls": [1]}})["tool_calls"]
    [1]
    """
    if depth > _MAX_DEPTH:
        return value
    if isinstance(value, list):
        return [plain_messages(item, depth + 1) for item in value]
    if not isinstance(value, Mapping):
        return value
    found = {key: plain_messages(item, depth + 1) for key, item in value.items()}
    extra = found.get("additional_kwargs")
    if isinstance(extra, Mapping):
        for key in _CALLS:
            if extra.get(key) and not found.get(key):
                found[key] = extra[key]
    if "toolName" in found:
        found.setdefault("type", "tool-call")
    inner, classes = found.get("kwargs"), found.get("id")
    if isinstance(inner, dict) and isinstance(classes, list) and classes:
        inner.setdefault("type", classes[-1])
    return found


def text_in(value: Any) -> str | None:
    """What went in, readable; also from JSON text of a text."""
    return readable_input(plain_messages(_unwrapped(value)))


def text_out(value: Any) -> str | None:
    """What came out, readable; also from JSON text of a text."""
    return readable_output(plain_messages(_unwrapped(value)))


def _unwrapped(value: Any) -> Any:
    """JSON text as its value, also when it was written as JSON twice."""
    for _ in range(2):
        if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
            value = _string(value)
    return parse_json(value)


def _string(text: str) -> Any:
    parsed = parse_json(f"[{text}]")
    return parsed[0] if isinstance(parsed, list) and len(parsed) == 1 else text
