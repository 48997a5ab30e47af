"""/health and /metrics: who hears what, and whether Prometheus can read it."""

from __future__ import annotations

import re

import pytest
from receiver_memory import GOOD, Clock, MemorySpool, intake
from starlette.testclient import TestClient

from collectors.receiver import Receiver
from collectors.receiver_intake import Intake
from collectors.receiver_metrics import ReceiverMetrics, Seconds
from collectors.receiver_refusal import RefusedError

PROTOBUF = {"content-type": "application/x-protobuf"}
SAMPLE = re.compile(r'^([a-z_]+)(\{[a-z_]+="[^"\\]*"(?:,[a-z_]+="[^"\\]*")*\})? (\S+)$')


@pytest.fixture
def made(clock: Clock) -> Intake:
    return intake(MemorySpool(), clock, lag_warning_s=60)


def client(made: Intake) -> TestClient:
    return TestClient(Receiver(made).app())


def test_a_fresh_receiver_is_ok_and_does_not_know_the_lag(made: Intake) -> None:
    for path in ("/health", "/health/ready"):
        response = client(made).get(path)
        assert response.status_code == 200
        assert response.json() == {
            "status": "ok",
            "storing": "ok",
            "spool_bytes": 123,
            "spool_max_bytes": 4 << 30,
            "pending_bytes": None,
            "lag_s": None,
        }


def test_a_warehouse_problem_degrades_but_requests_are_taken(made: Intake) -> None:
    made.metrics.drain.problem = "the warehouse is locked"
    response = client(made).get("/health")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert response.json()["storing"] == "the warehouse is locked"


@pytest.mark.parametrize(("lag_s", "status"), [(59.0, "ok"), (61.0, "degraded")])
def test_lag_degrades(made: Intake, lag_s: float, status: str) -> None:
    made.metrics.drain.lag_s = lag_s
    assert client(made).get("/health").json()["status"] == status


def test_a_full_spool_and_a_stop_are_not_ready_and_still_alive(clock: Clock) -> None:
    spool = MemorySpool()
    made = intake(spool, clock)
    spool.full_now = True
    assert client(made).get("/health/ready").status_code == 503
    assert client(made).get("/health").json()["status"] == "full"
    made.stopping = True
    assert client(made).get("/health").json()["status"] == "stopping"
    assert client(made).get("/health/live").status_code == 200


def test_strangers_hear_the_state_only(clock: Clock) -> None:
    made = intake(MemorySpool(), clock, token="s3cret")
    made.metrics.drain.problem = "cannot write /srv/warehouse.duckdb"
    assert client(made).get("/health").json() == {"status": "degraded"}
    known = client(made).get("/health", headers={"authorization": "Bearer s3cret"}).json()
    assert "warehouse.duckdb" in known["storing"]


def test_metrics_say_what_was_counted(made: Intake) -> None:
    sender = client(made)
    sender.post("/v1/traces", content=b"\xff", headers=PROTOBUF)
    sender.post("/v1/traces", content=GOOD, headers=PROTOBUF)
    made.metrics.syncs.add(0.003)
    lines = sender.get("/metrics").text.splitlines()
    for line in (
        'chainwatch_requests_total{protocol="http",signal="traces",code="200"} 1',
        'chainwatch_requests_total{protocol="http",signal="traces",code="400"} 1',
        'chainwatch_acknowledged_total{signal="traces"} 1',
        'chainwatch_acknowledged_total{signal="logs"} 0',
        "chainwatch_spool_bytes 123",
        "chainwatch_spool_max_bytes 4294967296",
        "chainwatch_spool_full 0",
        'chainwatch_spool_fsync_seconds_bucket{le="0.0025"} 0',
        'chainwatch_spool_fsync_seconds_bucket{le="0.005"} 1',
        'chainwatch_spool_fsync_seconds_bucket{le="+Inf"} 1',
        "chainwatch_spool_fsync_seconds_sum 0.003",
        "chainwatch_spool_fsync_seconds_count 1",
    ):
        assert line in lines
    # Nothing was heard of the storing side yet: unknown is not zero.
    assert not any("spool_lag_seconds" in line for line in lines)


def test_metrics_are_valid_exposition_format() -> None:
    metrics = ReceiverMetrics()
    metrics.requests["grpc", "logs", "OK"] += 2
    metrics.drain.lag_s = 1.5
    metrics.drain.pending_bytes = 7
    text = metrics.text(spool_full=True, spool_bytes=1, spool_max_bytes=2)
    assert text.endswith("\n")
    kinds: dict[str, str] = {}
    seen: list[str] = []
    described = ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            described = line.split()[2]
            assert described not in kinds, "a family stands in one place"
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name == described
            assert kind in ("counter", "gauge", "histogram")
            assert (kind == "counter") == name.endswith("_total")
            kinds[name] = kind
        else:
            found = SAMPLE.match(line)
            assert found, line
            float(found[3])
            family = re.sub(r"_(bucket|sum|count)$", "", found[1])
            assert family == described
            assert (family != found[1]) == (kinds[family] == "histogram")
            seen.append(found[1] + (found[2] or ""))
    assert len(seen) == len(set(seen))
    assert 'chainwatch_requests_total{protocol="grpc",signal="logs",code="OK"}' in seen


def test_buckets_are_cumulative_and_bounds_belong_to_them() -> None:
    seconds = Seconds()
    for value in (0.001, 0.0011, 9.0):
        seconds.add(value)
    lines = list(seconds.lines("x"))
    assert lines[0] == 'chainwatch_x_bucket{le="0.001"} 1'
    assert lines[1] == 'chainwatch_x_bucket{le="0.0025"} 2'
    assert lines[-4] == 'chainwatch_x_bucket{le="5.0"} 2'
    assert lines[-3] == 'chainwatch_x_bucket{le="+Inf"} 3'


def test_requests_beyond_the_memory_limit_wait_outside(clock: Clock) -> None:
    spool = MemorySpool()
    made = intake(spool, clock, max_waiting_bytes=1 << 20)
    with made.room(1 << 20):
        assert client(made).post("/v1/traces", content=GOOD, headers=PROTOBUF).status_code == 429
        assert spool.records == []
    assert client(made).post("/v1/traces", content=GOOD, headers=PROTOBUF).status_code == 200


def test_bodies_in_chunks_count_as_they_come(clock: Clock) -> None:
    """Senders that do not declare a size are not taken for the largest."""
    made = intake(MemorySpool(), clock, max_waiting_bytes=1 << 20)
    with made.room(1 << 19):
        assert client(made).post("/v1/traces", content=iter([GOOD]), headers=PROTOBUF).status_code == 200
        large = iter([GOOD, bytes(1 << 19), bytes(1 << 19)])
        assert client(made).post("/v1/traces", content=large, headers=PROTOBUF).status_code == 429
    assert made._waiting_bytes == 0
    with made.room(0) as more:
        # A single request may be larger than all of them together should be.
        more(2 << 20)
        with pytest.raises(RefusedError), made.room(1):
            pass
    assert made._waiting_bytes == 0
