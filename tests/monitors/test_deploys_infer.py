"""Deploys inferred from the versions that spans carry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitors.deploys import infer

START = datetime(2026, 3, 2, tzinfo=UTC)


def row(hour: int, value: str, spans: int, minute: int = 0) -> dict[str, object]:
    return {
        "chain": "support",
        "component": "generator",
        "field": "prompt_version",
        "bucket": hour,
        "value": value,
        "spans": spans,
        "first_at": START + timedelta(hours=hour, minutes=minute),
    }


def test_the_first_version_ever_seen_is_no_deploy():
    deploys, running = infer([row(0, "v1", 9), row(1, "v1", 9)], {})
    assert deploys == []
    assert running["support", "generator", "prompt_version"].value == "v1"


def test_a_version_that_takes_over_is_a_deploy_at_its_first_span_in_that_window():
    deploys, _ = infer([row(0, "v1", 9), row(1, "v1", 3), row(1, "v2", 7, minute=17)], {})
    assert [(d.previous_value, d.value, d.deployed_at) for d in deploys] == [
        ("v1", "v2", START + timedelta(hours=1, minutes=17))
    ]


def test_a_roll_back_is_a_deploy_too():
    deploys, _ = infer([row(h, v, 9) for h, v in enumerate(["v1", "v2", "v1"])], {})
    assert [d.value for d in deploys] == ["v2", "v1"]
    assert len({d.deploy_id for d in deploys}) == 2


def test_an_ab_test_and_a_window_of_two_spans_decide_nothing():
    shared = [r for h in range(6) for r in (row(h, "v1", 9 + h % 2), row(h, "v2", 10 - h % 2))]
    assert infer([row(0, "v1", 9), *shared], {})[0] == []
    assert infer([row(0, "v1", 9), row(1, "v2", 2)], {})[0] == []


def test_a_deploy_late_in_a_window_is_dated_there_although_it_took_over_in_the_next():
    rows = [row(0, "v1", 9), row(1, "v1", 7), row(1, "v2", 3, minute=47), row(2, "v2", 9, minute=4)]
    at = START + timedelta(hours=1, minutes=47)
    assert [d.deployed_at for d in infer(rows, {})[0]] == [at]
    # An hourly run finds the same: it looks back at windows that were decided before.
    _, running = infer(rows[:3], {})
    assert [d.deployed_at for d in infer(rows, running, first_bucket=2)[0]] == [at]


def test_a_trial_of_hours_is_deployed_when_it_gets_the_rest():
    trial = [r for h in range(4) for r in (row(h, "v1", 9), row(h, "v2", 1, minute=5))]
    assert [d.deployed_at for d in infer([*trial, row(4, "v2", 9, minute=2)], {})[0]] == [
        START + timedelta(hours=4, minutes=2)
    ]


def test_what_runs_is_carried_from_run_to_run():
    together = infer([row(0, "v1", 9), row(1, "v2", 9)], {})[0]
    _, running = infer([row(0, "v1", 9)], {})
    assert infer([row(1, "v2", 9)], running)[0] == together
