"""Jaeger's protobuf spans as JSON, which its Kafka topic and its gateway write, in the names of its UI."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from collectors import cleaning
from collectors.cleaning import InvalidValueError
from collectors.sources._foreign import nanoseconds

_VALUES = ("vStr", "vBool", "vInt64", "vFloat64", "vBinary")
_TYPES = {"vInt64": "int64", "vFloat64": "float64", "vBool": "bool", "vBinary": "binary"}


def is_proto(span: Mapping[str, Any]) -> bool:
    """Whether the keys are those of the protobuf: `spanId` for `spanID`."""
    return "spanId" in span and "operationName" in span and "spanID" not in span


def in_ui_names(span: Mapping[str, Any]) -> dict[str, Any]:
    """The span with ids in hex, times in microseconds, and tags as {key, type, value}."""
    return {
        **span,
        "traceID": _hex("traceId", span.get("traceId")),
        "spanID": _hex("spanId", span.get("spanId")),
        "references": [
            {
                "refType": reference.get("refType") or "CHILD_OF",
                "traceID": _hex("references.traceId", reference.get("traceId")),
                "spanID": _hex("references.spanId", reference.get("spanId")),
            }
            for reference in _dicts(span.get("references"))
        ],
        "startTime": _micros("startTime", span.get("startTime")),
        "duration": _duration(span.get("duration")),
        "tags": _tags(span.get("tags")),
        "logs": [
            {"timestamp": _micros("logs.timestamp", log.get("timestamp")), "fields": _tags(log.get("fields"))}
            for log in _dicts(span.get("logs"))
        ],
        "process": _process(span.get("process")),
    }


def _process(process: Any) -> Any:
    return {**process, "tags": _tags(process.get("tags"))} if isinstance(process, Mapping) else process


def _tags(tags: Any) -> list[dict[str, Any]]:
    """Protobuf's JSON leaves out what has its default: a tag without a value is an empty text."""
    found = []
    for tag in _dicts(tags):
        kind = next((name for name in _VALUES if name in tag), "")
        value = tag[kind] if kind else tag.get("value", "")
        found.append({"key": tag.get("key"), "type": _TYPES.get(kind, "string"), "value": value})
    return found


def _hex(name: str, value: Any) -> Any:
    """Base64 of 8 or 16 bytes as hex; what is something else stays for the reader to judge."""
    if not isinstance(value, str):
        return value
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return value
    return raw.hex() if len(raw) in (8, 16) and value.endswith("=") else value


def _micros(name: str, value: Any) -> Any:
    if isinstance(value, int):
        return value
    found = nanoseconds(name, value)
    return None if found is None else found // 1000


def _duration(value: Any) -> int | None:
    """Protobuf's durations are seconds with an `s`: `0.250s`."""
    if value is None or value == "":
        return 0  # the default value, which is left out
    if isinstance(value, int):
        return value
    if not isinstance(value, str) or not value.endswith("s"):
        raise InvalidValueError("duration", value, "must be seconds such as 0.25s")
    seconds = cleaning.amount("duration", value[:-1])
    return None if seconds is None else round(seconds * 1_000_000)


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
