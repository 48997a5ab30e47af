"""The whole sample: production traffic, feedback, the evaluation set, and the truth beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from collectors.model import Feedback, Span
from monitors.result import Window
from sample_logs.answers import answer
from sample_logs.chain import Call, Chain, with_reference
from sample_logs.incidents import ALL, Conditions, conditions, quiet_periods, schedule
from sample_logs.knowledge import chunks
from sample_logs.questions import NEW_TOPIC, TOPICS, Question, ask, follow_up
from sample_logs.retrieval import Index
from sample_logs.traffic import Floats, Request, pick, requests
from sample_logs.truth import EVALUATION_SET, SampleLogs, Truth
from sample_logs.versions import Versions, versions_at

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
EVALUATION_REQUESTS = 600
_REPEATS = 0.03  # share of questions that somebody sends again, word for word
_FEEDBACK = 0.08
_GROUND_TRUTH = 0.05
_THUMBS_UP = {"normal": 0.86, "hedged": 0.35, "padded": 0.6, "error": 0.08}


def generate(
    *,
    seed: int = 7,
    start: datetime = START,
    days: int = 14,
    requests_per_day: int = 700,
    incidents: tuple[str, ...] = ALL,
) -> SampleLogs:
    """Two weeks of a support assistant. The same arguments give the same bytes.

    `requests_per_day` is a weekday's; `incidents=()` gives traffic in which nothing is ever wrong.
    """
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(6)]
    when, who, words, work, extra, exam = streams
    truth = schedule(when, start=start, days=days, kinds=incidents)
    # People do not ask about everything equally; the shares are the product's own, not the day's.
    base = who.dirichlet(np.full(len(TOPICS), 12.0))
    chain, index = Chain(work, Index(chunks())), Index(chunks())
    spans: list[Span] = []
    feedback: list[Feedback] = []
    asked: dict[int, Question] = {}
    earlier: list[Question] = []
    for request in requests(who, start=start, days=days, requests_per_day=requests_per_day, base=base):
        now = conditions(truth, request.at)
        question = _question(words, request, now, asked.get(request.session), earlier)
        asked[request.session] = question
        earlier = [*earlier[-400:], question]
        versions = versions_at(truth, start=start, days=days, at=request.at)
        trace, how = chain.trace(
            Call(
                at=request.at,
                question=question,
                user=request.user,
                session=request.session,
                load=request.load,
                conditions=now,
                versions=versions,
            )
        )
        if extra.random() < _GROUND_TRUTH:
            trace = with_reference(trace, _ideal(extra, index, question))
        if extra.random() < _FEEDBACK:
            feedback.append(_thumb(extra, trace[0], how))
        spans.extend(trace)
    evaluation = _evaluation(exam, index, base, start)
    end = start + timedelta(days=days)
    quiet = quiet_periods(truth, start=start, end=end)
    return SampleLogs(
        spans=spans,
        feedback=feedback,
        evaluation=evaluation,
        truth=Truth(period=Window(start=start, end=end), incidents=truth, quiet=quiet),
    )


def _question(
    rng: np.random.Generator,
    request: Request,
    now: Conditions,
    last: Question | None,
    earlier: list[Question],
) -> Question:
    new = rng.random() < now.new_topic
    if last is not None and request.turn > 0 and not new:
        return follow_up(rng, last)
    if earlier and rng.random() < _REPEATS:
        repeated = earlier[int(rng.integers(len(earlier)))]
        if repeated.topic != NEW_TOPIC:
            return repeated
    return ask(rng, NEW_TOPIC if new else pick(rng, TOPICS, request.shares))


def _ideal(rng: np.random.Generator, index: Index, question: Question) -> str:
    """What a person who knows the product would have answered."""
    hits = index.search(rng, question.topic, question.intent, broken=False)
    right = [h.chunk for h in hits if h.relevant] or [hits[0].chunk]
    return answer(rng, question, right, mode="normal")


def _thumb(rng: np.random.Generator, root: Span, how: str) -> Feedback:
    up = bool(rng.random() < _THUMBS_UP[how])
    assert root.ended_at is not None
    return Feedback(
        feedback_id=rng.bytes(8).hex(),
        trace_id=root.trace_id,
        span_id=root.span_id,
        name="thumbs",
        score=1.0 if up else 0.0,
        label="up" if up else "down",
        user_id=root.user_id,
        created_at=root.ended_at + timedelta(seconds=float(rng.uniform(4, 180))),
        source="sample_logs",
    )


def _evaluation(rng: np.random.Generator, index: Index, base: Floats, start: datetime) -> list[Span]:
    """The evaluation set: the usual topics, run through the chain once, before production began."""
    chain, spans = Chain(rng, index), []
    at = start - timedelta(days=3)
    for number in range(EVALUATION_REQUESTS):
        question = ask(rng, pick(rng, TOPICS, base))
        at += timedelta(seconds=float(rng.uniform(20, 40)))
        trace, _ = chain.trace(
            Call(
                at=at,
                question=question,
                user=0,
                session=number,
                load=0.2,
                conditions=Conditions(),
                versions=Versions(),
                dataset=EVALUATION_SET,
                flawless=True,
            )
        )
        spans.extend(with_reference(trace, _ideal(rng, index, question)))
    return spans
