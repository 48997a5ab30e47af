"""`chainwatch run` and `chainwatch status`, as people and cron call them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock
from run_world import HOUR, START, only, open_world, rows, store, traffic

from collectors.context import open_context
from collectors.home import Home
from monitors.cli import run
from monitors.status import read_status
from monitors.status_cli import status

ROOT = Path(__file__).resolve().parents[2]
GRACE = timedelta(minutes=6)
NOW = (START + 30 * HOUR + GRACE).isoformat()


@pytest.fixture
def called(home: Home, monkeypatch: pytest.MonkeyPatch):
    """Commands over a warehouse with 30 quiet hours and a chainwatch.toml in the home."""
    context = open_world(home, "latency")
    store(context, traffic(range(30)))
    home.config.write_text(only("latency"))
    monkeypatch.setenv("CHAINWATCH_HOME", str(home.root))
    monkeypatch.delenv("CHAINWATCH_CONFIG", raising=False)
    monkeypatch.chdir(home.root.parent)
    return context


def test_run_says_what_it_did_and_that_there_is_nothing_new(called):
    first = CliRunner().invoke(run, ["--now", NOW])
    assert first.exit_code == 0, first.output
    assert "30 windows up to 2026-03-03 06:00 UTC, 1,080 spans" in first.stdout
    second = CliRunner().invoke(run, ["--now", NOW, "--json"])
    told = json.loads(second.stdout)
    assert (told["status"], told["windows"], told["until"]) == ("ok", 0, None)
    assert "nothing new" in CliRunner().invoke(run, ["--now", NOW]).stdout


def test_run_leaves_it_to_another_run_and_exits_zero(called, home: Home):
    with FileLock(home.run_lock):
        busy = CliRunner().invoke(run, ["--now", NOW, "--json"])
    assert busy.exit_code == 0
    assert json.loads(busy.stdout)["status"] == "busy"


def test_run_exits_with_three_only_when_asked_and_only_while_an_incident_is_open(called):
    store(called, traffic(range(30, 36), slow=6.0))
    later = (START + 36 * HOUR + GRACE).isoformat()
    assert CliRunner().invoke(run, ["--now", NOW, "--fail-on-alert"]).exit_code == 0
    assert CliRunner().invoke(run, ["--now", later]).exit_code == 0
    assert CliRunner().invoke(run, ["--now", later, "--fail-on-alert"]).exit_code == 3


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01"])
def test_a_wrong_time_is_bad_use(called, value: str):
    wrong = CliRunner().invoke(run, ["--now", value])
    assert wrong.exit_code == 2
    assert value in wrong.output


def test_cron_calls_it_from_an_empty_environment(called, home: Home):
    code = "from dashboard.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "--now", NOW],
        env={"CHAINWATCH_HOME": str(home.root), "PYTHONPATH": str(ROOT)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "30 windows" in done.stdout
    assert done.stderr == ""


def test_status_of_an_installation_that_is_well(called, home: Home):
    CliRunner().invoke(run, ["--now", NOW])
    found = read_status(called, now=START + 30 * HOUR + GRACE)
    assert found.problems == ()
    assert [(c.chain, c.dataset, c.spans) for c in found.chains] == [("support", "production", 1080)]
    assert found.evaluated_until == START + 30 * HOUR
    assert found.warehouse_bytes == home.warehouse.stat().st_size
    assert found.last_run is not None
    assert found.last_run.status == "ok"


def test_a_run_is_overdue_a_window_after_it_could_have_been(called):
    CliRunner().invoke(run, ["--now", NOW])
    store(called, traffic(range(30, 33)))
    # The window 30..31 was complete at 31:05; until 32:05 an hourly cron is in time.
    assert read_status(called, now=START + 32 * HOUR).problems == ()
    late = read_status(called, now=START + 32 * HOUR + GRACE)
    assert late.overdue_since == START + 31 * HOUR + timedelta(minutes=5)
    assert len(late.problems) == 1
    assert "overdue since 2026-03-03 07:05 UTC" in late.problems[0]


def test_a_run_that_was_killed_is_a_failure_and_one_at_work_is_not(called, home: Home):
    CliRunner().invoke(run, ["--now", NOW])
    with called.warehouse.write() as con:
        con.execute("UPDATE monitor_runs SET status = 'running', finished_at = NULL")
    with FileLock(home.run_lock):
        # filelock is re-entrant by object only; another object in this process is another holder.
        assert read_status(called, now=START + 30 * HOUR + GRACE).problems == ()
    killed = read_status(called, now=START + 30 * HOUR + GRACE)
    assert killed.problems == ("the last run failed: it was killed",)
    CliRunner().invoke(run, ["--now", NOW])
    told = rows(called, "SELECT status, error FROM monitor_runs ORDER BY started_at")
    assert told[0] == {"status": "failed", "error": "it was killed"}


def test_status_exits_with_one_when_something_is_wrong(called):
    # The spans are of March and nobody ran: by the clock of today that is overdue.
    result = CliRunner().invoke(status, ["--json"])
    assert result.exit_code == 1
    assert any("overdue" in problem for problem in json.loads(result.stdout)["problems"])


def test_a_run_that_does_not_come_is_overdue_though_nothing_waits(called, home: Home):
    CliRunner().invoke(run, ["--now", NOW])
    began = rows(called, "SELECT started_at FROM monitor_runs")[0]["started_at"]
    home.config.write_text(only("latency") + '[alerts.did_not_run]\nrun_every = "1h"\n')
    expecting = open_context(home.config)
    assert read_status(expecting, now=began + 2 * HOUR).problems == ()
    late = read_status(expecting, now=began + 2 * HOUR + timedelta(seconds=1))
    assert late.overdue_since == began + HOUR
    assert late.problems[0].startswith(f"a run is overdue since {began + HOUR:%Y-%m-%d %H:%M} UTC")
    assert read_status(called, now=began + 50 * HOUR).problems == ()


def test_a_check_that_fails_for_hours_is_an_alert_and_a_problem(called, monkeypatch: pytest.MonkeyPatch):
    from monitors.checks import CHECKS

    def broken(*_: object, **__: object) -> object:
        raise RuntimeError("out of order")

    monkeypatch.setattr(type(CHECKS.get("latency")), "fit", broken)
    CliRunner().invoke(run, ["--now", NOW])
    told = CliRunner().invoke(status)
    assert told.exit_code == 1
    assert "problem: check latency does not run: 3 of 3 monitors failed: the check failed: RuntimeError" in (
        told.stdout
    )
    [incident] = rows(called, "SELECT chain, component, severity, title FROM incidents")
    assert (incident["chain"], incident["component"], incident["severity"]) == (
        "chainwatch",
        "check latency",
        "ticket",
    )
    assert incident["title"].startswith("Check latency did not run: 3 of 3 monitors failed")
