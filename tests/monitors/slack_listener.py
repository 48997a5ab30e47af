"""A local HTTP listener that answers as Slack would, or as nothing should."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "T0SECRET/B0SECRET/abcdefSECRETxyz"


@dataclass(frozen=True)
class Answer:
    """One scripted answer. Slack has taken the message only where it says 200 and ok."""

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    garbage: bytes | None = None


OK = Answer()


@dataclass
class Listener:
    """What arrived, and what was taken; the script's last answer repeats."""

    url: str = ""
    script: list[Answer] = field(default_factory=lambda: [OK])
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, raw: bytes, headers: dict[str, str]) -> Answer:
        body = json.loads(raw)
        with self.lock:
            self.raw.append(raw)
            self.bodies.append(body)
            self.headers.append(headers)
            answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            if answer == OK:
                self.taken.append(body)
        return answer


@contextmanager
def listening(script: Sequence[Answer] = (OK,)) -> Iterator[Listener]:
    """A listener on a free port of the loopback, for as long as the block runs."""
    listener = Listener(script=list(script))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            answer = listener.answer(raw, {k.lower(): v for k, v in self.headers.items()})
            time.sleep(answer.delay_s)
            if answer.garbage is not None:
                self.wfile.write(answer.garbage)
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that gave up is part of the test."""

    server = Server(("127.0.0.1", 0), Handler)
    listener.url = f"http://127.0.0.1:{server.server_address[1]}/services/{TOKEN}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
