"""The commands as people type them: `alerts`, `alerts test`, `ack`, `silence`."""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from alerting_world import at, new_warehouse, play, stream
from slack_listener import TOKEN, Answer, listening

from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch
from dashboard.cli import main
from monitors.alerting.book import AlertBook


def chainwatch(home: Path, *arguments: str, **environ: str) -> tuple[int, str, str]:
    """Exit code, output and errors of one command, run as the entry point runs it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CHAINWATCH_")}
    out, err = io.StringIO(), io.StringIO()
    code: Any = 0
    with (
        mock.patch.dict(os.environ, {**kept, "CHAINWATCH_HOME": str(home), **environ}, clear=True),
        mock.patch.object(sys, "argv", ["chainwatch", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as done:
            code = done.code
    return code or 0, out.getvalue(), err.getvalue()


@pytest.fixture
def watched(tmp_path: Path) -> tuple[Path, Warehouse, str]:
    """A home with one open incident at the generator, whose chain has a hostile name."""
    warehouse = new_warehouse(tmp_path)
    with warehouse.write() as con:
        windows = stream("generator", "duration_s", [3], range(1, 4), chain="sup\x1b[2Jport")
        book = play(AlertBook.load(con), windows)
        book.flush(con, now=at(3))
    return tmp_path, warehouse, book.incidents[0].incident_id


def audit(warehouse: Warehouse) -> list[dict[str, Any]]:
    with warehouse.read() as con:
        return fetch(con, "SELECT * FROM audit ORDER BY occurred_at")


def test_alerts_lists_what_fires(watched: tuple[Path, Warehouse, str]) -> None:
    home, _, incident_id = watched
    code, out, _ = chainwatch(home, "alerts")
    assert code == 0
    assert incident_id in out
    assert "Generator latency" in out
    assert "firing: check/" in out
    assert "\x1b" not in out
    code, out, _ = chainwatch(home, "alerts", "--json")
    answer = json.loads(out)
    assert [i["incident_id"] for i in answer["incidents"]] == [incident_id]
    assert answer["incidents"][0]["alerts"][0]["field"] == "duration_s"


def test_without_a_warehouse_it_says_how_to_make_one(tmp_path: Path) -> None:
    code, _, err = chainwatch(tmp_path / "new", "alerts")
    assert code == 1
    assert "chainwatch demo" in err


def test_nothing_fires_is_said(tmp_path: Path) -> None:
    new_warehouse(tmp_path)
    code, out, _ = chainwatch(tmp_path, "alerts")
    assert (code, out.strip()) == (0, "No incident is open, and none was in the last 14 days.")


def test_assign_names_the_owner_and_leaves_a_line(watched: tuple[Path, Warehouse, str]) -> None:
    home, warehouse, incident_id = watched
    code, out, _ = chainwatch(home, "assign", incident_id[:5], "--to", "search team", "--by", "ada")
    assert code == 0
    assert f"{incident_id} belongs to search team" in out
    (line,) = audit(warehouse)
    assert (line["actor"], line["action"], json.loads(line["detail"])) == (
        "ada",
        "assign",
        {"to": "search team"},
    )
    with warehouse.write() as con:
        book = AlertBook.load(con)
        book.flush(con, now=at(5))
    with warehouse.read() as con:
        (row,) = fetch(con, "SELECT owner FROM incidents")
    assert row["owner"] == "search team", "a run keeps what people decided"
    assert chainwatch(home, "resolve", incident_id, "--by", "ada")[0] == 0
    code, _, err = chainwatch(home, "assign", incident_id, "--to", "bob", "--by", "ada")
    assert code == 2
    assert "nothing to assign" in err


def test_ack_takes_the_start_of_an_id_and_leaves_a_line(watched: tuple[Path, Warehouse, str]) -> None:
    home, warehouse, incident_id = watched
    code, out, _ = chainwatch(home, "ack", incident_id[:5], "--by", "ada", "--comment", "looking")
    assert code == 0
    assert f"{incident_id} is acknowledged by ada" in out
    [line] = audit(warehouse)
    assert (line["actor"], line["action"], line["subject"]) == ("ada", "acknowledge", incident_id)
    assert json.loads(line["detail"]) == {"comment": "looking"}


def test_an_unknown_incident_names_the_choices(watched: tuple[Path, Warehouse, str]) -> None:
    home, _, incident_id = watched
    code, _, err = chainwatch(home, "ack", "zzz", "--by", "ada")
    assert code == 2
    assert "there is no incident 'zzz'" in err
    assert incident_id in err


def test_silence_list_and_expire(watched: tuple[Path, Warehouse, str]) -> None:
    home, warehouse, incident_id = watched
    make = (
        "silence",
        "--match",
        "component=generator",
        "--for",
        "2h",
        "--author",
        "me",
        "--comment",
        "load test",
    )
    code, out, _ = chainwatch(home, *make, "--json")
    assert code == 0
    silence_id = json.loads(out)["silence_id"]
    code, out, _ = chainwatch(home, "silence", "--list")
    assert silence_id in out
    assert "silenced by me until" in out
    assert "load test" in out
    code, out, _ = chainwatch(home, "alerts", "--json")
    assert "load test" in json.loads(out)["incidents"][0]["silenced"]
    code, _, _ = chainwatch(home, "silence", "--expire", silence_id, "--author", "me")
    assert code == 0
    _, out, _ = chainwatch(home, "silence", "--list")
    assert out.strip() == "Nothing is silenced."
    assert [line["action"] for line in audit(warehouse)] == ["silence", "expire silence"]
    assert incident_id


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("--match", "componet=x", "--for", "2h", "--comment", "c"),
            "choose one of: incident, chain, component",
        ),
        (("--match", "component", "--for", "2h", "--comment", "c"), "write label=value"),
        (("--match", "component=x", "--for", "2 weeks", "--comment", "c"), "--for '2 weeks'"),
        (("--match", "component=x", "--comment", "c"), "needs --for"),
        (("--match", "component=x", "--for", "2h"), "needs a comment"),
        (("--match", "component=x", "--for", "0h", "--comment", "c"), "longer than nothing"),
        (("--expire", "zzz"), "none is active"),
        ((), "say one of"),
    ],
)
def test_what_cannot_be_silenced_is_explained(
    watched: tuple[Path, Warehouse, str], arguments: Any, says: str
) -> None:
    code, _, err = chainwatch(watched[0], "silence", "--author", "me", *arguments)
    assert code == 2
    assert says in err


def test_the_test_message_goes_through_each_channel(tmp_path: Path) -> None:
    with listening() as listener:
        code, out, err = chainwatch(tmp_path, "alerts", "test", CHAINWATCH_SLACK_WEBHOOK_URL=listener.url)
    assert (code, out.strip(), err) == (0, "slack: sent", "")
    assert "Chainwatch can reach you here" in listener.taken[0]["text"]


def test_a_test_message_that_does_not_arrive_fails_and_shows_no_secret(tmp_path: Path) -> None:
    with listening([Answer(404, f"no_service {TOKEN}".encode())]) as listener:
        code, out, err = chainwatch(tmp_path, "alerts", "test", CHAINWATCH_SLACK_WEBHOOK_URL=listener.url)
    assert code == 1
    assert "Slack answered 404: no_service" in out
    assert "did not arrive: slack" in err
    assert "SECRET" not in out + err


def test_without_a_channel_the_test_says_what_to_set(tmp_path: Path) -> None:
    code, _, err = chainwatch(tmp_path, "alerts", "test")
    assert code == 2
    assert "CHAINWATCH_SLACK_WEBHOOK_URL" in err


ROUTED = """
[notify]
channels = ["slack"]

