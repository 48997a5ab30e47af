"""JSON text as values, fast, and values as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode


def loads(text: str | bytes) -> Any:
    """`json.loads` at a multiple of its speed; ValueError or RecursionError as it raises them.

    What Python writes and strict JSON does not know, NaN and lone surrogates, is taken as well.
    """
    try:
        return _decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return json.loads(text)


def compact(value: Any) -> str:
    """JSON text on one line; `str` of what JSON cannot hold."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return str(value)


def is_empty(value: Any) -> bool:
    """Whether nothing is in it, however deep."""
    if isinstance(value, Mapping):
        return all(is_empty(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return all(is_empty(item) for item in value)
    return value in (None, "")
