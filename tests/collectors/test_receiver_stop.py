"""How `chainwatch serve` ends: what is at work is acknowledged and stored, within a bound."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest
from filelock import FileLock
from receiver_grpc_support import export
from receiver_memory import GOOD, traces
from receiver_support import Server, running

from collectors.home import Home
from collectors.receiver_grpc import SERVICES
from collectors.warehouse import Warehouse

HEAD = (
    b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n"
    b"Content-Type: application/x-protobuf\r\nContent-Length: %d\r\n\r\n"
)


def count(home: Home) -> int:
    with Warehouse(home.warehouse).read() as con:
        (row,) = con.execute("SELECT count(*) FROM spans").fetchall()
    return int(row[0])


def connect(server: Server) -> socket.socket:
    parts = urlsplit(server.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_requests_at_work_are_finished_and_stored(home: Home, how: signal.Signals) -> None:
    told = threading.Event()
    other = traces((b"u" * 16, b"v" * 8))

    def late() -> Iterator[bytes]:
        told.wait(20)
        yield other

    with running(home) as server:
        half = connect(server)
        half.sendall(HEAD % len(GOOD) + GOOD[:20])
        with grpc.insecure_channel(server.grpc) as channel:
            call = channel.stream_unary(f"/{SERVICES['traces']}/Export").future(late(), timeout=30)
            # Both are begun, and neither body is there yet.
            time.sleep(0.7)
            server.process.send_signal(how)
            time.sleep(0.7)
            half.sendall(GOOD[20:])
            told.set()
            assert b" 200 " in half.recv(4096)
            assert call.result(timeout=20) == b""
        half.close()
        out, _ = server.process.communicate(timeout=60)
        assert server.process.returncode == 0
    assert json.loads(out.splitlines()[-1]) == {"stored_spans": 2, "spool_empty": True}
    assert count(home) == 2


def test_senders_that_never_finish_do_not_hold_it_up(home: Home) -> None:
    home.config.write_text("[receiver]\nstop_grace_s = 1.0\n")
    forever = threading.Event()

    def never() -> Iterator[bytes]:
        forever.wait(60)
        yield b""

    with running(home) as server:
        half = connect(server)
        half.sendall(HEAD % 1000 + b"x")
        with grpc.insecure_channel(server.grpc) as channel:
            channel.stream_unary(f"/{SERVICES['traces']}/Export").future(never(), timeout=60)
            time.sleep(0.7)
            began = time.monotonic()
            server.stop()
            assert server.process.returncode == 0
            # The senders would take a minute; on a machine of which others take most, ending takes seconds.
            assert time.monotonic() - began < 30
            forever.set()
        half.close()


def test_a_stop_that_cannot_store_leaves_the_rest_in_the_spool(home: Home) -> None:
    home.config.write_text("[receiver]\nstop_wait_s = 1.0\n")
    home.spool.mkdir()
    with running(home) as server, FileLock(home.spool / "drain.lock"):
        with export(server.grpc, compression=grpc.Compression.Gzip) as call:
            assert call(GOOD, timeout=20) == b""
        out = server.stop()
        assert server.process.returncode == 0
    assert json.loads(out.splitlines()[-1]) == {"stored_spans": 0, "spool_empty": False}
    # The next start stores it.
    home.config.unlink()
    with running(home, "--no-grpc") as server:
        server.wait_for("stored_spans_total", 1)
        server.stop()
    assert count(home) == 1


def fill(call: Any) -> tuple[int, grpc.RpcError]:
    """How many requests of 4,000 spans were accepted before the first that was not, and its error."""
    for number in range(1000):
        ids = [(b"t" * 16, (number * 4000 + n + 1).to_bytes(8, "big")) for n in range(4000)]
        try:
            # Packed without becoming smaller.
            call(gzip.compress(traces(*ids), 0), timeout=20)
        except grpc.RpcError as error:
            return number, error
    raise AssertionError("the spool never filled")


def test_the_disk_cap_is_backpressure_over_grpc_too(home: Home) -> None:
    home.config.write_text(
        "[receiver]\nmax_request_bytes = 524288\nspool_max_bytes = 1048576\nretry_after_s = 3\n"
    )
    home.spool.mkdir()
    with running(home) as server, export(server.grpc) as call:
        with FileLock(home.spool / "drain.lock"):
            accepted, refused = fill(call)
            assert refused.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            assert b"RetryInfo" in dict(refused.trailing_metadata())["grpc-status-details-bin"]
            assert server.metric("spool_full") == 1
            assert server.metric("spool_bytes") <= 1 << 20
        assert accepted >= 1
        server.wait_for("stored_spans_total", accepted * 4000)
        assert server.metric("spool_full") == 0
        assert call(GOOD, timeout=20) == b""
        server.stop()
    assert count(home) == accepted * 4000 + 1
