"""A replay decides what a live run decided, to the row, and leaves the warehouse as it was."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tiny_encoder
from click.testing import CliRunner
from run_world import HOUR, START, only, open_world, store, traffic

from collectors.config import parse
from collectors.context import Context
from collectors.errors import ConfigError
from collectors.home import Home
from collectors.warehouse.overlay import Overlay
from collectors.warehouse.store import fetch
from dashboard.cli import cli
from monitors.backtest import saved
from monitors.backtest.replay import Question, Replayed, replay
from monitors.backtest.report import Report, report
from monitors.runner import run_pass

pytestmark = pytest.mark.slow

GRACE = timedelta(minutes=5)
CHECKS = ("latency", "error_rate", "embedding_distance")
SLOW, BROKEN = range(28, 31), range(36, 38)
HOURS = 41
# The day before is caught up with at once; then a run comes after each hour in which something changes.
RUNS = (26, *range(28, 32), 34, *range(36, 40), HOURS)


def at(hour: float) -> datetime:
    return START + hour * HOUR


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Two days with two faults, and runs just after the hours."""
    home = Home(root=tmp_path_factory.mktemp("live")).create()
    made = open_world(home, *CHECKS)
    config = parse(only(*CHECKS) + '[alerts]\njoin_gap = "1h"\ncooldown = "1h"\n', "chainwatch.toml")
    context = Context(home=home, config=config, clock=made.clock)
    store(context, traffic(range(SLOW.start)))
    store(context, traffic(SLOW, slow=6.0, model="small-2"))
    store(context, traffic(range(SLOW.stop, BROKEN.start), model="small-2"))
    store(context, traffic(BROKEN, model="small-2", status="error"))
    store(context, traffic(range(BROKEN.stop, HOURS), model="small-2"))
    for hour in RUNS:
        run_pass(context, now=at(hour) + GRACE, deliver=False)
    return context


@pytest.fixture(scope="module")
def whole(live: Context, tmp_path_factory: pytest.TempPathFactory) -> tuple[Overlay, Replayed, Report]:
    """A replay of all of it."""
    return replayed(live, tmp_path_factory.mktemp("whole"), ask(live, 0, HOURS))


def replayed(context: Context, folder: Path, question: Question) -> tuple[Overlay, Replayed, Report]:
    overlay = Overlay(folder, context.warehouse)
    overlay.prepare()
    done = replay(overlay, question, context.home, clock=context.clock)
    return overlay, done, report(overlay, question, done, None)


def ask(context: Context, start: float, end: float, **more: Any) -> Question:
    return Question(config=context.config, start=at(start), end=at(end), **more)


def decided(context: Context | Overlay, start: float, *, monitors: str = "%") -> list[dict[str, Any]]:
    """Results from `start` on, without what names the run that made them.

    What a quiet monitor could see is said in the last window of a pass only.
    """
    warehouse = context.warehouse if isinstance(context, Context) else context
    with warehouse.read() as con:
        found = fetch(
            con,
            "SELECT * EXCLUDE (run_id, computed_at) FROM results WHERE window_start >= ? AND monitor LIKE ? "
            "ORDER BY monitor, window_end",
            [at(start), monitors],
        )
    for row in found:
        evidence = json.loads(row["evidence"]) if row["evidence"] else {}
        evidence.pop("detectable", None)
        row["evidence"] = evidence
    return found


def table(context: Context | Overlay, sql: str) -> list[dict[str, Any]]:
    warehouse = context.warehouse if isinstance(context, Context) else context
    with warehouse.read() as con:
        return fetch(con, sql)


def test_results_alerts_and_incidents_are_those_of_the_runs(
    live: Context, whole: tuple[Overlay, Replayed, Report]
) -> None:
    overlay, done, told = whole
    assert len(done.windows) == HOURS
    assert decided(overlay, 0) == decided(live, 0)
    for name in ("alerts", "alert_state", "deploys", "component_versions", "components"):
        sql = f"SELECT * FROM {name} ORDER BY ALL"
        assert table(overlay, sql) == table(live, sql), name
    incidents = "SELECT * EXCLUDE (evidence) FROM incidents ORDER BY incident_id"
    assert table(overlay, incidents) == table(live, incidents)
    assert {a["field"] for a in told.alerts} >= {"duration_s", "status"}
    assert [i["component"] for i in told.incidents] == ["generator", "generator"]
    assert told.not_replayed[0].startswith("references that reach back to")


def test_from_the_middle_it_knows_what_was_known_then(live: Context, tmp_path: Path) -> None:
    """Reference, breaches and versions of before 35:00 are those that the runs of then left."""
    overlay, _, told = replayed(live, tmp_path, ask(live, 35, HOURS))
    assert decided(overlay, 35) == decided(live, 35)
    assert table(overlay, "SELECT * FROM component_versions ORDER BY ALL") == table(
        live, "SELECT * FROM component_versions ORDER BY ALL"
    )
    assert {a["field"] for a in told.alerts} == {"status"}


def test_one_monitor_keeps_its_share_of_the_promise(live: Context, tmp_path: Path) -> None:
    question = ask(live, 26, 32, monitors=("latency/*/generator/*",))
    overlay, done, told = replayed(live, tmp_path, question)
    assert done.evaluated == ("latency/support/generator/duration_s/drift",)
    mine = [r for r in decided(live, 26, monitors=done.evaluated[0]) if r["window_end"] <= at(32)]
    assert decided(overlay, 26) == mine
    assert {a["monitor"] for a in told.alerts} == set(done.evaluated)


