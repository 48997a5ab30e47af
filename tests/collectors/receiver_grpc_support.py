"""The gRPC services over any intake, served from a thread; and a raw client."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import grpc.aio

from collectors.receiver_grpc import SERVICES, GrpcReceiver
from collectors.receiver_intake import Intake


@contextmanager
def serving(made: Intake) -> Iterator[str]:
    """Yields host:port."""
    ready = threading.Event()
    address: list[str] = []
    loop = asyncio.new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        server, port = GrpcReceiver(made).server("127.0.0.1", 0, None)
        await server.start()
        address.append(f"127.0.0.1:{port}")
        ready.set()
        await done.wait()
        await server.stop(1)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(20)
        yield address[0]
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(20)
        loop.close()


@contextmanager
def export(
    address: str, signal: Any = "traces", compression: grpc.Compression = grpc.Compression.NoCompression
) -> Iterator[Any]:
    """Yields the Export call of one service, bytes in and bytes out."""
    channel = grpc.insecure_channel(
        address, compression=compression, options=[("grpc.max_send_message_length", -1)]
    )
    with channel:
        yield channel.unary_unary(f"/{SERVICES[signal]}/Export")
