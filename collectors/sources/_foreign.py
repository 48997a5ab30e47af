"""Records of other tracing tools as spans: the same mapping of attributes as for OTLP.

A tool's own fields are said outright; what it kept of OpenTelemetry attributes is read by their names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from collectors import cleaning, semconv
from collectors.cleaning import MissingKeyError
from collectors.messages import parse_json
from collectors.model import Span
from collectors.sources._otlp_map import LONGEST_NAME, VOLATILE, to_span
from collectors.sources._otlp_raw import Origin, RawEvent, RawSpan
from collectors.sources.base import Bad, SourceContext, shorten

_MICROSECOND = timedelta(microseconds=1)
# A root's name is often a route or an agent with its id; ours has to survive from call to call.
_SOME_PARENT = "-"
_NAMES = tuple(dict.fromkeys(name for names in semconv.COMPONENT_NAMES.values() for name in names))


@dataclass(frozen=True, kw_only=True)
class Where:
    """The place of a record: its line in a file of lines, its path inside a document."""

    line: int | None = None
    path: str = ""

    def at(self, step: str | int) -> Where:
        """The place of a value inside this one."""
        inner = f"[{step}]" if isinstance(step, int) else f".{step}" if self.path else step
        return replace(self, path=self.path + inner)

    def bad(self, error: Exception | str, record: object) -> Bad:
        """The record as a quarantine record, with its place."""
        reason = str(error) or type(error).__name__
        problem = getattr(error, "problem", reason)
        shown = f"{self.path}: {reason}" if self.path else reason
        return Bad(line=self.line, reason=shown, raw=shorten(record), problem=problem)


def nanoseconds(key: str, value: Any) -> int | None:
    """A time of any notation as ns since the epoch; InvalidValueError when it is none."""
    found = None if value is None else cleaning.time(key, value)
    return None if found is None else (found - cleaning.EPOCH) // _MICROSECOND * 1000


def foreign_span(
    *,
    ids: tuple[Any, Any, Any],
    name: str,
    times: tuple[int | None, int | None],
    attributes: Mapping[str, Any],
    fields: Mapping[str, Any],
    context: SourceContext,
    status: str = "unset",
    status_message: str = "",
    events: Sequence[RawEvent] = (),
    resource: Mapping[str, Any] | None = None,
    scope: tuple[str, str] = ("", ""),
) -> Span:
    """A span from (trace id, span id, parent id), (start, end) in ns, and OpenTelemetry attributes.

    `fields` are span fields that the tool says itself; None there means that it says nothing. Raises
    MissingKeyError without a start or an id, InvalidValueError for a value that cannot be taken.
    """
    start_ns, end_ns = times
    trace_id, span_id, parent_id = ids
    if start_ns is None:
        raise MissingKeyError("start time")
    for key, value in (("trace id", trace_id), ("span id", span_id)):
        if value is None or value == "":
            raise MissingKeyError(key)
    parent = None if parent_id in (None, "") else str(parent_id)
    said = {
        semconv.OWN_PREFIX + key: value
        for key, value in {"name": name, **fields}.items()
        if value is not None
    }
    model = fields.get("model")
    attributes = dict(attributes)
    unnamed = {key: attributes.pop(key) for key in _NAMES if _is_volatile(attributes.get(key))}
    raw = RawSpan(
        trace_id=str(trace_id),
        span_id=str(span_id),
        parent_span_id=parent or _SOME_PARENT,
        # The component is named by what is left: another model is a change of the same component.
        name=name.replace(model, "") if isinstance(model, str) and model else name,
        start_ns=start_ns,
        end_ns=end_ns or 0,
        attributes={**said, **attributes},
        events=tuple(events),
        status=status,
        status_message=status_message,
        origin=Origin(resource=resource or {}, scope_name=scope[0], scope_version=scope[1]),
    )
    span = to_span(raw, source=context.source, index=context.index)
    if unnamed:
        span = replace(span, attributes={**span.attributes, **unnamed})
    return span if parent else replace(span, parent_span_id=None)


def stable_name(name: str) -> str:
    """A name without the ids and numbers in it that change from call to call.

    >>> stable_name("invoke_agent 171105b7-59dd-49c0-9677-0b95395aa46a")
    'invoke_agent'
    """
    return VOLATILE.sub("", name[:LONGEST_NAME]).strip(" -:/.") or name


def _is_volatile(value: Any) -> bool:
    """Whether an agent or tool that nobody named goes by an id of this very call."""
    return isinstance(value, str) and len(value) <= LONGEST_NAME and VOLATILE.fullmatch(value) is not None


def mapping(value: Any) -> dict[str, Any]:
    """An object, or JSON text of one; empty for anything else."""
    found = parse_json(value)
    return found if isinstance(found, dict) else {}


def text_or_none(value: Any) -> str | None:
    """A scalar as text; None for anything structured or empty."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or value == "":
        return None
    return str(value)


def whole(value: Any) -> int | None:
    """A token count as other tools write it: a number, its text; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return cleaning.count("tokens", value)
    except cleaning.InvalidValueError:
        return None


def amount(value: Any) -> float | None:
    """A cost as other tools write it, often as decimal text; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return cleaning.amount("cost", value)
    except cleaning.InvalidValueError:
        return None
