"""Chat messages of every shape as readable text.

Knows the shapes that providers and frameworks give to messages (OpenAI, Anthropic, Gemini, LangChain,
Vercel AI SDK, OTel GenAI parts, OpenInference), and no attribute names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.json_text import compact, is_empty, loads

MAX_DEPTH = 12
_ROLES = {
    "human": "user", "ai": "assistant", "model": "assistant", "developer": "system", "function": "tool",
    "HumanMessage": "user", "AIMessage": "assistant", "SystemMessage": "system", "ToolMessage": "tool",
    "AIMessageChunk": "assistant", "user": "user", "assistant": "assistant", "system": "system",
    "tool": "tool",
}  # fmt: skip
# A wrapper's single text, in order of preference, when it is not a list of messages.
_INPUT_KEYS = ("question", "query", "user_input", "input", "prompt", "text", "message", "content", "inputs")
_OUTPUT_KEYS = (
    "answer", "output", "response", "text", "result", "completion", "content", "message", "outputs",
)  # fmt: skip
_TEXT_KEYS = ("text", "content", "page_content", "pageContent")
# Said to nobody: it would hide a change in what the model answers.
_SILENT = ("thinking", "redacted_thinking", "reasoning", "reasoningContent")
_WRAPPERS = ("message_content", "tool_call", "function", "functionCall", "function_call", "toolResult")
# Bedrock's content blocks have no `type`: their one key says what they are.
_BLOCKS = (
    "text", "toolUse", "toolResult", "reasoningContent", "image", "document", "video", "cachePoint", "json",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message: who said it, and its text with tool calls written as `name(args)`."""

    role: str
    text: str


def known_roles() -> frozenset[str]:
    """The roles that messages have, as everybody writes them."""
    return frozenset(_ROLES)


def parse_json(value: Any) -> Any:
    """JSON text as a value; anything else, and text that is no JSON object or list, as it is."""
    if isinstance(value, str):
        start = value.lstrip()[:1]
        if start in ("{", "["):
            try:
                return loads(value)
            except (ValueError, RecursionError):
                return value
    return value


def parse(value: Any, role: str = "") -> list[Message]:
    """Messages in `value` (a list, one message, JSON text of either, plain text); empty ones are left out."""
    value = parse_json(value)
    items = value if isinstance(value, list) else [value]
    while len(items) == 1 and isinstance(items[0], list):
        items = items[0]  # LangChain batches: [[message, ...]]
    found = (_message(item, role) for item in items)
    return [message for message in found if message.text]


def lone_text(value: Any) -> str | None:
    """What `conversation` and `reply` say of one plain message alone in its list, fast; None for others."""
    found = lone_message(value)
    return None if found is None else found[1].strip() or None


def lone_message(value: Any) -> tuple[Any, str] | None:
    """Role and text of such a message, as they stand in it."""
    if type(value) is str and value[:1] == "[":
        try:
            value = loads(value)
        except (ValueError, RecursionError):
            return None
    if type(value) is not list or len(value) != 1:
        return None
    text = _plain_text(value[0])
    if text is None:
        return None
    role = value[0]["role"]
    return None if _role(role) == "system" else (role, text)


def conversation(messages: Iterable[Message]) -> str | None:
    """The input of a call as people read it; None when nothing is left.

    System prompts are left out when there is anything else: they are the component's configuration,
    and would hide a change in what users ask. With user messages alone it is their bare text;
    as soon as somebody else speaks, each message has its role before it.
    """
    every = list(messages)
    spoken = [m for m in every if m.role != "system"] or every
    if not spoken:
        return None
    if all(m.role in ("user", "") for m in spoken) or len(spoken) == 1:
        return "\n\n".join(m.text for m in spoken)
    return "\n".join(f"{m.role or 'user'}: {m.text}" for m in spoken)


def reply(messages: Iterable[Message]) -> str | None:
    """The output of a call: the texts of what the model said, choices parted by an empty line."""
    texts = [m.text for m in messages if m.role != "system"]
    return "\n\n".join(texts) or None


def readable_input(value: Any) -> str | None:
    """Best text of an input of unknown shape: messages, else a question-like key, else the value itself."""
    return _readable(value, output=False)


def readable_output(value: Any) -> str | None:
    """Best text of an output of unknown shape: the last assistant message, else an answer-like key."""
    return _readable(value, output=True)


def tool_call(name: Any, arguments: Any) -> str:
    """`name(key=value, ...)`, the same whether arguments come as JSON text or as an object."""
    arguments = parse_json(arguments)
    if isinstance(arguments, Mapping):
        inner = ", ".join(f"{key}={compact(value)}" for key, value in arguments.items())
    elif arguments in (None, ""):
        inner = ""
    else:
        inner = arguments if isinstance(arguments, str) else compact(arguments)
    return f"{name}({inner})"


def _message(item: Any, role: str = "", depth: int = 0) -> Message:
    if isinstance(item, str):
        return Message(role=role, text=item.strip())
    plain = _plain_text(item)
    if plain is not None:
        return Message(role=_role(item["role"]) or role, text=plain.strip())
    if not isinstance(item, Mapping) or depth > MAX_DEPTH:
        return Message(role=role, text="" if item is None else compact(item))
    for wrapper in ("message", "data", "kwargs", "prompt", "completion"):
        if isinstance(item.get(wrapper), Mapping) and (wrapper != "kwargs" or "lc" in item):
            own = item.get("role") or item.get("type") or role
            return _message(item[wrapper], _role(own) or role, depth + 1)
    own_role = _role(item.get("role")) or _role(item.get("type")) or role
    parts = [
        _content(item.get(key), depth + 1)
        for key in ("content", "contents", "parts", "text", "page_content")
        if item.get(key)
    ]
    for key in ("tool_calls", "toolCalls", "function_call"):
        parts.extend(_part(call, depth + 1) for call in _listed(item.get(key)))
    if not any(parts):
        parts = [_part(item, depth + 1)] if _is_call(item) else []
    text = "\n".join(dict.fromkeys(part for part in parts if part))
    return Message(role=own_role, text=text.strip())