def test_a_candidate_with_a_wide_margin_fires_nothing(live: Context, tmp_path: Path) -> None:
    config = parse(only("latency") + "[monitors.latency]\nmargin = 50.0\n", "candidate.toml")
    _, done, told = replayed(live, tmp_path, Question(config=config, start=at(28), end=at(31)))
    assert (len(done.windows), told.alerts, told.messages) == (3, (), {})


def test_rules_are_replayed_too(live: Context, tmp_path: Path) -> None:
    rule = '[[alerts.threshold]]\nname = "slow answers"\nfield = "duration_s"\nabove = 4.0\n'
    config = parse(only("latency") + rule, "candidate.toml")
    question = Question(config=config, start=at(27), end=at(32), monitors=("threshold",))
    overlay, done, told = replayed(live, tmp_path, question)
    assert done.totals.results == len(decided(overlay, 27))
    assert {m.partition("(")[0] for m in done.evaluated} == {"threshold"}
    assert {(a["component"], a["fired_at"]) for a in told.alerts} >= {("generator", at(29))}


def test_messages_are_counted_as_hourly_runs_would_send_them(whole: tuple[Overlay, Replayed, Report]) -> None:
    overlay, _, told = whole
    sent = table(overlay, "SELECT kind, state, sent_at FROM notifications ORDER BY created_at")
    assert [(m["kind"], m["state"]) for m in sent] == [
        ("firing", "sent"),
        ("resolved", "sent"),
        ("firing", "sent"),
        ("resolved", "sent"),
    ]
    assert sent[0]["sent_at"] == told.incidents[0]["detected_at"] + GRACE
    assert told.messages == {"sent": 4}
    assert told.messages_a_week == pytest.approx(4 / (41 / 168))


def test_the_warehouse_is_not_written_to(live: Context, tmp_path: Path) -> None:
    before = hashlib.sha256(live.home.warehouse.read_bytes()).hexdigest()
    overlay, _, _ = replayed(live, tmp_path, ask(live, 30, 31))
    assert hashlib.sha256(live.home.warehouse.read_bytes()).hexdigest() == before
    with pytest.raises(Exception, match="read-only"), overlay.write() as con:
        con.execute("DELETE FROM history.main.results")


def test_what_was_pruned_is_said(live: Context, tmp_path: Path) -> None:
    copy = Home(root=tmp_path / "pruned").create()
    copy.warehouse.write_bytes(live.home.warehouse.read_bytes())
    context = Context(home=copy, config=live.config, clock=live.clock)
    with context.warehouse.write() as con:
        con.execute("UPDATE spans SET input_text = NULL, output_text = NULL WHERE started_at < ?", [at(32)])
        con.execute("DELETE FROM spans WHERE started_at < ?", [at(2)])
        con.execute("INSERT INTO retention_state VALUES ('texts', ?, ?)", [at(32), at(HOURS)])
    tiny_encoder.install(copy)
    _, _, told = replayed(context, tmp_path, ask(context, 30, 33))
    assert any(
        "texts before 2026-03-03 08:00 UTC were pruned; they are missing in the range" in s
        for s in told.not_replayed
    )
    assert any(s.startswith("2 windows hold fewer spans") for s in told.not_replayed)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (
            "latncy",
            "unknown check 'latncy'; choose one of: embedding_distance, error_rate, latency, threshold, slo",
        ),
        ("mmd", "the check mmd is off in this configuration; add --set monitors.mmd.enabled=true"),
        ("latency/*/nobody/*", "no monitor of that name"),
    ],
)
def test_a_pattern_that_fits_nothing_is_refused(
    live: Context, tmp_path: Path, pattern: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said.replace("*", r"\*")):
        replayed(live, tmp_path, ask(live, 24, 26, monitors=(pattern,)))


def test_a_range_without_spans_replays_nothing(live: Context, tmp_path: Path) -> None:
    _, done, told = replayed(live, tmp_path, ask(live, -48, -24))
    assert (done.windows, told.alerts, told.messages_a_week) == ((), (), None)
    assert told.not_replayed == (
        "nothing: no complete window of the range holds spans; the first span is of 2026-03-02 00:02 UTC",
    )


def test_the_command_holds_it_against_known_incidents(
    live: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINWATCH_HOME", str(live.home.root))
    monkeypatch.chdir(tmp_path)
    Path("known.csv").write_text(
        f"id,component,from,to\nslow,generator,{at(28).isoformat()},{at(31).isoformat()}\n"
        f"quiet,retriever,{at(27).isoformat()},{at(27.5).isoformat()}\n"
        f"earlier,retriever,{at(20).isoformat()},{at(21).isoformat()}\n"
    )
    Path("c.toml").write_text(only("latency"))
    told = CliRunner().invoke(
        cli,
        [
            *("backtest", "--from", at(27).isoformat(), "--to", at(31).isoformat(), "--monitor", "latency"),
            *("--incidents", "known.csv", "--config", "c.toml"),
        ],
    )
    assert told.exit_code == 0, told.output
    assert "known incidents: 1 of 2 detected" in told.stdout
    assert "slow (generator): detected after " in told.stdout
    assert "quiet (retriever): missed" in told.stdout
    assert "1 known incidents: they lie outside of the range" in told.stdout
    assert "false alarms: 0" in told.stdout
    kept = saved.load(live.home, saved.names(live.home)[0])
    assert kept is not None
    detected = datetime.fromisoformat(kept["incidents"][0]["detected_at"])
    assert at(28) < detected <= at(31)
    assert [k["delay_s"] for k in kept["known"]] == [(detected - at(28)).total_seconds(), None]
    assert min(a["fired_at"] for a in kept["alerts"]) == kept["incidents"][0]["detected_at"]
