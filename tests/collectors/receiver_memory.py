"""A receiver without a process: a spool that is a list, and requests to put into it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.testclient import TestClient

from collectors.errors import SpoolFullError
from collectors.receiver import Receiver
from collectors.receiver_config import ReceiverConfig
from collectors.receiver_intake import Intake
from collectors.receiver_metrics import ReceiverMetrics
from collectors.spool_frame import SpoolRecord

Clock = Callable[[], datetime]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class MemorySpool:
    """Keeps records in a list; refuses when told to."""

    used_bytes = 123

    def __init__(self) -> None:
        self.records: list[SpoolRecord] = []
        self.full_now = False
        self.full_later = False

    def has_room(self, size: int) -> bool:
        return not self.full_now

    def append(self, record: SpoolRecord) -> Future[None]:
        if self.full_now:
            raise SpoolFullError("the spool is full")
        future: Future[None] = Future()
        if self.full_later:
            future.set_exception(SpoolFullError("the disk is full"))
        else:
            self.records.append(record)
            future.set_result(None)
        return future


def intake(spool: MemorySpool, clock: Clock, token: str | None = None, **settings: Any) -> Intake:
    return Intake(
        spool, settings=ReceiverConfig(**settings), metrics=ReceiverMetrics(), clock=clock, token=token
    )


def client(spool: MemorySpool, clock: Clock, token: str | None = None, **settings: Any) -> TestClient:
    """Speaks to the HTTP endpoints without a socket."""
    return TestClient(Receiver(intake(spool, clock, token, **settings)).app())


def traces(*ids: tuple[bytes, bytes]) -> bytes:
    """A request with a span for each (trace id, span id)."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for trace_id, span_id in ids:
        spans.add(trace_id=trace_id, span_id=span_id, name="chat", start_time_unix_nano=10**18)
    packed: bytes = request.SerializeToString()
    return packed


GOOD = traces((b"t" * 16, b"s" * 8))
