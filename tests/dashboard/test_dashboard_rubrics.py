"""Two rubrics of one judge may share the name of a criterion: their estimates are told apart."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dashboard.data import TimeRange
from dashboard.data_overview_quality import chosen_quality, quality_course
from dashboard.data_quality import EstimateRow
from dashboard.quality_parts import _finding, _reading, _targets

MONDAY = date(2026, 3, 2)


def estimate(day: int, value: float, rubric: str | None, *, target: str = "llm") -> dict[str, Any]:
    """One day's estimate of `overall`; an earlier Chainwatch stored no rubric with it."""
    return {
        "component": "generator",
        "criterion": "overall",
        "target": target,
        "judge_version": f"org/model@a/{rubric}/9f" if rubric else "model@a",
        "version": "*",
        "day": MONDAY + timedelta(days=day),
        "value": value,
        "labels": 20,
        "answers": 100,
        "is_current": day >= 0,
        **dict.fromkeys(("low", "always_low"), value - 0.1),
        **dict.fromkeys(("high", "always_high"), value + 0.1),
    }


def shown(*rows: dict[str, Any]) -> list[Any]:
    more = {"alone_low": None, "alone_high": None, "judged": 20, "scored": 90, "judge": "llm"}
    at = datetime(2026, 3, 9, tzinfo=UTC)
    made = [{**row, **more, "computed_at": at} for row in rows]
    names = [f.name for f in fields(EstimateRow)]
    return [_reading(EstimateRow(**{name: row[name] for name in names}), always=False) for row in made]


def test_the_chart_has_a_line_for_each_rubric() -> None:
    both = shown(
        estimate(0, 2.4, "answer_quality"), estimate(1, 0.8, "tone"), estimate(2, 2.5, "answer_quality")
    )
    lines = {line.name: [p.value for p in line.points] for line in _targets(both)}
    assert lines == {
        "what llm would say by answer_quality": [2.4, 2.5],
        "what llm would say by tone": [0.8],
    }
    assert _finding("overall", both).startswith(
        "Overall: llm would give 2.50 (2.40 to 2.60) by answer_quality on"
    )


@pytest.mark.parametrize("target", ["llm", "people"])
def test_of_one_rubric_nothing_is_said(target: str) -> None:
    rubrics = ("answer_quality", "tone") if target == "people" else ("answer_quality",) * 2
    alike = shown(*(estimate(day, 2.0, rubric, target=target) for day, rubric in enumerate(rubrics)))
    [line] = _targets(alike)
    assert line.name == f"what {target} would say"
    assert " by " not in _finding("overall", alike)


@pytest.mark.parametrize(("before", "kept"), [("answer_quality", 2.2), ("tone", None), (None, None)])
def test_the_overview_compares_with_the_same_rubric_alone(before: str | None, kept: float | None) -> None:
    rows = [
        estimate(-1, 2.2, before),
        estimate(0, 0.8, "tone"),
        estimate(1, 2.4, "answer_quality"),
    ]
    found = chosen_quality("generator", rows, ())
    assert found is not None
    assert (found.mean, found.previous_mean) == (2.4, kept)
    start = datetime(2026, 3, 2, tzinfo=UTC)
    span = TimeRange(start=start, end=start + timedelta(days=2), bucket_s=86_400)
    assert list(quality_course("generator", rows, (), span, found).values()) == [2.4]
