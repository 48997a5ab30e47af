"""The HTTP endpoints over any intake, served from a thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from collectors.receiver import Receiver
from collectors.receiver_intake import Intake


@contextmanager
def http_serving(made: Intake) -> Iterator[str]:
    """Yields the URL of the HTTP endpoints, served from a thread."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        server = uvicorn.Server(
            uvicorn.Config(Receiver(made).app(), log_level="error", lifespan="off", access_log=False)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
