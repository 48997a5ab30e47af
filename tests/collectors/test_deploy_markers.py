"""Deploy markers: from the command line and over HTTP, checked, stored once, and found by the root cause."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from receiver_memory import MemorySpool, intake
from starlette.testclient import TestClient

from collectors.deploy_markers import record
from collectors.errors import ConfigError, WarehouseBusyError
from collectors.home import Home
from collectors.receiver import Receiver
from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch, insert
from dashboard.cli import cli

Clock = Callable[[], datetime]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def seen(warehouse: Warehouse, *chains: str) -> None:
    """Chains of an application and a generator, as a run saw them."""
    times = {"first_seen_at": NOON, "last_seen_at": NOON, "position": 0}
    with warehouse.write() as con:
        for chain in chains:
            insert(
                con,
                "components",
                [
                    {"chain": chain, "component": "bot", "kind": "chain", "is_application": True, **times},
                    {
                        "chain": chain,
                        "component": "generator",
                        "kind": "llm",
                        "is_application": False,
                        **times,
                    },
                ],
            )


def stored(warehouse: Warehouse) -> list[dict[str, Any]]:
    with warehouse.read() as con:
        return fetch(con, "SELECT * EXCLUDE (deploy_id) FROM deploys ORDER BY deployed_at")


def test_a_marker_of_a_component_knows_what_ran_before(warehouse: Warehouse, clock: Clock) -> None:
    seen(warehouse, "support")
    first = {"version": "v1", "component": "generator", "deployed_at": "2026-03-01T10:00:00+01:00"}
    record(warehouse, first, clock=clock)
    made = record(warehouse, {"version": "v2", "component": "generator", "note": "rollout"}, clock=clock)
    again = record(warehouse, {"version": "v2", "component": "generator", "note": "rollout"}, clock=clock)
    assert made == again
    rows = stored(warehouse)
    assert [(r["value"], r["previous_value"], r["deployed_at"]) for r in rows] == [
        ("v1", None, datetime(2026, 3, 1, 9, tzinfo=UTC)),
        ("v2", "v1", NOON),
    ]
    assert {(r["chain"], r["field"], r["source"]) for r in rows} == {
        ("support", "component_version", "recorded")
    }


def test_without_a_component_it_is_the_whole_chain(warehouse: Warehouse, clock: Clock) -> None:
    seen(warehouse, "support", "search")
    made = record(warehouse, {"version": "9f3c", "chain": "search", "previous_version": "77aa"}, clock=clock)
    assert (made.component, made.field, made.previous_value) == ("bot", "chain_version", "77aa")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"component": "generator"}, "version: say what runs now"),
        (
            {"version": "v1", "component": "generator"},
            "chain: say which one was deployed; known: search, support",
        ),
        ({"version": "v1", "chain": "other"}, "no run has seen the application of chain 'other'"),
        (
            {"version": "v1", "compnent": "x"},
            "unknown key 'compnent'; choose one of: chain, component, version",
        ),
        ({"version": 3}, "version = 3: give a text"),
        ({"version": "a\nb"}, "one line"),
        ({"version": "v" * 501}, "at most 500 characters"),
        ({"version": "v1", "deployed_at": "noon"}, "deployed_at = 'noon': give an ISO 8601 time"),
        ({"version": "v1", "deployed_at": "2026-03-02T13:00:01Z"}, "is in the future"),
    ],
)
def test_what_cannot_be_stored_is_named(
    warehouse: Warehouse, clock: Clock, told: dict[str, Any], said: str
) -> None:
    seen(warehouse, "support", "search")
    with pytest.raises(ConfigError, match=said):
        record(warehouse, told, clock=clock)
    assert stored(warehouse) == []


def test_the_command_records_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINWATCH_HOME", str(home.root))
    run = CliRunner().invoke
    call = ["deploy", "v42", "--chain", "support", "--component", "retriever", "--field", "index_version"]
    at = ["--at", "2026-03-02T10:00:00Z"]
    answer = json.loads(run(cli, [*call, *at, "--json"]).stdout)
    assert (answer["value"], answer["deployed_at"]) == ("v42", "2026-03-02T10:00:00Z")
    assert (
        "support: retriever index_version v42 since 2026-03-02 10:00:00 UTC" in run(cli, [*call, *at]).stdout
    )
    assert [r["value"] for r in stored(Warehouse(home.warehouse))] == ["v42"]


@pytest.fixture
def http(warehouse: Warehouse, clock: Clock) -> TestClient:
    seen(warehouse, "support")
    made = intake(MemorySpool(), clock, "secret")
    return TestClient(Receiver(made, lambda told: record(warehouse, told, clock=clock)).app())


TOKEN = {"authorization": "Bearer secret"}


def test_a_pipeline_records_one_over_http(http: TestClient, warehouse: Warehouse) -> None:
    told = {"version": "v7", "component": "generator", "field": "prompt_version"}
    response = http.post("/v1/deploys", json=told, headers=TOKEN)
    assert response.status_code == 200
    assert response.json() | {"deploy_id": ""} == {
        "deploy_id": "",
        "chain": "support",
        "component": "generator",
        "field": "prompt_version",
        "version": "v7",
        "deployed_at": "2026-03-02T12:00:00+00:00",
    }
    assert http.post("/v1/deploys", json=told, headers=TOKEN).json() == response.json()
    assert [r["value"] for r in stored(warehouse)] == ["v7"]
    assert 'signal="deploys",code="200"} 2' in http.get("/metrics", headers=TOKEN).text


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b'{"version": "v7"}', {}, 401, "bearer token"),
        (b"[1]", TOKEN, 400, "send an object"),
        (b"{", TOKEN, 400, "not valid JSON"),
        (b"[" * 100_000, TOKEN, 413, "larger than 65536 bytes"),
        (b"[" * 60_000, TOKEN, 400, "not valid JSON"),
        (b'{"version": "v7", "component": 3}', TOKEN, 400, "component = 3"),
    ],
)
def test_what_http_refuses(
    http: TestClient, body: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    response = http.post("/v1/deploys", content=body, headers=headers)
    assert (response.status_code, said in response.json()["error"]) == (status, True)


def test_a_busy_warehouse_is_tried_again_later(clock: Clock) -> None:
    def busy(told: Any) -> Any:
        assert threading.current_thread() is not threading.main_thread()
        raise WarehouseBusyError("/srv/secret/path is busy")

    client = TestClient(Receiver(intake(MemorySpool(), clock), busy).app())
    response = client.post("/v1/deploys", json={"version": "v1"})
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "secret" not in response.text


def test_a_version_that_runs_already_is_no_other_deploy(warehouse: Warehouse) -> None:
    seen(warehouse, "support")
    told = {"version": "v1", "component": "generator"}
    first = record(warehouse, told, clock=lambda: NOON)
    assert record(warehouse, told, clock=lambda: NOON + timedelta(hours=1)) == first
    record(warehouse, {**told, "version": "v2"}, clock=lambda: NOON + timedelta(hours=2))
    back = record(warehouse, told, clock=lambda: NOON + timedelta(hours=3))
    assert (back.deployed_at, back.previous_value) == (NOON + timedelta(hours=3), "v2")
    assert len(stored(warehouse)) == 3


def test_clocks_may_differ_by_a_little(warehouse: Warehouse, clock: Clock) -> None:
    seen(warehouse, "support")
    ahead = (NOON + timedelta(minutes=5)).isoformat()
    assert record(warehouse, {"version": "v1", "deployed_at": ahead}, clock=clock).deployed_at > NOON
