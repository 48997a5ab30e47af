"""The raw row as it stays in `attributes`: without credentials, vectors and embedded files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SECRET = frozenset(
    {
        "headers", "request_headers", "response_headers", "requestheaders", "responseheaders", "request_head",
        "response_head", "additional_headers", "authorization", "api_key", "apikey", "x-api-key", "api-key",
        "cookie", "cookies",
    }
)  # fmt: skip
_LONG_DATA = 256
_MANY_NUMBERS = 64
_MAX_DEPTH = 24


def kept(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row without what must not be stored (headers hold keys) and what nobody reads (vectors, files)."""
    return {str(key): _value(key, value, 0) for key, value in row.items() if not _is_secret(key)}


def _is_secret(key: object) -> bool:
    return isinstance(key, str) and key.lower() in _SECRET


def _value(key: object, value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _text(key, value) if len(value) > _LONG_DATA else value
    if not isinstance(value, (dict, list)):
        return value
    if depth >= _MAX_DEPTH:
        return "…"
    if isinstance(value, dict):
        return {str(k): _value(k, v, depth + 1) for k, v in value.items() if not _is_secret(k)}
    if key == "embedding" or _is_vector(value):
        return f"[{len(value)} numbers]"
    return [_value(None, item, depth + 1) for item in value]


def _text(key: object, value: str) -> str:
    if value.startswith("data:") and ";base64," in value[:_LONG_DATA]:
        return f"{value.partition(',')[0]},[{len(value)} characters]"
    if key in ("embedding", "b64_json", "data", "file_data") and " " not in value[:_LONG_DATA]:
        return f"[{len(value)} characters]"
    return value


def _is_vector(value: list[Any]) -> bool:
    some = value[:_MANY_NUMBERS]
    return len(some) == _MANY_NUMBERS and all(isinstance(item, (int, float)) for item in some)
