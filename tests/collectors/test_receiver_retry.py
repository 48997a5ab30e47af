"""The real exporters come back after a refusal, as late as they were told, and nothing is lost or doubled."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from receiver_grpc_support import serving
from receiver_http_support import http_serving
from receiver_memory import Clock, MemorySpool, intake

from collectors.errors import SpoolFullError
from collectors.spool_frame import SpoolRecord


class SometimesFull(MemorySpool):
    """Refuses the first `refusals` requests."""

    def __init__(self, refusals: int) -> None:
        super().__init__()
        self.refusals = refusals

    def append(self, record: SpoolRecord) -> Future[None]:
        self.refusals -= 1
        if self.refusals >= 0:
            raise SpoolFullError("the spool holds 4294967296 bytes of at most 4294967296")
        return super().append(record)


def spans(number: int) -> list[ReadableSpan]:
    tracer = TracerProvider().get_tracer("t")
    made = []
    for index in range(number):
        span = tracer.start_span(f"step {index}")
        span.end()
        assert isinstance(span, ReadableSpan)
        made.append(span)
    return made


def sent(exporter: SpanExporter) -> tuple[SpanExportResult, float]:
    began = time.monotonic()
    result = exporter.export(spans(3))
    took_s = time.monotonic() - began
    exporter.shutdown()
    return result, took_s


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_full_spool_delays_the_exporter_and_loses_nothing(clock: Clock, protocol: str) -> None:
    spool = SometimesFull(2)
    made = intake(spool, clock, retry_after_s=1)
    if protocol == "http":
        with http_serving(made) as url:
            result, took_s = sent(HttpSpans(endpoint=f"{url}/v1/traces"))
        codes = {"429": 2, "200": 1}
    else:
        with serving(made) as address:
            result, took_s = sent(GrpcSpans(endpoint=address, insecure=True))
        codes = {"RESOURCE_EXHAUSTED": 2, "OK": 1}
    assert result is SpanExportResult.SUCCESS
    assert [record.items for record in spool.records] == [3]
    assert {code: n for (p, _, code), n in made.metrics.requests.items() if p == protocol} == codes
    # Twice one second, as told; their own backoff would be 1 s and then 2, give or take a fifth.
    assert 2.0 <= took_s < 2.7


def test_a_stopping_receiver_is_tried_again(clock: Clock) -> None:
    """The next process takes over on the same port; here it is the same one, which changes its mind."""
    spool = MemorySpool()
    made = intake(spool, clock, retry_after_s=1)
    made.stopping = True
    back = threading.Timer(0.3, setattr, (made, "stopping", False))
    back.start()
    with serving(made) as address:
        result, _ = sent(GrpcSpans(endpoint=address, insecure=True))
    back.join()
    assert result is SpanExportResult.SUCCESS
    assert made.metrics.requests["grpc", "traces", "UNAVAILABLE"] >= 1
    assert len(spool.records) == 1


def test_what_can_never_be_taken_is_not_sent_again(clock: Clock) -> None:
    """A body over the limit, packed so that it passes gRPC's own check."""
    made = intake(MemorySpool(), clock, max_request_bytes=1 << 10)
    with serving(made) as address:
        exporter = GrpcSpans(endpoint=address, insecure=True, compression=grpc.Compression.Gzip)
        tracer = TracerProvider().get_tracer("t")
        span = tracer.start_span("x" * 4000)
        span.end()
        assert isinstance(span, ReadableSpan)
        assert exporter.export([span]) is SpanExportResult.FAILURE
        exporter.shutdown()
    assert made.metrics.requests["grpc", "traces", "INVALID_ARGUMENT"] == 1
