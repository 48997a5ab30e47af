"""OTLP over HTTP into the spool: a request is acknowledged when it is on disk, and not before."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from collectors.errors import SpoolFullError
from collectors.otlp_request import (
    ENCODINGS,
    INTERNAL,
    INVALID_ARGUMENT,
    JSON,
    PROTOBUF,
    RESOURCE_EXHAUSTED,
    UNAUTHENTICATED,
    BadRequestError,
    Checked,
    Signal,
    TooLargeError,
    answer,
    check,
    failure,
    unpack,
)
from collectors.receiver_config import ReceiverConfig
from collectors.receiver_metrics import ReceiverMetrics
from collectors.spool_frame import SpoolRecord

# Parsing a larger body would hold up the other connections.
_PARSE_INLINE_BYTES = 1 << 18


class SpoolWriter(Protocol):
    """What the receiver needs of the spool."""

    @property
    def used_bytes(self) -> int: ...

    def append(self, record: SpoolRecord) -> Future[None]: ...


class _RefusedError(Exception):
    """Ends a request with a status, a google.rpc.Code and a text."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


class Receiver:
    """The HTTP endpoints over one spool."""

    def __init__(
        self,
        spool: SpoolWriter,
        *,
        settings: ReceiverConfig,
        metrics: ReceiverMetrics,
        clock: Callable[[], datetime],
        token: str | None = None,
    ) -> None:
        self._spool = spool
        self._settings = settings
        self._metrics = metrics
        self._clock = clock
        self._token = token.encode() if token else None
        self._waiting_bytes = 0

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/v1/traces", self._traces, methods=["POST"]),
                Route("/v1/logs", self._logs, methods=["POST"]),
                Route("/v1/metrics", self._ignored, methods=["POST"]),
                Route("/health", self._health),
                Route("/metrics", self._counters),
            ]
        )

    async def _traces(self, request: Request) -> Response:
        return await self._answered("traces", request)

    async def _logs(self, request: Request) -> Response:
        return await self._answered("logs", request)

    async def _ignored(self, request: Request) -> Response:
        return await self._answered("metrics", request)

    async def _health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "storing": self._metrics.drain.problem or "ok"})

    async def _counters(self, request: Request) -> Response:
        if not self._may_enter(request):
            return PlainTextResponse("missing or wrong bearer token\n", 401)
        text = self._metrics.text(spool_bytes=self._spool.used_bytes)
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    async def _answered(self, signal: Signal, request: Request) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            response = await self._export(signal, content_type, request)
        except _RefusedError as refused:
            body = failure(content_type, refused.code, str(refused))
            kind = JSON if content_type == JSON else PROTOBUF
            response = Response(body, refused.status, media_type=kind)
            if refused.status == 429:
                response.headers["Retry-After"] = str(self._settings.retry_after_s)
        self._metrics.requests[signal, response.status_code] += 1
        return response

    async def _export(self, signal: Signal, content_type: str, request: Request) -> Response:
        if not self._may_enter(request):
            raise _RefusedError(401, UNAUTHENTICATED, "missing or wrong bearer token")
        if content_type not in (PROTOBUF, JSON):
            raise _RefusedError(
                415, INVALID_ARGUMENT, f"Content-Type {content_type[:80]!r}: send {PROTOBUF} or {JSON}"
            )
        encoding = request.headers.get("content-encoding", "").strip().lower()
        if encoding not in ENCODINGS:
            raise _RefusedError(
                415, INVALID_ARGUMENT, f"Content-Encoding {encoding[:80]!r}: send gzip, deflate or identity"
            )
        room = self._room(request)
        self._waiting_bytes += room
        try:
            packed = await self._body(request)
            checked = await self._checked(signal, content_type, encoding, packed)
            if checked.items and signal != "metrics":
                await self._keep(signal, content_type, encoding, packed, checked)
        finally:
            self._waiting_bytes -= room
        return Response(
            answer(signal, content_type, checked.rejected, checked.reason), media_type=content_type
        )

    async def _checked(self, signal: Signal, content_type: str, encoding: str, packed: bytes) -> Checked:
        if signal == "metrics":
            return Checked(items=0, reason="Chainwatch keeps traces and logs; metrics are not stored")
        limit = self._settings.max_request_bytes

        def parse() -> Checked:
            return check(signal, content_type, unpack(packed, encoding, limit))

        try:
            return parse() if len(packed) <= _PARSE_INLINE_BYTES else await run_in_threadpool(parse)
        except TooLargeError as error:
            raise _RefusedError(413, INVALID_ARGUMENT, str(error)) from error
        except BadRequestError as error:
            raise _RefusedError(400, INVALID_ARGUMENT, str(error)) from error

    async def _keep(
        self, signal: Signal, content_type: str, encoding: str, packed: bytes, checked: Checked
    ) -> None:
        self._metrics.count("received", signal, checked.items)
        self._metrics.count("rejected", signal, checked.rejected)
        record = SpoolRecord(
            signal=signal,
            content_type=content_type,
            encoding="" if encoding == "identity" else encoding,
            received_at=self._clock(),
            items=checked.items,
            body=packed,
        )
        try:
            await asyncio.wrap_future(self._spool.append(record))
        except SpoolFullError as error:
            raise _RefusedError(429, RESOURCE_EXHAUSTED, f"{error}; try again later") from error
        self._metrics.count("acknowledged", signal, checked.items - checked.rejected)

    def _room(self, request: Request) -> int:
        """How many bytes to set aside for the body: what it declares, or the most it may be."""
        limit = self._settings.max_request_bytes
        declared = request.headers.get("content-length", "")
        room = int(declared) if declared.isdigit() else limit
        if room > limit:
            raise _too_large(limit)
        if self._waiting_bytes and self._waiting_bytes + room > self._settings.max_waiting_bytes:
            raise _RefusedError(429, RESOURCE_EXHAUSTED, "too many requests at once; try again later")
        return room

    async def _body(self, request: Request) -> bytes:
        limit = self._settings.max_request_bytes
        parts: list[bytes] = []
        size = 0
        try:
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise _too_large(limit)
                parts.append(part)
        except ClientDisconnect as error:
            raise _RefusedError(400, INTERNAL, "the sender went away") from error
        return b"".join(parts)

    def _may_enter(self, request: Request) -> bool:
        if self._token is None:
            return True
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._token)


def _too_large(limit: int) -> _RefusedError:
    return _RefusedError(413, INVALID_ARGUMENT, f"the body is larger than {limit} bytes")
