"""HTTP and gRPC in one event loop, from the first port to an orderly end."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from collectors.errors import ConfigError
from collectors.receiver import Receiver
from collectors.receiver_deploys import RecordDeploy
from collectors.receiver_intake import Intake
from collectors.receiver_tls import Tls


class _Http(uvicorn.Server):
    """uvicorn's server, which also tells the others that a signal has come."""

    def __init__(self, config: uvicorn.Config, stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._stop = stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._stop()
        super().handle_exit(sig, frame)


class ReceiverServer:
    """Serves until SIGINT or SIGTERM; then finishes what is at work, within `stop_grace_s`."""

    def __init__(
        self,
        intake: Intake,
        http: socket.socket,
        *,
        host: str,
        grpc_port: int | None,
        tls: Tls | None,
        started: Callable[[int | None], None],
        record_deploy: RecordDeploy | None = None,
    ) -> None:
        """`http` listens already. `grpc_port` None is no gRPC, 0 a free port; `started` is told which.
        `record_deploy` stores a deploy marker.
        """
        self._intake = intake
        self._socket = http
        self._host = host
        self._grpc_port = grpc_port
        self._tls = tls
        self._grace_s = intake.settings.stop_grace_s
        self._started = started
        self._stopped = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._http = _Http(
            uvicorn.Config(
                Receiver(intake, record_deploy).app(),
                # The faster parser takes headers of any size, from anybody.
                http="h11",
                # Requests that make no sense are answered and counted; the log is for what is broken here.
                log_level="error",
                access_log=False,
                server_header=False,
                lifespan="off",
                # It takes whole seconds only; both protocols are given them at the same time.
                timeout_graceful_shutdown=math.ceil(self._grace_s),
                ssl_certfile=str(tls.cert_path) if tls else None,
                ssl_keyfile=str(tls.key_path) if tls else None,
            ),
            self._stop,
        )

    def run(self) -> None:
        """Serve; ConfigError when the gRPC port cannot be had."""
        # uvicorn raises the signal again when it has stopped; the end is an orderly one.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._asked)
        with asyncio.Runner(loop_factory=self._http.config.get_loop_factory()) as runner:
            runner.run(self._serve())

    def _asked(self, number: int, frame: FrameType | None) -> None:
        self._stop()
        self._http.should_exit = True

    def _stop(self) -> None:
        self._intake.stopping = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopped.set)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._grpc_port is None:
            self._started(None)
            await self._http.serve(sockets=[self._socket])
            return
        # What strangers do to the port is counted, not written to the log by the library.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        from collectors.receiver_grpc import GrpcReceiver

        try:
            grpc_server, port = GrpcReceiver(self._intake).server(self._host, self._grpc_port, self._tls)
        except RuntimeError as error:
            raise ConfigError(
                f"cannot listen on {self._host}, --grpc-port {self._grpc_port}: it is in use or not allowed; "
                "choose another port, 0 for a free one, or --no-grpc"
            ) from error
        await grpc_server.start()
        self._started(port)
        stopping = asyncio.create_task(self._end(grpc_server))
        try:
            await self._http.serve(sockets=[self._socket])
        finally:
            self._stopped.set()
            await stopping

    async def _end(self, grpc_server: Any) -> None:
        await self._stopped.wait()
        await grpc_server.stop(self._grace_s)
