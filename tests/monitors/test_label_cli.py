"""`chainwatch label`: answers out, labels in, once, and joined to their spans."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from judge_support import span

from collectors.errors import ChainwatchError, ConfigError
from collectors.home import Home
from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch, insert_spans
from monitors.judges.label_files import read_labels, write_queue
from monitors.label_cli import label


@pytest.fixture
def stored(warehouse: Warehouse) -> Warehouse:
    """Forty answers of an application; one begins like a formula."""
    spans = []
    for i in range(40):
        text = "=HYPERLINK(1)" if i == 3 else f"Answer {i}, with a comma."
        root = span("root", "assistant", "chain", i, input_text=f"Question {i}?", output_text=text)
        spans.append(replace(root, trace_id=f"t{i}", parent_span_id=None))
    with warehouse.write() as con:
        insert_spans(con, spans)
    return warehouse


def call(home: Home, monkeypatch: pytest.MonkeyPatch, *options: str) -> Result:
    monkeypatch.setenv("CHAINWATCH_HOME", str(home.root))
    return CliRunner().invoke(label, ["--json", *options])


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.exception
    return json.loads(result.output)


def filled(path: Path, score: Any = 2, count: int = 100) -> list[dict[str, str]]:
    """Fill in the column `score` as a spreadsheet would save it; returns the rows."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    for row in found[:count]:
        row["score"] = str(score)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]))
        writer.writeheader()
        writer.writerows(found)
    return found


def test_out_filled_in_and_taken_once(
    stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    queue = tmp_path / "queue.csv"
    drawn = told(call(home, monkeypatch, "--out", str(queue), "--count", "40"))
    assert (drawn["drawn"], drawn["eligible"], drawn["criterion"]) == (40, 40, "correctness")
    rows = filled(queue, count=30)
    assert {r["answer"] for r in rows} >= {"'=HYPERLINK(1)", "Answer 0, with a comma."}
    first = told(call(home, monkeypatch, str(queue), "--author", "ada"))
    assert (first["new"], first["empty"], first["not_drawn"], first["rejected"]) == (30, 10, 0, [])
    again = told(call(home, monkeypatch, str(queue), "--author", "ada"))
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 30)
    filled(queue, score=1, count=1)
    assert told(call(home, monkeypatch, str(queue), "--author", "ada"))["changed"] == 1
    assert told(call(home, monkeypatch, str(queue), "--author", "bob"))["new"] == 30
    assert told(call(home, monkeypatch))["labels"] == [
        {"criterion": "correctness", "labels": 60, "answers": 30, "authors": 2, "waiting": 10}
    ]
    with stored.read() as con:
        audit = fetch(con, "SELECT actor, detail FROM audit WHERE action = 'label' ORDER BY occurred_at")
        (estimate,) = fetch(con, "SELECT labels, answers FROM quality_estimates WHERE version = ''")
    assert len(audit) == 61
    assert {"criterion": "correctness", "score": 1.0, "before": 2.0} in [
        json.loads(r["detail"]) for r in audit
    ]
    assert (estimate["labels"], estimate["answers"]) == (30, 40)


def test_what_was_drawn_is_not_drawn_again(
    stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    told(call(home, monkeypatch, "--out", str(one), "--count", "15"))
    told(call(home, monkeypatch, "--out", str(two), "--count", "15"))
    ids = [{json.loads(line)["trace_id"] for line in p.read_text("utf-8").splitlines()} for p in (one, two)]
    assert len(ids[0]) == len(ids[1]) == 15
    assert not ids[0] & ids[1]
    other = told(call(home, monkeypatch, "--out", str(tmp_path / "3.csv"), "--criterion", "tone"))
    assert other["eligible"] == 40


def test_bad_lines_are_rejected_with_their_reason_and_good_ones_taken(
    stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "labels.jsonl"
    lines = [
        json.dumps({"trace_id": "t1", "score": 3}),
        json.dumps({"trace_id": "t2", "score": 7}),
        json.dumps({"trace_id": "t2", "score": "good"}),
        json.dumps({"trace_id": "t2", "score": True}),
        json.dumps({"trace_id": "nowhere", "score": 1}),
        json.dumps({"trace_id": "t3", "span_id": "other", "score": 1}),
        json.dumps({"score": 1}),
        json.dumps({"trace_id": "t4", "score": 2.5, "criterion": "tone"}),
        json.dumps({"trace_id": "t5", "score": float("nan")}),
        "[1]",
        "{",
    ]
    path.write_text("\n".join(lines), "utf-8")
    found = told(call(home, monkeypatch, str(path), "--criterion", "correctness"))
    assert (found["new"], found["not_drawn"]) == (2, 2)
    reasons = {
        line.removeprefix(f"{path}, ").split(": ", 1)[0]: line.split(": ", 1)[1] for line in found["rejected"]
    }
    assert reasons == {
        "line 2": "score 7 of correctness is not one of 0, 1, 2, 3",
        "line 3": "score 'good' is no number",
        "line 4": "score 'True' is no number",
        "line 5": "no such span: nowhere/",
        "line 6": "no such span: t3/other",
        "line 7": "no trace_id",
        "line 9": "score 'nan' is no number",
        "line 10": "not a JSON object",
        "line 11": "not JSON",
    }
    with stored.read() as con:
        assert fetch(con, "SELECT span_id FROM annotations WHERE name = 'correctness'") == [
            {"span_id": "root"}
        ]


def test_a_file_with_labels_is_never_overwritten(
    stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "queue.csv"
    path.write_text("mine", "utf-8")
    found = call(home, monkeypatch, "--out", str(path))
    assert isinstance(found.exception, ChainwatchError)
    assert "is there already" in str(found.exception)
    assert path.read_text("utf-8") == "mine"
    assert told(call(home, monkeypatch))["labels"] == [], "what could not be written was not drawn"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("labels.xlsx", "x", r"come in .csv or .jsonl files"),
        ("missing.csv", None, "no such file"),
        ("labels.csv", "id,grade\n1,2\n", "no column trace_id, score"),
    ],
)
def test_files_that_are_no_labels(tmp_path: Path, name: str, content: str | None, message: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(ConfigError, match=message):
        list(read_labels(path))


def test_a_queue_reads_back_as_it_was_written(tmp_path: Path) -> None:
    row = {"trace_id": "t", "span_id": "s", "criterion": "c", "score": None, "answer": 'two\nlines, "quoted"'}
    write_queue(tmp_path / "q.csv", [row])
    ((_, found),) = list(read_labels(tmp_path / "q.csv"))
    assert isinstance(found, dict)
    assert (found["answer"], found["score"]) == (row["answer"], "")


@pytest.mark.parametrize("mark", [";", "\t"])
def test_spreadsheets_of_other_countries(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"trace_id{mark}score{mark}comment\nt1{mark}2{mark}a, b\n", "utf-8")
    assert list(read_labels(path)) == [(2, {"trace_id": "t1", "score": "2", "comment": "a, b"})]


def test_out_and_in_at_once_is_bad_use(
    stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = call(home, monkeypatch, "--out", str(tmp_path / "a.csv"), str(tmp_path / "b.csv"))
    assert isinstance(found.exception, ConfigError)
