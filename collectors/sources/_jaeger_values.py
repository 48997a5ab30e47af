"""The values inside Jaeger's JSON: tags, ids without their leading zeros, times, references."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from collectors import cleaning
from collectors.cleaning import InvalidValueError, MissingKeyError

_HEX = re.compile(r"[0-9a-fA-F]{1,32}")


def tags_of(tags: Any, flat: Any) -> dict[str, Any]:
    """Tags as attributes: a list of {key, type, value}, an object, and Elasticsearch's flat `tag` object.

    >>> tags_of([{"key": "n", "type": "int64", "value": "3"}], {"http@method": "GET"})
    {'http.method': 'GET', 'n': 3}
    """
    found: dict[str, Any] = {}
    for holder in (flat, tags):
        if isinstance(holder, Mapping):
            found |= {str(key).replace("@", "."): value for key, value in holder.items()}
    for tag in tags if isinstance(tags, list) else []:
        if isinstance(tag, Mapping) and isinstance(tag.get("key"), str):
            found[tag["key"]] = _value(tag)
    return found


def _value(tag: Mapping[str, Any]) -> Any:
    """A tag's value by its type: storage and some clients write every value as text."""
    value, kind = tag.get("value"), tag.get("type")
    if not isinstance(value, str) or kind in ("string", "binary", None):
        return value
    try:
        if kind in ("bool", "int64", "float64"):
            return json.loads(value)
    except (ValueError, RecursionError):
        return value
    return value


def hex_id(name: str, value: Any) -> str:
    """An id with the leading zeros that older clients leave out; one that is not hex stays as it is.

    >>> hex_id("spanID", "3ce929d0e0e4736")
    '03ce929d0e0e4736'
    """
    if not isinstance(value, str) or not value.strip():
        if value is None or value == "":
            raise MissingKeyError(name)
        raise InvalidValueError(name, value, "must be text")
    found = value.strip()
    if _HEX.fullmatch(found):
        return found.lower().zfill(16 if len(found) <= 16 else 32)
    return found


def ends(span: Mapping[str, Any]) -> tuple[int, int]:
    """(start, end) in ns: Jaeger counts in microseconds; the end is 0 when there is no duration."""
    start = _micros("startTime", span.get("startTime"))
    if start is None:
        raise MissingKeyError("startTime")
    duration = _micros("duration", span.get("duration"))
    return start * 1000, 0 if duration is None else (start + duration) * 1000


def _micros(name: str, value: Any) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and not value.strip().isdigit():
        raise InvalidValueError(name, value, "must be a whole number of microseconds")
    return cleaning.count(name, value)


def parent_of(span: Mapping[str, Any], trace_id: str) -> tuple[str | None, list[Any]]:
    """The parent's id in the same trace (CHILD_OF before FOLLOWS_FROM), and the references that are left."""
    given = span.get("references")
    references = [r for r in given if isinstance(r, Mapping)] if isinstance(given, list) else []
    ours = [r for r in references if _same_trace(r, trace_id) and r.get("spanID")]
    ours.sort(key=lambda r: r.get("refType") != "CHILD_OF")
    if ours:
        parent = hex_id("references.spanID", ours[0]["spanID"])
        return parent, [r for r in references if r is not ours[0]]
    legacy = span.get("parentSpanID")
    is_one = isinstance(legacy, str) and legacy.strip("0 ") != ""
    return hex_id("parentSpanID", legacy) if is_one else None, references


def _same_trace(reference: Mapping[str, Any], trace_id: str) -> bool:
    given = reference.get("traceID")
    return given in (None, "") or (
        isinstance(given, str) and hex_id("traceID", given).zfill(32) == trace_id.zfill(32)
    )
