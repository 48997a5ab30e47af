"""The buttons of the incident page change the warehouse and leave their line in the audit log."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import Open, words
from seeded_warehouse import Seeded, build

from collectors.warehouse.store import fetch


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    return build(tmp_path_factory.mktemp("small"), days=2, traces_per_day=15)


@pytest.fixture
def own(small: Seeded, tmp_path: Path) -> Seeded:
    """A copy of its own: these tests write."""
    return replace(small, home=Path(shutil.copytree(small.home, tmp_path / "own")))


def _one(own: Seeded, sql: str) -> dict[str, Any]:
    with own.warehouse.read() as con:
        return fetch(con, sql, [own.incident_id])[0]


def _incident(own: Seeded) -> dict[str, Any]:
    return _one(own, "SELECT * FROM incidents WHERE incident_id = ?")


def test_acknowledge(open_page: Open, own: Seeded) -> None:
    app = open_page("incident", own.home, incident=own.incident_id)
    app.text_input(key="actor").set_value("Ada").run()
    app.text_input(key="note").set_value("looking").run()
    app.button(key="acknowledge").click().run()
    assert not app.exception
    assert _incident(own)["state"] == "acknowledged"
    assert _incident(own)["acknowledged_by"] == "Ada"
    logged = _one(own, "SELECT * FROM audit WHERE subject = ? ORDER BY occurred_at DESC")
    assert (logged["actor"], logged["action"]) == ("Ada", "acknowledge")
    assert "looking" in logged["detail"]
    assert "Ada is on it" in words(app)
    assert app.text_input(key="note").value == "", "what was noted of one action is not said of the next"


def test_an_action_without_a_name_is_refused_in_words(open_page: Open, own: Seeded) -> None:
    app = open_page("incident", own.home, incident=own.incident_id)
    app.text_input(key="actor").set_value("  ").run()
    app.button(key="resolve").click().run()
    assert any("not done" in e.value for e in app.error)
    assert "a name" in words(app)
    assert _incident(own)["state"] == "open"


def test_resolve_and_noise(open_page: Open, own: Seeded) -> None:
    app = open_page("incident", own.home, incident=own.incident_id)
    app.text_input(key="actor").set_value("Ada").run()
    app.button(key="noise").click().run()
    assert _incident(own)["state"] == "resolved"
    assert _incident(own)["noise"] is True
    assert "as noise" in words(app)
    assert not [box for box in app.text_input if box.key in ("actor", "note")], "nothing is left to do"


def test_silence_and_end_it(open_page: Open, own: Seeded) -> None:
    app = open_page("incident", own.home, incident=own.incident_id)
    app.text_input(key="actor").set_value("Ada").run()
    app.text_input(key="silence_why").set_value("index is being rebuilt").run()
    app.button(key="silence").click().run()
    assert not app.exception
    with own.warehouse.read() as con:
        (silence,) = fetch(con, "SELECT * FROM silences")
    assert silence["author"] == "Ada"
    assert (silence["ends_at"] - silence["starts_at"]).total_seconds() == 8 * 3600
    assert '"component": "retriever"' in silence["matchers"]
    assert "index is being rebuilt" in words(app)
    app.button(key=f"unsilence_{silence['silence_id']}").click().run()
    with own.warehouse.read() as con:
        (silence,) = fetch(con, "SELECT * FROM silences")
    assert silence["expired_at"] is not None
    assert "index is being rebuilt" not in words(app)
