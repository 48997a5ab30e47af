"""OTLP spans and log records after decoding, before anybody asks what their attributes mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

STATUS_CODES: Mapping[int, str] = {0: "unset", 1: "ok", 2: "error"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """The resource and scope that a record came under."""

    resource: Mapping[str, Any]
    scope_name: str
    scope_version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RawEvent:
    """A span event: name, time in ns since the epoch, attributes."""

    name: str
    at_ns: int
    attributes: Mapping[str, Any]


class RawSpan(NamedTuple):
    """An OTLP span with plain Python attribute values; ids are lower-case hex, times ns.

    A tuple, which is made in a quarter of the time of a frozen record.
    """

    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str
    start_ns: int
    end_ns: int
    attributes: Mapping[str, Any]
    events: tuple[RawEvent, ...]
    status: str
    status_message: str
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True)
class RawLog:
    """An OTLP log record; `trace_id` and `span_id` are empty when it belongs to no span."""

    trace_id: str
    span_id: str
    event_name: str
    at_ns: int
    attributes: Mapping[str, Any]
    body: Any
    origin: Origin


class RecordError(ValueError):
    """One record inside a request cannot be taken; its neighbours can."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """A record that could not be decoded, with the reason and what it looked like."""

    reason: str
    raw: str


Raw = RawSpan | RawLog | Rejected
