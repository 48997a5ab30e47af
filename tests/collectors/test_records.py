"""Plain records as spans, feedback and annotations: what follows from what, and what is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.cleaning import TEXT_LIMIT, InvalidValueError
from collectors.model import Span
from collectors.records import TRUNCATED, make_annotation, make_feedback, make_span

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)


def span(**record: Any) -> Span:
    return make_span({"component": "generator", "started_at": AT.isoformat(), **record}, source="test")


def test_end_and_duration_follow_from_each_other() -> None:
    assert span(duration_s=1.5).ended_at == AT + timedelta(seconds=1.5)
    assert span(ended_at="2026-03-01T10:00:02Z").duration_s == 2.0
    assert span().duration_s is None
    both = make_span({"component": "c", "ended_at": AT, "duration_s": 2}, source="t")
    assert both.started_at == AT - timedelta(seconds=2)


def test_names_and_errors_follow() -> None:
    assert span().name == "generator"
    assert make_span({"name": "step", "started_at": AT}, source="t").component == "step"
    assert span(error_type="Timeout").status == "error"
    assert span(status="OK").status == "ok"
    assert span().status == "unset"


def test_missing_ids_follow_from_the_content() -> None:
    first, again, other = span(input_text="a"), span(input_text="a"), span(input_text="b")
    assert (first.trace_id, first.span_id) == (again.trace_id, again.span_id)
    assert first.span_id != other.span_id
    assert first.trace_id != other.trace_id
    assert (len(first.trace_id), len(first.span_id)) == (32, 16)
    assert span(trace_id="t").trace_id == "t"


def test_unknown_keys_are_kept_as_attributes() -> None:
    found = span(region="eu", nothing=None, attributes={"tier": "gold"})
    assert found.attributes == {"region": "eu", "tier": "gold"}


def test_empty_text_is_unknown() -> None:
    assert span(input_text="", model="", documents="", parameters="").input_text is None


def test_a_long_text_is_cut_and_says_so() -> None:
    found = span(input_text="x" * (TEXT_LIMIT + 5), output_text="y")
    assert len(found.input_text or "") == TEXT_LIMIT
    assert found.attributes[TRUNCATED] == {"input_text": TEXT_LIMIT + 5}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"started_at": None}, "started_at is missing"),
        ({"component": None}, "component is missing"),
        ({"duration_s": -3}, "duration_s = -3: must not be negative"),
        ({"ended_at": "2026-03-01T09:00:00Z"}, "must not be before started_at"),
        ({"duration_s": 1e300}, "duration_s = 1e+300"),
        ({"kind": "robot"}, "kind = 'robot': choose one of: chain, agent, router, llm"),
        ({"status": 7}, "status = 7: choose one of: ok, error, unset"),
    ],
)
def test_what_is_refused(record: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        span(**record)
    assert reason in str(caught.value)


def test_feedback() -> None:
    record = {"trace_id": "t", "created_at": AT, "score": "1", "comment": "good"}
    found = make_feedback(record, source="test")
    assert (found.name, found.score, found.comment) == ("thumbs", 1.0, "good")
    assert found.feedback_id == make_feedback(record, source="other").feedback_id
    with pytest.raises(InvalidValueError, match="score, label or comment is missing"):
        make_feedback({"trace_id": "t", "created_at": AT}, source="test")
    with pytest.raises(InvalidValueError, match="trace_id is missing"):
        make_feedback({"created_at": AT, "score": 1}, source="test")


def test_annotations() -> None:
    record = {
        "trace_id": "t",
        "span_id": "s",
        "created_at": AT,
        "author": "kim",
        "name": "correct",
        "label": "no",
    }
    found = make_annotation(record, source="test")
    assert (found.author, found.author_kind, found.label) == ("kim", "human", "no")
    with pytest.raises(InvalidValueError, match="author is missing"):
        make_annotation({**record, "author": ""}, source="test")
    with pytest.raises(InvalidValueError, match="author_kind = 'robot': choose one of: human, judge"):
        make_annotation({**record, "author_kind": "robot"}, source="test")
