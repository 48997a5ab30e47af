"""Whatever is wrong with spool, warehouse or home: a real server says so, and loses nothing acknowledged."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from filelock import FileLock
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from receiver_support import CLI, ROOT, Server, running

from collectors.home import Home
from collectors.spool_frame import MAGIC
from collectors.spool_segments import list_segments
from collectors.warehouse import Warehouse

# Each starts a server or two, and waits for it to notice.
pytestmark = pytest.mark.slow
PROTOBUF = {"content-type": "application/x-protobuf"}
HOLD = """
import duckdb, sys
con = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
"""


def post(server: Server, rng: random.Random, spans: int = 10) -> set[str]:
    """Ids of the spans of one acknowledged request."""
    message = ExportTraceServiceRequest()
    scope = message.resource_spans.add().scope_spans.add()
    ids = set()
    for _ in range(spans):
        span = scope.spans.add(
            trace_id=rng.randbytes(16), span_id=rng.randbytes(8), name=rng.randbytes(40).hex()
        )
        span.start_time_unix_nano = time.time_ns()
        span.end_time_unix_nano = span.start_time_unix_nano + 10**9
        ids.add(span.span_id.hex())
    answer = httpx.post(f"{server.url}/v1/traces", content=message.SerializeToString(), headers=PROTOBUF)
    assert answer.status_code == 200
    return ids


def stored(home: Home) -> list[str]:
    with Warehouse(home.warehouse).read() as con:
        return sorted(row[0] for row in con.execute("SELECT span_id FROM spans").fetchall())


def storing(server: Server) -> str:
    """What /health says of the storing side."""
    return str(httpx.get(f"{server.url}/health").json()["storing"])


def until(true: Callable[[], bool], what: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)


def said(server: Server, words: str) -> str:
    """Wait until /health says `words`, and return all that it says."""
    until(lambda: words in storing(server), lambda: storing(server))
    return storing(server)


def run(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *arguments],
        cwd=ROOT,
        env={**os.environ, "CHAINWATCH_HOME": str(home.root)},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def test_a_garbled_segment_and_a_torn_end_cost_nothing_else(home: Home) -> None:
    rng = random.Random(1)
    home.spool.mkdir()
    with FileLock(home.spool / "drain.lock"), running(home) as server:
        sizes, sent = [], []
        for _ in range(5):
            sent.append(post(server, rng))
            sizes.append(list_segments(home.spool)[0].size)
        server.kill()
    (segment,) = list_segments(home.spool)
    with segment.path.open("r+b") as file:
        file.seek((sizes[1] + sizes[2]) // 2)
        file.write(b"garbled")
        # A record on its way when the power went: announced and not there.
        file.seek(0, os.SEEK_END)
        file.write(segment.segment_id + (500).to_bytes(4, "little") + bytes(20))
    with running(home) as server:
        server.wait_for("stored_spans_total", 40)
        assert storing(server) == "ok"
        later = post(server, rng)
        server.stop()
    assert stored(home) == sorted(set().union(*sent[:2], *sent[3:], later))
    with Warehouse(home.warehouse).read() as con:
        (found,) = con.execute("SELECT file, reason, raw FROM quarantine").fetchall()
    assert found[0] == f"spool/{segment.name}"
    assert found[1] == "a record is damaged on disk"
    assert f"{sizes[2] - sizes[1]} bytes at {sizes[1]} of spool segment" in found[2]


def test_a_warehouse_that_is_deleted_is_made_again(home: Home) -> None:
    rng = random.Random(2)
    with running(home) as server:
        first = post(server, rng)
        server.wait_for("stored_spans_total", 10)
        home.warehouse.unlink()
        second = post(server, rng)
        until(lambda: home.warehouse.exists() and second <= set(stored(home)), lambda: storing(server))
        server.stop()
    # What the spool still held of the first is there again, once.
    assert stored(home) == sorted(first | second)


@pytest.mark.parametrize("kind", ["garbage", "header", "cut short"])
def test_a_damaged_warehouse_is_told_and_moved_aside(home: Home, kind: str) -> None:
    rng = random.Random(3)
    with running(home) as server:
        post(server, rng)
        server.wait_for("stored_spans_total", 10)
        size = home.warehouse.stat().st_size
        with home.warehouse.open("r+b") as file:
            if kind == "cut short":
                file.truncate(size // 2)
            else:
                file.write(rng.randbytes(size if kind == "garbage" else 4096))
        later = post(server, rng) | post(server, rng)
        told = said(server, "is damaged")
        assert f"mv {home.warehouse} {home.warehouse}.damaged" in told
        assert httpx.get(f"{server.url}/health").status_code == 200
        assert server.metric("storing_fails") == 1
        status = run(home, "status")
        if kind != "cut short":
            assert status.returncode == 1
            assert "is damaged" in status.stderr
            assert "Traceback" not in status.stderr
        # Nothing that was acknowledged meanwhile is lost, whoever dies.
        assert server.metric("spool_pending_bytes") > 0
        home.warehouse.rename(f"{home.warehouse}.damaged")
        until(lambda: home.warehouse.exists() and later <= set(stored(home)), lambda: storing(server))
        said(server, "ok")
        server.stop()
    assert len(stored(home)) == len(set(stored(home)))


def test_a_warehouse_of_another_program_is_waited_for(home: Home) -> None:
    rng = random.Random(4)
    with running(home) as server:
        sent = post(server, rng)
        server.wait_for("stored_spans_total", 10)
        command = [sys.executable, "-c", HOLD, str(home.warehouse)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdin is not None
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            sent |= post(server, rng)
            told = said(server, "is open in another program")
            assert str(holder.pid) in told
            assert server.metric("storing_fails") == 1
            sent |= post(server, rng)
            holder.stdin.write("\n")
            holder.stdin.close()
        server.wait_for("stored_spans_total", 30)
        server.stop()
    assert stored(home) == sorted(sent)


def test_a_segment_of_a_newer_version_is_kept_and_told(home: Home) -> None:
    home.spool.mkdir()
    newer = home.spool / "0000000001-00112233445566ff.spool"
    content = MAGIC[:-1] + b"2" + bytes.fromhex("00112233445566ff") + b"who knows"
    newer.write_bytes(content)
    with running(home) as server:
        sent = post(server, random.Random(5))
        told = said(server, "another version of Chainwatch wrote them")
        assert str(newer) in told
        server.wait_for("stored_spans_total", 10)
        server.stop()
    assert stored(home) == sorted(sent)
    assert newer.read_bytes() == content


def test_a_warehouse_of_a_newer_version_is_left_alone_and_told(home: Home, warehouse: Warehouse) -> None:
    with warehouse.write() as con:
        con.execute("INSERT INTO schema_migrations VALUES (9999, 'future', now())")
    with running(home) as server:
        sent = post(server, random.Random(6))
        assert "upgrade Chainwatch" in said(server, "has schema 9999")
        with warehouse.write() as con:
            con.execute("DELETE FROM schema_migrations WHERE number = 9999")
        server.wait_for("stored_spans_total", 10)
        server.stop()
    assert stored(home) == sorted(sent)


def test_the_first_of_two_servers_goes_on(home: Home) -> None:
    with running(home) as server:
        second = run(home, "serve", "--http-port", "0", "--grpc-port", "0")
        assert second.returncode == 1
        assert "another receiver is writing to the spool" in second.stderr
        assert "CHAINWATCH_HOME" in second.stderr
        sent = post(server, random.Random(7))
        server.stop()
    assert stored(home) == sorted(sent)


def in_namespace(script: str, folder: Path) -> list[str]:
    """A shell script with mounts of its own, or a skip where that is not allowed."""
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if shutil.which("unshare") is None:
        pytest.skip("no unshare: nothing can be mounted for this test")
    probe = [*command, f"mount -t tmpfs tmpfs {folder}"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("user namespaces are not allowed: nothing can be mounted for this test")
    return [*command, script]


@pytest.mark.parametrize("made_before", [False, True])
def test_a_home_that_cannot_be_written_is_refused(tmp_path: Path, made_before: bool) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    home = Home(root=disk / "home")
    prepare = f"mkdir -p {home.spool} && touch {home.spool}/writer.lock &&" if made_before else ""
    serve = " ".join(["serve", "--http-port", "0", "--grpc-port", "0"])
    script = (
        f"mount -t tmpfs tmpfs {disk} && {prepare} mount -o remount,ro {disk} && "
        f"exec {sys.executable} -c 'from dashboard.cli import main; main()' {serve}"
    )
    done = subprocess.run(
        in_namespace(script, disk),
        cwd=ROOT,
        env={**os.environ, "CHAINWATCH_HOME": str(home.root)},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 1
    assert "cannot" in done.stderr
    assert str(home.root) in done.stderr
    assert "CHAINWATCH_HOME" in done.stderr
    assert "Traceback" not in done.stderr


def benchmarked(*options: str) -> dict[str, dict[str, object]]:
    """The rows of benchmarks/kills.py by name: nothing acknowledged is lost or doubled."""
    done = subprocess.run(
        [sys.executable, "benchmarks/kills.py", "--quick", "--json", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=600,
    )
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert all(row["holds"] is not False for row in rows.values()), rows
    return rows


def number(row: dict[str, object]) -> int:
    return int(str(row["value"]))


def test_kills_lose_and_double_nothing() -> None:
    """Of everything, the receiver or the storing process alone, while it stores and while it starts."""
    rows = benchmarked("--fills", "0")
    assert number(rows["killed: acknowledged"]) > 1000
    assert len(rows["kills"]["note"]) == 5, rows["kills"]


def test_full_disks_lose_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    in_namespace("true", disk)
    rows = benchmarked("--kills", "0")
    assert sum(number(row) for name, row in rows.items() if name.endswith("acknowledged")) > 500
    assert number(rows["full disk: refused"]) > 0
