"""One server that is killed again and again, the senders that go on meanwhile, and the count at the end."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._otlp_load import ROOT, chainwatch
from benchmarks._senders import Address, Sender
from collectors.warehouse.connection import Warehouse

# Everything dies; only the receiver; only the storing child; everything while the warehouse is being written;
# everything while it starts.
WAYS = ("all", "receiver", "child", "writing", "starting")


@dataclass
class Counted:
    """What the senders were promised and what the warehouse holds, in spans."""

    acknowledged: int = 0
    stored: int = 0
    lost: int = 0
    duplicates: int = 0
    foreign: int = 0
    unasked: int = 0


@dataclass
class Victim:
    """`chainwatch serve` on one home, by `start`, `kill` and `stop`."""

    home: Path
    address: Address
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[str] | None = None
    problems: Counter[str] = field(default_factory=Counter)

    def start(self, *, wait: bool = True) -> None:
        """Start it in a process group of its own; `wait` until it listens."""
        ports = ("--http-port", str(self.address.http_port), "--grpc-port", str(self.address.grpc_port or 0))
        self.process = subprocess.Popen(
            chainwatch("serve", *ports, "--json", *self.arguments),
            env={**os.environ, "CHAINWATCH_HOME": str(self.home)},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        if wait:
            assert self.process.stdout is not None
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError(f"serve ended with {self.process.wait(10)}")
            said = json.loads(line)
            self.address.http_port = int(said["http"].rpartition(":")[2])
            grpc = said.get("grpc")
            self.address.grpc_port = int(str(grpc).rpartition(":")[2]) if grpc else None

    def children(self) -> list[int]:
        """Processes that it started."""
        assert self.process is not None
        found: list[int] = []
        for task in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            found += [int(pid) for pid in task.read_text().split()]
        return sorted(found)

    def kill(self, way: str) -> None:
        """kill -9 of what `way` names; the receiver is gone afterwards unless only the child was meant."""
        assert self.process is not None
        if way == "child":
            for pid in self.children()[-1:]:
                _kill(pid)
            return
        if way == "receiver":
            _kill(self.process.pid)
        else:
            os.killpg(self.process.pid, signal.SIGKILL)
        # Not until the pipe closes: an orphan that still stores what it has begun holds it open, and may.
        self.process.wait(timeout=60)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def stop(self, seconds: float = 120.0) -> bool:
        """Stop it in order; whether it said that nothing is left in the spool."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=seconds)
        return bool(json.loads(out.splitlines()[-1])["spool_empty"])

    def get(self, path: str) -> str:
        """The body of an answer, whatever its status; empty without an answer."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.address.http_port}{path}", timeout=10
            ) as found:
                return str(found.read().decode())
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError:
            return ""

    def metric(self, name: str) -> float | None:
        """A metric's value; None when it is unknown."""
        for line in self.get("/metrics").splitlines():
            if line.startswith(f"chainwatch_{name} "):
                return float(line.split()[-1])
        return None

    def wait_until_stored(self, seconds: float) -> None:
        """Until nothing is pending."""
        deadline = time.monotonic() + seconds
        while self.metric("spool_pending_bytes") != 0:
            if time.monotonic() > deadline:
                raise RuntimeError(f"not stored after {seconds:g} s: {self.get('/health')}")
            time.sleep(0.2)


@contextmanager
def sending(address: Address, senders: int, spans: int, pause_s: float) -> Iterator[list[Sender]]:
    """Senders at work, every third by gRPC when the server speaks it; all have ended afterwards."""
    stop = threading.Event()
    grpc = address.grpc_port is not None
    group = [
        Sender(
            number=n, address=address, spans=spans, stop=stop, by_grpc=grpc and n % 3 == 0, pause_s=pause_s
        )
        for n in range(1, senders + 1)
    ]
    threads = [sender.start() for sender in group]
    try:
        yield group
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=60)


def wait_for_write(home: Path, seconds: float) -> bool:
    """Wait until the warehouse is being written: its log is there, or it changes; whether it was seen."""
    warehouse, log = home / "warehouse.duckdb", home / "warehouse.duckdb.wal"
    deadline = time.monotonic() + seconds
    before = _stamp(warehouse)
    while time.monotonic() < deadline:
        if log.exists() or _stamp(warehouse) != before:
            return True
        time.sleep(0.0005)
    return False


def moment(rng: random.Random, way: str, home: Path) -> None:
    """Wait for the moment of the next kill."""
    if way == "starting":
        time.sleep(rng.uniform(0.0, 1.5))
    elif way == "writing":
        wait_for_write(home, 5.0)
        time.sleep(rng.uniform(0.0, 0.15))
    else:
        time.sleep(rng.uniform(0.05, 2.5))


def counted(home: Path, senders: list[Sender]) -> Counted:
    """Compare what is stored with what was acknowledged, request by request."""
    with Warehouse(home / "warehouse.duckdb", wait_s=60).read() as con:
        rows = con.execute(
            "SELECT substr(span_id, 1, 12), count(*), count(DISTINCT span_id) FROM spans GROUP BY 1"
        ).fetchall()
    stored = {(int(key[:4], 16), int(key[4:], 16)): (int(n), int(distinct)) for key, n, distinct in rows}
    result = Counted(stored=sum(n for n, _ in stored.values()))
    result.duplicates = sum(n - distinct for n, distinct in stored.values())
    known: set[tuple[int, int]] = set()
    for sender in senders:
        for number in sender.acknowledged:
            result.acknowledged += sender.spans
            result.lost += sender.spans - stored.get((sender.number, number), (0, 0))[1]
        known |= {(sender.number, number) for number in range(sender.attempted)}
        promised = set(sender.acknowledged)
        # A request may be on disk though its answer never reached the sender: stored, not promised.
        result.unasked += sum(
            n for (who, number), (n, _) in stored.items() if who == sender.number and number not in promised
        )
    result.foreign = sum(n for key, (n, _) in stored.items() if key not in known)
    return result


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
