"""The gRPC services: what is accepted, how refusals are answered, what is bounded."""

from __future__ import annotations

import gzip
import resource
import threading
import zlib
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from receiver_grpc_support import export, serving
from receiver_memory import GOOD, Clock, MemorySpool, intake, traces

from collectors.otlp_request import unpack
from collectors.receiver_grpc import encoding_of

Compression = grpc.Compression


@pytest.fixture
def spool() -> MemorySpool:
    return MemorySpool()


def refusal(call: Any, body: bytes, **options: Any) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        call(body, timeout=20, **options)
    return caught.value


@pytest.mark.parametrize(
    ("compression", "encoding"),
    [(Compression.NoCompression, ""), (Compression.Gzip, "gzip"), (Compression.Deflate, "deflate")],
)
def test_the_body_is_spooled_as_it_was_sent(
    spool: MemorySpool, clock: Clock, compression: Compression, encoding: str
) -> None:
    many = traces(*((b"t" * 16, bytes([n]) * 8) for n in range(1, 60)))
    made = intake(spool, clock)
    with serving(made) as address, export(address, compression=compression) as call:
        answer = ExportTraceServiceResponse.FromString(call(many))
    assert not answer.HasField("partial_success")
    (record,) = spool.records
    assert (record.signal, record.content_type, record.encoding, record.items) == (
        "traces",
        "application/x-protobuf",
        encoding,
        59,
    )
    assert record.received_at == clock()
    assert unpack(record.body, record.encoding, 1 << 20) == many
    assert (len(record.body) < len(many)) == bool(encoding)
    assert made.metrics.requests["grpc", "traces", "OK"] == 1
    assert made.metrics.counts["acknowledged", "traces"] == 59


def test_compression_is_told_by_the_first_bytes() -> None:
    assert encoding_of(gzip.compress(GOOD)) == "gzip"
    assert [encoding_of(zlib.compress(GOOD, level)) for level in (1, 6, 9)] == ["deflate"] * 3
    # An OTLP request begins with field 1 of type message, and may be empty.
    assert GOOD[:1] == b"\x0a"
    assert encoding_of(GOOD) == encoding_of(b"") == encoding_of(b"\x78") == ""


def test_spans_without_identity_are_a_partial_success(spool: MemorySpool, clock: Clock) -> None:
    with serving(intake(spool, clock)) as address, export(address) as call:
        packed = call(traces((b"t" * 16, b"s" * 8), (b"t" * 15, b"s" * 8)))
    partial = ExportTraceServiceResponse.FromString(packed).partial_success
    assert partial.rejected_spans == 1
    assert "trace_id" in partial.error_message
    assert len(spool.records) == 1


def test_logs_are_taken_and_metrics_politely_not(spool: MemorySpool, clock: Clock) -> None:
    logs = ExportLogsServiceRequest()
    logs.resource_logs.add().scope_logs.add().log_records.add(event_name="gen_ai.user.message")
    with serving(intake(spool, clock)) as address:
        with export(address, "logs") as call:
            assert call(logs.SerializeToString()) == b""
        with export(address, "metrics") as call:
            # An error would make exporters log one every minute.
            partial = ExportMetricsServiceResponse.FromString(call(b"anything")).partial_success
    assert partial.rejected_data_points == 0
    assert "not stored" in partial.error_message
    assert [record.signal for record in spool.records] == ["logs"]


def test_what_cannot_be_parsed_is_invalid(spool: MemorySpool, clock: Clock) -> None:
    with serving(intake(spool, clock)) as address:
        for compression, body in (
            (Compression.NoCompression, b"\xff\xff\xff"),
            (Compression.Gzip, b"\xff\xff\xff" * 1000),
            (Compression.NoCompression, gzip.compress(GOOD)[:-4]),
            (Compression.NoCompression, b"\x1f\x8bnot gzip"),
        ):
            with export(address, compression=compression) as call:
                error = refusal(call, body)
            assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
            assert error.details()
    assert spool.records == []


def test_a_full_spool_asks_the_sender_to_come_back(spool: MemorySpool, clock: Clock) -> None:
    made = intake(spool, clock, retry_after_s=7)
    with serving(made) as address, export(address) as call:
        for when in ("full_later", "full_now"):
            setattr(spool, when, True)
            error = refusal(call, GOOD)
            assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            trailer = dict(error.trailing_metadata())
            # Where the specification has it: the details of the status ...
            status = Status.FromString(trailer["grpc-status-details-bin"])
            info = RetryInfo()
            assert status.code == 8
            assert status.details[0].Unpack(info)
            assert info.retry_delay.seconds == 7
            # ... and where the Python exporter looks.
            assert RetryInfo.FromString(trailer["google.rpc.retryinfo-bin"]).retry_delay.seconds == 7
    assert made.metrics.requests["grpc", "traces", "RESOURCE_EXHAUSTED"] == 2