def _plain_text(item: Any) -> str | None:
    """The text of a message that is a role and one text, as nearly all are; None for any other."""
    if type(item) is not dict or len(item) != 2 or "role" not in item:
        return None
    text = item.get("content")
    if text is None:
        parts = item.get("parts")
        if type(parts) is not list or len(parts) != 1 or type(parts[0]) is not dict:
            return None
        part = parts[0]
        text = part.get("content") if len(part) == 2 and part.get("type") == "text" else None
    return text if type(text) is str and text[:1] not in ("", "[", "{", " ", "\n") else None


def _content(value: Any, depth: int) -> str:
    if isinstance(value, str):
        parsed = parse_json(value)
        is_parts = isinstance(parsed, list) and parsed and all(_is_part(part) for part in parsed)
        return _content(parsed, depth) if is_parts else value
    if isinstance(value, (list, tuple)):
        return "\n".join(filter(None, (_part(part, depth + 1) for part in value)))
    return _part(value, depth + 1)


def _is_part(part: Any) -> bool:
    return isinstance(part, Mapping) and ("type" in part or (len(part) == 1 and next(iter(part)) in _BLOCKS))


def _part(part: Any, depth: int) -> str:  # noqa: PLR0911 - one a shape
    if part is None or depth > MAX_DEPTH:
        return ""
    if not isinstance(part, Mapping):
        return part if isinstance(part, str) else compact(part)
    if part.get("type") in _SILENT:
        return ""
    used = part.get("toolUse")
    if isinstance(used, Mapping):
        return tool_call(used.get("name"), used.get("input"))
    for wrapper in _WRAPPERS:
        if isinstance(part.get(wrapper), Mapping):
            return _part(part[wrapper], depth + 1)
    if _is_call(part):
        name = part.get("name") or part.get("toolName")
        arguments = next((part[k] for k in ("arguments", "args", "input") if part.get(k) is not None), None)
        return tool_call(name, arguments)
    for key in (*_TEXT_KEYS, "response", "result", "output", "value", "json"):
        if part.get(key) not in (None, ""):
            return _content(part[key], depth + 1)
    kind = part.get("type")
    return f"[{kind}]" if isinstance(kind, str) and kind != "text" else ""


def _is_call(part: Mapping[str, Any]) -> bool:
    named = isinstance(part.get("name") or part.get("toolName"), str)
    is_tool = str(part.get("type")).startswith("tool")
    return named and ("arguments" in part or "args" in part or ("input" in part and is_tool))


def _readable(value: Any, *, output: bool) -> str | None:  # noqa: PLR0911 - one a shape
    value = parse_json(value)
    if value is None or isinstance(value, str):
        return (value or "").strip() or None
    messages = find_messages(value)
    if messages:
        said = parse(messages)
        if not output:
            return conversation(said)
        spoken = [m for m in said if m.role == "assistant"]
        return reply(spoken[-1:] or said)
    if isinstance(value, Mapping):
        if value.keys() == {"args", "kwargs"}:
            value = _arguments(value)
            if isinstance(value, str):
                return value.strip() or None
        for key in _OUTPUT_KEYS if output else _INPUT_KEYS:
            inner = value.get(key)
            if inner not in (None, "", {}, []):
                return _readable(inner, output=output)
        if any(key in value for key in ("generations", "choices")):
            return None
    if is_empty(value):
        return None
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value).strip() or None
    return compact(value)


def _arguments(call: Mapping[str, Any]) -> Any:
    """What a traced function was called with: its only argument, else its named ones, else all."""
    args, kwargs = call["args"], call["kwargs"]
    named = kwargs if isinstance(kwargs, Mapping) and not args else {}
    given = args if isinstance(args, list) and not kwargs else list(named.values())
    return given[0] if len(given) == 1 and isinstance(given[0], (str, Mapping)) else named or call


def find_messages(value: Any, depth: int = 0) -> Any:
    """The list of messages somewhere inside a framework's state or response; None when there is none."""
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, Mapping):
        if _looks_like_message(value):
            return [value]
        for key in ("messages", "contents", "update", "generations", "choices", "documents"):
            if isinstance(value.get(key), (list, Mapping)):
                found = find_messages(value[key], depth + 1)
                if found:
                    return found
    elif isinstance(value, list) and value:
        if all(_looks_like_message(item) for item in value):
            return value
        for item in value:
            found = find_messages(item, depth + 1)
            if found:
                return found
    return None


def _looks_like_message(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    if _is_call(value) or "page_content" in value:
        return True
    if isinstance(value.get("message"), Mapping) or (
        isinstance(value.get("kwargs"), Mapping) and "lc" in value
    ):
        return True
    has_text = any(key in value for key in ("content", "parts", "data", "tool_calls"))
    return has_text and (_role(value.get("role")) or _role(value.get("type"))) != ""


def _role(value: Any) -> str:
    return _ROLES.get(value, "") if isinstance(value, str) else ""


def _listed(value: Any) -> list[Any]:
    value = parse_json(value)
    return list(value) if isinstance(value, list) else [value] if isinstance(value, Mapping) else []
