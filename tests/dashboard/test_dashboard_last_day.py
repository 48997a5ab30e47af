"""What changed since yesterday: what happened in the last 24 hours of the log, and both days' figures."""

from __future__ import annotations

from datetime import timedelta

from conftest import Open, words
from seeded_warehouse import Seeded

from dashboard.data import extent
from dashboard.data_last_day import last_day

CHAIN = "support-assistant"


def test_the_figures_are_those_of_the_spans_of_both_days(seeded: Seeded) -> None:
    until = extent(seeded.warehouse, CHAIN)
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
    until = extent(seeded.warehouse, CHAIN)
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
    until = extent(unwatched.warehouse, CHAIN)
    assert until is not None
    found = last_day(unwatched.warehouse, CHAIN, until.last_at)
    assert found.before is None
    assert found.happened == ()
    assert "No incident and no deploy in the last 24 h." in words(open_page("overview", unwatched.home))
