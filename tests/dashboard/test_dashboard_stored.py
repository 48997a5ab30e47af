"""The reads of the data page, against sums by hand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from empty_warehouse import empty_warehouse
from rows_by_hand import NOON, span, store

from collectors.warehouse.connection import Warehouse
from dashboard.data_quarantine import quarantine_view
from dashboard.data_sources import newest, sources_view
from dashboard.data_spool import spool_view
from dashboard.data_upkeep import upkeep_view

DAY = timedelta(days=1)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return empty_warehouse(tmp_path / "warehouse.duckdb")


def test_spans_an_hour_leave_the_filling_step_and_gaps_out(warehouse: Warehouse) -> None:
    # Steps of 15 minutes: two spans in the first, none in the second, one in the third, one in the last.
    store(warehouse, "spans", *(span(f"t{m}", f"s{m}", m) for m in (0, 1, 30, 46)))
    store(warehouse, "spans", span("e", "e", -99_999, dataset="golden", source="csv:golden.csv"))
    found = sources_view(warehouse, NOON + timedelta(minutes=46), "24h", None)
    assert found.buckets[-1] == NOON + timedelta(minutes=30)
    assert found.feeds[0].per_hour[-4:] == (None, 8.0, None, 4.0)
    assert found.last_per_hour == 4.0
    assert found.usual_per_hour == 6.0
    assert {(r.source, r.dataset, r.spans) for r in found.rows} == {
        ("test", "production", 4),
        ("csv:golden.csv", "golden", 1),
    }
    assert found.formats == ("csv", "test")


def test_a_clock_that_is_ahead_does_not_set_the_range(warehouse: Warehouse) -> None:
    store(warehouse, "spans", span("a", "a", 0), span("b", "b", 999_999))
    found = newest(warehouse, NOON + timedelta(hours=1))
    assert found.newest_at == NOON
    assert found.ahead == 1


def test_a_row_goes_with_its_day_and_nothing_without_a_limit(warehouse: Warehouse) -> None:
    store(warehouse, "spans", span("a", "a", 0), span("b", "b", 120))
    view = upkeep_view(warehouse, NOON, NOON, 2, (("spans", 30 * DAY), ("quarantine", DAY)))
    kept = {row.kind: row for row in view.kept}
    assert kept["spans"].oldest_at == NOON
    assert kept["spans"].due_at == NOON.replace(hour=0) + 31 * DAY
    assert kept["texts"].due_at is None, "no limit"
    assert kept["quarantine"].due_at is None, "nothing stored"


def test_growth_is_the_share_of_the_file_that_a_day_of_traffic_fills(warehouse: Warehouse) -> None:
    # Two of the four spans are of the last week, a day apart: half of the file a day.
    minutes = (-20 * 1440, -19 * 1440, -1440, 0)
    store(warehouse, "spans", *(span(f"t{m}", f"s{m}", m) for m in minutes))
    disk = upkeep_view(warehouse, NOON, NOON, 4, ()).disk
    with warehouse.read() as con:
        size, used = con.execute("SELECT block_size, used_blocks FROM pragma_database_size()").fetchall()[0]
    assert disk.growth_a_day == pytest.approx(size * used / 2)
    assert upkeep_view(warehouse, NOON, None, 0, ()).disk.growth_a_day is None


def test_commands_say_their_last_call_and_count_a_month(warehouse: Warehouse) -> None:
    common = {"now_at": NOON, "seed": 0, "code_version": "0", "config_hash": "0"}
    for key, days, status in (("a", 40, "failed"), ("b", 20, "failed"), ("c", 1, "ok")):
        store(
            warehouse,
            "monitor_runs",
            {**common, "run_id": key, "status": status, "started_at": NOON - days * DAY},
        )
    run, prune = upkeep_view(warehouse, NOON, NOON, 0, ()).commands
    assert (run.state, run.calls, run.failed, run.took_s) == ("ok", 2, 1, None)
    assert run.last_at == NOON - DAY
    assert (prune.command, prune.state, prune.last_at, prune.calls) == ("prune", "never", None, None)


def test_long_records_are_cut_and_reasons_counted(warehouse: Warehouse) -> None:
    common = {"file": "f", "line": 1, "source": "jsonl", "reason": "r"}
    for key, hours in (("a", 1), ("b", 30)):
        row = {"quarantine_id": key, "raw": "x" * 401, "quarantined_at": NOON - timedelta(hours=hours)}
        store(warehouse, "quarantine", {**common, **row})
    view = quarantine_view(warehouse, NOON, None, None)
    assert [(r.records, r.last_day, r.files) for r in view.reasons] == [(2, 1, 1)]
    assert [(len(r.raw), r.is_cut) for r in view.records] == [(400, True)] * 2
    assert quarantine_view(warehouse, NOON, "otlp", None).records_in_all == 0


def test_a_home_without_a_spool_is_not_an_empty_spool(warehouse: Warehouse) -> None:
    assert not spool_view(warehouse).exists
    (warehouse.path.parent / "spool").mkdir()
    assert spool_view(warehouse).exists
