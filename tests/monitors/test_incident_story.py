"""How an incident ends and is told: resolve with a verdict, false-alarm figures, versions, the postmortem."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alerting_world import HOUR, T0, at, new_warehouse, play, stream, together
from test_alert_cli import chainwatch

from collectors.model import Span
from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch, insert, insert_spans
from monitors.alerting.book import AlertBook
from monitors.alerting.by_version import by_version
from monitors.alerting.feedback import false_alarms
from monitors.alerting.markdown import code, flat

HOSTILE = "```\n# <script>alert(1)</script> [pay](https://evil.example) @here \u202e\x1b[2J"
EVIDENCE = {
    "examples": [{"text": HOSTILE, "why": "far | away", "trace_id": "ab" * 16, "span_id": "c"}],
    "current": {"p95": 4.0},
    "reference": {"p95": 1.9},
}


def told(warehouse: Warehouse, windows: dict[int, Any], last: int) -> AlertBook:
    with warehouse.write() as con:
        book = play(AlertBook.load(con), windows)
        book.flush(con, now=at(last))
    return book


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A slow generator from 3:00 on, which never ends, and errors of the retriever a day later that did."""
    warehouse = new_warehouse(tmp_path)
    windows = together(
        stream("generator", "duration_s", range(3, 40), range(1, 40), evidence=EVIDENCE),
        stream("retriever", "status", [30, 31], range(1, 40)),
    )
    told(warehouse, windows, 39)
    return tmp_path


def ids(home: Path) -> dict[str, str]:
    with Warehouse(home / "warehouse.duckdb").read() as con:
        rows = fetch(con, "SELECT component, incident_id FROM incidents")
    return {row["component"]: row["incident_id"] for row in rows}


def test_noise_and_real_are_counted_for_each_monitor(home: Path) -> None:
    found = ids(home)
    code_, out, _ = chainwatch(home, "resolve", found["retriever"][:6], "--noise", "--by", "dana")
    assert (code_, "is closed by dana as noise" in out) == (0, True)
    closed = json.loads(chainwatch(home, "resolve", found["generator"], "--real", "--by", "lee", "--json")[1])
    assert (closed["state"], closed["noise"], closed["closed_by"]) == ("resolved", False, "lee")
    with Warehouse(home / "warehouse.duckdb").read() as con:
        figures = {m.monitor: (m.alerts, m.incidents, m.noise, m.real) for m in false_alarms(con)}
        assert false_alarms(con, "another chain") == ()
        audit = fetch(con, "SELECT actor, action FROM audit ORDER BY actor")
    assert figures == {
        "check/support/retriever/status/drift": (1, 1, 1, 0),
        "check/support/generator/duration_s/drift": (1, 1, 0, 1),
    }
    assert [tuple(row.values()) for row in audit] == [("dana", "mark as noise"), ("lee", "mark as real")]
    lines = chainwatch(home, "alerts", "noise")[1].splitlines()
    assert [line.split("  ")[0] for line in lines] == ["1 of 1 called noise", "0 of 1 called noise"]
    assert json.loads(chainwatch(home, "alerts", "noise", "--json")[1])[0]["noise"] == 1


def test_an_incident_that_became_part_of_another_counts_as_that_one(tmp_path: Path) -> None:
    warehouse = new_warehouse(tmp_path)
    told(warehouse, stream("generator", "duration_s", [3], range(1, 4)), 3)
    with warehouse.write() as con:
        row = fetch(con, "SELECT * FROM incidents")[0]
        insert(con, "incidents", [{**row, "incident_id": "whole", "noise": True}])
        con.execute("UPDATE incidents SET merged_into = 'whole' WHERE incident_id <> 'whole'")
    with warehouse.read() as con:
        assert [(m.incidents, m.noise) for m in false_alarms(con)] == [(1, 1)]


def test_without_alerts_no_monitor_is_listed(tmp_path: Path) -> None:
    new_warehouse(tmp_path)
    assert chainwatch(tmp_path, "alerts", "noise")[1] == "No monitor has raised an alert.\n"


