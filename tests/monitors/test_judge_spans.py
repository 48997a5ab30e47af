"""What reaches a judge: each answer with the documents that it was written from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from judge_support import NOW, WordHashEncoder, judged, span, warehouse_with

from collectors.model import Document
from collectors.warehouse.store import fetch
from monitors.judges.grading import local_grades
from monitors.judges.spans import judged_spans, write_grades

EARLY, LATE = (
    Document(id="a", text="early", score=0.5),
    Document(id="b", text="late", score=0.9, relevant=True),
)


def chain() -> list:
    return [
        span("root", "assistant", "chain", 0, parent_span_id=None, input_text="Q?", output_text="A.",
             ended_at=NOW + timedelta(seconds=9)),
        span("router", "router", "router", 0.1, input_text="Q?", output_text="billing"),
        span("rewrite", "rewriter", "llm", 0.5, input_text="Rewrite: Q?", output_text="rewritten"),
        span("ret", "retriever", "retriever", 1, input_text="rewritten", documents=(EARLY,)),
        span("rer", "reranker", "reranker", 2, input_text="rewritten", documents=(LATE,)),
        span("gen", "generator", "llm", 3, input_text="You are helpful. early late Q?", output_text="A."),
    ]  # fmt: skip


def read(tmp_path: Path, spans: list, **filters: object) -> dict:
    warehouse = warehouse_with(tmp_path, spans)
    with warehouse.read() as con:
        found = judged_spans(con, NOW, NOW + timedelta(minutes=1), **filters)
    return {s.span_id: s for s in found}


def test_answers_get_the_documents_that_came_before_them(tmp_path: Path) -> None:
    found = read(tmp_path, chain())
    assert set(found) == {"root", "rewrite", "ret", "rer", "gen"}, "a router has no answer to judge"
    assert found["gen"].documents == (LATE,)
    assert found["root"].documents == (LATE,)
    assert found["ret"].documents == (EARLY,)
    assert found["rewrite"].documents == (), "it ran before anything was retrieved"


def test_an_llm_is_asked_the_users_question_and_a_retriever_its_own(tmp_path: Path) -> None:
    found = read(tmp_path, chain())
    assert found["gen"].question == "Q?"
    assert found["rer"].question == "rewritten"
    assert [k for k, s in found.items() if s.is_application] == ["root"]


def test_an_llm_alone_keeps_its_own_input(tmp_path: Path) -> None:
    alone = replace(chain()[-1], parent_span_id="elsewhere")
    assert read(tmp_path, [alone])["gen"].question == alone.input_text


def test_filters(tmp_path: Path) -> None:
    spans = [*chain(), replace(chain()[-1], span_id="eval", dataset="golden")]
    assert "eval" not in read(tmp_path / "a", spans)
    assert set(read(tmp_path / "b", spans, dataset="golden")) == {"eval"}
    assert set(read(tmp_path / "c", spans, components=["reranker"])) == {"rer"}
    assert set(read(tmp_path / "d", spans, keys=["t1/gen"])) == {"gen"}
    assert read(tmp_path / "e", spans, chain="another") == {}


def test_the_end_of_the_range_is_open(tmp_path: Path) -> None:
    warehouse = warehouse_with(tmp_path, chain())
    with warehouse.read() as con:
        found = judged_spans(con, NOW + timedelta(seconds=1), NOW + timedelta(seconds=3))
    assert [s.span_id for s in found] == ["ret", "rer"]
    assert found[0].started_at == NOW + timedelta(seconds=1)


def test_a_grade_is_of_the_versions_of_its_span(tmp_path: Path) -> None:
    markers = {"environment": "staging", "component_version": "2", "prompt_version": "p7", "model": "m"}
    warehouse = warehouse_with(tmp_path, [replace(chain()[-1], **markers)])
    with warehouse.write() as con:
        spans = judged_spans(con, NOW, NOW + timedelta(minutes=1))
        write_grades(con, local_grades(spans, WordHashEncoder(), NOW, "run-1"))
        rows = fetch(con, "SELECT * FROM grades")
    assert rows
    names = [*markers, "chain_version", "index_version"]
    for row in rows:
        assert {name: row[name] for name in names} == markers | dict.fromkeys(names[-2:])


def test_grading_twice_stores_once(tmp_path: Path) -> None:
    warehouse = warehouse_with(tmp_path, chain())
    items = [judged(), judged(span_id="s2", documents=())]
    for _ in range(2):
        grades = local_grades(items, WordHashEncoder(), NOW, "run-1")
        with warehouse.write() as con:
            assert write_grades(con, grades) == 6
    with warehouse.read() as con:
        rows = fetch(con, "SELECT * FROM grades ORDER BY span_id, criterion")
    assert len(rows) == 6
    assert {r["judge_kind"] for r in rows} == {"local"}
    unscored = [r for r in rows if r["status"] == "unscored"]
    assert [(r["span_id"], r["criterion"], r["score"], r["reason"]) for r in unscored] == [
        ("s2", "groundedness", None, "no documents")
    ]
    assert rows[0]["run_id"] == "run-1"
    assert rows[0]["graded_at"] == NOW
