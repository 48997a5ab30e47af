"""A real `chainwatch serve` for the tests, and ways to kill it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from collectors.home import Home

ROOT = Path(__file__).resolve().parents[2]
CLI = [sys.executable, "-c", "from dashboard.cli import main; main()"]


@dataclass
class Server:
    """A running receiver."""

    url: str
    process: subprocess.Popen[str]
    # host:port of OTLP/gRPC; '' with --no-grpc.
    grpc: str = ""

    def metric(self, name: str) -> float:
        """The value of a metric; -1 while the receiver does not know it."""
        text = httpx.get(f"{self.url}/metrics").text
        found = [
            float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"chainwatch_{name}")
        ]
        return found[0] if found else -1

    def wait_for(self, name: str, value: float, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while self.metric(name) < value:
            assert time.monotonic() < deadline, f"{name} is {self.metric(name)}, not {value}"
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> str:
        """As a service manager stops it; returns what it printed last."""
        self.process.send_signal(how)
        out, _ = self.process.communicate(timeout=120)
        return out

    def children(self) -> list[int]:
        """The processes that it started, the storing one last."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return sorted(int(pid) for task in tasks for pid in task.read_text().split())

    def kill(self, *, alone: bool = False) -> None:
        """kill -9 of the receiver and, unless `alone`, of the process that stores for it."""
        children = [] if alone else self.children()
        self.process.kill()
        for child in children:
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.communicate(timeout=120)


def start(home: Home, *arguments: str, **environ: str) -> Server:
    """Start `chainwatch serve` on free ports and wait until it listens."""
    process = subprocess.Popen(
        [*CLI, "serve", "--http-port", "0", "--grpc-port", "0", "--json", *arguments],
        cwd=ROOT,
        env={**os.environ, **environ, "CHAINWATCH_HOME": str(home.root)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"serve ended with {process.wait(10)}"
    said = json.loads(line)
    return Server(said["http"], process, (said["grpc"] or "").rpartition("/")[2])


@contextmanager
def running(home: Home, *arguments: str, environ: Mapping[str, str] | None = None) -> Iterator[Server]:
    server = start(home, *arguments, **(environ or {}))
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()
