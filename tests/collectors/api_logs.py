"""Bodies of the OpenAI and Anthropic APIs as their references show them, and a reader of rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from collectors.model import Span
from collectors.sources.base import SOURCES, Bad, Item, SourceContext

CREATED = 1_772_359_200  # 2026-03-01T10:00:00Z

CHAT_REQUEST: dict[str, Any] = {
    "model": "gpt-5-mini",
    "messages": [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Capital of France?"}]},
    ],
    "temperature": 0.2,
    "max_completion_tokens": 64,
    "user": "u-17",
    "metadata": {"session_id": "s-4"},
}
CHAT_RESPONSE: dict[str, Any] = {
    "id": "chatcmpl-B9MHDb",
    "object": "chat.completion",
    "created": CREATED,
    "model": "gpt-5-mini-2025-08-07",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Paris.", "refusal": None, "annotations": []},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 19,
        "completion_tokens": 10,
        "total_tokens": 29,
        "prompt_tokens_details": {"cached_tokens": 8, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 6, "accepted_prediction_tokens": 0},
    },
    "service_tier": "default",
}
BATCH: dict[str, Any] = {
    "id": "batch_req_123",
    "custom_id": "request-2",
    "response": {"status_code": 200, "request_id": "req_123", "body": CHAT_RESPONSE},
    "error": None,
}
MESSAGES_REQUEST: dict[str, Any] = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 1024,
    "system": "Be brief.",
    "messages": [{"role": "user", "content": "Capital of France?"}],
    "metadata": {"user_id": "u-17"},
    "thinking": {"type": "enabled", "budget_tokens": 2000},
}
MESSAGE: dict[str, Any] = {
    "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [
        {"type": "thinking", "thinking": "France has a capital.", "signature": "c2ln"},
        {"type": "text", "text": "Paris."},
        {"type": "tool_use", "id": "toolu_01", "name": "map", "input": {"city": "Paris"}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 21,
        "cache_creation_input_tokens": 100,
        "cache_read_input_tokens": 300,
        "output_tokens": 15,
    },
}


def read(source: str, folder: Path, *rows: Any, text: str | None = None, **context: Any) -> list[Item]:
    """The items of a file with these rows, one a line."""
    path = folder / "log.jsonl"
    path.write_text(text if text is not None else "\n".join(json.dumps(row) for row in rows), "utf-8")
    return list(SOURCES.get(source).read(path, SourceContext(source="log", **context)))


def one(source: str, folder: Path, row: Any) -> Span:
    """The only span of a row."""
    found = read(source, folder, row)
    assert [type(item) for item in found] == [Span], [i.reason for i in found if isinstance(i, Bad)]
    span = found[0]
    assert isinstance(span, Span)
    return span
