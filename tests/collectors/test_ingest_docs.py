"""The reference pages say what the code does: every field, every format, and an example that works."""

from __future__ import annotations

import json
import re
from pathlib import Path

from collectors.config import parse
from collectors.fieldmap import choose
from collectors.ingest_config import FieldRule, IngestConfig, MapConfig
from collectors.model import Annotation, Feedback, Span
from collectors.records import SPAN_FIELDS
from collectors.sources._rows import items
from collectors.sources.base import SOURCES, Bad, Skipped, SourceContext

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
JSONL = (REFERENCE / "jsonl.md").read_text("utf-8")
INGEST = (REFERENCE / "ingest.md").read_text("utf-8")


def test_every_field_of_a_span_is_described() -> None:
    for name in SPAN_FIELDS:
        assert f"`{name}`" in JSONL, name


def test_the_records_shown_are_taken() -> None:
    lines = [line for block in re.findall(r"```json\n(.*?)```", JSONL, re.S) for line in block.splitlines()]
    found = [item for line in lines for item in items(json.loads(line), SourceContext(source="docs"), 1)]
    assert [type(item) for item in found] == [Span, Feedback, Annotation]


def test_every_format_and_every_key_of_a_map_is_described() -> None:
    for name in SOURCES.names():
        assert f"| `{name}` |" in INGEST, name
    for model in (IngestConfig, MapConfig, FieldRule):
        for key, info in model.model_fields.items():
            assert f"`{info.alias or key}`" in INGEST or f"`{key}`" in INGEST or f".{key}]" in INGEST, key


def test_the_map_shown_works() -> None:
    (example,) = re.findall(r"```toml\n(\[ingest\.maps.*?)```", INGEST, re.S)
    config = parse(example, "ingest.md").section("ingest", IngestConfig)
    context = SourceContext(source="docs", field_map=choose(config, Path("calls-march.csv"), None))
    row = {
        "route": "/answer",
        "request": {"id": "r1"},
        "ts": "2026-03-01T10:00:00Z",
        "took": "1840",
        "cost_cents": "0.5",
        "status_code": "429",
        "question": "q",
        "answer": "a",
        "tokens_out": "58",
        "helpful": "no",
        "region": "eu",
    }
    span, feedback = items(row, context, 2)
    assert isinstance(span, Span)
    assert (span.chain, span.component, span.kind, span.status) == ("helpdesk", "generator", "llm", "error")
    assert (span.trace_id, span.span_id, span.duration_s, span.cost_usd) == ("r1", "r1//answer", 1.84, 0.005)
    assert (span.input_text, span.output_text, span.output_tokens) == ("q", "a", 58)
    assert span.attributes["region"] == "eu"
    assert isinstance(feedback, Feedback)
    assert (feedback.name, feedback.score) == ("helpful", -1.0)
    (skipped,) = items({**row, "status_code": "404"}, context, 3)
    assert isinstance(skipped, Skipped)
    (bad,) = items({**row, "ts": "soon"}, context, 4)
    assert isinstance(bad, Bad)
