"""The backtest page, false-alarm figures, figures by version, and the postmortem of an incident."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import Open, words
from seeded_warehouse import Seeded, build

from collectors.home import Home
from collectors.warehouse import Warehouse
from dashboard import cached, formats
from dashboard.data_postmortem import postmortem_text
from monitors.alerting.markdown import flat
from monitors.backtest import saved

START = datetime(2026, 3, 2, tzinfo=UTC)
HOSTILE = "**bold** [x](https://evil.example) <script>"


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


def incident(name: str, hour: float, component: str, title: str = "Output changed") -> dict[str, Any]:
    return {
        "incident_id": name,
        "component": component,
        "title": title,
        "detected_at": at(hour),
        "resolved_at": at(hour + 2),
    }


def alert(hour: float) -> dict[str, Any]:
    return {
        "fired_at": at(hour),
        "resolved_at": None,
        "monitor": "latency/support/generator/duration_s/drift",
        "value": 4.0,
        "threshold": 2.0,
        "unit": "s",
        "reason": HOSTILE,
        "incident_id": "a1",
    }


def report(**more: Any) -> dict[str, Any]:
    known = [
        {"id": "slow", "component": "generator", "started_at": at(9), "ended_at": at(12),
         "detected": True, "incident_id": "a1", "delay_s": 3600.0},
        {"id": "index", "component": None, "started_at": at(30), "ended_at": None,
         "detected": False, "incident_id": None, "delay_s": None},
    ]  # fmt: skip
    made: dict[str, Any] = {
        "start": START,
        "end": at(48),
        "config": "chainwatch.toml and --set",
        "windows": 48,
        "monitors": ["latency/support/generator/duration_s/drift"],
        "incidents": [incident("a1", 10, "generator"), incident("b2", 20, "router", HOSTILE)],
        "alerts": [alert(10), alert(11)],
        "messages": {"sent": 4},
        "messages_a_week": 14.0,
        "known": known,
        "false_alarms": ["b2"],
        "wrong_component": [],
        "duplicates": [],
        "not_replayed": ["texts before 2026-03-01 00:00 UTC were pruned; they are missing in the references"],
    }
    return made | more


def test_before_the_first_backtest_it_names_the_command(open_page: Open, tmp_path: Path) -> None:
    app = open_page("backtest", tmp_path / "none")
    assert not app.exception
    assert "chainwatch backtest --from" in words(app)
    assert not (tmp_path / "none").exists()


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
