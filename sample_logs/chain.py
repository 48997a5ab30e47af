"""One request through the assistant: router, retriever, reranker, generator, guardrail, as six spans."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from collectors.model import PRODUCTION, Span
from sample_logs.answers import answer
from sample_logs.incidents import Conditions
from sample_logs.questions import NEW_TOPIC, TOPICS, Question
from sample_logs.retrieval import Hit, Index, rerank
from sample_logs.truth import APPLICATION, CHAIN
from sample_logs.versions import Versions

_SYSTEM_TOKENS = 412  # the prompt template and the rules in it
_TOKENS_A_WORD = 1.35
_TEMPLATE = (
    "Answer the customer from the articles below. "
    "If they do not hold the answer, say so.\n{articles}\n{question}"
)
_APOLOGY = "Sorry, something went wrong on our side. Please try again in a moment."
_BLOCKED = "I can't help with that request, but I am happy to help with your Fernline services."


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a trace is made from."""

    at: datetime
    question: Question
    user: int
    session: int
    load: float
    conditions: Conditions
    versions: Versions
    dataset: str = PRODUCTION
    flawless: bool = False  # evaluation runs have no errors


class Chain:
    """Builds traces. All randomness comes from the generator given."""

    def __init__(self, rng: np.random.Generator, index: Index) -> None:
        self._rng = rng
        self._index = index

    def trace(self, call: Call) -> tuple[list[Span], str]:
        """The spans of one request, root first, and how it went: normal, hedged, padded or error."""
        builder = _Trace(self._rng, call)
        builder.route()
        hits = builder.retrieve(self._index)
        kept = builder.rerank(hits)
        builder.generate(kept)
        builder.guard()
        return builder.finish()


