"""What changed since yesterday: what happened in the last 24 hours of the log, and both days' figures."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from conftest import Open, words
from seeded_traffic import PARTS
from seeded_warehouse import Seeded, build

from collectors.rollups.refresh import refresh
from dashboard.data_head import head
from dashboard.data_last_day import last_day

CHAIN = "support-assistant"


def test_the_figures_are_those_of_the_spans_of_both_days(seeded: Seeded) -> None:
    view = head(seeded.warehouse, CHAIN, None).view
    until = view and view.extent
    assert until is not None
    found = last_day(seeded.warehouse, CHAIN, until.last_at)
    # The range ends with the quarter of an hour that the newest span is in.
    quarter = timedelta(minutes=15)
    end = until.last_at.replace(minute=until.last_at.minute // 15 * 15, second=0, microsecond=0) + quarter
    for day, figures in enumerate((found.now, found.before)):
        assert figures is not None
        with seeded.warehouse.read() as con:
            counted = con.execute(
                "SELECT count(*), count(*) FILTER (WHERE status = 'error') FROM spans "
                "WHERE component = 'assistant' AND started_at >= ? AND started_at < ?",
                [end - timedelta(days=day + 1), end - timedelta(days=day)],
            ).fetchall()
        assert counted == [(figures.requests, figures.errors)]


def test_what_happened_comes_newest_first_and_old_things_are_left_out(seeded: Seeded) -> None:
    view = head(seeded.warehouse, CHAIN, None).view
    until = view and view.extent
    assert until is not None
    found = last_day(seeded.warehouse, CHAIN, until.last_at)
    times = [h.at for h in found.happened]
    assert times == sorted(times, reverse=True)
    assert times[-1] >= until.last_at - timedelta(days=1)
    assert ("opened", "retriever: output changed") in [(h.kind, h.text) for h in found.happened]
    assert "deployed" in {h.kind for h in found.happened}


def test_the_overview_says_it(open_page: Open, seeded: Seeded) -> None:
    said = words(open_page("overview", seeded.home))
    assert "Since yesterday" in said
    assert "Incident: retriever: output changed" in said


def test_a_young_chain_has_no_day_before(open_page: Open, unwatched: Seeded) -> None:
    view = head(unwatched.warehouse, CHAIN, None).view
    until = view and view.extent
    assert until is not None
    found = last_day(unwatched.warehouse, CHAIN, until.last_at)
    assert found.before is None
    assert found.happened == ()
    assert "No incident and no deploy in the last 24 h." in words(open_page("overview", unwatched.home))


def test_a_difference_is_told_from_chance(seeded: Seeded) -> None:
    view = head(seeded.warehouse, CHAIN, None).view
    until = view and view.extent
    assert until is not None
    found = last_day(seeded.warehouse, CHAIN, until.last_at)
    assert found.now is not None
    assert found.before is not None
    # Forty traces a day are too few for all but a share.
    assert set(found.changes) == {"failed"}
    change = found.changes["failed"]
    rates = [day.errors / day.requests for day in (found.before, found.now)]
    assert change.low < rates[1] - rates[0] < change.high


def test_hours_of_both_days_and_every_slow_request_count(tmp_path: Path) -> None:
    busy = build(tmp_path / "busy", days=2, traces_per_day=500, parts=PARTS[3:4], with_incident=False)
    view = head(busy.warehouse, CHAIN, None).view
    until = view and view.extent
    assert until is not None
    calm = last_day(busy.warehouse, CHAIN, until.last_at)
    assert set(calm.changes) == {"requests", "failed", "p95_s", "cost_usd"}
    with busy.warehouse.write() as con:
        con.execute(
            "UPDATE spans SET duration_s = 3 * duration_s, cost_usd = 2 * cost_usd WHERE started_at >= ?",
            [until.last_at - timedelta(hours=23)],
        )
        con.execute(
            "DELETE FROM spans WHERE started_at < ? AND hash(trace_id) % 2 = 0",
            [until.last_at - timedelta(hours=24, minutes=59)],
        )
    for refreshed in (False, True):
        if refreshed:
            assert refresh(busy.warehouse, now=until.last_at + timedelta(days=1)) > 0
        changed = last_day(busy.warehouse, CHAIN, until.last_at).changes
        assert {name: changed[name].direction for name in ("requests", "p95_s", "cost_usd")} == {
            "requests": 1,
            "p95_s": 1,
            "cost_usd": 1,
        }, refreshed


def test_the_overview_says_a_word_beside_each_pair(open_page: Open, seeded: Seeded) -> None:
    (table,) = [t for t in open_page("overview", seeded.home).table if "Difference" in t.value.columns]
    said = dict(zip(table.value["Application"], table.value["Difference"], strict=True))
    assert said["p95 duration"] == "○ too few"
    assert said["Failed"] in ("▲ higher", "▼ lower", "may be chance", "the same")
