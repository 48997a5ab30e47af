"""Rules in real runs: hourly and caught up alike, stored with their labels, told with owner and runbook."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from run_world import HOUR, START, decided, only, rows, store, traffic
from tiny_encoder import install

from collectors.config import parse
from collectors.context import Context
from collectors.home import Home
from collectors.model import Span
from monitors.runner import run_pass

GRACE = timedelta(minutes=6)
RULES = """
[[alerts.threshold]]
name = "slow"
field = "duration_s"
statistic = "p50"
above = 3.0
by = ["component_version"]
match = {component = "generator"}
severity = "ticket"
owner = "llm team"
runbook = "https://wiki.example/slow"
[[alerts.slo]]
name = "up"
of = "errors"
objective = 0.99
match = {component = "generator"}
[[alerts.no_data]]
name = "retriever"
match = {component = "retriever"}
expected = "always"
for = "2h"
"""


def world(root: Path, spans: list[Span]) -> Context:
    home = Home(root=root).create()
    install(home)
    context = Context(
        home=home,
        config=parse(only("error_rate") + RULES, "chainwatch.toml"),
        clock=lambda: START + 60 * HOUR,
    )
    context.migrated()
    store(context, spans)
    return context


def faults() -> list[Span]:
    """From hour 6 on version 2 is slow; in hour 8 all fail; from hour 10 on the retriever is silent."""
    return [
        *traffic(range(6), component_version="v1"),
        *traffic(range(6, 8), component_version="v2", slow=9.0),
        *traffic(range(8, 9), component_version="v2", slow=9.0, status="error"),
        *traffic(range(9, 10), component_version="v3"),
        *(s for s in traffic(range(10, 13), component_version="v3") if s.component != "retriever"),
    ]


def alerts(context: Context) -> list[dict[str, Any]]:
    sql = (
        "SELECT * EXCLUDE (evidence, labels), labels::JSON AS labels FROM alerts ORDER BY fired_at, alert_id"
    )
    return rows(context, sql)


def test_rules_fire_in_runs_and_a_catch_up_decides_the_same(tmp_path: Path) -> None:
    at_once = world(tmp_path / "once", faults())
    run_pass(at_once, now=START + 13 * HOUR + GRACE, environ={})
    hourly = world(tmp_path / "hourly", faults())
    for hour in (5, 6, 7, 9, 10, 11, 12, 13):
        run_pass(hourly, now=START + hour * HOUR + GRACE, environ={})
    assert decided(at_once) == decided(hourly)
    assert alerts(at_once) == alerts(hourly)

    found = {(json.loads(a["labels"]).get("rule"), a["severity"]): a for a in alerts(at_once)}
    slow, up, silent = found["slow", "ticket"], found["up", "page"], found["retriever", "ticket"]
    assert (slow["fired_at"], slow["severity"], slow["state"]) == (START + 7 * HOUR, "ticket", "resolved")
    assert json.loads(slow["labels"])["component_version"] == "v2"
    # Rolled forward at hour 9: three windows without it, and others go on.
    assert slow["resolved_at"] == START + 12 * HOUR
    assert slow["reason"] == "no request with component_version v2, and others go on"
    assert (up["fired_at"], up["severity"], up["concern"]) == (START + 9 * HOUR, "page", "errors")
    assert (silent["fired_at"], silent["field"], silent["concern"]) == (
        START + 12 * HOUR,
        "requests",
        "no_data",
    )
    assert silent["reason"] == "no requests for 3 h; 2 h are missed"


def test_owner_and_runbook_stand_in_the_message_and_the_labels_can_be_silenced(tmp_path: Path) -> None:
    context = world(tmp_path / "one", faults()[: 8 * 36])
    run_pass(context, now=START + 8 * HOUR + GRACE, environ={})
    [incident] = rows(context, "SELECT owner, evidence, title FROM incidents")
    assert incident["owner"] == "llm team"
    labels = json.loads(incident["evidence"])["labels"]
    assert (labels["rule"], labels["component_version"], labels["field"]) == ("slow", "v2", "duration_s")
    [message] = rows(context, "SELECT payload, reason, decisions FROM notifications")
    assert json.loads(message["payload"])["links"]["runbook"] == "https://wiki.example/slow"
    assert message["reason"] == "no channel configured"
    assert [d["step"] for d in json.loads(message["decisions"])] == [
        "inhibit",
        "silence",
        "group",
        "deduplicate",
    ]