def test_a_stopping_receiver_is_unavailable(spool: MemorySpool, clock: Clock) -> None:
    made = intake(spool, clock)
    made.stopping = True
    with serving(made) as address, export(address) as call:
        error = refusal(call, GOOD)
    assert error.code() == grpc.StatusCode.UNAVAILABLE
    assert "google.rpc.retryinfo-bin" in dict(error.trailing_metadata())
    assert spool.records == []


def test_the_token_is_asked_for_before_the_body_is_read(spool: MemorySpool, clock: Clock) -> None:
    with serving(intake(spool, clock, token="s3cret")) as address, export(address) as call:
        for metadata in ((), (("authorization", "Bearer wrong"),), (("authorization", "Basic s3cret"),)):
            for body in (GOOD, bytes(20 << 20)):
                error = refusal(call, body, metadata=metadata)
                assert error.code() == grpc.StatusCode.UNAUTHENTICATED
                assert "s3cret" not in (error.details() or "")
        assert call(GOOD, metadata=(("authorization", "Bearer s3cret"),)) == b""
    assert len(spool.records) == 1


def test_sizes_are_bounded_packed_and_unpacked(spool: MemorySpool, clock: Clock) -> None:
    made = intake(spool, clock, max_request_bytes=1 << 20)
    with serving(made) as address:
        with export(address) as call:
            error = refusal(call, bytes(2 << 20))
            assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            # Without RetryInfo: it will not fit later either.
            assert "google.rpc.retryinfo-bin" not in dict(error.trailing_metadata() or ())
        with export(address, compression=Compression.Gzip) as call:
            error = refusal(call, bytes(2 << 20))
            assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
            assert "1048576" in (error.details() or "")
    assert spool.records == []


def test_a_bomb_is_not_unpacked(spool: MemorySpool, clock: Clock) -> None:
    # 512 MB in about 2 MB, sent as it is.
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    block = bytes(1 << 24)
    bomb = b"".join(packer.compress(block) for _ in range(32)) + packer.flush()
    assert len(bomb) < 4 << 20
    with serving(intake(spool, clock)) as address, export(address) as call:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert refusal(call, bomb).code() == grpc.StatusCode.INVALID_ARGUMENT
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    # The limit of a request is 32 MiB; unpacked it would be 512.
    assert grown_kib < 200 << 10


def test_a_sender_that_stalls_does_not_hold_a_place_for_ever(spool: MemorySpool, clock: Clock) -> None:
    # Room for one message at a time, and a sender that opens its stream and says nothing.
    made = intake(spool, clock, read_timeout_s=0.5, max_request_bytes=1 << 20, max_waiting_bytes=1 << 20)
    with serving(made) as address, grpc.insecure_channel(address) as channel:
        silent = channel.stream_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        stalled = silent.future(_never(), timeout=20)
        assert stalled.exception(timeout=20).code() == grpc.StatusCode.DEADLINE_EXCEEDED
        with export(address) as call:
            assert call(GOOD, timeout=20) == b""
    assert len(spool.records) == 1


def _never() -> Any:
    threading.Event().wait(1)
    yield from ()


def test_no_message_and_unknown_services(spool: MemorySpool, clock: Clock) -> None:
    with serving(intake(spool, clock)) as address, grpc.insecure_channel(address) as channel:
        empty = channel.stream_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        with pytest.raises(grpc.RpcError) as caught:
            empty(iter(()), timeout=20)
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        profiles = channel.unary_unary(
            "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export"
        )
        assert refusal(profiles, b"").code() == grpc.StatusCode.UNIMPLEMENTED


def test_an_error_of_ours_may_be_tried_again(
    spool: MemorySpool, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(record: object) -> None:
        raise RuntimeError("secret state")

    monkeypatch.setattr(spool, "append", broken)
    with serving(intake(spool, clock)) as address, export(address) as call:
        error = refusal(call, GOOD)
    assert error.code() == grpc.StatusCode.UNAVAILABLE
    assert "secret" not in (error.details() or "")
    assert "secret state" in caplog.text
