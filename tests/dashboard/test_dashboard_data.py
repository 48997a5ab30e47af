"""The reads, against sums by hand on a handful of rows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from empty_warehouse import empty_warehouse
from rows_by_hand import NOON, alert, grade, incident, result, span, store

from collectors.warehouse.connection import Warehouse
from dashboard import data, data_component, data_incident, data_overview, data_overview_courses, data_traces


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return empty_warehouse(tmp_path / "warehouse.duckdb")


def _range(hours: int = 6) -> data.TimeRange:
    return data.TimeRange(start=NOON, end=NOON + timedelta(hours=hours), bucket_s=3600)


def test_a_range_is_aligned_and_covers_the_newestspan() -> None:
    found = data.range_until(NOON + timedelta(minutes=7), "24h")
    assert found.end == NOON + timedelta(minutes=15)
    assert found.end - found.start == timedelta(days=1)
    assert len(found.buckets()) == 96
    assert data.range_until(NOON, "nonsense").bucket_s == data.range_until(NOON, data.DEFAULT_RANGE).bucket_s


def test_figures_gaps_and_unknown_costs(warehouse: Warehouse) -> None:
    store(
        warehouse,
        "spans",
        span("a", "1", 1, duration_s=1.0),
        span("b", "2", 2, duration_s=3.0, status="error"),
        span("c", "3", 125, duration_s=5.0),
        span("x", "9", 3, dataset="golden", status="error"),
    )
    view = data_overview.overview(warehouse, "c", _range())
    (only,) = view.components
    assert only.now is not None
    assert (only.now.requests, only.now.errors) == (3, 1)
    assert only.now.error_rate == pytest.approx(1 / 3)
    assert only.now.cost_usd is None, "no span carried a cost: unknown, not zero"
    assert only.before is None
    points = data_overview_courses.courses(warehouse, "c", _range())["app"].points
    assert points.requests == (2, None, 1, None, None, None), "an hour without spans is a gap"
    assert points.error_rate[:3] == (0.5, None, 0.0)
    assert only.health == "no_data"
    assert only.row.is_application


def test_an_alert_decides_the_health_and_not_one_window(warehouse: Warehouse) -> None:
    store(warehouse, "spans", span("a", "1", 1))
    store(warehouse, "results", result("latency", "breach", hour=1), result("cost", "ok", hour=1))
    (calm,) = data_overview.overview(warehouse, "c", _range()).components
    assert calm.health == "ok"
    assert "1 of 2 monitors out of band" in calm.health_reason
    store(warehouse, "alerts", alert())
    (burning,) = data_overview.overview(warehouse, "c", _range()).components
    assert burning.health == "breach"


def test_monitors_without_data_are_never_ok(warehouse: Warehouse) -> None:
    store(warehouse, "spans", span("a", "1", 1))
    store(warehouse, "results", result("latency", "no_data", hour=1))
    view = data_overview.overview(warehouse, "c", _range())
    assert view.components[0].health == "no_data"
    assert [cell.health for cell in view.strip] == ["no_data"]


def test_the_strip_has_no_holes_between_long_windows(warehouse: Warehouse) -> None:
    store(warehouse, "spans", span("a", "1", 1))
    rows = [result("latency", "ok", hour=end, length=3) for end in (3, 6)]
    store(warehouse, "results", *rows)
    view = data_overview.overview(warehouse, "c", _range())
    assert view.strip_span.bucket_s == 3 * 3600
    assert [cell.bucket for cell in view.strip] == view.strip_span.buckets()


def test_quality_carries_its_interval(warehouse: Warehouse) -> None:
    store(warehouse, "spans", span("a", "1", 1))
    store(warehouse, "grades", *[grade(str(i), score) for i, score in enumerate((0.2, 0.4, 0.6, None))])
    quality = data_overview_courses.courses(warehouse, "c", _range())["app"].quality
    assert quality is not None
    assert quality.mean == pytest.approx(0.4)
    assert quality.scored == 3, "an unscored answer is not a zero"
    # The sample's deviation is 0.2; 1.96 * 0.2 / sqrt(3) = 0.22632.
    assert quality.high is not None
    assert quality.high - quality.mean == pytest.approx(0.22632, abs=1e-5)


def test_usual_comes_from_the_range_before(warehouse: Warehouse) -> None:
    rows = [span(f"t{m}", "s", m - 6 * 60, duration_s=2.0) for m in range(0, 360, 12)]
    store(warehouse, "spans", *rows, span("now", "s", 1))
    looked_at = data.TimeRange(start=NOON, end=NOON + timedelta(hours=6), bucket_s=720)
    view = data_component.component_view(warehouse, "c", "app", looked_at)
    assert view.usual["p95_s"] == (2.0, 2.0)
    assert view.usual["requests"] == (1.0, 1.0)
    assert "cost_usd" not in view.usual
    assert [p.requests for p in view.series] == [1]


def test_a_trace_is_read_parents_first_and_rings_are_broken(warehouse: Warehouse) -> None:
    store(
        warehouse,
        "spans",
        span("t", "root", 0),
        span("t", "late", 2, parent_span_id="root", component="late"),
        span("t", "early", 1, parent_span_id="root", component="early"),
        span("t", "child", 3, parent_span_id="early", component="child"),
        span("t", "lost", 4, parent_span_id="never-received", component="lost"),
        span("t", "r1", 5, parent_span_id="r2", component="r1"),
        span("t", "r2", 6, parent_span_id="r1", component="r2"),
    )
    view = data_traces.trace_view(warehouse, "t")
    assert view is not None
    assert [(s.span_id, s.depth) for s in view.spans] == [
        ("root", 0),
        ("early", 1),
        ("child", 2),
        ("late", 1),
        ("lost", 0),
        ("r1", 0),
        ("r2", 1),
    ]
    assert data_traces.trace_view(warehouse, "other") is None


def test_traces_are_filtered_sorted_and_counted(warehouse: Warehouse) -> None:
    rows = []
    for index in range(30):
        at, trace = float(index), f"t{index:02}"
        rows.append(span(trace, "root", at, duration_s=at, input_text=f"Question {index}"))
        rows.append(
            span(
                trace,
                "step",
                at,
                parent_span_id="root",
                component="step",
                cost_usd=0.5,
                status="error" if index == 3 else "ok",
                component_version="v1" if index < 10 else "v2",
            )
        )
    store(warehouse, "spans", *rows)

    def found(**wanted: Any) -> data_traces.TracePage:
        return data_traces.traces(warehouse, "c", _range(), data_traces.TraceFilter(**wanted))

    assert found().total == 30
    assert len(found().rows) == data_traces.PAGE_SIZE
    assert len(found(page=2).rows) == 30 - data_traces.PAGE_SIZE
    assert found(sort="slowest").rows[0].trace_id == "t29"
    assert [t.trace_id for t in found(status="error").rows] == ["t03"]
    assert found(status="error").rows[0].component == "app", "a row shows the trace's root"
    assert found(version="v1").total == 10
    assert found(text="question 7").total == 1
    assert found(component="step", text="question 7").total == 0, "one span must fit every filter"
    assert found(text="100%").total == 0, "a per cent sign is a character, not a wildcard"
    assert found().rows[0].cost_usd == 0.5


def test_the_incident_list_puts_what_burns_first(warehouse: Warehouse) -> None:
    store(
        warehouse,
        "incidents",
        incident("old", state="resolved", hour=5),
        incident("ack", state="acknowledged", hour=4),
        incident("ticket", severity="ticket", hour=3),
        incident("page", hour=1),
        incident("newest", hour=2),
    )
    found = [i.incident_id for i in data_incident.incidents(warehouse, None)]
    assert found == ["newest", "page", "ticket", "ack", "old"]
    assert data.landing(warehouse).open_incident_id == "newest"


def test_an_application_without_costs_shows_those_of_its_steps(warehouse: Warehouse) -> None:
    store(
        warehouse,
        "spans",
        span("a", "root", 1),
        span("a", "1", 1, parent_span_id="root", component="one", cost_usd=0.25),
        span("a", "2", 1, parent_span_id="root", component="two", cost_usd=0.5),
        span("a", "3", 1, parent_span_id="root", component="free"),
    )
    parts = {c.row.component: c for c in data_overview.overview(warehouse, "c", _range()).components}
    whole = parts["app"]
    assert whole.now is not None
    assert whole.cost_is_of_all
    assert whole.now.cost_usd == 0.75
    over_time = data_overview_courses.courses(warehouse, "c", _range())
    assert over_time["app"].points.cost_usd == (0.75, None, None, None, None, None)
    free = parts["free"]
    assert free.now is not None
    assert free.now.cost_usd is None
