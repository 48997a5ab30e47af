"""The readable texts and documents of a decoded OTLP span."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from collectors import messages, semconv
from collectors.json_text import loads
from collectors.messages import Message
from collectors.sources._otlp_raw import RawEvent

Flat = dict[str, list[Any]]


def flattened(trees: Mapping[str, Mapping[str, Any]] | None) -> Flat:
    """Lists that were flattened into `prefix.N.rest` attributes, by prefix."""
    if not trees:
        return {}
    return {prefix: found for prefix, tree in trees.items() if (found := _as_list(tree))}


def _as_list(tree: Mapping[str, Any]) -> list[Any]:
    """The children under number keys, in order; attributes beside them are not list items."""
    numbered = sorted((int(key), key) for key in tree if key.isascii() and key.isdigit() and len(key) < 10)
    return [_unfold(tree[key]) for _, key in numbered]


def _unfold(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isascii() and key.isdigit() for key in value):
        return _as_list(value)
    return {key: _unfold(item) for key, item in value.items()}


def input_text(attributes: Mapping[str, Any], flat: Flat) -> str | None:
    """What went in, readable: the conversation without its system prompt, else the raw input."""
    lone = messages.lone_text(attributes.get(semconv.INPUT_MESSAGES[0]))
    if lone is not None:
        return lone
    said = _messages(attributes, flat, semconv.INPUT_MESSAGES, semconv.INPUT_FLAT)
    found = messages.conversation(said) if said else None
    if found is None and semconv.EMBEDDED_TEXT in flat:
        texts = [_under(item, "embedding.text") for item in flat[semconv.EMBEDDED_TEXT]]
        found = "\n\n".join(text for text in texts if isinstance(text, str) and text) or None
    return found or _first_readable(attributes, semconv.INPUT_VALUE, messages.readable_input)


def output_text(attributes: Mapping[str, Any], flat: Flat) -> str | None:
    """What came out, readable: the replies, else the raw output."""
    lone = messages.lone_text(attributes.get(semconv.OUTPUT_MESSAGES[0]))
    if lone is not None:
        return lone
    said = _messages(attributes, flat, semconv.OUTPUT_MESSAGES, semconv.OUTPUT_FLAT)
    found = messages.reply(said)
    if found is None:
        found = _first_readable(attributes, semconv.OUTPUT_VALUE, messages.readable_output)
        calls = semconv.first(attributes, semconv.OUTPUT_CALLS)
        if calls is not None:
            asked = messages.reply(messages.parse(calls))
            found = "\n".join(part for part in (found, asked) if part) or None
    return found


def _first_readable(attributes: Mapping[str, Any], names: tuple[str, ...], readable: Any) -> str | None:
    for name in names:
        value = attributes.get(name)
        if value is not None:
            found: str | None = readable(_unquoted(value) if name in semconv.QUOTED_VALUE else value)
            if found:
                return found
    return None


def _unquoted(value: Any) -> Any:
    """JSON texts without their quotes; several ones apart from each other."""
    if isinstance(value, list):
        return "\n\n".join(text for text in map(_unquoted, value) if isinstance(text, str))
    if isinstance(value, str) and value[:1] == '"':
        try:
            return loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _messages(
    attributes: Mapping[str, Any], flat: Flat, whole: tuple[str, ...], prefixes: tuple[str, ...]
) -> list[Message]:
    for name in whole:
        if attributes.get(name) is not None:
            found = messages.parse(attributes[name])
            if found:
                return found
    for prefix in prefixes:
        if prefix in flat:
            return messages.parse(flat[prefix])
    return []


def documents(attributes: Mapping[str, Any], flat: Flat, events: Sequence[RawEvent]) -> list[dict[str, Any]]:
    """Documents that the step returned: id, score and text, in their order; empty when it returned none."""
    for prefix in semconv.DOCUMENTS_FLAT:
        if prefix in flat:
            return [_document(item) for item in flat[prefix]]
    for name in semconv.DOCUMENTS:
        if name in attributes:
            value = messages.parse_json(attributes[name])
            if isinstance(value, list):
                return [_document(item) for item in value]
    if not events:
        return []
    results = [event.attributes for event in events if event.name in semconv.VECTOR_RESULT_EVENTS]
    return [
        _clean({key: semconv.first(result, names) for key, names in semconv.VECTOR_RESULT.items()})
        for result in results
    ]


def _document(item: Any) -> dict[str, Any]:
    if isinstance(item, Mapping) and isinstance(item.get("document"), Mapping):
        item = item["document"]
    if not isinstance(item, Mapping):
        return {"text": item if isinstance(item, str) else str(item)}
    metadata = messages.parse_json(item.get("metadata"))
    metadata = metadata if isinstance(metadata, Mapping) else {}
    text = next((item[k] for k in ("content", "text", "page_content") if isinstance(item.get(k), str)), None)
    return _clean(
        {
            "id": _some(item.get("id"), metadata.get("id"), metadata.get("source"), metadata.get("doc_id")),
            "score": _some(item.get("score"), metadata.get("score"), metadata.get("relevance_score")),
            "text": text,
        }
    )


def _clean(found: dict[str, Any]) -> dict[str, Any]:
    """A score that is no number is no score; it must not cost the whole span."""
    score = found.get("score")
    try:
        found["score"] = None if score is None or isinstance(score, bool) else float(score)
    except (TypeError, ValueError, OverflowError):
        found["score"] = None
    if found["score"] is not None and not abs(found["score"]) < float("inf"):
        found["score"] = None
    for key in ("id", "text"):
        value = found.get(key)
        found[key] = None if value is None else value if isinstance(value, str) else str(value)
    return found


def _some(*values: Any) -> Any:
    return next((value for value in values if value is not None and value != ""), None)


def _under(item: Any, path: str) -> Any:
    for part in path.split("."):
        item = item.get(part) if isinstance(item, Mapping) else None
    return item
