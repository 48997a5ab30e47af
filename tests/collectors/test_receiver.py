"""The HTTP endpoints, in process: what is accepted, how refusals are answered, what is counted."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable

import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceResponse,
)
from receiver_memory import GOOD, Clock, MemorySpool, client, intake, traces
from starlette.testclient import TestClient

from collectors.receiver import Receiver
from collectors.receiver_config import ReceiverConfig

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}


@pytest.fixture
def spool() -> MemorySpool:
    return MemorySpool()


def test_protobuf_is_spooled_as_it_came(spool: MemorySpool, clock: Clock) -> None:
    response = client(spool, clock).post("/v1/traces", content=GOOD, headers=PROTOBUF)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/x-protobuf"
    assert not ExportTraceServiceResponse.FromString(response.content).HasField("partial_success")
    (record,) = spool.records
    assert (record.signal, record.content_type, record.encoding, record.items) == (
        "traces",
        "application/x-protobuf",
        "",
        1,
    )
    assert record.body == GOOD
    assert record.received_at == clock()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("gzip", lambda body: gzip.compress(body[:5]) + gzip.compress(body[5:])),
        ("identity", lambda body: body),
    ],
)
def test_encodings(spool: MemorySpool, clock: Clock, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(GOOD)
    headers = {**PROTOBUF, "content-encoding": encoding}
    assert client(spool, clock).post("/v1/traces", content=packed, headers=headers).status_code == 200
    assert spool.records[0].body == packed
    assert spool.records[0].encoding == encoding.replace("identity", "")


def test_json_is_answered_in_json(spool: MemorySpool, clock: Clock) -> None:
    span = {"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "x", "startTimeUnixNano": "1000000000000000000"}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span, {**span, "spanId": "zz"}]}]}]}
    response = client(spool, clock).post(
        "/v1/traces", json=body, headers={"content-type": "application/json; charset=utf-8"}
    )
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    answer = response.json()["partialSuccess"]
    # 64-bit numbers are text in protobuf's JSON.
    assert answer["rejectedSpans"] == "1"
    assert "spanId" in answer["errorMessage"]
    assert spool.records[0].items == 2


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ((b"t" * 15, b"s" * 8), "trace_id"),
        ((bytes(16), b"s" * 8), "trace_id"),
        ((b"t" * 16, b""), "span_id"),
        ((b"t" * 16, bytes(8)), "span_id"),
    ],
)
def test_spans_without_identity_are_rejected_and_the_rest_is_kept(
    spool: MemorySpool, clock: Clock, bad: tuple[bytes, bytes], word: str
) -> None:
    sender = client(spool, clock)
    response = sender.post("/v1/traces", content=traces((b"t" * 16, b"s" * 8), bad), headers=PROTOBUF)
    assert response.status_code == 200
    partial = ExportTraceServiceResponse.FromString(response.content).partial_success
    assert partial.rejected_spans == 1
    assert word in partial.error_message
    assert len(spool.records) == 1
    text = sender.get("/metrics").text
    assert 'chainwatch_received_total{signal="traces"} 2\n' in text
    assert 'chainwatch_acknowledged_total{signal="traces"} 1\n' in text
    assert 'chainwatch_rejected_total{signal="traces"} 1\n' in text


def test_logs_are_taken(spool: MemorySpool, clock: Clock) -> None:
    request = ExportLogsServiceRequest()
    request.resource_logs.add().scope_logs.add().log_records.add(event_name="gen_ai.user.message")
    assert (
        client(spool, clock)
        .post("/v1/logs", content=request.SerializeToString(), headers=PROTOBUF)
        .status_code
        == 200
    )
    assert spool.records[0].signal == "logs"


def test_an_empty_request_is_acknowledged_and_not_kept(spool: MemorySpool, clock: Clock) -> None:
    assert client(spool, clock).post("/v1/traces", content=b"", headers=PROTOBUF).status_code == 200
    assert client(spool, clock).post("/v1/traces", content=b"{}", headers=JSON).status_code == 200
    assert spool.records == []


def test_metrics_are_answered_and_not_kept(spool: MemorySpool, clock: Clock) -> None:
    response = client(spool, clock).post("/v1/metrics", content=b"anything", headers=PROTOBUF)
    assert response.status_code == 200
    partial = ExportMetricsServiceResponse.FromString(response.content).partial_success
    assert partial.rejected_data_points == 0
    assert "not stored" in partial.error_message
    assert spool.records == []


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"\xff\xff\xff", PROTOBUF, 400),
        (b"{", JSON, 400),
        (b"[]", JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (GOOD, {**PROTOBUF, "content-encoding": "gzip"}, 400),
        (gzip.compress(GOOD, mtime=0)[:-4], {**PROTOBUF, "content-encoding": "gzip"}, 400),
        (GOOD, {"content-type": "text/plain"}, 415),
        (GOOD, {}, 415),
        (GOOD, {**PROTOBUF, "content-encoding": "br"}, 415),
        (b"x" * 2_000_000, PROTOBUF, 413),
        (gzip.compress(bytes(2_000_000), mtime=0), {**PROTOBUF, "content-encoding": "gzip"}, 413),
    ],
)
def test_refusals(
    spool: MemorySpool, clock: Clock, content: bytes, headers: dict[str, str], status: int
) -> None:
    response = client(spool, clock, max_request_bytes=1_000_000).post(
        "/v1/traces", content=content, headers=headers
    )
    assert response.status_code == status
    assert spool.records == []
    # google.rpc.Status: code 3, INVALID_ARGUMENT, and a message.
    if headers is JSON:
        assert response.json()["code"] == 3
        assert response.json()["message"]
    else:
        assert response.headers["content-type"] == "application/x-protobuf"
        assert response.content.startswith(b"\x08\x03\x12")


@pytest.mark.parametrize("when", ["full_now", "full_later"])
def test_a_full_spool_asks_the_sender_to_come_back(spool: MemorySpool, clock: Clock, when: str) -> None:
    setattr(spool, when, True)
    response = client(spool, clock, retry_after_s=7).post("/v1/traces", content=GOOD, headers=PROTOBUF)
    assert response.status_code == 429
    assert response.headers["retry-after"] == "7"
    # RESOURCE_EXHAUSTED
    assert response.content.startswith(b"\x08\x08\x12")
    assert "full" in response.content.decode(errors="replace")


def test_the_token_is_asked_for(spool: MemorySpool, clock: Clock) -> None:
    guarded = client(spool, clock, token="s3cret")
    for headers in (
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "s3cret"},
        {"authorization": "Basic s3cret"},
    ):
        response = guarded.post("/v1/traces", content=GOOD, headers={**PROTOBUF, **headers})
        assert response.status_code == 401
        assert b"s3cret" not in response.content
        assert guarded.get("/metrics", headers=headers).status_code == 401
    assert guarded.get("/health").status_code == 200
    right = {"authorization": "bearer s3cret"}
    assert guarded.post("/v1/traces", content=GOOD, headers={**PROTOBUF, **right}).status_code == 200
    assert guarded.get("/metrics", headers=right).status_code == 200
    assert len(spool.records) == 1


def test_config_names_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="spool_max_bytes"):
        ReceiverConfig(spool_max_bytes=1 << 20)


def test_answers_are_json_for_json(spool: MemorySpool, clock: Clock) -> None:
    response = client(spool, clock).post("/v1/traces", content=b"{", headers=JSON)
    assert json.loads(response.content)["message"].startswith("not JSON")


def test_a_stopping_receiver_sends_senders_elsewhere(spool: MemorySpool, clock: Clock) -> None:
    made = intake(spool, clock, retry_after_s=9)
    made.stopping = True
    response = TestClient(Receiver(made).app()).post("/v1/traces", content=GOOD, headers=PROTOBUF)
    assert response.status_code == 503
    assert response.headers["retry-after"] == "9"
    # UNAVAILABLE
    assert Status.FromString(response.content).code == 14
    assert spool.records == []


def test_an_error_of_ours_is_not_the_end_of_the_request(
    spool: MemorySpool, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(record: object) -> None:
        raise RuntimeError("secret state")

    monkeypatch.setattr(spool, "append", broken)
    response = client(spool, clock).post("/v1/traces", content=GOOD, headers=PROTOBUF)
    # OTLP senders drop what was answered 500, and repeat what was answered 503.
    assert response.status_code == 503
    assert b"secret" not in response.content
    assert "secret state" in caplog.text


def test_retry_is_told_in_the_status_too(spool: MemorySpool, clock: Clock) -> None:
    spool.full_now = True
    sender = client(spool, clock, retry_after_s=7)
    status = Status.FromString(sender.post("/v1/traces", content=GOOD, headers=PROTOBUF).content)
    info = RetryInfo()
    assert status.details[0].Unpack(info)
    assert info.retry_delay.seconds == 7
    body = b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "%s", "spanId": "%s", ' % (
        b"ab" * 16,
        b"cd" * 8,
    )
    body += b'"startTimeUnixNano": "1000000000000000000"}]}]}]}'
    answer = sender.post("/v1/traces", content=body, headers=JSON).json()
    assert answer["code"] == 8
    assert answer["details"] == [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}]