[[notify.routes]]
name = "search"
match = {owner = "search"}
channels = ["slack:search", "slack"]

[[notify.routes]]
name = "nobody"
match = {severity = "ticket"}
channels = []
"""


def _routed(home: Path) -> Path:
    path = home / "routes.toml"
    path.write_text(ROUTED, "utf-8")
    return path


def test_the_test_message_goes_through_each_route_once_a_channel(tmp_path: Path) -> None:
    config = str(_routed(tmp_path))
    with listening() as ours, listening() as search:
        addresses = {
            "CHAINWATCH_SLACK_WEBHOOK_URL": ours.url,
            "CHAINWATCH_SLACK_WEBHOOK_URL_SEARCH": search.url,
        }
        code, out, err = chainwatch(tmp_path, "alerts", "test", "--config", config, **addresses)
        assert (code, err) == (0, "")
        assert out.splitlines() == [
            "slack:search (route search): sent",
            "slack (route search, default): sent",
            "route nobody: goes to no channel",
        ]
        assert (len(ours.taken), len(search.taken)) == (1, 1)
        assert "Test: Chainwatch can reach you here" in search.taken[0]["text"]
        code, out, _ = chainwatch(
            tmp_path, "alerts", "test", "--config", config, "--route", "default", **addresses
        )
        assert (code, out.strip()) == (0, "slack (route default): sent")
        assert (len(ours.taken), len(search.taken)) == (2, 1)


def test_a_channel_that_cannot_be_opened_does_not_keep_the_others_from_the_test(tmp_path: Path) -> None:
    config = str(_routed(tmp_path))
    with listening() as listener:
        code, out, err = chainwatch(
            *(tmp_path, "alerts", "test", "--config", config), CHAINWATCH_SLACK_WEBHOOK_URL=listener.url
        )
    assert code == 1
    assert out.splitlines()[:2] == [
        "slack:search (route search): notify.routes.0.channels names 'slack:search', "
        "but CHAINWATCH_SLACK_WEBHOOK_URL_SEARCH is not set",
        "slack (route search, default): sent",
    ]
    assert "did not arrive: slack:search" in err
    assert "SECRET" not in out + err


@pytest.mark.parametrize(
    ("route", "says"),
    [("serch", "--route 'serch': choose one of: search, nobody, default"), ("nobody", "goes to no channel")],
)
def test_a_route_that_leads_nowhere_is_an_error(tmp_path: Path, route: str, says: str) -> None:
    config = str(_routed(tmp_path))
    code, _, err = chainwatch(tmp_path, "alerts", "test", "--config", config, "--route", route)
    assert code == 2
    assert says in err
