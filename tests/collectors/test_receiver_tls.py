"""TLS on both ports, the token in transit, and what is said of files that cannot serve it."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from receiver_support import CLI, ROOT, running

from collectors.errors import ConfigError
from collectors.home import Home
from collectors.receiver_tls import load
from collectors.warehouse import Warehouse

TOKEN = "s3cret-t0ken"


@dataclass(frozen=True)
class Pair:
    """A self-signed certificate for 127.0.0.1, and its key."""

    cert: Path
    key: Path


def make_pair(folder: Path, name: str) -> Pair:
    if shutil.which("openssl") is None:
        pytest.skip("the openssl program is not there to make a certificate with")
    pair = Pair(folder / f"{name}.cert.pem", folder / f"{name}.key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
            *("-keyout", str(pair.key), "-out", str(pair.cert)),
        ],
        check=True,
        capture_output=True,
    )
    return pair


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("tls"), "one")


def test_the_real_exporters_over_tls_with_a_token(
    home: Home, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    # requests prefers these to the certificate that the exporter was given.
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    arguments = ["--tls-cert", str(pair.cert), "--tls-key", str(pair.key)]
    known = {"authorization": f"Bearer {TOKEN}"}
    with running(home, *arguments, environ={"CHAINWATCH_RECEIVER_TOKEN": TOKEN}) as server:
        assert server.url.startswith("https://127.0.0.1:")
        # As the documentation has it: the environment says everything.
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"authorization=Bearer%20{TOKEN}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", str(pair.cert))
        for endpoint, kind in ((server.url, HttpSpans), (f"https://{server.grpc}", GrpcSpans)):
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            exporter = kind()
            tracers = TracerProvider()
            tracers.add_span_processor(SimpleSpanProcessor(exporter))
            # .../otlp/proto/http/trace_exporter, .../otlp/proto/grpc/trace_exporter
            protocol = type(exporter).__module__.split(".")[4]
            with tracers.get_tracer("t").start_as_current_span(protocol):
                pass
            tracers.shutdown()
        trusted = ssl.create_default_context(cafile=str(pair.cert))
        with httpx.Client(verify=trusted, base_url=server.url) as client:
            assert client.get("/metrics").status_code == 401
            assert client.get("/health").json() == {"status": "ok"}
            assert 'protocol="grpc",signal="traces",code="OK"' in client.get("/metrics", headers=known).text
        # Neither port speaks plainly any more.
        with pytest.raises(httpx.TransportError):
            httpx.get(server.url.replace("https", "http") + "/health")
        with grpc.insecure_channel(server.grpc) as channel, pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")(
                b"", timeout=10
            )
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        # Who does not know the certificate does not hand over the token.
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{server.url}/metrics", headers=known)
        server.stop()
        assert server.process.returncode == 0
    with Warehouse(home.warehouse).read() as con:
        assert con.execute("SELECT name FROM spans ORDER BY name").fetchall() == [("grpc",), ("http",)]


def test_the_files_may_stand_in_the_config(home: Home, pair: Pair) -> None:
    home.config.write_text(f"[receiver]\ntls_cert = '{pair.cert}'\ntls_key = '{pair.key}'\n")
    with running(home, "--no-grpc") as server:
        assert server.grpc == ""
        trusted = ssl.create_default_context(cafile=str(pair.cert))
        assert httpx.get(f"{server.url}/health", verify=trusted).status_code == 200


def test_none_of_the_two_is_no_tls() -> None:
    assert load(None, None) is None


def test_files_that_cannot_serve_are_named(tmp_path: Path, pair: Pair) -> None:
    other = make_pair(tmp_path, "other")
    words = tmp_path / "words.pem"
    words.write_text("not a certificate")
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n")
    locked = tmp_path / "locked.pem"
    locked.write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
    nowhere = tmp_path / "nowhere.pem"
    for cert, key, expected in (
        (str(pair.cert), None, "--tls-key too"),
        (None, str(pair.key), "--tls-cert too"),
        (str(nowhere), str(pair.key), f"--tls-cert {nowhere}: No such file"),
        (str(pair.cert), str(nowhere), f"--tls-key {nowhere}: No such file"),
        (str(words), str(pair.key), f"--tls-cert {words}: holds no PEM certificate"),
        (str(pair.cert), str(words), f"--tls-key {words}: holds no PEM private key"),
        (str(pair.key), str(pair.cert), "holds no PEM certificate"),
        (str(pair.cert), str(locked), "is encrypted"),
        (str(broken), str(pair.key), "cannot be read as PEM"),
        (str(pair.cert), str(other.key), f"{other.key}: is not the key of the certificate"),
        (str(tmp_path), str(pair.key), "Is a directory"),
    ):
        with pytest.raises(ConfigError) as caught:
            load(cert, key)
        assert expected in str(caught.value)
        assert "BEGIN" not in str(caught.value)


@pytest.mark.parametrize(
    ("environ", "arguments", "word"),
    [
        ({}, ["--host", "0.0.0.0"], "--allow-anonymous"),
        ({}, ["--host", "::"], "CHAINWATCH_RECEIVER_TOKEN"),
        ({"CHAINWATCH_RECEIVER_TOKEN": " "}, ["--host", "0.0.0.0"], "CHAINWATCH_RECEIVER_TOKEN"),
        (
            {},
            ["--tls-cert", "nowhere.pem", "--tls-key", "nowhere.pem"],
            "--tls-cert nowhere.pem: No such file",
        ),
    ],
)
def test_unsafe_or_impossible_use_is_refused(
    home: Home, environ: dict[str, str], arguments: list[str], word: str
) -> None:
    done = subprocess.run(
        [*CLI, "serve", "--http-port", "0", "--grpc-port", "0", *arguments],
        cwd=ROOT,
        env={"CHAINWATCH_HOME": str(home.root), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 2, done.stderr
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert "ssword" not in done.stderr
    assert not home.spool.exists()


@pytest.mark.parametrize("how", ["option", "config"])
def test_anyone_may_send_where_that_was_asked_for(home: Home, how: str) -> None:
    if how == "config":
        home.config.write_text("[receiver]\nallow_anonymous = true\n")
    arguments = ["--allow-anonymous"] if how == "option" else []
    with running(home, "--host", "0.0.0.0", "--no-grpc", *arguments) as server:
        port = server.url.rpartition(":")[2]
        assert httpx.get(f"http://127.0.0.1:{port}/metrics").status_code == 200
