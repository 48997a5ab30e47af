"""OTLP over gRPC into the spool.

The handlers see the message as the bytes that were sent: gRPC's own decompression has no limit, so it is
switched off, and a compressed body goes into the spool as it came, like one over HTTP. They are registered
as taking a stream of messages, which on the wire is the same as one: so a sender is asked for its token
before its body is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio

from collectors.otlp_answer import failure, retry_info
from collectors.otlp_request import PROTOBUF, Signal
from collectors.receiver_intake import Intake
from collectors.receiver_refusal import Refusal, RefusedError
from collectors.receiver_tls import Tls

_PACKAGE = "opentelemetry.proto.collector"
SERVICES: dict[Signal, str] = {
    "traces": f"{_PACKAGE}.trace.v1.TraceService",
    "logs": f"{_PACKAGE}.logs.v1.LogsService",
    "metrics": f"{_PACKAGE}.metrics.v1.MetricsService",
}
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_STREAMS_PER_CONNECTION = 100
_LEAST_PING_INTERVAL_MS = 10_000


class GrpcReceiver:
    """The three export services over one intake."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._settings = intake.settings
        # Nobody knows how large a message is before it is there: so many may be on their way at once.
        self._slots = asyncio.Semaphore(
            max(1, self._settings.max_waiting_bytes // self._settings.max_request_bytes)
        )

    def server(self, host: str, port: int, tls: Tls | None) -> tuple[grpc.aio.Server, int]:
        """A server that is bound and not yet started, and its port; RuntimeError when the port is taken."""
        server = grpc.aio.server(
            options=[
                ("grpc.per_message_decompression", 0),
                ("grpc.max_receive_message_length", self._settings.max_request_bytes),
                ("grpc.max_concurrent_streams", _STREAMS_PER_CONNECTION),
                # Two receivers on one port would share its connections without knowing.
                ("grpc.so_reuseport", 0),
                # Collectors keep their connections alive more often than gRPC allows by itself.
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.http2.min_recv_ping_interval_without_data_ms", _LEAST_PING_INTERVAL_MS),
            ]
        )
        server.add_generic_rpc_handlers(
            tuple(
                grpc.method_handlers_generic_handler(
                    service, {"Export": grpc.stream_unary_rpc_method_handler(self._handler(signal))}
                )
                for signal, service in SERVICES.items()
            )
        )
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if tls is None:
            return server, server.add_insecure_port(address)
        credentials = grpc.ssl_server_credentials([(tls.key, tls.cert)])
        return server, server.add_secure_port(address, credentials)

    def _handler(self, signal: Signal) -> Callable[[Any, Any], Awaitable[bytes]]:
        async def export(messages: Any, context: Any) -> bytes:
            return await self._answered(signal, context)

        return export

    async def _answered(self, signal: Signal, context: Any) -> bytes:
        try:
            answer = await self._export(signal, context)
        except RefusedError as refused:
            return await self._refuse(signal, context, refused)
        except Exception as error:
            return await self._refuse(signal, context, self._intake.broken(error))
        self._count(signal, "OK")
        return answer

    async def _export(self, signal: Signal, context: Any) -> bytes:
        metadata = dict(context.invocation_metadata() or ())
        self._intake.admit(str(metadata.get("authorization", "")))
        message = await self._message(context)
        with self._intake.room(len(message)):
            return await self._intake.take(signal, PROTOBUF, encoding_of(message), message)

    async def _message(self, context: Any) -> bytes:
        wait_s = self._settings.read_timeout_s
        try:
            await asyncio.wait_for(self._slots.acquire(), wait_s)
        except TimeoutError as error:
            raise RefusedError(Refusal.THROTTLED, "too many requests at once; try again later") from error
        try:
            message = await asyncio.wait_for(context.read(), wait_s)
        except TimeoutError as error:
            raise RefusedError(
                Refusal.TIMED_OUT, f"the message did not arrive within {wait_s:g} s"
            ) from error
        finally:
            self._slots.release()
        if not isinstance(message, bytes):
            raise RefusedError(
                Refusal.INVALID,
                f"no message came, or it is larger than {self._settings.max_request_bytes} bytes",
            )
        return message

    async def _refuse(self, signal: Signal, context: Any, refused: RefusedError) -> bytes:
        kind = refused.refusal
        code = _CODES[kind.code]
        self._count(signal, code.name)
        wait_s = self._settings.retry_after_s if kind.retry else None
        status = failure(PROTOBUF, kind.code, str(refused), retry_after_s=wait_s)
        trailer: list[tuple[str, bytes]] = [("grpc-status-details-bin", status)]
        if wait_s is not None:
            # The Python exporter looks here, and not into the status.
            trailer.append(("google.rpc.retryinfo-bin", retry_info(wait_s)))
        await context.abort(code, str(refused), tuple(trailer))
        raise AssertionError("abort raises")

    def _count(self, signal: Signal, code: str) -> None:
        self._intake.metrics.requests["grpc", signal, code] += 1


def encoding_of(message: bytes) -> str:
    """How a gRPC message is compressed, told by its first bytes: 'gzip', 'deflate' or ''.

    gRPC says it in a header that it keeps to itself. Neither mark can begin an OTLP request: 1f would be a
    field of an unknown wire type, and 78 field 15, which no export request has.
    """
    if message[:2] == b"\x1f\x8b":
        return "gzip"
    if message[:1] == b"\x78" and len(message) > 1 and (0x7800 | message[1]) % 31 == 0:
        return "deflate"
    return ""
