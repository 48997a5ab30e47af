"""JSONL, CSV and Parquet: the same rows give the same spans; bad rows are told with their line."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from otlp_bodies import otlp_request, otlp_span
from pyarrow import parquet

from collectors.errors import SourceError
from collectors.ingest import detect
from collectors.model import Annotation, Document, Feedback, Span
from collectors.sources.base import SOURCES, Bad, Item, SourceContext

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
DOCUMENTS = [{"id": "kb/1", "score": 0.5, "text": 'a, "b"\nc', "relevant": True}]
ROWS: list[dict[str, Any]] = [
    {
        "trace_id": "ab" * 16,
        "span_id": "01" * 8,
        "component": "retriever",
        "kind": "retriever",
        "started_at": "2026-03-01T10:00:00Z",
        "duration_s": 0.25,
        "input_text": 'grüße; "quoted", 💬\nsecond line',
        "documents": DOCUMENTS,
        "parameters": {"k": 5},
        "input_tokens": 7,
        "region": "eu",
    },
    {
        "trace_id": "ab" * 16,
        "span_id": "02" * 8,
        "component": "app",
        "started_at": "2026-03-01T10:00:00Z",
        "status": "ok",
    },
]


def read(path: Path, name: str | None = None) -> list[Item]:
    return list(SOURCES.get(name or detect(path)).read(path, SourceContext(source="t")))


def write_jsonl(path: Path, rows: list[Any]) -> Path:
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n"
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_csv(path: Path, rows: list[dict[str, Any]], delimiter: str = ",") -> Path:
    names = list(dict.fromkeys(key for row in rows for key in row))
    with path.open("w", newline="", encoding="utf-8-sig") as stream:
        writer = csv.DictWriter(stream, names, delimiter=delimiter)
        writer.writeheader()
        for row in rows:
            writer.writerow({k: json.dumps(v) if isinstance(v, (list, dict)) else v for k, v in row.items()})
    return path


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    every = dict.fromkeys(key for row in rows for key in row)
    typed = [
        {**every, **row, "started_at": AT, "parameters": json.dumps(row.get("parameters", {}))}
        for row in rows
    ]
    parquet.write_table(pa.Table.from_pylist(typed), path)
    return path


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: write_jsonl(folder / "a.jsonl", ROWS),
        lambda folder: write_jsonl(folder / "a.jsonl.gz", ROWS),
        lambda folder: write_jsonl(folder / "a.jsonl", ["\ufeff" + json.dumps(ROWS[0]), "", ROWS[1]]),
        lambda folder: write_jsonl(folder / "a.json", [json.dumps(ROWS, indent=1)]),
        lambda folder: write_jsonl(folder / "no_name", ROWS),
        lambda folder: write_csv(folder / "a.csv", ROWS),
        lambda folder: write_csv(folder / "a.tsv", ROWS, "\t"),
        lambda folder: write_csv(folder / "semicolon.csv", ROWS, ";"),
        lambda folder: write_csv(folder / "no_name", ROWS),
        lambda folder: write_parquet(folder / "a.parquet", ROWS),
    ],
)
def test_the_same_rows_give_the_same_spans(make: Any, tmp_path: Path) -> None:
    first, second = (item for item in read(make(tmp_path)) if isinstance(item, Span))
    assert (first.trace_id, first.started_at, first.duration_s) == ("ab" * 16, AT, 0.25)
    assert first.input_text == ROWS[0]["input_text"]
    assert first.documents == (Document(id="kb/1", score=0.5, text='a, "b"\nc', relevant=True),)
    assert first.parameters == {"k": 5}
    assert first.input_tokens == 7
    assert first.attributes == {"region": "eu"}
    assert (second.component, second.status, second.input_text) == ("app", "ok", None)


def test_feedback_and_annotations_travel_in_jsonl(tmp_path: Path) -> None:
    said = {"trace_id": "t", "created_at": AT.isoformat(), "score": -1}
    rows = [
        {"type": "feedback", **said},
        {"type": "annotation", "author": "kim", "name": "ok", **said},
        {"type": "x"},
    ]
    feedback, annotation, bad = read(write_jsonl(tmp_path / "a.jsonl", rows))
    assert isinstance(feedback, Feedback)
    assert feedback.score == -1.0
    assert isinstance(annotation, Annotation)
    assert isinstance(bad, Bad)
    assert bad.reason == "type = 'x': choose one of: span, feedback, annotation"


def test_bad_lines_have_their_number_and_their_text(tmp_path: Path) -> None:
    path = write_jsonl(
        tmp_path / "a.jsonl", [ROWS[0], "{oops", "[1]", {**ROWS[1], "duration_s": -3}, ROWS[1]]
    )
    bad = [item for item in read(path) if isinstance(item, Bad)]
    assert [(item.line, item.reason) for item in bad] == [
        (2, "not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (3, "must be a JSON object"),
        (4, "duration_s = -3: must not be negative"),
    ]
    assert bad[0].raw == "{oops"
    assert bad[2].problem == "duration_s: must not be negative"
    assert len(read(path)) == 5


def test_bad_csv_rows_have_the_line_that_an_editor_shows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        'component,started_at,input_text\nx,2026-03-01,"two\nlines"\nonly,two\nx,soon,c\nx,2026-03-01,d\n'
    )
    found = read(path)
    assert [item.line for item in found if isinstance(item, Bad)] == [4, 5]
    assert next(item.reason for item in found if isinstance(item, Bad)) == "has 2 cells, the header 3"
    assert [item.input_text for item in found if isinstance(item, Span)] == ["two\nlines", "d"]


@pytest.mark.parametrize(
    "torn", ['x,2026-03-01,"broken o', 'x,2026-03-01,"broken ""o', 'x,2026-03-01,"a\nb\nbroken o', 'x,"2026']
)
def test_a_csv_line_that_breaks_off_within_a_quote_takes_none_along(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "a.csv"
    sound = 'x,2026-03-01,"said ""yes"", twice"\n'
    path.write_text(f"component,started_at,input_text\n{sound}{torn}\n{sound}{sound}")
    found = read(path)
    assert [item.input_text for item in found if isinstance(item, Span)] == ['said "yes", twice'] * 3
    assert next(item.line for item in found if isinstance(item, Bad)) == 3


def test_quotes_that_a_backslash_escapes_are_no_reason_to_set_a_row_of_several_lines_aside(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text('component,started_at,input_text\nx,2026-03-01,"well\nhe \\"said\\" yes"\n')
    assert [type(item) for item in read(path)] == [Span]


def test_a_csv_header_that_names_a_column_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name,name,started_at\n1,2,3\n")
    with pytest.raises(SourceError, match="names name more than once"):
        read(tmp_path / "a.csv")


def test_a_torn_gzip_gives_what_was_whole_and_then_says_so(tmp_path: Path) -> None:
    whole = gzip.compress("\n".join(json.dumps({**ROWS[1], "n": n}) for n in range(5000)).encode())
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    seen: list[Item] = []
    with pytest.raises(SourceError, match="cannot be read past line"):
        seen.extend(SOURCES.get("jsonl").read(path, SourceContext(source="t")))
    assert len(seen) > 100


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.json", json.dumps(otlp_request(otlp_span("x", {}))), "otlp"),
        ("a.jsonl", json.dumps(otlp_request(otlp_span("x", {}))), "otlp"),
        ("a.json", json.dumps(otlp_request(otlp_span("x", {})), indent=2), "otlp"),
        ("a.pb", "\x0a\x01", "otlp"),
        ("a.log", '{"component": "x"}\n', "jsonl"),
        ("a.csv", "component,started_at\n", "csv"),
        ("dump", "component,started_at,name\na,b,c\n", "csv"),
    ],
)
def test_formats_are_told_by_their_content(name: str, content: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    assert detect(tmp_path / name) == expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "LICENSE",
            "Permission is hereby granted, free of charge, to any person, and so on,\nsubject, to, this",
        ),
        ("package.json", '{\n  "name": "x"\n}\n'),
        ("notes.md", "# Title\n\ntext\n"),
        ("picture.png", "\x89PNG\r\n"),
        ("empty.jsonl", ""),
    ],
)
def test_what_is_no_log_is_not_taken_for_one(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(SourceError):
        detect(tmp_path / name)


def test_a_collector_file_has_a_request_a_line(tmp_path: Path) -> None:
    lines = [json.dumps(otlp_request(otlp_span(name, {}))) for name in ("a", "b")]
    path = write_jsonl(
        tmp_path / "traces.json", [lines[0], '{"broken', '{"other": 1}', lines[1], '{"resourceMetrics": []}']
    )
    found = read(path)
    assert [item.name for item in found if isinstance(item, Span)] == ["a", "b"]
    assert [(item.line, item.problem) for item in found if isinstance(item, Bad)] == [
        (2, "not JSON"),
        (3, "has none of the keys resourceSpans, resourceLogs, resourceMetrics"),
    ]
