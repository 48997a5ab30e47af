"""Senders that never give up: each posts numbered requests and remembers which were acknowledged.

The ids of the spans tell who sent them, in which request, at which place: what is stored can be compared with
what was acknowledged by counting. A request that was not answered with success is sent again, unchanged, as
exporters do.
"""

from __future__ import annotations

import gzip
import http.client
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

_HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
_PAUSE_S = 0.05
_TIMEOUT_S = 20.0


@dataclass
class Address:
    """Where the server of the moment listens; `grpc` is None when it does not speak it."""

    http_port: int = 0
    grpc_port: int | None = None


@dataclass
class Sender:
    """One exporter. `acknowledged` holds the numbers of the requests that were answered with success.

    Attributes:
        number: of the sender; part of every id. spans: in each request.
        refused: answers that said "later", by status. failed: attempts without any answer.
    """

    number: int
    address: Address
    spans: int
    stop: threading.Event
    by_grpc: bool = False
    pause_s: float = 0.0
    acknowledged: list[int] = field(default_factory=list)
    attempted: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    failed: int = 0

    def start(self) -> threading.Thread:
        """Send in a thread until told to stop."""
        thread = threading.Thread(target=self._work, name=f"sender-{self.number}", daemon=True)
        thread.start()
        return thread

    def _work(self) -> None:
        send: Callable[[ExportTraceServiceRequest], str] = self._grpc if self.by_grpc else self._http
        number = 0
        while not self.stop.is_set():
            message = request(self.number, number, self.spans)
            self.attempted = number + 1
            while not self.stop.is_set():
                answer = send(message)
                if answer == "ok":
                    self.acknowledged.append(number)
                    break
                if answer:
                    self.refused[answer] = self.refused.get(answer, 0) + 1
                else:
                    self.failed += 1
                time.sleep(_PAUSE_S)
            number += 1
            if self.pause_s:
                time.sleep(self.pause_s)

    def _http(self, message: ExportTraceServiceRequest) -> str:
        """'ok', the status of a refusal, or nothing when there was no answer."""
        body = gzip.compress(message.SerializeToString(), 1)
        try:
            if self._connection is None or self._connection.port != self.address.http_port:
                self._connection = http.client.HTTPConnection(
                    "127.0.0.1", self.address.http_port, timeout=_TIMEOUT_S
                )
            self._connection.request("POST", "/v1/traces", body, _HEADERS)
            response = self._connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return ""
        return "ok" if response.status == 200 else str(response.status)

    def _grpc(self, message: ExportTraceServiceRequest) -> str:
        import grpc

        if self.address.grpc_port is None:
            return ""
        try:
            with grpc.insecure_channel(f"127.0.0.1:{self.address.grpc_port}") as channel:
                # By its method's name: the generated stub has no types.
                export = channel.unary_unary(
                    "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                    request_serializer=ExportTraceServiceRequest.SerializeToString,
                    response_deserializer=ExportTraceServiceResponse.FromString,
                )
                export(message, timeout=_TIMEOUT_S)
        except grpc.RpcError as error:
            code = error.code().name
            return "" if code in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED") else str(code)
        return "ok"

    _connection: http.client.HTTPConnection | None = None


def request(sender: int, number: int, spans: int) -> ExportTraceServiceRequest:
    """Request `number` of a sender; the span ids are sender (2 bytes), request (4) and place (2)."""
    rng = random.Random(sender << 32 | number)
    message = ExportTraceServiceRequest()
    scope = message.resource_spans.add().scope_spans.add()
    now = time.time_ns()
    for place in range(spans):
        span = scope.spans.add(
            trace_id=b"\x01" + sender.to_bytes(7, "big") + number.to_bytes(8, "big"),
            span_id=sender.to_bytes(2, "big") + number.to_bytes(4, "big") + place.to_bytes(2, "big"),
            name="chat",
        )
        span.start_time_unix_nano = now + place
        span.end_time_unix_nano = now + rng.randrange(10**8, 10**9)
        pair = span.attributes.add(key="gen_ai.input.messages")
        pair.value.string_value = rng.randbytes(150).hex()
    return message
