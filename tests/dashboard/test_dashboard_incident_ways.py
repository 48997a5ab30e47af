"""From an incident on: what is measured, and what differs between before and after."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

from conftest import Open, words
from seeded_warehouse import Seeded, build

from monitors.moments import parse_range


def test_measurements_that_are_gone_are_said_and_not_drawn_as_an_empty_chart(
    open_page: Open, tmp_path: Path
) -> None:
    made = build(tmp_path / "gone", days=2, traces_per_day=20)
    with made.warehouse.write() as con:
        con.execute("DELETE FROM results")
    app = open_page("incident", made.home, incident=made.incident_id)
    assert not app.exception
    assert "What was measured is not stored any more" in words(app)
    assert "times its threshold" not in words(app)


def test_before_and_after_of_an_incident_are_one_link_away(open_page: Open, seeded: Seeded) -> None:
    app = open_page("incident", seeded.home, incident=seeded.incident_id)
    (link,) = [part.proto for part in app.get("page_link") if "Before against after" in str(part.proto.label)]
    asked = parse_qs(link.query_string)
    assert asked["component"] == ["retriever"]
    before, after = (parse_range(asked[side][0], side, now=seeded.end) for side in "ab")
    assert before[1] <= seeded.change <= after[0] + timedelta(hours=1)
    assert before[1] - before[0] == timedelta(days=3)
    shown_there = words(
        open_page("compare", seeded.home, **{name: value[0] for name, value in asked.items()})
    )
    assert "numbers differ clearly" in shown_there or "No number differs clearly" in shown_there
