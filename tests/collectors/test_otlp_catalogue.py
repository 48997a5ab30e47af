"""Trace files of other projects: spans and generations as their catalogue counts them."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from collectors.model import Span
from collectors.sources.base import Bad, Skipped, SourceContext
from collectors.sources.otlp import SOURCE

CONTEXT = SourceContext(source="otlp:test")


def spans_of(path: Path) -> list[Span]:
    items = list(SOURCE.read(path, CONTEXT))
    assert not [item for item in items if isinstance(item, Bad)]
    return [item for item in items if isinstance(item, Span)]


def test_every_otlp_file_has_the_spans_of_the_catalogue(shared_data: Path) -> None:
    folder = shared_data / "trace_formats"
    with gzip.open(folder / "catalogue.csv.gz", "rt", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["kind"] == "otlp-json"]
    assert len(rows) == 5
    for row in rows:
        spans = spans_of(folder / row["file"])
        assert len(spans) == int(row["spans"]), row["file"]
        assert sum(span.kind == "llm" for span in spans) == int(row["generations"]), row["file"]


def test_the_examples_of_the_specification(shared_data: Path) -> None:
    folder = shared_data / "trace_formats" / "otlp_proto"
    (span,) = spans_of(folder / "trace.json")
    assert span.trace_id == "5b8efff798038103d269b633813fc60c"
    assert span.span_id == "eee19b7ec3c1b174"
    assert span.parent_span_id == "eee19b7ec3c1b173"
    assert (span.chain, span.name, span.duration_s) == ("my.service", "I'm a server span", 1.0)
    assert span.attributes["my.span.attr"] == "some value"
    for name in ("logs.json", "events.json", "metrics.json"):
        assert [type(item) for item in SOURCE.read(folder / name, CONTEXT)] == [Skipped]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "00_openInferenceOpenAIRequest.json",
            {
                "kind": "llm",
                "component": "ChatCompletion",
                "input_text": "hi",
                "output_text": "Hey there! 😊👋 What's up? 🌟",
                "model": "gpt-5",
                "session_id": "my-test-session",
                "user_id": "my-test-user",
                "time_to_first_token_s": 0.467023,
                "chain": "default",
            },
        ),
        (
            "01_openllmetryOpenAIRequest.json",
            {
                "kind": "llm",
                "component": "openai.chat",
                "provider": "OpenAI",
                "input_text": "yous",
                "output_text": "Hey there! 😊 What's on your mind? 💬✨",
                "model": "gpt-5",
                "time_to_first_token_s": 1.904204,
                "parameters": {"stream": True},
            },
        ),
        ("03_traceWithException.json", {"kind": "other", "status": "error", "error_type": "Exception"}),
        (
            "04_openllmetryLangChainRequest.json",
            {
                "kind": "chain",
                "component": "RunnableSequence",
                "name": "RunnableSequence.workflow",
                "input_text": None,
                "output_text": "👋 Hi there! How can I help you today?",
            },
        ),
    ],
)
def test_fields_as_read_by_eye(shared_data: Path, name: str, expected: dict[str, object]) -> None:
    (span,) = spans_of(shared_data / "trace_formats" / "otlp_langwatch" / name)
    assert {key: getattr(span, key) for key in expected} == expected
