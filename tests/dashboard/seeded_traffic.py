"""Spans, grades and feedback of one made-up chain, from a seed. Some texts are hostile on purpose."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from collectors.model import content_hash
from collectors.rollups.read import MARKERS
from collectors.warehouse.store import Row

CHAIN = "support-assistant"
START = datetime(2026, 3, 2, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> [click](javascript:alert(1)) "
    "**bold** :red[red] https://evil.example/x <!channel>"
)
FORMULA = '=HYPERLINK("https://evil.example","refund")'

# component, kind, seconds at the median, spread, dollars a call
PARTS: tuple[tuple[str, str, float, float, float | None], ...] = (
    ("router", "router", 0.18, 0.3, 0.00002),
    ("retriever", "retriever", 0.24, 0.4, None),
    ("reranker", "reranker", 0.12, 0.3, None),
    ("generator", "llm", 1.9, 0.45, 0.0021),
    ("guardrail", "guardrail", 0.15, 0.3, 0.00004),
)
QUESTIONS = (
    "How do I reset the password of a shared mailbox?",
    "My invoice shows two charges for March, can one be refunded?",
    "The export to CSV stops at 10,000 rows. Is that a limit of my plan?",
    "Can I move a project to another workspace and keep its history?",
    "Which data centre holds our backups?",
    "Where do I see who deleted a dashboard last week?",
)
ANSWERS = (
    "Open Settings, choose Mailboxes, select the shared mailbox and press Reset password.",
    "Yes. The second charge was a pre-authorisation and is released within five working days.",
    "The limit depends on the plan: Starter exports 10,000 rows, Team has none.",
    "Project history moves with it. Members who are not in the new workspace lose access.",
    "Backups stay in the region that was chosen when the workspace was made.",
)


def _hour_weight(moment: datetime) -> float:
    weekend = 0.45 if moment.weekday() >= 5 else 1.0
    return weekend * (0.25 + 0.75 * float(np.exp(-(((moment.hour - 14) / 5.0) ** 2))))


def traffic(
    rng: np.random.Generator, parts: tuple[Any, ...], days: int, per_day: int, change: datetime
) -> tuple[list[Row], list[Row], list[Row]]:
    spans: list[Row] = []
    grades: list[Row] = []
    feedback: list[Row] = []
    hours = [START + timedelta(hours=h) for h in range(days * 24)]
    scale = per_day / sum(_hour_weight(h) for h in hours[:24])
    for hour in hours:
        for _ in range(rng.poisson(scale * _hour_weight(hour))):
            began = hour + timedelta(seconds=float(rng.uniform(0, 3600)))
            if began < START + timedelta(days=days):
                _trace(
                    rng,
                    parts=parts,
                    began=began,
                    change=change,
                    spans=spans,
                    grades=grades,
                    feedback=feedback,
                )
    spans.sort(key=lambda s: s["started_at"])
    return spans, grades, feedback


def _trace(
    rng: np.random.Generator,
    *,
    parts: tuple[Any, ...],
    began: datetime,
    change: datetime,
    spans: list[Row],
    grades: list[Row],
    feedback: list[Row],
) -> None:
    trace_id = rng.bytes(16).hex()
    root_id = rng.bytes(8).hex()
    bad = began >= change
    question = str(rng.choice(QUESTIONS))
    answer = str(rng.choice(ANSWERS))
    if rng.random() < 0.02:
        question, answer = HOSTILE, FORMULA
    at, cost, failed = began + timedelta(milliseconds=4), 0.0, False
    for component, kind, median, spread, price in parts:
        seconds = float(median * np.exp(rng.normal(0, spread)))
        error = bool(rng.random() < (0.02 if component == "generator" else 0.004))
        slow = 1.7 if bad and component == "retriever" else 1.0
        seconds *= slow
        tokens_in = int(rng.normal(900, 180)) if kind == "llm" else len(question) // 4
        tokens_out = int(rng.normal(140 if not bad else 190, 40)) if kind == "llm" else None
        documents = None
        if kind in ("retriever", "reranker"):
            low = 0.35 if bad else 0.72
            documents = [
                {
                    "id": f"kb-{int(rng.integers(1, 400))}",
                    "score": round(float(np.clip(rng.normal(low, 0.08) - 0.05 * k, 0, 1)), 3),
                    "text": str(rng.choice(ANSWERS)),
                    "relevant": bool(rng.random() < (0.3 if bad else 0.8)) if k < 3 else None,
                }
                for k in range(5 if kind == "retriever" else 3)
            ]
        span_id = rng.bytes(8).hex()
        spans.append(
            {
                **_base(trace_id, span_id, component, kind, at=at, seconds=seconds),
                "parent_span_id": root_id,
                "status": "error" if error else "ok",
                "error_type": "TimeoutError" if error else None,
                "input_text": question,
                "output_text": None if documents or error else answer,
                "documents": documents,
                "time_to_first_token_s": round(seconds * 0.25, 4) if kind == "llm" else None,
                "model": "gpt-4o-mini" if kind == "llm" else None,
                "provider": "openai" if kind == "llm" else None,
                "prompt_version": "p7" if kind == "llm" else None,
                "index_version": ("2026-03-05" if bad else "2026-02-20") if kind == "retriever" else None,
                "component_version": "1.4.0" if began < change - timedelta(days=1) else "1.5.0",
                "input_tokens": tokens_in,
                "output_tokens": tokens_out,
                "cost_usd": price,
                "parameters": json.dumps({"temperature": 0.2}) if kind == "llm" else None,
            }
        )
        if kind in ("retriever", "llm") and not error:
            for criterion, mean in (("relevance", 0.42 if bad else 0.78), ("readability", 0.74)):
                grades.append(_grade(rng, spans[-1], criterion=criterion, mean=mean))
        failed = failed or error
        cost += price or 0.0
        at += timedelta(seconds=seconds)
    total = (at - began).total_seconds() + 0.01 if parts else float(1.2 * np.exp(rng.normal(0, 0.4)))
    spans.append(
        {
            **_base(trace_id, root_id, "assistant", "chain", at=began, seconds=total),
            "status": "error" if failed else "ok",
            "error_type": "TimeoutError" if failed else None,
            "input_text": question,
            "output_text": None if failed else answer,
            "reference_text": answer if rng.random() < 0.1 else None,
            "chain_version": "2026.3",
            "cost_usd": cost or None,
            "input_tokens": len(question) // 4,
            "output_tokens": len(answer) // 4,
        }
    )
    if rng.random() < 0.15:
        feedback.append(
            {
                "feedback_id": content_hash("feedback", trace_id),
                "trace_id": trace_id,
                "span_id": None,
                "name": "thumbs",
                "score": float(rng.random() < (0.4 if bad else 0.85)),
                "label": None,
                "comment": HOSTILE if rng.random() < 0.1 else "That helped",
                "created_at": at + timedelta(seconds=40),
                "source": "seeded",
                "ingested_at": at + timedelta(minutes=1),
            }
        )


def _base(trace_id: str, span_id: str, component: str, kind: str, *, at: datetime, seconds: float) -> Row:
    return {
        "trace_id": trace_id,
        "span_id": span_id,
        "parent_span_id": None,
        "chain": CHAIN,
        "component": component,
        "kind": kind,
        "name": component,
        "started_at": at,
        "ended_at": at + timedelta(seconds=seconds),
        "duration_s": seconds,
        # One trace in sixteen.
        "environment": "staging" if trace_id.startswith("0") else "production",
        "session_id": trace_id[:8],
        "dataset": "production",
        "attributes": json.dumps({"seeded": True, "note": HOSTILE}),
        "source": "seeded",
        "ingested_at": at + timedelta(minutes=1),
    }


def _grade(rng: np.random.Generator, span: Row, *, criterion: str, mean: float) -> Row:
    scored = rng.random() > 0.03
    return {
        "grade_id": content_hash("grade", span["span_id"], criterion),
        **{name: span.get(name) for name in ("trace_id", "span_id", "environment", *MARKERS)},
        "chain": CHAIN,
        "component": span["component"],
        "span_started_at": span["started_at"],
        "dataset": "production",
        "judge": "local",
        "judge_kind": "local",
        "judge_version": "1",
        "rubric": "local",
        "rubric_version": "1",
        "criterion": criterion,
        "status": "scored" if scored else "unscored",
        "score": round(float(np.clip(rng.normal(mean, 0.12), 0, 1)), 4) if scored else None,
        "reason": None if scored else "the answer is empty",
        "rationale": "12 of 14 content words occur in the documents" if scored else None,
        "graded_at": span["started_at"] + timedelta(hours=1),
        "run_id": "run-1",
    }
