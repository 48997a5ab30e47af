"""The real exporters against a real `chainwatch serve`: both protocols, traces and logs, to the warehouse."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from openai import OpenAI
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry import trace
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from receiver_support import Server, running

from collectors.home import Home
from collectors.warehouse import Warehouse


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Server]]:
    """One receiver for all of them: they use different chains and components."""
    home = Home(root=tmp_path_factory.mktemp("exporters") / "home").create()
    with running(home) as server:
        yield home, server
        server.stop()


def eventually(home: Home, sql: str, *parameters: str) -> list[tuple[Any, ...]]:
    """The rows, as soon as there are any."""
    deadline = time.monotonic() + 30
    while True:
        if home.warehouse.exists():
            with Warehouse(home.warehouse, wait_s=10).read() as con:
                found: list[tuple[Any, ...]] = con.execute(sql, parameters).fetchall()
            if found:
                return found
        assert time.monotonic() < deadline, sql
        time.sleep(0.1)


def span_exporter(server: Server, protocol: str, *, gzipped: bool) -> Any:
    if protocol == "http":
        packing = Compression.Gzip if gzipped else Compression.NoCompression
        return HttpSpans(endpoint=f"{server.url}/v1/traces", compression=packing)
    squeeze = grpc.Compression.Gzip if gzipped else grpc.Compression.NoCompression
    return GrpcSpans(endpoint=server.grpc, insecure=True, compression=squeeze)


def log_exporter(server: Server, protocol: str, *, gzipped: bool) -> Any:
    if protocol == "http":
        packing = Compression.Gzip if gzipped else Compression.NoCompression
        return HttpLogs(endpoint=f"{server.url}/v1/logs", compression=packing)
    squeeze = grpc.Compression.Gzip if gzipped else grpc.Compression.NoCompression
    return GrpcLogs(endpoint=server.grpc, insecure=True, compression=squeeze)


@pytest.mark.parametrize("gzipped", [True, False])
@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_spans_and_the_logs_that_belong_to_them(
    served: tuple[Home, Server], protocol: str, gzipped: bool
) -> None:
    home, server = served
    chain = f"shop-{protocol}-{gzipped}"
    resource = Resource.create({"service.name": chain, "service.version": "1.4.2"})
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(span_exporter(server, protocol, gzipped=gzipped)))
    logs = LoggerProvider(resource=resource)
    logs.add_log_record_processor(SimpleLogRecordProcessor(log_exporter(server, protocol, gzipped=gzipped)))
    with tracers.get_tracer("t").start_as_current_span("chat gpt-4o") as span:
        span.set_attribute("gen_ai.operation.name", "chat")
        span.set_attribute("gen_ai.request.model", "gpt-4o")
        span.set_attribute("gen_ai.usage.input_tokens", 12)
        span.set_attribute("gen_ai.usage.output_tokens", 34)
        here = trace.set_span_in_context(span)
        logger = logs.get_logger("t")
        for name, body, attributes in (
            ("gen_ai.user.message", {"content": "Where is my parcel?"}, {}),
            ("gen_ai.choice", {"index": 0, "message": {"content": "On its way."}}, {}),
            (
                "gen_ai.evaluation.result",
                None,
                {"gen_ai.evaluation.name": chain, "gen_ai.evaluation.score.value": 0.5},
            ),
        ):
            logger.emit(
                LogRecord(
                    timestamp=time.time_ns(), context=here, event_name=name, body=body, attributes=attributes
                )
            )
    tracers.shutdown()
    logs.shutdown()
    (found,) = eventually(
        home,
        """SELECT chain_version, name, model, input_tokens, output_tokens, status
           FROM spans WHERE chain = ?""",
        chain,
    )
    assert found == ("1.4.2", "chat gpt-4o", "gpt-4o", 12, 34, "unset")
    texts = eventually(
        home,
        """SELECT input_text, output_text FROM spans
           WHERE chain = ? AND input_text IS NOT NULL AND output_text IS NOT NULL""",
        chain,
    )
    assert texts == [("Where is my parcel?", "On its way.")]
    assert eventually(home, "SELECT score FROM annotations WHERE name = ?", chain) == [(0.5,)]


def test_metrics_of_an_exporter_are_taken_without_complaint(
    served: tuple[Home, Server], caplog: pytest.LogCaptureFixture
) -> None:
    _, server = served
    reader = PeriodicExportingMetricReader(
        GrpcMetrics(endpoint=server.grpc, insecure=True), export_interval_millis=60_000
    )
    meters = MeterProvider(metric_readers=[reader])
    meters.get_meter("t").create_counter("requests").add(1)
    meters.shutdown()
    assert "Failed to export" not in caplog.text
    text = httpx.get(f"{server.url}/metrics").text
    assert 'chainwatch_requests_total{protocol="grpc",signal="metrics",code="OK"}' in text


@pytest.fixture
def openai_stand_in() -> Iterator[str]:
    """Answers every chat completion with the same words and usage, as OpenAI's API does."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            message = {"role": "assistant", "content": "Paris is the capital of France."}
            body = json.dumps(
                {
                    "id": "chatcmpl-1",
                    "object": "chat.completion",
                    "created": 1_767_000_000,
                    "model": "gpt-4o-2024-08-06",
                    "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 23, "completion_tokens": 7, "total_tokens": 30},
                }
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_openinference_instrumentation_of_openai(
    served: tuple[Home, Server], openai_stand_in: str, protocol: str
) -> None:
    home, server = served
    chain = f"capitals-{protocol}"
    tracers = TracerProvider(resource=Resource.create({"service.name": chain}))
    tracers.add_span_processor(SimpleSpanProcessor(span_exporter(server, protocol, gzipped=True)))
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument(tracer_provider=tracers)
    try:
        with OpenAI(base_url=openai_stand_in, api_key="unused", max_retries=0) as client:
            client.chat.completions.create(
                model="gpt-4o",
                temperature=0.25,
                messages=[
                    {"role": "system", "content": "Answer briefly."},
                    {"role": "user", "content": "What is the capital of France?"},
                ],
            )
    finally:
        instrumentor.uninstrument()
        tracers.shutdown()
    (found,) = eventually(
        home,
        """SELECT kind, model, provider, input_text, output_text, input_tokens, output_tokens, status,
                  CAST(json_extract(parameters, '$.temperature') AS DOUBLE)
           FROM spans WHERE chain = ?""",
        chain,
    )
    assert found == (
        "llm",
        "gpt-4o-2024-08-06",
        "openai",
        "What is the capital of France?",
        "Paris is the capital of France.",
        23,
        7,
        "ok",
        0.25,
    )


def test_environment_variables_alone_point_an_exporter_at_it(
    served: tuple[Home, Server], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As the documentation has it: nothing in the code of the sender names the receiver."""
    home, server = served
    for protocol, endpoint, exporter in (
        ("http", server.url, HttpSpans),
        ("grpc", f"http://{server.grpc}", GrpcSpans),
    ):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        tracers = TracerProvider(resource=Resource.create({"service.name": f"env-{protocol}"}))
        tracers.add_span_processor(SimpleSpanProcessor(exporter()))
        with tracers.get_tracer("t").start_as_current_span("step"):
            pass
        tracers.shutdown()
        assert eventually(home, "SELECT name FROM spans WHERE chain = ?", f"env-{protocol}") == [("step",)]
