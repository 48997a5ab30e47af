"""Evidence as JSON holds it, so that what is stored and what is in memory are the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from collectors.model import utc

# Log text may be megabytes; an incident needs enough to recognise it.
_LONGEST_TEXT = 2_000
_LONGEST_LIST = 150


def plain(value: Any) -> Any:
    """`value` with JSON's types only, bounded: no NaN, no tuples, no library's numbers, no endless text.

    >>> plain({"a": (1, float("nan")), "at": datetime(2026, 1, 2)})
    {'a': [1, None], 'at': '2026-01-02T00:00:00+00:00'}
    """
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, Mapping):
        return {_text(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in list(value)[:_LONGEST_LIST]]
    return _scalar(value)


def _text(value: str) -> str:
    # Lone surrogates and NUL are legal in a log and illegal in the warehouse.
    return value[:_LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8").replace("\x00", "")


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, datetime):
        return utc(value).isoformat()
    try:
        number = float(value)
    except (TypeError, ValueError):
        return _text(str(value))
    return number if math.isfinite(number) else None
