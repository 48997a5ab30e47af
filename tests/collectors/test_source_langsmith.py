"""LangSmith: posted batches and their patches, exported runs, whose tokens are whose, feedback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from langsmith_export import (
    CHILD,
    EXPORT,
    TRACE,
    USAGE,
    feedback,
    patch,
    post,
    run,
)
from source_support import check, read

from collectors.sources.langsmith import PATCHED


def test_a_patch_is_merged_onto_its_run(tmp_path: Path) -> None:
    found = read("langsmith", tmp_path, {"post": [post(something_new=[1])], "patch": [patch()]})
    assert [item.reason for item in found.skipped] == [PATCHED]
    check(
        found.span,
        trace_id=TRACE,
        span_id=TRACE,
        parent_span_id=None,
        chain="helpdesk",
        chain_version="v1.82",
        component="ChatOpenAI",
        kind="llm",
        status="ok",
        input_text="howdy",
        output_text="Hello!",
        model="gpt-5-mini-2026-08-07",
        provider="openai",
        parameters={"temperature": 0.3},
        input_tokens=9,
        output_tokens=4,
        cached_tokens=6,
        cost_usd=None,
        duration_s=1.5,
        time_to_first_token_s=0.4,
        user_id="u1",
        session_id="conversation-1",
    )
    assert found.span.attributes["metadata"]["team"] == "blue"
    assert found.span.attributes["metadata"]["ls_provider"] == "openai"
    assert found.span.attributes["output.value"]["usage_metadata"] == USAGE
    assert found.span.attributes["langsmith.something_new"] == [1]
    (event,) = found.span.attributes["events"]
    assert (event["name"], event["attempt"]) == ("retry", 2)


def test_a_patch_finds_its_run_in_another_line(tmp_path: Path) -> None:
    lines = [
        {"post": [post(), post(CHILD, name="never ended")]},
        {"post": [], "patch": [patch()]},
    ]
    found = read("langsmith", tmp_path, lines, file="batches.jsonl")
    assert [(s.span_id, s.status, s.duration_s) for s in found.spans] == [
        (TRACE, "ok", 1.5),
        (CHILD, "unset", None),
    ]


def test_a_patch_alone_has_its_start_in_the_dotted_order(tmp_path: Path) -> None:
    order = f"20260301T095958000000Z{TRACE}.20260301T100000250000Z{CHILD}"
    alone = patch(CHILD, parent_run_id=TRACE, dotted_order=order, name="ChatOpenAI")
    found = read("langsmith", tmp_path, {"patch": [alone, patch()]})
    check(found.span, span_id=CHILD, parent_span_id=TRACE, duration_s=1.25, output_text="Hello!")
    (bad,) = found.bad
    assert bad.reason == "patch[1]: start time is missing"


@pytest.mark.parametrize("container", ["page", "list", "lines"])
def test_exported_runs(tmp_path: Path, container: str) -> None:
    content = {"page": {"runs": EXPORT, "cursors": {"next": None}}, "list": EXPORT, "lines": EXPORT}[
        container
    ]
    found = read("langsmith", tmp_path, content, file="runs.jsonl" if container == "lines" else "runs.json")
    chain, llm, retriever, failed, priced = found.spans
    assert [s.kind for s in found.spans] == ["chain", "llm", "retriever", "tool", "tool"]
    # What LangSmith sums up for a chain is its calls' and would count twice.
    check(chain, input_tokens=None, output_tokens=None, cost_usd=None, status="ok")
    assert chain.attributes["langsmith.total_tokens"] == 42
    assert chain.attributes["langsmith.feedback_stats"] == {"helpful": {"n": 1, "avg": 1.0}}
    check(
        llm,
        parent_span_id=TRACE,
        input_tokens=30,
        output_tokens=12,
        cached_tokens=6,
        cost_usd=0.0005,
        model="gpt-5",
        parameters={"temperature": 0.1},
        input_text="Where?",
        output_text="look_up(id=7)",
        time_to_first_token_s=0.5,
    )
    check(retriever, input_text="refunds", output_text=None)
    assert [(d.id, d.text) for d in retriever.documents] == [("faq.md", "Five days.")]
    check(failed, status="error", error_type="ToolError", cost_usd=None)
    check(priced, input_tokens=2, output_tokens=0, cost_usd=0.01)


def test_runs_inside_runs(tmp_path: Path) -> None:
    tree = run(
        TRACE, "chain", child_runs=[run(CHILD, "chain", trace_id=None, child_runs=[run("leaf", "tool")])]
    )
    found = read("langsmith", tmp_path, tree)
    assert [(s.trace_id, s.span_id, s.parent_span_id) for s in found.spans] == [
        (TRACE, TRACE, None),
        (TRACE, CHILD, TRACE),
        (TRACE, "leaf", CHILD),
    ]
    assert "child_runs" not in found.spans[0].attributes


def test_feedback_by_where_it_came_from(tmp_path: Path) -> None:
    lines = [
        run(CHILD, "llm"),
        feedback(1, "api", key="thumbs", score=True, comment="good"),
        feedback(2, "model", score=0.25, value="partly"),
        feedback(3, "app", score=None, correction={"answer": "six"}),
        feedback(4, "model", score=None),
        feedback(5, "api", run_id="elsewhere", score=0),
    ]
    found = read("langsmith", tmp_path, lines, file="export.jsonl")
    assert [(f.trace_id, f.span_id, f.name, f.score, f.comment) for f in found.feedback] == [
        (TRACE, CHILD, "thumbs", 1.0, "good"),
        ("elsewhere", "elsewhere", "correctness", 0.0, None),
    ]
    assert [(a.author, a.author_kind, a.score, a.label, a.comment) for a in found.annotations] == [
        ("langsmith:model", "judge", 0.25, "partly", None),
        ("Kim", "human", None, None, "{'answer': 'six'}"),
    ]
    assert [(bad.line, bad.reason) for bad in found.bad] == [(5, "score, label or comment is missing")]


def test_broken_pieces_cost_themselves_only(tmp_path: Path) -> None:
    batch = {
        "post": [
            post(),
            "text",
            {"id": 7},
            post("p2", start_time="soon"),
            post("p3", end_time="2026-03-01T10:00:09"),
        ],
        "patch": [None, patch(), {"no": "id"}],
    }
    found = read("langsmith", tmp_path, batch)
    assert [s.span_id for s in found.spans] == ["p3", TRACE]
    assert sorted(bad.reason.partition(":")[0] for bad in found.bad) == [
        "patch[0]", "patch[2]", "post[1]", "post[2]", "post[3]",
    ]  # fmt: skip


def multipart(parts: dict[str, Any]) -> str:
    head = 'Content-Disposition: form-data; name="{}"\r\nContent-Type: application/json; length=1\r\n\r\n'
    body = "".join(
        "--4f2c\r\n" + head.format(name) + (value if isinstance(value, str) else json.dumps(value)) + "\r\n"
        for name, value in parts.items()
    )
    return body + "--4f2c--\r\n"


def test_the_body_of_a_multipart_request(tmp_path: Path) -> None:
    begun, ended = post(), patch()
    parts = {
        f"post.{TRACE}": {key: begun[key] for key in begun if key not in ("inputs", "extra")},
        f"post.{TRACE}.inputs": begun["inputs"],
        f"post.{TRACE}.extra": begun["extra"],
        f"post.{CHILD}": "{broken",
        f"patch.{TRACE}": {key: ended[key] for key in ended if key != "outputs"},
        f"patch.{TRACE}.outputs": ended["outputs"],
        f"attachment.{TRACE}.picture": "GIF89a",
        "feedback.f1": feedback(1, "api", run_id=TRACE, trace_id=TRACE, score=1),
    }
    found = read("langsmith", tmp_path, multipart(parts), file="body.bin")
    whole = read("langsmith", tmp_path, {"post": [begun], "patch": [ended]})
    assert found.span == whole.span
    assert [item.score for item in found.feedback] == [1.0]
    (bad,) = found.bad
    assert bad.reason.startswith(f"post.{CHILD}: not JSON")
