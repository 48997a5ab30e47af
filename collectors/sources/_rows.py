"""Rows of a table or a JSON file as items: the map applied, the record validated, bad ones set aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from collectors.cleaning import InvalidValueError
from collectors.records import SPAN_TYPES, make_annotation, make_feedback, make_span
from collectors.sources.base import RECORD_ERRORS, Bad, Item, Skipped, SourceContext, shorten

FILTERED = "rows that the field map's `keep` leaves out"
_TYPES = ("span", "feedback", "annotation")


def items(row: Mapping[str, Any], context: SourceContext, line: int | None) -> Iterator[Item]:
    """The item or items of one row."""
    field_map = context.field_map
    try:
        if field_map is None:
            yield _native(row, context.source)
            return
        if not field_map.keeps(row):
            yield Skipped(reason=FILTERED)
            return
        span = make_span(field_map.record(row), source=context.source)
        feedback = [make_feedback(said, source=context.source) for said in field_map.feedback(row, span)]
    except RECORD_ERRORS as error:
        yield bad(error, row, line)
        return
    yield span
    yield from feedback


def _native(row: Mapping[str, Any], source: str) -> Item:
    kind = row.get("type")
    if is_span(row):
        return make_span(row, source=source)
    if kind == "feedback":
        return make_feedback(row, source=source)
    if kind == "annotation":
        return make_annotation(row, source=source)
    raise InvalidValueError("type", kind, f"choose one of: {', '.join(_TYPES)}")


def is_span(row: Mapping[str, Any]) -> bool:
    """Whether a row in our names is to be a span; others say what they are."""
    kind = row.get("type")
    return kind is None or (isinstance(kind, str) and kind in SPAN_TYPES)


def bad(error: Exception, row: object, line: int | None) -> Bad:
    """The row as a quarantine record."""
    reason = str(error) or type(error).__name__
    return Bad(line=line, reason=reason, raw=shorten(row), problem=getattr(error, "problem", reason))
