"""Langfuse scores: verdicts of its evaluators and of people, and what end users said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from collectors.model import Annotation, Feedback
from collectors.records import make_annotation, make_feedback
from collectors.sources._foreign import text_or_none

# What comes in over the API says nothing of who judged; these are names that teams give to users' signals.
_OF_USERS = re.compile(
    r"feedback|thumb|rating|\buser|_user|user_|csat|\bnps\b|like|helpful|satisf|stars?\b|vote|complaint", re.I
)


def score_item(record: Mapping[str, Any], *, user_id: Any, source: str) -> Annotation | Feedback:
    """A score (snake-case keys) as an annotation, or as feedback when an end user gave it.

    `EVAL` is a judge's, `ANNOTATION` a person's in Langfuse. `API` is a user's when its name says so
    (`user-feedback`, `thumbs`, `rating` ...), else another program's verdict. A correction is a person's
    annotation with the right text as its comment. Raises MissingKeyError, InvalidValueError.
    """
    origin = str(record.get("source") or "").upper()
    kind = str(record.get("data_type") or "").upper()
    name = text_or_none(record.get("name")) or "score"
    value, label = record.get("value"), text_or_none(record.get("string_value"))
    comment = text_or_none(record.get("comment"))
    if kind == "CORRECTION" or (kind == "" and record.get("long_string_value")):
        value, label = None, label or "correction"
        comment = text_or_none(record.get("long_string_value")) or comment
    elif kind == "CATEGORICAL" and label is not None:
        # Langfuse writes 0 where a category has no number of its own.
        value = value or None
    elif isinstance(value, str) and not _is_number(value):
        value, label = None, label or value
    found: dict[str, Any] = {
        "trace_id": record.get("trace_id"),
        "span_id": record.get("observation_id"),
        "name": name,
        "score": int(value) if isinstance(value, bool) else value,
        "label": label,
        "comment": comment,
        "created_at": record.get("timestamp") or record.get("created_at"),
    }
    if origin == "API" and _OF_USERS.search(name):
        return make_feedback({**found, "feedback_id": record.get("id"), "user_id": user_id}, source=source)
    author = text_or_none(record.get("author_user_id"))
    found |= {
        "annotation_id": record.get("id"),
        "author": author or f"langfuse:{origin.lower() or 'score'}",
        "author_kind": "human" if origin == "ANNOTATION" or author else "judge",
    }
    return make_annotation(found, source=source)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
