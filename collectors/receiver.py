"""OTLP over HTTP into the spool, and what the receiver says of itself: health and metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from collectors.otlp_answer import failure
from collectors.otlp_request import ENCODINGS, JSON, PROTOBUF, Signal
from collectors.receiver_deploys import DeployEndpoint, RecordDeploy
from collectors.receiver_health import health
from collectors.receiver_intake import Intake
from collectors.receiver_refusal import Refusal, RefusedError


class Receiver:
    """The HTTP endpoints over one intake."""

    def __init__(self, intake: Intake, record_deploy: RecordDeploy | None = None) -> None:
        """Without `record_deploy` there is no place for deploy markers."""
        self._intake = intake
        self._deploys = DeployEndpoint(intake, record_deploy) if record_deploy is not None else None
        self._settings = intake.settings

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/v1/traces", self._traces, methods=["POST"]),
                Route("/v1/logs", self._logs, methods=["POST"]),
                Route("/v1/metrics", self._ignored, methods=["POST"]),
                Route("/health", self._health),
                Route("/health/ready", self._health),
                Route("/health/live", self._live),
                Route("/metrics", self._counters),
                *([Route("/v1/deploys", self._deploys.post, methods=["POST"])] if self._deploys else []),
            ]
        )

    async def _traces(self, request: Request) -> Response:
        return await self._answered("traces", request)

    async def _logs(self, request: Request) -> Response:
        return await self._answered("logs", request)

    async def _ignored(self, request: Request) -> Response:
        return await self._answered("metrics", request)

    async def _live(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _health(self, request: Request) -> Response:
        found = health(self._intake)
        # The state is for every load balancer; problems and sizes are for who may send.
        shown = found.detail if self._knows(request) else {"status": found.status}
        return JSONResponse(shown, 200 if found.accepting else 503)

    async def _counters(self, request: Request) -> Response:
        if not self._knows(request):
            return PlainTextResponse(
                "missing or wrong bearer token\n", 401, headers={"WWW-Authenticate": "Bearer"}
            )
        text = self._intake.metrics.text(
            spool_full=not self._intake.has_room,
            spool_bytes=self._intake.spool_bytes,
            spool_max_bytes=self._settings.spool_max_bytes,
        )
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    async def _answered(self, signal: Signal, request: Request) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            response = Response(await self._export(signal, content_type, request), media_type=content_type)
        except RefusedError as refused:
            response = self._refused(content_type, refused)
        except Exception as error:
            response = self._refused(content_type, self._intake.broken(error))
        self._intake.metrics.requests["http", signal, str(response.status_code)] += 1
        return response

    def _refused(self, content_type: str, refused: RefusedError) -> Response:
        kind = refused.refusal
        wait_s = self._settings.retry_after_s if kind.retry else None
        response = Response(
            failure(content_type, kind.code, str(refused), retry_after_s=wait_s),
            kind.status,
            media_type=JSON if content_type == JSON else PROTOBUF,
        )
        if wait_s is not None:
            response.headers["Retry-After"] = str(wait_s)
        if kind is Refusal.UNAUTHENTICATED:
            response.headers["WWW-Authenticate"] = "Bearer"
        if kind is Refusal.TIMED_OUT:
            response.headers["Connection"] = "close"
        return response

    async def _export(self, signal: Signal, content_type: str, request: Request) -> bytes:
        self._intake.admit(request.headers.get("authorization", ""))
        if content_type not in (PROTOBUF, JSON):
            raise RefusedError(
                Refusal.UNSUPPORTED, f"Content-Type {content_type[:80]!r}: send {PROTOBUF} or {JSON}"
            )
        encoding = request.headers.get("content-encoding", "").strip().lower()
        if encoding not in ENCODINGS:
            raise RefusedError(
                Refusal.UNSUPPORTED, f"Content-Encoding {encoding[:80]!r}: send gzip, deflate or identity"
            )
        declared = self._declared(request)
        with self._intake.room(declared) as more:
            packed = await self._body(request, declared, more)
            return await self._intake.take(signal, content_type, encoding, packed)

    def _declared(self, request: Request) -> int:
        """The size that the sender declares; 0 for a body in chunks."""
        declared = request.headers.get("content-length", "")
        size = int(declared) if declared.isascii() and declared.isdigit() and len(declared) < 20 else 0
        if size > self._settings.max_request_bytes:
            raise _too_large(self._settings.max_request_bytes)
        return size

    async def _body(self, request: Request, declared: int, more: Callable[[int], None]) -> bytes:
        """The body; what was not declared asks for `more` memory as it comes."""
        limit = self._settings.max_request_bytes
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._settings.read_timeout_s):
                async for part in request.stream():
                    size += len(part)
                    if size > limit:
                        raise _too_large(limit)
                    if size > declared:
                        more(len(part))
                    parts.append(part)
        except ClientDisconnect as error:
            raise RefusedError(Refusal.INVALID, "the sender went away") from error
        except TimeoutError as error:
            raise RefusedError(
                Refusal.TIMED_OUT, f"the body did not arrive within {self._settings.read_timeout_s:g} s"
            ) from error
        return b"".join(parts)

    def _knows(self, request: Request) -> bool:
        return self._intake.knows(request.headers.get("authorization", ""))


def _too_large(limit: int) -> RefusedError:
    return RefusedError(Refusal.TOO_LARGE, f"the body is larger than {limit} bytes")
