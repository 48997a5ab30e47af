"""Langfuse exports: every container, traces without observations, scores, broken pieces."""

from __future__ import annotations

from pathlib import Path

import pytest
from langfuse_export import (
    CONTAINERS,
    GENERATION,
    ROOT,
    TRACE,
    score,
)
from source_support import check, read


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_trace_in_every_container(tmp_path: Path, container: str) -> None:
    found = read("langfuse", tmp_path, CONTAINERS[container])
    assert found.bad == []
    assert [(s.name, s.kind) for s in found.spans] == [
        ("handle", "other"),
        ("generate gpt-5-mini", "llm"),
        ("kb", "retriever"),
        ("lookup", "tool"),
    ]
    for span in found.spans:
        check(
            span,
            trace_id=TRACE["id"],
            chain="answer-question",
            chain_version="2.4.0",
            environment="prod",
            user_id="u7",
            session_id="s9",
        )
    root = found.named("handle")
    # Its own texts are empty: the trace's are its.
    check(
        root,
        parent_span_id=None,
        input_text="How long do refunds take?",
        output_text="Five days.",
        input_tokens=None,
        output_tokens=None,
        cost_usd=None,
        duration_s=2.5,
        status="unset",
    )
    assert root.attributes["langfuse.trace.tags"] == ["beta"]
    generation = found.named("generate gpt-5-mini")
    check(
        generation,
        component="generate",
        parent_span_id=ROOT["id"],
        input_text="How long do refunds take?",
        output_text="Five days.",
        model="gpt-5-mini",
        input_tokens=40,
        output_tokens=5,
        cost_usd=0.00005,
        prompt_template="support-answer",
        prompt_version="3",
        component_version="v12",
        parameters={"temperature": 0.2, "max_tokens": 100},
        time_to_first_token_s=0.25,
    )
    assert generation.attributes["langfuse.observation.input"][0]["content"] == "Be brief."
    assert generation.attributes["langfuse.usage_details"] == {"input": 40, "output": 5, "total": 45}
    kb = found.named("kb")
    check(kb, input_text="refunds", output_text=None)
    assert [(d.id, d.score, d.text) for d in kb.documents] == [("faq.md", 0.9, "Five business days.")]
    check(found.named("lookup"), status="error", error_type="TimeoutError")


def test_a_trace_without_its_observations_stands_for_itself(tmp_path: Path) -> None:
    listed = {
        **TRACE,
        "observations": ["b7ad6b7169203331"],
        "scores": ["x"],
        "latency": 2.5,
        "totalCost": 0.1,
    }
    found = read("langfuse", tmp_path, {"data": [listed, {**listed, "id": None}, {**listed, "id": "t3"}]})
    assert [s.trace_id for s in found.spans] == [TRACE["id"], "t3"]
    check(
        found.spans[0],
        span_id=TRACE["id"],
        kind="chain",
        component="answer-question",
        input_text="How long do refunds take?",
        output_text="Five days.",
        duration_s=2.5,
        cost_usd=0.1,
        user_id="u7",
    )
    (bad,) = found.bad
    assert bad.reason == "data[1]: trace id is missing"


def test_scores_become_what_they_are(tmp_path: Path) -> None:
    scores = [
        score(1, name="toxicity", value=0.8, source="EVAL", comment="rude"),
        score(
            2,
            name="correct",
            value=1,
            source="ANNOTATION",
            authorUserId="kim",
            observationId="00f067aa0ba902b7",
        ),
        score(3, name="user-feedback", value=-1, source="API", comment="wrong"),
        score(4, name="faithfulness", value=0.5, source="API"),
        score(5, name="tone", value=0, stringValue="friendly", source="EVAL", dataType="CATEGORICAL"),
        score(
            6, name="output", value=0, longStringValue="Six days.", source="ANNOTATION", dataType="CORRECTION"
        ),
        score(7, name="empty", value=None, source="EVAL"),
    ]
    found = read("langfuse", tmp_path, {"trace": {**TRACE, "scores": scores}, "observations": [ROOT]})
    assert [(a.name, a.author_kind, a.author, a.score, a.label, a.comment) for a in found.annotations] == [
        ("toxicity", "judge", "langfuse:eval", 0.8, None, "rude"),
        ("correct", "human", "kim", 1.0, None, None),
        ("faithfulness", "judge", "langfuse:api", 0.5, None, None),
        ("tone", "judge", "langfuse:eval", None, "friendly", None),
        ("output", "human", "langfuse:annotation", None, "correction", "Six days."),
    ]
    assert found.annotations[1].span_id == "00f067aa0ba902b7"
    (feedback,) = found.feedback
    check(feedback, feedback_id="score-3", score=-1.0, comment="wrong", user_id="u7", trace_id=TRACE["id"])
    (bad,) = found.bad
    assert bad.reason == "scores[6]: score, label or comment is missing"
    alone = read("langfuse", tmp_path, scores[:3], file="scores.jsonl")
    assert len(alone.annotations) == 2
    assert len(alone.feedback) == 1


def test_broken_pieces_cost_themselves_only(tmp_path: Path) -> None:
    pieces = [
        ROOT,
        {**GENERATION, "endTime": "2020-01-01T00:00:00Z"},
        None,
        7,
        {**GENERATION, "usageDetails": {"input": -4, "output": "many"}},
        {**GENERATION, "metadata": "[[[", "modelParameters": "{", "id": "x" * 600},
    ]
    found = read("langfuse", tmp_path, {"trace": TRACE, "observations": pieces})
    assert [s.name for s in found.spans] == ["handle", "generate gpt-5-mini"]
    check(found.spans[1], input_tokens=None, output_tokens=None)
    assert [bad.reason.partition(":")[0] for bad in found.bad] == [f"observations[{n}]" for n in (1, 2, 3, 5)]
