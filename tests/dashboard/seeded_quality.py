"""Grades, labels, estimates and a ledger for a seeded warehouse: what a judge and two people left behind."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from typing import Any

import numpy as np
from seeded_traffic import CHAIN, HOSTILE
from seeded_warehouse import Seeded

from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row, fetch, insert
from monitors.judges.base import Stamp
from monitors.judges.draws import Judgement, draw, write_draw
from monitors.judges.estimates import update_estimates
from monitors.judges.grade import Grade, JudgedSpan
from monitors.judges.label_queue import draw_for_people
from monitors.judges.labels import Label, LabelReport, store_labels
from monitors.judges.rubric import load_rubric
from monitors.judges.spans import judged_spans, write_grades

RUBRIC = load_rubric("answer_quality")
JUDGE, JUDGE_VERSION = "llm", "my-judge@1a2b3c4d"
CRITERION = "correctness"
# What a person who grades must not see.
RATIONALE = "the judge found it wanting"


def judged(seeded: Seeded, *, a_day: int = 30, labels: int = 15, seed: int = 3) -> None:
    """The application's answers scored locally, judged by a judge that is kinder than people, and labelled.

    labels: of each day, by ada; bob labels every third of them too.
    """
    rng = np.random.default_rng(seed)
    days = [seeded.start + timedelta(days=i) for i in range((seeded.end - seeded.start).days)]
    with seeded.warehouse.write() as con:
        spans = [s for s in judged_spans(con, seeded.start, seeded.end) if s.is_application and s.answer]
        truth = {s.key: int(np.clip(round(rng.normal(2.2, 0.9)), 0, 3)) for s in spans}
        write_grades(con, [g for s in spans for g in _local(rng, s, truth[s.key])])
        write_grades(con, [g for i, s in enumerate(spans) for g in _safety(i, s)])
        write_grades(con, [_evidently(i, s) for i, s in enumerate(spans)])
        for place, day in enumerate(days):
            _judge(con, rng, day=day, spans=spans, truth=truth, count=a_day, run=place)
    for day in days:
        drawn = draw_for_people(
            seeded.warehouse,
            CRITERION,
            start=day,
            end=day + timedelta(days=1),
            count=labels,
            seed=7,
            at=day,
            chain=CHAIN,
        )
        given = [
            Label(
                where="seeded",
                trace_id=row["trace_id"],
                span_id=row["span_id"],
                criterion=CRITERION,
                score=float(truth[f"{row['trace_id']}/{row['span_id']}"]),
                author=author,
                comment=HOSTILE if place == 0 else None,
            )
            for place, row in enumerate(drawn.rows)
            for author in (("ada", "bob") if place % 3 == 0 else ("ada",))
        ]
        store_labels(seeded.warehouse, given, LabelReport(), at=day + timedelta(days=1))
    update_estimates(seeded.warehouse, [d.astimezone(UTC).date() for d in days], at=seeded.end)


def _stamp(seeded_at: Any, judge: str = JUDGE, version: str = JUDGE_VERSION, kind: Any = "llm") -> Stamp:
    local = kind == "local"
    return Stamp(
        judge=judge,
        judge_kind=kind,
        judge_version=version,
        rubric="local" if local else RUBRIC.name,
        rubric_version="1" if local else RUBRIC.version,
        graded_at=seeded_at,
    )


def _local(rng: np.random.Generator, span: JudgedSpan, truth: int) -> list[Grade]:
    stamp = _stamp(span.started_at + timedelta(hours=1), "local", "1", "local")
    return [
        stamp.grade(span, name, score=float(np.clip(truth + rng.normal(shift, 0.6), 0, 3)))
        for name, shift in (("groundedness", 0.0), ("relevance", 0.3), ("readability", 0.2))
    ]


def _safety(place: int, span: JudgedSpan) -> list[Grade]:
    """Every ninth answer holds an address, none a secret, and nobody knows about attacks."""
    stamp = _stamp(span.started_at + timedelta(hours=1), "safety", "1", "local")
    found = place % 9 == 0
    return [
        stamp.grade(span, "personal_data", score=float(found), rationale="1 EMAIL" if found else None),
        stamp.grade(span, "secrets", score=0.0),
        stamp.grade(span, "prompt_attack", reason="the classifier needs another encoder"),
    ]


def _evidently(place: int, span: JudgedSpan) -> Grade:
    stamp = _stamp(span.started_at + timedelta(hours=1), "evidently", "1", "local")
    return stamp.grade(span, "sentence_count", score=float(1 + place % 3))


def _judge(
    con: Connection,
    rng: np.random.Generator,
    *,
    day: Any,
    spans: list[JudgedSpan],
    truth: dict[str, int],
    count: int,
    run: int,
) -> None:
    """One run of a day: a kind judge, one refusal, and on the third day a budget that ended."""
    at = day + timedelta(hours=23)
    judgement = Judgement(
        judge=JUDGE, judge_version=JUDGE_VERSION, rubric=RUBRIC.name, rubric_version=RUBRIC.version
    )
    drawn = draw(con, judgement, start=day, end=day + timedelta(days=1), limit=count, seed=7)
    by_key, stamp, grades = {s.key: s for s in spans}, _stamp(at), []
    keys = [s.key for s in drawn.spans if s.key in by_key]
    outcomes: dict[str, tuple[Any, str | None]] = {}
    for place, key in enumerate(keys):
        span = by_key[key]
        if place == 4:
            outcomes[key] = ("unscored", "refused by the judge")
            names = [*(c.name for c in RUBRIC.criteria), "overall"]
            grades += [stamp.grade(span, name, reason="refused by the judge") for name in names]
            continue
        outcomes[key] = ("graded", None)
        kind = min(3, truth[key] + int(rng.random() < 0.3))
        scores = {"correctness": kind, "comprehensiveness": 2, "readability": 3}
        grades += [stamp.grade(span, n, score=float(v), rationale=RATIONALE) for n, v in scores.items()]
        overall = RUBRIC.overall({n: float(v) for n, v in scores.items()})
        grades.append(stamp.grade(span, "overall", score=overall))
    write_grades(con, grades)
    write_draw(con, drawn, outcomes, at=at, run_id=None)
    row: Row = {
        "judge_run_id": f"judge-run-{run}",
        "run_id": None,
        "judge": JUDGE,
        "judge_version": JUDGE_VERSION,
        "rubric": RUBRIC.name,
        "rubric_version": RUBRIC.version,
        "started_at": at,
        "updated_at": at,
        "eligible": drawn.eligible,
        "sampled": len(keys),
        "graded": max(0, len(keys) - 1),
        "unscored": json.dumps({"refused by the judge": 1}),
        "skipped": json.dumps({"budget: max_cost_usd_per_day": 6} if run == 2 else {}),
        "calls": len(keys) + 2,
        "input_tokens": 1100 * len(keys),
        "output_tokens": 160 * len(keys),
        "cost_usd": 0.0003 * len(keys),
        "stopped": None,
    }
    insert(con, "judge_runs", [row])


def labels_of(seeded: Seeded, author: str) -> list[Row]:
    """What one person's labels are, in the order in which they were given."""
    with seeded.warehouse.read() as con:
        return fetch(
            con,
            "SELECT trace_id, span_id, name, score, comment, author_kind, created_at FROM annotations "
            "WHERE author = ? ORDER BY created_at",
            [author],
        )


def stored(seeded: Seeded, sql: str) -> list[dict[str, object]]:
    """The rows of a query."""
    with seeded.warehouse.read() as con:
        return fetch(con, sql)
