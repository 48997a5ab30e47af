"""What an incident comes to in a line, and what a chart of a distance shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.charts_window import window_chart, window_rows
from dashboard.incident_finding import finding

START = datetime(2026, 3, 1, tzinfo=UTC)
GREW = {"name": "electricity, kwh", "before": 0.005, "now": 0.099}
SHRANK = {"name": "ok, that", "before": 0.049, "now": 0.011}
WORDS = {"new": [{"term": "meter", "odds": 3.6}, {"term": "kwh", "odds": 2.6}]}


def _view(*alerts: dict[str, Any], **evidence: Any) -> Any:
    return SimpleNamespace(
        incident=SimpleNamespace(component="assistant", summary="what was stored"),
        evidence=evidence,
        alerts=[
            SimpleNamespace(monitor=f"m{i}", component="assistant", field="input_text", evidence=told)
            for i, told in enumerate(alerts)
        ],
    )


def test_it_says_why_and_which_topics_moved() -> None:
    view = _view({"topics": [GREW, SHRANK]}, why="what users send changed")
    assert finding(view) == (
        "What users send changed. "
        "Input of assistant: more of “electricity, kwh” (0.5 % → 9.9 %); less of “ok, that” (4.9 % → 1.1 %)."
    )


@pytest.mark.parametrize("broken", [None, [{"name": "a"}], ["a"], "a"])
def test_without_topics_it_names_the_words_that_came(broken: Any) -> None:
    said = finding(_view({"topics": broken, "terms": WORDS}))
    assert said == "Input of assistant: new words are meter, kwh."


def test_the_leading_alert_is_asked_first() -> None:
    view = _view({"topics": [SHRANK]}, {"topics": [GREW]}, lead={"monitor": "m1"})
    assert "electricity" in finding(view)
    assert "ok, that" not in finding(view)


def test_without_evidence_the_stored_summary_stands() -> None:
    assert finding(_view({})) == "what was stored"


@dataclass(frozen=True, kw_only=True)
class _Point:
    window_end: datetime
    status: str
    value: float | None
    threshold: float | None


def _points(*pairs: tuple[float | None, float | None]) -> list[_Point]:
    return [
        _Point(window_end=START + timedelta(hours=i), status="ok", value=value, threshold=threshold)
        for i, (value, threshold) in enumerate(pairs)
    ]


def _drawn(points: list[_Point], unit: str, concern: str) -> tuple[list[float | None], str]:
    figure = window_chart(points, zone=UTC, zone_name="UTC", unit=unit, concern=concern)
    measured = next(trace for trace in figure.data if trace.get("name") == "measured")
    return measured["y"], figure.layout["yaxis"]["title"]["text"]


def test_a_distance_is_drawn_in_thresholds_and_handed_out_as_measured() -> None:
    points = _points((0.02, 0.01), (0.02, 0.04), (0.02, 0.0), (None, 0.01), (0.02, None))
    assert _drawn(points, "MMD^2", "output") == ([2.0, 0.5, None, None, None], "times its threshold")
    assert [row["Measured"] for row in window_rows(points)] == [0.02, 0.02, 0.02, None, 0.02]


def test_what_people_count_in_is_drawn_as_it_is() -> None:
    assert _drawn(_points((2.0, 1.0)), "s", "latency") == ([2.0], "seconds")
    assert _drawn(_points((0.2, 0.1)), "share of requests", "output")[0] == [0.2]
