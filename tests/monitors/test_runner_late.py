"""Late, out-of-order and completed spans: results and alerts are those of spans that came in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from run_world import HOUR, START, decided, open_world, rows, store, traffic

from collectors.context import Context
from collectors.home import Home
from collectors.ingest_batch import Batch, store_batch
from collectors.model import Span
from monitors.runner import run_pass

GRACE = timedelta(minutes=6)
# The hour of the first run; what came before is evaluated at once.
FIRST = 30


def arrive(context: Context, spans: list[Span], hour: int) -> None:
    """Stored as the receiver does, at that hour."""
    now = START + hour * HOUR
    with context.warehouse.write() as con:
        store_batch(con, Batch(spans=[replace(s, ingested_at=None) for s in spans]), now=now)


def hourly(context: Context, arrivals: dict[int, list[Span]], until: int, *, every: int = 1) -> None:
    """A run every hour, or every few; `arrivals` by the hour of the run before which they come."""
    for hour in range(FIRST, until + 1, every):
        arrive(context, arrivals.get(hour, []), hour)
        run_pass(context, now=START + hour * HOUR + GRACE, deliver=False)


def plain(context: Context) -> list[dict[str, Any]]:
    """Results without the examples and words that explain a breach while it lasts."""
    return [{k: v for k, v in row.items() if k != "evidence"} for row in decided(context)]


def came_at(span: Span) -> int:
    """The hour of the first run after it."""
    return max(FIRST, (span.started_at - START) // HOUR + 1)


def grouped(spans: list[Span]) -> dict[int, list[Span]]:
    by_hour: dict[int, list[Span]] = {}
    for span in spans:
        by_hour.setdefault(came_at(span), []).append(span)
    return by_hour


SPANS = traffic(range(33)) + traffic(range(33, 36), slow=30.0)


@pytest.fixture(scope="module")
def in_time(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Where every span of SPANS came in time and a run was made every hour; only looked at."""
    context = open_world(Home(root=tmp_path_factory.mktemp("in_time")).create(), "latency", "error_rate")
    hourly(context, grouped(SPANS), 39)
    return context


@pytest.mark.slow
def test_late_spans_lead_to_the_results_of_spans_in_time(home: Home, in_time: Context) -> None:
    late = open_world(home, "latency", "error_rate")
    delayed: dict[int, list[Span]] = {}
    for number, span in enumerate(SPANS):
        # A third is late by up to four hours, and comes in no order.
        late_by = number % 5 if number % 3 == 0 else 0
        delayed.setdefault(min(came_at(span) + late_by, 39), []).insert(0, span)
    hourly(late, delayed, 39)
    assert len(plain(in_time)) > 50
    assert any(row["status"] == "breach" for row in plain(in_time))
    assert plain(late) == plain(in_time)
    count = "SELECT count(*) AS n, count(DISTINCT trace_id || span_id) AS distinct_n FROM spans"
    assert rows(late, count) == [{"n": len(SPANS), "distinct_n": len(SPANS)}]


def test_completed_spans_lead_to_the_results_of_whole_ones(home: Home, tmp_path: Path) -> None:
    spans = traffic(range(30))
    whole = open_world(Home(root=tmp_path / "whole").create(), "latency", "token_length")
    parts = open_world(home, "latency", "token_length")
    hourly(whole, {FIRST: spans}, 31)
    begun = [
        replace(s, ended_at=None, duration_s=None, output_text=None, output_tokens=None, status="unset")
        for s in spans
        if s.started_at >= START + 26 * HOUR
    ]
    others = [s for s in spans if s.started_at < START + 26 * HOUR]
    hourly(parts, {FIRST: others + begun}, 31)
    assert plain(parts) != plain(whole)
    before = rows(parts, "SELECT max(window_start) AS at FROM evaluated_windows")
    # The ends of one hour, in a batch that also repeats other spans; then the rest.
    ends = [s for s in spans if s.started_at >= START + 26 * HOUR]
    arrive(parts, ends[:40] + others[:5], 31)
    run_pass(parts, now=START + 31 * HOUR + GRACE, deliver=False)
    arrive(parts, ends[40:], 31)
    again = run_pass(parts, now=START + 31 * HOUR + GRACE, deliver=False)
    assert again.windows > 0
    assert plain(parts) == plain(whole)
    assert rows(parts, "SELECT max(window_start) AS at FROM evaluated_windows") == before
    assert run_pass(parts, now=START + 31 * HOUR + GRACE, deliver=False).windows == 0


@pytest.mark.slow
def test_logs_that_are_loaded_once_a_day_raise_the_alerts_of_logs_that_come_at_once(
    home: Home, tmp_path: Path
) -> None:
    spans = traffic(range(38)) + traffic(range(38, 42), slow=30.0) + traffic(range(42, 44))
    live = open_world(Home(root=tmp_path / "live").create(), "latency")
    nightly = open_world(home, "latency")
    hourly(live, grouped(spans), 45)
    first_day = [s for s in spans if s.started_at < START + 32 * HOUR]
    # Ten hours and more were evaluated as silence when their spans come at last.
    hourly(nightly, {33: first_day, 45: spans}, 45, every=3)
    fired = "SELECT component, fired_at, resolved_at FROM alerts ORDER BY ALL"
    assert rows(live, fired) != []
    assert rows(nightly, fired) == rows(live, fired)


@pytest.mark.slow
def test_the_clock_steps_forward_by_half_a_day_and_back(home: Home, in_time: Context) -> None:
    stepped = open_world(home, "latency", "error_rate")
    by_hour = grouped(SPANS)
    for hour in range(FIRST, 40):
        arrive(stepped, by_hour.get(hour, []), hour)
        if hour == 34:
            run_pass(stepped, now=START + 45 * HOUR + GRACE, deliver=False)
            run_pass(stepped, now=START + 31 * HOUR, deliver=False)
        run_pass(stepped, now=START + hour * HOUR + GRACE, deliver=False)
    fired = "SELECT component, fired_at FROM alerts ORDER BY ALL"
    assert rows(in_time, fired) != []
    assert rows(stepped, fired) == rows(in_time, fired)
    known = {(r["monitor"], r["window_end"]): r["status"] for r in plain(in_time)}
    found = {(r["monitor"], r["window_end"]): r["status"] for r in plain(stepped)}
    assert {key: found.get(key) for key in known} == known


def test_a_run_without_news_evaluates_nothing(home: Home) -> None:
    context = open_world(home, "latency")
    store(context, traffic(range(30)))
    run_pass(context, now=START + 30 * HOUR + GRACE)
    assert run_pass(context, now=START + 30 * HOUR + GRACE).windows == 0
