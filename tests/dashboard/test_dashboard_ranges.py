"""A range of time in the address, and the data behind a chart."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from math import isnan
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from conftest import Open, words
from seeded_warehouse import Seeded

from dashboard import charts, ranges
from dashboard.chart_data import Query, as_values, rows_of, to_parquet

NOW = datetime(2026, 3, 9, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def test_two_moments_are_a_range_in_whole_steps() -> None:
    name, span = ranges.span_of("2026-03-01T10:02..2026-03-01T13:58", NOW, now=NOW)
    assert name == "2026-03-01T10:02..2026-03-01T13:58"
    assert (span.start, span.end) == (
        datetime(2026, 3, 1, 10, tzinfo=UTC),
        datetime(2026, 3, 1, 14, tzinfo=UTC),
    )
    assert span.bucket_s == 300
    # Four days in steps of 15 minutes would be 384 points; an hour is the finest with no more than 120.
    assert ranges.span_of("2026-03-01..2026-03-05", NOW, now=NOW)[1].bucket_s == 3600


@pytest.mark.parametrize("wanted", [None, "5y", "..", "2026-03-05..2026-03-01", "a..b"])
def test_what_is_no_range_is_the_default(wanted: str | None) -> None:
    _, span = ranges.span_of(wanted, NOW, now=NOW)
    assert span.end - span.start == timedelta(days=90 if wanted == ".." else 7)


def test_a_stretch_marked_in_a_chart_is_utc_in_the_address() -> None:
    box = {"box": [{"x": ["2026-03-05 06:00:12.3456", "2026-03-05 05:00"], "y": [1, 2]}]}
    assert ranges.marked(box, BERLIN) == "2026-03-05T04:00..2026-03-05T05:00"
    assert ranges.marked({"box": [{"x": ["2026-03-05 05:00", "2026-03-05 05:01"]}]}, BERLIN) is None
    assert ranges.marked({"box": [], "points": []}, BERLIN) is None


def test_a_range_that_a_link_names_is_kept_and_told(open_page: Open, seeded: Seeded) -> None:
    app = open_page(
        "component", seeded.home, component="generator", range="2026-03-04T08:00..2026-03-04T12:00"
    )
    assert not app.exception
    assert "Wed 4 Mar 09:00 to 13:00 (Europe/Berlin)" in words(app)
    with seeded.warehouse.read() as con:
        found = con.execute(
            "SELECT count(*) FROM spans WHERE component = 'generator' AND dataset = 'production' "
            "AND started_at >= '2026-03-04 08:00+00' AND started_at < '2026-03-04 12:00+00'"
        ).fetchone()
    assert found is not None
    assert f"**{found[0]} requests**" in words(app)


def test_the_data_of_a_chart_are_its_points() -> None:
    at = [datetime(2026, 3, 5, hour, tzinfo=UTC) for hour in range(3)]
    figure = charts.time_chart(
        [charts.Line(name="p95", x=at, y=[1.5, None, 2.5])],
        zone=BERLIN,
        zone_name="Europe/Berlin",
        unit="seconds",
    )
    rows = rows_of(figure)
    assert rows == [
        {"Series": "p95", "Time (Europe/Berlin)": datetime(2026, 3, 5, 1), "seconds": 1.5},  # noqa: DTZ001
        {"Series": "p95", "Time (Europe/Berlin)": datetime(2026, 3, 5, 3), "seconds": 2.5},  # noqa: DTZ001
    ]
    assert pq.read_table(io.BytesIO(to_parquet(rows))).to_pylist() == rows


def test_the_query_behind_a_chart_quotes_what_it_is_given(seeded: Seeded) -> None:
    span = ranges.span_of("7d", seeded.end, now=NOW)[1]
    hostile = {"monitor": "it's hostile'; DROP TABLE spans; --", **span.parameters}
    with seeded.warehouse.read() as con:
        assert not con.execute(Query(name="monitor_series", parameters=hostile).text()).fetchall()
    rows = [{'It\'s; "x"': "a'b", "At": span.start.date(), "n": float("nan"), "none": None}]
    with seeded.warehouse.read() as con:
        (told,) = con.execute(as_values(rows)).fetchall()
    assert told[:2] == ("a'b", span.start.date())
    assert isnan(told[2])
    assert told[3] is None
