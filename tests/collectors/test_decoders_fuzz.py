"""Hostile input: no decoder crashes, and a sound record beside a broken one survives."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from otlp_bodies import NOW, otlp_request, otlp_span

from collectors.errors import SourceError
from collectors.ingest_batch import Batch, store_batch
from collectors.model import Span
from collectors.records import SPAN_FIELDS
from collectors.sources.base import SOURCES, Item, SourceContext
from collectors.sources.otlp import decode
from collectors.warehouse.connection import scratch
from collectors.warehouse.migrate import migrations

FUZZ = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
CONTEXT = SourceContext(source="fuzz")

texts = st.text(st.characters(), max_size=20) | st.sampled_from(
    ["\ud800", "\x00", "NaN", "1e999", "", "💬" * 3]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True, allow_infinity=True)
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
GOOD = {"trace_id": "aa" * 16, "span_id": "bb" * 8, "component": "good", "started_at": "2026-03-01T10:00:00Z"}


@pytest.fixture(scope="module")
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    """The schema in memory: what a decoder lets through must fit in it."""
    with scratch() as con:
        for step in migrations():
            con.execute(step.sql)
        yield con


@contextmanager
def file_of(content: bytes, suffix: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{suffix}"
        path.write_bytes(content)
        yield path


def read(format_name: str, content: bytes, suffix: str) -> list[Item]:
    with file_of(content, suffix) as path:
        return list(SOURCES.get(format_name).read(path, CONTEXT))


def spans(items: Iterable[Item]) -> list[Span]:
    return [item for item in items if isinstance(item, Span)]


def storable(store: duckdb.DuckDBPyConnection, found: list[Span]) -> None:
    """What a decoder lets through, the warehouse takes."""
    store.begin()
    store_batch(store, Batch(spans=found), now=NOW)
    store.rollback()


@FUZZ
@given(
    record=st.dictionaries(st.sampled_from([*SPAN_FIELDS, "type", "extra", "\ud801"]), values, max_size=12)
)
def test_jsonl_keeps_the_neighbour_of_any_record(
    record: dict[str, Any], store: duckdb.DuckDBPyConnection
) -> None:
    lines = [json.dumps({**GOOD, **record}), json.dumps(record), json.dumps(GOOD)]
    found = spans(read("jsonl", "\n".join(lines).encode(), ".jsonl"))
    assert any(span.component == "good" and span.trace_id == "aa" * 16 for span in found)
    storable(store, found)


@FUZZ
@given(line=st.binary(max_size=200))
def test_jsonl_keeps_the_neighbour_of_any_bytes(line: bytes) -> None:
    content = (
        json.dumps(GOOD).encode() + b"\n" + line.replace(b"\n", b" ") + b"\n" + json.dumps(GOOD).encode()
    )
    assert len(spans(read("jsonl", content, ".jsonl"))) >= 2


@FUZZ
@given(cells=st.lists(texts, min_size=1, max_size=8))
def test_csv_keeps_the_neighbour_of_any_row(cells: list[str], store: duckdb.DuckDBPyConnection) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(GOOD)
    writer.writerow([cell.encode("utf-8", "replace").decode() for cell in cells])
    writer.writerow(GOOD.values())
    found = spans(read("csv", out.getvalue().encode(), ".csv"))
    assert found[-1].component == "good"
    storable(store, found)


@FUZZ
@given(content=st.binary(max_size=400), name=st.sampled_from(SOURCES.names()))
def test_no_source_crashes_on_any_file(content: bytes, name: str) -> None:
    for start in (b"", b"PAR1", b"[", b"\x1f\x8b", b'{"resourceSpans":'):
        try:
            read(name, start + content, ".bin")
        except SourceError:
            continue


@FUZZ
@given(
    attributes=st.dictionaries(
        st.sampled_from(
            [
                "gen_ai.input.messages", "gen_ai.output.messages", "llm.input_messages.x",
                "llm.input_messages.0.message.content",
                "llm.input_messages.0.message.tool_calls.1.tool_call.function",
                "retrieval.documents.0.document", "retrieval.documents.0.document.score", "metadata",
                "gen_ai.usage.input_tokens", "gen_ai.usage.total_tokens", "llm.invocation_parameters",
                "input.value", "output.value", "traceloop.entity.output",
                "gen_ai.response.time_to_first_chunk",
                "openinference.span.kind", "error.type", "user.id", "chainwatch.kind", "chainwatch.documents",
            ]
        )
        | texts,
        values,
        max_size=8,
    )
)  # fmt: skip
def test_otlp_keeps_the_neighbour_of_any_attributes(
    attributes: dict[str, Any], store: duckdb.DuckDBPyConnection
) -> None:
    body = otlp_request(otlp_span("bad", attributes), otlp_span("good", {}))
    found = decode("traces", json.dumps(body).encode(), "application/json")
    assert found.spans[-1].name == "good"
    assert len(found.spans) + len(found.rejected) == 2
    storable(store, list(found.spans))


@FUZZ
@given(
    value=values,
    key=st.sampled_from(["traceId", "startTimeUnixNano", "attributes", "events", "status", "name"]),
)
def test_otlp_keeps_the_neighbour_of_any_span(value: Any, key: str) -> None:
    broken = {**otlp_span("bad", {}), key: value}
    found = decode(
        "traces", json.dumps(otlp_request(broken, otlp_span("good", {}))).encode(), "application/json"
    )
    assert found.spans[-1].name == "good"


@FUZZ
@given(
    body=st.binary(max_size=300),
    signal=st.sampled_from(["traces", "logs"]),
    media=st.sampled_from(["x-protobuf", "json"]),
)
def test_a_body_is_decoded_or_refused_as_a_whole(body: bytes, signal: Any, media: str) -> None:
    try:
        decode(signal, body, f"application/{media}")
    except SourceError:
        return


@FUZZ
@given(value=values)
def test_otlp_json_of_any_shape_does_not_crash(value: Any) -> None:
    for key in ("resourceSpans", "resourceLogs"):
        for body in ({key: value}, {key: [{"resource": value, "scopeSpans": value, "scopeLogs": value}]}):
            decode(
                "traces" if key == "resourceSpans" else "logs", json.dumps(body).encode(), "application/json"
            )


@pytest.mark.parametrize("depth", [60, 900, 100_000])
def test_deep_nesting_costs_one_record_at_most(depth: int) -> None:
    deep = "[" * depth + "]" * depth
    line = json.dumps(GOOD)[:-1] + f', "attributes": {{"deep": {deep}}}}}'
    found = read("jsonl", f"{line}\n{json.dumps(GOOD)}\n".encode(), ".jsonl")
    assert spans(found)[-1].component == "good"
    assert len(found) == 2
