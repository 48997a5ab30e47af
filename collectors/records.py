"""Plain records (field name -> value) as validated `Span`, `Feedback` and `Annotation`.

Every source ends here, so a rule about values is written once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from collectors import cleaning
from collectors.cleaning import TEXT_LIMIT, InvalidValueError, MissingKeyError
from collectors.columns import DEFAULTS, OBJECTS, SPAN_COLUMNS
from collectors.model import KINDS, STATUSES, Annotation, Feedback, Span, content_hash

TRUNCATED = "chainwatch.truncated"
# Keys of records that a span has no use for: they are said by whoever reads the record.
NOT_OURS = ("type", "source", "ingested_at")
# What a record that is a span says of its type, if it says anything.
SPAN_TYPES = frozenset({None, "", "span"})
LONG_TEXTS = ("input_text", "output_text", "reference_text", "prompt_template")
CLOCK_SLACK = timedelta(microseconds=1)

# What takes the value of a key; InvalidValueError when it cannot be taken.
Rule = Callable[[str, Any], Any]

_TEXTS = (
    "chain", "component", "name", "error_type", "input_text", "output_text", "reference_text", "model",
    "provider",
    "environment", "chain_version", "component_version", "prompt_template", "prompt_version", "index_version",
    "dataset", "exporter",
)  # fmt: skip


def _choice(choices: tuple[str, ...]) -> Callable[[str, Any], str | None]:
    problem = f"choose one of: {', '.join(choices)}"

    def take(key: str, value: Any) -> str | None:
        if isinstance(value, str) and value in choices:
            return value
        word = value.strip().lower() if isinstance(value, str) else value
        if word == "":
            return None
        if word not in choices:
            raise InvalidValueError(key, value, problem)
        return str(word)

    return take


SPAN_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_TEXTS, cleaning.text),
    **dict.fromkeys(("trace_id", "span_id", "parent_span_id", "user_id", "session_id"), cleaning.identifier),
    **dict.fromkeys(("started_at", "ended_at"), cleaning.time),
    **dict.fromkeys(("duration_s", "time_to_first_token_s", "cost_usd"), cleaning.amount),
    **dict.fromkeys(("input_tokens", "output_tokens", "cached_tokens"), cleaning.count),
    **dict.fromkeys(OBJECTS, cleaning.mapping),
    "kind": _choice(KINDS),
    "status": _choice(STATUSES),
    "documents": cleaning.documents,
}
SPAN_FIELDS: tuple[str, ...] = tuple(name for name in SPAN_COLUMNS if name not in ("source", "ingested_at"))

_SHARED: Mapping[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(("trace_id", "span_id"), cleaning.identifier),
    **dict.fromkeys(("name", "label", "comment"), cleaning.text),
    "score": cleaning.number,
    "created_at": cleaning.time,
}
_FEEDBACK = {**_SHARED, "feedback_id": cleaning.identifier, "user_id": cleaning.identifier}
_ANNOTATION = {
    **_SHARED,
    "annotation_id": cleaning.identifier,
    "author": cleaning.text,
    "author_kind": _choice(("human", "judge")),
}


def make_span(record: Mapping[str, Any], *, source: str) -> Span:
    """A validated span. Keys that are no span field go to `attributes`; InvalidValueError says what is wrong.

    `started_at` and one of `component` and `name` must be there. A missing `ended_at` follows from
    `duration_s` and the other way round; missing ids are derived from the record's content, so that
    the same record always gets the same ids.
    """
    found: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, value in record.items():
        if value is None:
            continue
        take = SPAN_RULES.get(key)
        if take is not None:
            taken = take(key, value)
            if taken is not None:
                found[key] = taken
        elif key not in NOT_OURS:
            extra[cleaning.clean(str(key))] = cleaning.plain(value)
    if extra:
        found["attributes"] = {**extra, **found.get("attributes", {})}
    _complete(found, record)
    _shorten(found)
    return _span(source, found)


def _span(source: str, found: Mapping[str, Any]) -> Span:
    """`Span(source=source, **found)` without the constructor's call of `object.__setattr__` for each field.

    Half of all spans' time went there. The fields are in the order of the class, so that it is the same
    object to everybody: `==`, `repr`, `replace`.
    """
    span = object.__new__(Span)
    fields_ = span.__dict__
    fields_.update(DEFAULTS)
    fields_.update(found)
    fields_["source"] = source
    for name in OBJECTS:
        if not fields_[name]:
            fields_[name] = {}
    return span


def _complete(found: dict[str, Any], record: Mapping[str, Any]) -> None:
    name = found.get("name") or found.get("component")
    if name is None:
        raise MissingKeyError("component")
    found["name"] = name
    found.setdefault("component", name)
    started = found.get("started_at")
    duration = found.get("duration_s")
    if started is None:
        if "ended_at" not in found or duration is None:
            raise MissingKeyError("started_at")
        started = found["started_at"] = found["ended_at"] - _seconds(duration)
    ended = found.get("ended_at")
    if ended is None:
        if duration is not None:
            found["ended_at"] = started + _seconds(duration)
    elif ended < started - CLOCK_SLACK:
        raise InvalidValueError(
            "ended_at", record.get("ended_at"), f"must not be before started_at ({started.isoformat()})"
        )
    elif duration is None:
        found["duration_s"] = max((ended - started).total_seconds(), 0.0)
    if "error_type" in found:
        found.setdefault("status", "error")
    if "trace_id" not in found or "span_id" not in found:
        canonical = canonical_text(record)
        found.setdefault("trace_id", content_hash("trace", canonical))
        found.setdefault("span_id", content_hash("span", canonical)[:16])


def _seconds(duration: float) -> timedelta:
    try:
        return timedelta(seconds=duration)
    except OverflowError:
        raise InvalidValueError("duration_s", duration, "must be less than a thousand years") from None


def _shorten(found: dict[str, Any]) -> None:
    cut = {key: len(text) for key in LONG_TEXTS if (text := found.get(key)) and len(text) > TEXT_LIMIT}
    if cut:
        for key in cut:
            found[key] = found[key][:TEXT_LIMIT]
        found["attributes"] = {**found.get("attributes", {}), TRUNCATED: cut}


def make_feedback(record: Mapping[str, Any], *, source: str) -> Feedback:
    """A validated feedback; `trace_id`, `created_at` and a score, label or comment must be there."""
    found = _take(record, _FEEDBACK)
    found.setdefault("feedback_id", content_hash("feedback", canonical_text(record)))
    return Feedback(source=source, **found)


def make_annotation(record: Mapping[str, Any], *, source: str) -> Annotation:
    """A validated annotation; `trace_id`, `created_at`, `author`, `name` and some verdict must be there."""
    found = _take(record, _ANNOTATION)
    for key in ("author", "name"):
        if key not in found:
            raise MissingKeyError(key)
    found.setdefault("author_kind", "human")
    found.setdefault("annotation_id", content_hash("annotation", canonical_text(record)))
    return Annotation(source=source, **found)


def _take(record: Mapping[str, Any], table: Mapping[str, Callable[[str, Any], Any]]) -> dict[str, Any]:
    found = {
        key: taken
        for key, take in table.items()
        if record.get(key) is not None and (taken := take(key, record[key])) is not None
    }
    for key in ("trace_id", "created_at"):
        if key not in found:
            raise MissingKeyError(key)
    if not any(key in found for key in ("score", "label", "comment")):
        raise MissingKeyError("score, label or comment")
    if "comment" in found:
        found["comment"] = found["comment"][:TEXT_LIMIT]
    return found


def canonical_text(record: Mapping[str, Any]) -> str:
    """The record's content as one text that does not depend on the order of its keys."""
    return json.dumps(record, sort_keys=True, ensure_ascii=True, default=str)
