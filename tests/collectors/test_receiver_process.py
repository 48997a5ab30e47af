"""`chainwatch serve` as a process: real exporters, real signals, kill -9."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from filelock import FileLock
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Status, StatusCode
from receiver_support import CLI, ROOT, running

from collectors.home import Home
from collectors.spool_segments import list_segments
from collectors.warehouse import Warehouse

GZIP = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}


def rows(home: Home, sql: str) -> list[tuple[object, ...]]:
    with Warehouse(home.warehouse).read() as con:
        return con.execute(sql).fetchall()


def request(rng: random.Random, spans: int) -> tuple[bytes, list[str]]:
    message = ExportTraceServiceRequest()
    scope = message.resource_spans.add().scope_spans.add()
    ids = []
    for _ in range(spans):
        span = scope.spans.add(
            trace_id=rng.randbytes(16), span_id=rng.randbytes(8), name=rng.randbytes(90).hex()
        )
        span.start_time_unix_nano = time.time_ns()
        span.end_time_unix_nano = span.start_time_unix_nano + 10**9
        ids.append(span.span_id.hex())
    return gzip.compress(message.SerializeToString()), ids


@pytest.mark.parametrize("compression", [Compression.Gzip, Compression.NoCompression, Compression.Deflate])
def test_the_real_exporter(home: Home, compression: Compression) -> None:
    with running(home) as server:
        exporter = OTLPSpanExporter(endpoint=f"{server.url}/v1/traces", compression=compression)
        provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        tracer = provider.get_tracer("t")
        with tracer.start_as_current_span("invoke_agent support") as parent:
            parent.set_attribute("gen_ai.operation.name", "invoke_agent")
            parent.set_attribute("gen_ai.agent.name", "support")
            with tracer.start_as_current_span("chat gpt-4o") as child:
                child.set_attribute("gen_ai.operation.name", "chat")
                child.set_attribute("gen_ai.request.model", "gpt-4o")
                child.set_attribute("gen_ai.usage.input_tokens", 12)
                child.set_status(Status(StatusCode.ERROR))
        provider.shutdown()
        server.stop()
    stored = rows(
        home, "SELECT name, status, model, input_tokens, parent_span_id IS NULL FROM spans ORDER BY name"
    )
    assert stored == [
        ("chat gpt-4o", "error", "gpt-4o", 12, False),
        ("invoke_agent support", "unset", None, None, True),
    ]


def test_captured_bodies_of_published_instrumentations(home: Home, shared_data: Path) -> None:
    sent = 0
    with running(home) as server, httpx.Client(base_url=server.url) as client:
        for path in sorted((shared_data / "otlp_captured").glob("*.json")):
            signal_name = "logs" if "logs" in path.name else "traces"
            body = path.read_bytes()
            answer = client.post(
                f"/v1/{signal_name}", content=body, headers={"content-type": "application/json"}
            )
            assert answer.status_code == 200, (path.name, answer.text)
            assert answer.json() == {}, path.name
            # The same request in protobuf: the same spans, so nothing new.
            protobuf = path.with_suffix(".pb").read_bytes()
            headers = {"content-type": "application/x-protobuf"}
            assert client.post(f"/v1/{signal_name}", content=protobuf, headers=headers).content == b""
            sent += 2
        server.stop()
    assert rows(home, "SELECT count(*), count(DISTINCT trace_id || span_id) FROM spans") == [(182, 182)]
    assert rows(home, "SELECT count(*) FROM quarantine") == [(0,)]
    assert sent == 90


def test_a_stop_stores_what_is_spooled_and_says_so(home: Home) -> None:
    with running(home) as server:
        body, ids = request(random.Random(1), 50)
        assert httpx.post(f"{server.url}/v1/traces", content=body, headers=GZIP).status_code == 200
        out = server.stop()
        assert server.process.returncode == 0
    assert json.loads(out.splitlines()[-1]) == {"stored_spans": 50, "spool_empty": True}
    assert rows(home, "SELECT count(*) FROM spans") == [(len(ids),)]
    assert list_segments(home.spool) == []


def test_spans_can_be_queried_while_it_runs(home: Home) -> None:
    with running(home) as server:
        body, _ = request(random.Random(2), 20)
        httpx.post(f"{server.url}/v1/traces", content=body, headers=GZIP)
        server.wait_for("stored_spans_total", 20)
        assert rows(home, "SELECT count(*) FROM spans") == [(20,)]
        server.stop(signal.SIGINT)
        assert server.process.returncode == 0


def test_a_dead_storing_process_is_started_again(home: Home) -> None:
    with running(home) as server:
        server.wait_for("spool_pending_bytes", 0)
        os.kill(server.children()[-1], signal.SIGKILL)
        body, _ = request(random.Random(4), 5)
        assert httpx.post(f"{server.url}/v1/traces", content=body, headers=GZIP).status_code == 200
        server.wait_for("stored_spans_total", 5)


def test_the_disk_cap_is_backpressure_and_nothing_acknowledged_is_lost(
    home: Home, clock: Callable[[], datetime]
) -> None:
    home.config.write_text("[receiver]\nmax_request_bytes = 524288\nspool_max_bytes = 1048576\n")
    accepted: list[str] = []
    refused = 0
    # Nobody can store while the test holds the drain's lock, so the spool must fill.
    home.spool.mkdir()
    with running(home) as server:
        with FileLock(home.spool / "drain.lock"), httpx.Client(base_url=server.url) as client:
            rng = random.Random(5)
            while refused < 3:
                body, ids = request(rng, 400)
                answer = client.post("/v1/traces", content=body, headers=GZIP)
                if answer.status_code == 200:
                    accepted += ids
                else:
                    assert answer.status_code == 429
                    assert answer.headers["retry-after"] == "5"
                    refused += 1
            assert server.metric("spool_bytes") <= 1 << 20
        server.wait_for("stored_spans_total", len(accepted))
        body, ids = request(rng, 400)
        assert httpx.post(f"{server.url}/v1/traces", content=body, headers=GZIP).status_code == 200
        server.stop()
    assert rows(home, "SELECT count(*) FROM spans") == [(len(accepted) + 400,)]
    assert len(accepted) > 400


def test_a_second_receiver_on_the_same_home_is_told(home: Home) -> None:
    with running(home):
        second = refused(home)
    assert second.returncode == 1
    assert "another receiver is writing to the spool" in second.stderr


def test_bad_use_is_explained(home: Home, tmp_path: Path) -> None:
    other = Home(root=tmp_path / "other").create()
    with running(home) as server:
        port = server.url.rpartition(":")[2]
        for arguments, word in (
            (["--http-port", port], "choose another port"),
            (["--grpc-port", server.grpc.rpartition(":")[2]], "or --no-grpc"),
            (["--host", "no.such.host.invalid"], "--host"),
        ):
            done = refused(other, *arguments)
            assert done.returncode == 2
            assert word in done.stderr
            assert "Traceback" not in done.stderr


def refused(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A `serve` that ends by itself."""
    return subprocess.run(
        [*CLI, "serve", "--http-port", "0", "--grpc-port", "0", *arguments],
        cwd=ROOT,
        env={"CHAINWATCH_HOME": str(home.root)},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def test_an_open_address_is_warned_about(home: Home) -> None:
    process = subprocess.Popen(
        [*CLI, "serve", "--http-port", "0", "--no-grpc", "--host", "0.0.0.0"], cwd=ROOT,
        env={"CHAINWATCH_HOME": str(home.root), "CHAINWATCH_RECEIVER_TOKEN": "t0ken"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first.startswith("Receiving OTLP/HTTP on http://0.0.0.0:")
    port = first.partition("0.0.0.0:")[2].split()[0]
    assert httpx.post(f"http://127.0.0.1:{port}/v1/traces", content=b"", headers=GZIP).status_code == 401
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=180)
    assert "Warning: 0.0.0.0 can be reached from other machines, without encryption (--tls-cert)." in err
    assert "t0ken" not in out + err
    assert "Stopped. 0 spans stored; nothing is left in the spool." in out


def test_headers_without_end_are_cut_off(home: Home) -> None:
    """They come before the token could be asked for."""
    with running(home, "--no-grpc") as server:
        host, _, port = server.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=20) as sock:
            sock.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nX-A: ")
            answer = b""
            with contextlib.suppress(ConnectionError):
                for _ in range(200):
                    sock.sendall(b"a" * 65_536)
            with contextlib.suppress(ConnectionError):
                answer = sock.recv(1000)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
        resident = Path(f"/proc/{server.process.pid}/status").read_text()
        peak_kib = int(resident.partition("VmHWM:")[2].split()[0])
        assert httpx.get(f"{server.url}/health").status_code == 200
    # It takes about 120 MB to begin with; 13 MB of header would be copied several times.
    assert peak_kib < 200 << 10
