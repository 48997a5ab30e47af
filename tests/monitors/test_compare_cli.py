"""`chainwatch compare` says what changed between two stretches of time, from sketches."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from run_world import HOUR, START, open_world, store, traffic

from collectors.errors import ConfigError
from collectors.home import Home
from dashboard.cli import cli
from monitors.runner import run_pass

RANGES = ("--reference", "2026-03-02..2026-03-02T12:00Z", "--current", "2026-03-02T12:00Z..2026-03-03")


@pytest.fixture
def seen(home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHAINWATCH_HOME", str(home.root))
    monkeypatch.chdir(tmp_path)
    context = open_world(home, "latency")
    store(context, traffic(range(12), a_window=6))
    store(context, traffic(range(12, 24), a_window=6, slow=3.0, words="outage slow"))
    run_pass(context, now=START + 24 * HOUR + timedelta(minutes=6), deliver=False)


def told(*arguments: str) -> Any:
    done = CliRunner().invoke(cli, ["compare", *arguments])
    assert done.exit_code == 0, done.output
    return done


def refused(*arguments: str) -> str:
    done = CliRunner().invoke(cli, ["compare", *arguments])
    assert isinstance(done.exception, ConfigError)
    return str(done.exception)


@pytest.mark.usefixtures("seen")
def test_it_compares_every_field_of_a_component() -> None:
    done = told("--component", "generator", *RANGES, "--json")
    answer = json.loads(done.stdout)
    streams = {s["stream"].rpartition("/")[2]: s for s in answer["streams"]}
    assert {"duration_s", "status", "input_text", "output_text", "input_tokens"} <= set(streams)
    assert streams["duration_s"]["quantiles"]["0.5"][1] > 2 * streams["duration_s"]["quantiles"]["0.5"][0]
    assert streams["input_text"]["p"] <= 0.01
    assert streams["input_text"]["before"]["n"] == 72
    only = told("--component", "generator", *RANGES, "--field", "duration_s").stdout
    assert "support/generator/duration_s" in only
    assert "72 against 72 in 12 and 12 buckets" in only
    assert "input_text" not in only


@pytest.mark.usefixtures("seen")
def test_wrong_names_are_told_the_choices() -> None:
    assert "assistant, generator, retriever" in refused("--component", "nobody")
    assert "duration_s" in refused("--component", "generator", "--field", "latency")
    empty = told("--component", "generator", "--reference", "2020-01-01..2020-01-02").stdout
    assert "no sketch is stored of the first stretch" in empty