class _Trace:
    """The state of one trace while it is made: the clock moves on, an error ends it early."""

    def __init__(self, rng: np.random.Generator, call: Call) -> None:
        self._rng, self._call = rng, call
        self._trace_id, self._root_id = rng.bytes(16).hex(), rng.bytes(8).hex()
        self._now = call.at + timedelta(milliseconds=float(rng.uniform(2, 9)))
        self._spans: list[Span] = []
        self._answer: str | None = None
        self._error: str | None = None
        self._how = "normal"
        self._common: dict[str, Any] = {
            "trace_id": self._trace_id,
            "chain": CHAIN,
            "environment": "production" if call.dataset == PRODUCTION else "evaluation",
            "chain_version": call.versions.chain,
            "user_id": "u-" + hashlib.sha256(f"user {call.user}".encode()).hexdigest()[:12],
            "session_id": f"s-{call.session:06d}",
            "dataset": call.dataset,
            "source": "sample_logs",
        }

    def _time(self, median_s: float, spread: float) -> float:
        """A lognormal time with a tail, longer when the hour is busy."""
        tail = self._rng.pareto(3.0) * 0.6 if self._rng.random() < 0.03 else 0.0
        busy = 0.9 + 0.25 * self._call.load
        return float(median_s * busy * (np.exp(self._rng.normal(0, spread)) + tail))

    def _failed(self, chance: float) -> bool:
        return not self._call.flawless and bool(self._rng.random() < chance)

    def _add(
        self, component: str, kind: str, seconds: float, error: str | None = None, **fields: Any
    ) -> None:
        ended = self._now + timedelta(seconds=seconds)
        self._spans.append(
            Span(
                **self._common,
                span_id=self._rng.bytes(8).hex(),
                parent_span_id=self._root_id,
                component=component,
                kind=kind,
                name=component,
                started_at=self._now,
                ended_at=ended,
                duration_s=round((ended - self._now).total_seconds(), 6),
                status="error" if error else "ok",
                error_type=error,
                **fields,
            )
        )
        self._now = ended + timedelta(milliseconds=float(self._rng.uniform(0.5, 3)))
        self._error = error

    def route(self) -> None:
        """Say what the question is about: right 19 times of 20, and 'other' for what it does not know."""
        question = self._call.question
        topic, intent = question.topic, question.intent
        if topic == NEW_TOPIC:
            route = "other"
        elif self._rng.random() < 0.05:
            route = f"{TOPICS[int(self._rng.integers(len(TOPICS)))]}"
        else:
            route = f"{topic}.{intent}"
        self._add("router", "router", self._time(0.14, 0.3), input_text=question.text, output_text=route)

    def retrieve(self, index: Index) -> list[Hit]:
        """Fetch documents; the index may be broken for this query."""
        question, call = self._call.question, self._call
        error = "ConnectionError" if self._failed(0.002) else None
        broken = bool(self._rng.random() < call.conditions.bad_index)
        hits = [] if error else index.search(self._rng, question.topic, question.intent, broken=broken)
        self._add(
            "retriever",
            "retriever",
            self._time(0.085, 0.35),
            error,
            input_text=question.text,
            documents=tuple(h.document() for h in hits),
            index_version=call.versions.index,
            parameters={"top_k": 8},
        )
        return hits

    def rerank(self, hits: list[Hit]) -> list[Hit]:
        """Keep the best few."""
        if self._error:
            return []
        kept = rerank(self._rng, hits)
        self._add(
            "reranker",
            "reranker",
            self._time(0.12, 0.25),
            input_text=self._call.question.text,
            documents=tuple(h.document() for h in kept),
            component_version=self._call.versions.reranker,
            parameters={"top_k": 4},
        )
        return kept

    def generate(self, kept: list[Hit]) -> None:
        """Answer from the documents; hedge when none of them helps."""
        if self._error:
            return
        call, rng, helpful = self._call, self._rng, [h.chunk for h in kept if h.relevant]
        self._how = "hedged" if len(helpful) < 1 else "padded" if call.conditions.padded else "normal"
        text = answer(
            rng,
            call.question,
            helpful or [h.chunk for h in kept],
            mode=self._how,  # type: ignore[arg-type]
        )
        prompt = call.question.text + "\n\nArticles: " + "; ".join(h.chunk.title for h in kept)
        words = len(prompt.split()) + sum(len(h.chunk.text.split()) for h in kept)
        tokens_in = _SYSTEM_TOKENS + round(words * _TOKENS_A_WORD)
        tokens_out = max(4, round(len(text.split()) * _TOKENS_A_WORD * float(rng.normal(1, 0.03))))
        first = self._time(0.42, 0.35) * call.conditions.slow
        seconds = first + tokens_out / float(78 * np.exp(rng.normal(0, 0.18))) * call.conditions.slow
        error = None
        if self._failed(call.conditions.timeouts):
            error, seconds = "TimeoutError", 30.0
        elif self._failed(0.006):
            error = ["RateLimitError", "APIConnectionError", "TimeoutError"][
                int(rng.choice(3, p=[0.5, 0.3, 0.2]))
            ]
            seconds = 30.0 if error == "TimeoutError" else self._time(0.3, 0.3)
        done = error is None
        cached = 384 if rng.random() < 0.6 else 0
        self._add(
            "generator",
            "llm",
            seconds,
            error,
            input_text=prompt,
            output_text=text if done else None,
            documents=tuple(h.document() for h in kept),
            model="fern-chat-2-mini-2026-01-15",
            provider="fernmodels",
            prompt_template=_TEMPLATE,
            prompt_version=call.versions.prompt,
            parameters={"temperature": 0.2, "top_p": 1.0, "max_tokens": 600},
            input_tokens=tokens_in,
            output_tokens=tokens_out if done else None,
            cached_tokens=cached,
            cost_usd=round((tokens_in - cached) * 4e-7 + cached * 1e-7 + tokens_out * 1.6e-6, 8)
            if done
            else None,
            time_to_first_token_s=round(first, 6) if done else None,
        )
        self._answer = text if done else None

    def guard(self) -> None:
        """Block what is an attack, pass the rest."""
        if self._error or self._answer is None:
            return
        attack = self._call.question.style == "hostile" and self._rng.random() < 0.7
        self._add(
            "guardrail",
            "guardrail",
            self._time(0.06, 0.3),
            input_text=self._answer,
            output_text="blocked: looks like an attempt to change the instructions" if attack else "pass",
        )
        if attack:
            self._answer, self._how = _BLOCKED, "hedged"

    def finish(self) -> tuple[list[Span], str]:
        """The root over everything, and how it went."""
        error = self._error
        generator = next((s for s in self._spans if s.component == "generator"), None)
        root = Span(
            **self._common,
            span_id=self._root_id,
            component=APPLICATION,
            kind="chain",
            name=APPLICATION,
            started_at=self._call.at,
            ended_at=self._now,
            duration_s=round((self._now - self._call.at).total_seconds(), 6),
            time_to_first_token_s=_first_token(self._call.at, generator),
            status="error" if error else "ok",
            error_type=error,
            input_text=self._call.question.text,
            output_text=_APOLOGY if error else self._answer,
        )
        return [root, *self._spans], "error" if error else self._how


def with_reference(spans: list[Span], text: str) -> list[Span]:
    """The same trace with the ground truth on its application and generator spans."""
    return [
        replace(s, reference_text=text) if s.component in (APPLICATION, "generator") else s for s in spans
    ]


def _first_token(began: datetime, generator: Span | None) -> float | None:
    """Seconds until the user sees the first word: all that comes before the generator, and its own wait."""
    if generator is None or generator.time_to_first_token_s is None:
        return None
    return round((generator.started_at - began).total_seconds() + generator.time_to_first_token_s, 6)
