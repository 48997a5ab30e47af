"""OTLP load for the benchmarks: believable generation spans of about 1.1 KB, and a server to send them to."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ROOT = Path(__file__).resolve().parents[1]

_VOCABULARY = """
    invoice refund delivery account password reset order late parcel warranty return label card payment failed
    upgrade plan cancel address change tracking number please could would cannot after before yesterday again
"""
_WORDS = _VOCABULARY.split()
_COMPONENTS = ("router", "retriever", "generator", "guardrail")


def request(rng: random.Random, spans: int, at_ns: int) -> bytes:
    """One ExportTraceServiceRequest with `spans` spans of about 1.1 KB, as protobuf."""
    message = ExportTraceServiceRequest()
    group = message.resource_spans.add()
    _set(group.resource.attributes, "service.name", "support")
    scope = group.scope_spans.add()
    scope.scope.name = "bench"
    trace_id = rng.randbytes(16)
    for number in range(spans):
        if number % len(_COMPONENTS) == 0:
            trace_id = rng.randbytes(16)
        span = scope.spans.add(trace_id=trace_id, span_id=rng.randbytes(8), name="chat gpt-4o")
        span.start_time_unix_nano = at_ns + number * 1_000_000
        span.end_time_unix_nano = span.start_time_unix_nano + rng.randrange(10**8, 4 * 10**9)
        _set(span.attributes, "gen_ai.operation.name", "chat")
        _set(span.attributes, "gen_ai.agent.name", _COMPONENTS[number % len(_COMPONENTS)])
        _set(span.attributes, "gen_ai.provider.name", "openai")
        _set(span.attributes, "gen_ai.request.model", "gpt-4o")
        _set(span.attributes, "gen_ai.usage.input_tokens", rng.randrange(20, 900))
        _set(span.attributes, "gen_ai.usage.output_tokens", rng.randrange(20, 400))
        _set(span.attributes, "gen_ai.conversation.id", f"c{rng.randrange(10**6)}")
        _set(span.attributes, "gen_ai.input.messages", _message("user", text(rng, 40)))
        _set(span.attributes, "gen_ai.output.messages", _message("assistant", text(rng, 45)))
    packed: bytes = message.SerializeToString()
    return packed


def bodies(seed: int, count: int, spans: int) -> list[bytes]:
    """`count` gzipped requests, all ids different."""
    rng = random.Random(seed)
    now = time.time_ns()
    return [gzip.compress(request(rng, spans, now + i * spans * 1_000_000), 1) for i in range(count)]


@contextmanager
def server(home: Path, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`chainwatch serve` on a free port, as its own process; stopped at the end."""
    process = subprocess.Popen(
        chainwatch("serve", "--http-port", "0", "--grpc-port", "0", "--json", *arguments),
        env={**os.environ, "CHAINWATCH_HOME": str(home)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["http"], process
    finally:
        process.terminate()
        process.wait(timeout=120)


def chainwatch(*arguments: str) -> list[str]:
    """The command line of the installed or the local project."""
    return [sys.executable, "-c", "from dashboard.cli import main; main()", *arguments]


def _set(attributes: Any, key: str, value: str | int) -> None:
    pair = attributes.add(key=key)
    if isinstance(value, int):
        pair.value.int_value = value
    else:
        pair.value.string_value = value


def _message(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


def text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(words))
