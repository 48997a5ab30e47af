"""JSON text as values, fast."""

from __future__ import annotations

import json
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
