"""The backtest page, false-alarm figures, figures by version, and the postmortem of an incident."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Open, words
from seeded_backtest import HOSTILE, at, report
from seeded_traffic import START
from seeded_warehouse import Seeded, build

from collectors.home import Home
from collectors.warehouse import Warehouse
from dashboard import cached, formats
from dashboard.data_postmortem import postmortem_text
from monitors.alerting.markdown import flat
from monitors.backtest import saved


def test_a_report_against_known_incidents(open_page: Open, tmp_path: Path) -> None:
    home = Home(root=tmp_path / "home").create()
    saved.save(home, report(), at=at(50))
    app = open_page("backtest", home.root)
    assert not app.exception
    said = words(app)
    assert "Known incidents detected 1 of 2" in said
    assert "False alarms 1" in said
    assert "Messages a week 14" in said
    assert "Would have fired 2 alerts" in said
    assert "texts before 2026-03-01 00:00 UTC were pruned" in said
    known, found, alerts = (frame.value for frame in app.dataframe)
    assert list(known["Verdict"]) == ["✓ detected", "✕ missed"]
    assert list(known["Component"]) == ["generator", "any"]
    assert list(found["Verdict"]) == ["detected", "false alarm"]
    assert list(found["Title"])[1] == HOSTILE, "a table renders nothing"
    assert len(alerts) == 2
    assert "<script>" not in "".join(m.value for m in (*app.markdown, *app.caption))


def test_the_newest_report_is_shown_and_a_link_opens_another(open_page: Open, tmp_path: Path) -> None:
    home = Home(root=tmp_path / "home").create()
    old = saved.save(home, report(known=None, false_alarms=None, alerts=[], incidents=[]), at=at(49))
    saved.save(home, report(), at=at(50))
    assert "Would have fired 2 alerts" in words(open_page("backtest", home.root))
    app = open_page("backtest", home.root, report=old.stem)
    said = words(app)
    assert "Nothing would have fired" in said
    assert "No known incidents were given" in said


def test_a_report_that_is_none_is_a_sentence(open_page: Open, tmp_path: Path) -> None:
    home = Home(root=tmp_path / "home").create()
    path = saved.save(home, report(), at=at(50))
    path.write_text('{"made_at": "2026-03-04T00:00:00+00:00"}')
    app = open_page("backtest", home.root)
    assert not app.exception
    assert "This report cannot be read" in words(app)


@pytest.fixture
def own(tmp_path: Path) -> Seeded:
    """A seeded chain that the test may change."""
    return build(tmp_path, days=4, traces_per_day=40)


def test_noise_is_counted_beside_the_monitor(open_page: Open, own: Seeded) -> None:
    with Warehouse(own.home / "warehouse.duckdb").write() as con:
        con.execute("UPDATE incidents SET noise = true WHERE state = 'resolved'")
        monitors = {row[0] for row in con.execute("SELECT monitor FROM results").fetchall()}
        told = con.execute(
            "SELECT a.monitor, i.noise FROM alerts a JOIN incidents i USING (incident_id)"
        ).fetchall()
    cached.forget()
    app = open_page("monitors", own.home, range="7d")
    assert not app.exception
    table = next(f.value for f in app.dataframe if "Called noise" in f.value)
    expected = {"1 of 1" if noise else "0 of 1" for monitor, noise in told if monitor in monitors}
    assert expected
    assert set(table["Called noise"]) == expected | {formats.UNKNOWN}


def test_the_postmortem_can_be_taken_away(open_page: Open, seeded: Seeded) -> None:
    app = open_page("incident", seeded.home)
    assert not app.exception
    [button] = app.get("download_button")
    assert button.proto.label == "Postmortem"
    with Warehouse(seeded.home / "warehouse.duckdb").read() as con:
        (incident_id, title) = con.execute(
            "SELECT incident_id, title FROM incidents WHERE state <> 'resolved'"
        ).fetchall()[0]
    text = postmortem_text(Warehouse(seeded.home / "warehouse.duckdb"), incident_id, START)
    assert text.startswith(f"# {flat(title)}\n")
    assert "| version | when |" in text


def test_versions_stand_side_by_side_on_the_incident_page(open_page: Open, seeded: Seeded) -> None:
    app = open_page("incident", seeded.home)
    assert not app.exception
    [table] = [f.value for f in app.dataframe if "When" in f.value and "Version" in f.value]
    assert set(table["When"]) == {"before", "after"}
    assert (table["Requests"].str.len() > 0).all()
