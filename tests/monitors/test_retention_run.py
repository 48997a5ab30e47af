"""Pruning and the monitor pass: results do not change, and a run prunes at its end."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import tiny_encoder
from click.testing import CliRunner
from run_world import CONFIG, HOUR, START, decided, only, open_world, rows, store, traffic

from collectors.config import parse
from collectors.context import Context
from collectors.home import Home
from collectors.retention.enforce import prune
from dashboard.cli import cli
from monitors.runner import run_pass

GRACE = timedelta(minutes=6)
DAYS = 5
LATE = START + DAYS * 24 * HOUR + GRACE


def with_limits(context: Context, text: str) -> Context:
    config = parse(only("latency", "embedding_distance") + text, "chainwatch.toml")
    return Context(home=context.home, config=config, clock=lambda: LATE)


@pytest.mark.slow
def test_results_after_texts_and_spans_are_pruned_are_those_of_a_warehouse_that_keeps_all(
    home: Home, tmp_path: Path
) -> None:
    spans = [*traffic(range(100)), *traffic(range(100, DAYS * 24), slow=4.0, words="invoice")]
    kept = open_world(home, "latency", "embedding_distance")
    pruned = open_world(Home(root=tmp_path / "pruned").create(), "latency", "embedding_distance")
    for context in (kept, pruned):
        store(context, spans)
        run_pass(context, now=START + 96 * HOUR + GRACE)
    report = prune(
        with_limits(pruned, '[retention]\ntexts = "1d"\nspans = "2d"\nembeddings = "2d"\nsketches = "2d"\n'),
        now=START + 96 * HOUR + GRACE,
    )
    assert report.removed["spans"]["spans"] > 1000
    assert report.removed["texts"]["spans"] > 500
    for context in (kept, pruned):
        summary = run_pass(context, now=LATE)
        assert summary.windows == DAYS * 24 - 96, "windows that lost their spans are not evaluated again"
        assert summary.breaches > 0
    told = ("monitor", "window_end", "status", "value", "threshold", "p_value", "n_current", "n_reference")
    both = [[{k: r[k] for k in told} for r in decided(context)] for context in (kept, pruned)]
    assert both[0] == both[1]


@pytest.fixture
def command(home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Context:
    monkeypatch.setenv("CHAINWATCH_HOME", str(home.root))
    monkeypatch.chdir(tmp_path)
    context = open_world(home, "latency")
    store(context, traffic(range(DAYS * 24)))
    tiny_encoder.install(home)
    return context


def test_a_run_prunes_as_of_its_own_time_and_says_so(command: Context) -> None:
    command.home.config.write_text(only("latency") + '[retention]\nspans = "2d"\n')
    done = CliRunner().invoke(cli, ["run", "--now", LATE.isoformat(), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    # Two days and back to midnight: three of five are left.
    assert told["pruned"]["removed"]["spans"]["spans"] == 72 * 12 * 3
    assert rows(command, "SELECT min(started_at) AS m FROM spans")[0]["m"] >= START + 72 * HOUR
    again = CliRunner().invoke(cli, ["run", "--now", LATE.isoformat(), "--json"])
    assert json.loads(again.stdout)["pruned"] is None


def test_a_limit_that_is_too_short_stops_a_run_before_it_begins(command: Context) -> None:
    command.home.config.write_text(CONFIG + '[retention]\nspans = "1d"\n')
    done = CliRunner().invoke(cli, ["run", "--now", LATE.isoformat()], standalone_mode=False)
    assert "retention.spans = 1d" in str(done.exception)
    assert "windows.reference + windows.gap" in str(done.exception)
    assert rows(command, "SELECT * FROM monitor_runs") == []