def spans(hours: range, version: str, took: float, *, broken: int = 0) -> list[Span]:
    """Ten spans an hour; of each hour's, `broken` failed."""
    return [
        Span(
            trace_id=f"{hour:016x}{number:016x}",
            span_id="a",
            chain="support",
            component="generator",
            name="answer",
            started_at=T0 + hour * HOUR + timedelta(minutes=6 * number),
            duration_s=took,
            status="error" if number < broken else "ok",
            prompt_version=version,
            output_tokens=100,
            cost_usd=0.002,
            ingested_at=T0,
        )
        for hour in hours
        for number in range(10)
    ]


def test_figures_by_version_on_both_sides_of_a_change(tmp_path: Path) -> None:
    warehouse = new_warehouse(tmp_path)
    with warehouse.write() as con:
        insert_spans(con, [*spans(range(-80, 4), "v1", 1.0), *spans(range(4, 8), "v2", 3.0, broken=5)])
    with warehouse.read() as con:
        before, after = by_version(con, "support", "generator", low=at(4), high=at(5), end=at(8))
        assert by_version(con, "support", "nobody", low=at(4), high=at(5), end=at(8)) == ()
    # Three days before the earliest time, and from the latest time on: the hour between is of neither.
    assert (before.version, before.after, before.requests, before.errors) == ("prompt v1", False, 720, 0)
    assert (after.version, after.after, after.requests, after.errors) == ("prompt v2", True, 30, 15)
    assert (before.p50_s, after.p50_s, after.cost_usd, after.output_tokens) == (1.0, 3.0, 0.002, 100.0)


def test_the_postmortem_tells_the_whole_story(home: Path, tmp_path: Path) -> None:
    incident = ids(home)["generator"]
    with Warehouse(home / "warehouse.duckdb").write() as con:
        insert_spans(con, [*spans(range(-5, 3), "v1", 1.0), *spans(range(3, 8), "v2", 3.0, broken=5)])
    chainwatch(home, "ack", incident, "--by", "dana", "--comment", "on it")
    chainwatch(home, "resolve", incident, "--by", "dana", "--comment", "rolled | back")
    file = tmp_path / "story.md"
    done, out, _ = chainwatch(home, "postmortem", incident[:8], "--out", str(file))
    assert (done, out) == (0, f"{incident} is in {file}\n")
    text = file.read_text("utf-8")
    assert text.startswith("# Generator latency rose: p95 4 s against 1.9 s\n")
    for part in (
        "| Component to blame | generator |",
        "generator changed while what it was given did not",
        "No deploy explains this.",
        "| prompt v1 | before |",
        "| prompt v2 | after |",
        "50 %",
        "| check/support/generator/duration\\_s/drift |",
        "0 of 1 called noise",
        "dana: acknowledge, on it",
        "dana: resolve, rolled \\| back",
        "## For people to fill in",
    ):
        assert part in text, part
    assert re.search(r"^Between .* UTC and .* UTC, most likely 2026-03-02 02:00 UTC\.$", text, re.MULTILINE)


def test_nothing_in_a_log_text_is_rendered(home: Path) -> None:
    text = chainwatch(home, "postmortem", ids(home)["generator"])[1]
    inside = text.split("````text\n")[1].split("\n````")[0]
    assert inside.startswith("```\n# <script>")
    outside = text.replace(inside, "")
    assert not any(bad in outside for bad in ("<script>", "https://", "\x1b", "\u202e"))
    assert "far \\| away" in outside


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\nb\tc", "a b c"),
        ("[x](y) `z` *b* <i> | # ~ !", r"\[x\](y) \`z\` \*b\* \<i\> \| \# \~ \!"),
        ("@here \u202etxt\x1b[2J", "@\u2060here txt\\[2J"),
    ],
)
def test_names_without_markup(raw: str, shown: str) -> None:
    assert flat(raw) == shown


def test_a_fence_cannot_be_closed_from_within() -> None:
    shown = code("````\n`````x")
    assert shown.splitlines()[0] == "``````text"
    assert shown.splitlines()[-1] == "``````"


def test_an_unknown_incident_is_told_the_choices(home: Path) -> None:
    done, _, err = chainwatch(home, "postmortem", "ffff")
    assert done == 2
    assert all(name in err for name in ids(home).values())
    done, _, err = chainwatch(home, "postmortem", ids(home)["generator"], "--out", str(home / "no" / "f.md"))
    assert (done, "cannot be written" in err) == (1, True)
