"""Made-up traffic of chains of any length, with a fault that can be put into any of its components.

A request asks about an article of the sample company's help pages. Each step reads what the step before said
and says something of the same article in its own words; the second one is a retriever, and what the last one
says is the answer of the application. Times are lognormal, loads follow the hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import numpy as np

from collectors.model import Document, Span
from sample_logs.knowledge import Chunk, chunks

FaultKind = Literal["text", "length", "latency", "errors", "quality"]
KINDS: tuple[FaultKind, ...] = ("text", "length", "latency", "errors", "quality")
START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHAIN, APPLICATION, RETRIEVER = "made-up", "application", "step2"
_VOICES = (
    "The request is about", "Found for you:", "In short,", "Our advice:", "Checked and confirmed:",
    "Please note:", "As a summary,", "Dear customer,",
)  # fmt: skip
_ASKED = ("How do I handle this:", "Can you help me with", "What about", "I have a question on")
_FAILS = 0.005  # of the calls fail on quiet days too
_SHARE = 0.7  # of the requests show the fault; of errors half as many


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with which step from `start` on, in hours since START."""

    component: str
    kind: FaultKind
    start: int


def steps(size: int) -> tuple[str, ...]:
    """The names of a chain's steps, in order."""
    return tuple(f"step{number}" for number in range(1, size + 1))


class Chain:
    """The traffic of one chain: every hour is drawn by itself, and always the same for one seed."""

    def __init__(self, size: int, *, seed: int, requests_per_hour: int = 24) -> None:
        self._steps = steps(size)
        self._seed = [seed, size]
        self._rate = requests_per_hour
        known = [chunk for chunk in chunks() if not chunk.outdated]
        topics = sorted({chunk.topic for chunk in known})
        # One topic is kept for texts that nobody has seen before.
        self._usual = [chunk for chunk in known if chunk.topic != topics[0]]
        self._unseen = [chunk for chunk in known if chunk.topic == topics[0]]

    def spans(self, hours: range, fault: Fault | None = None) -> list[Span]:
        """The spans of these hours."""
        return [span for hour in hours for span in self._hour(hour, fault)]

    def _hour(self, hour: int, fault: Fault | None) -> Iterator[Span]:
        rng = np.random.default_rng([*self._seed, hour])
        load = 1.0 + 0.3 * np.sin(hour % 24 / 24 * 2 * np.pi)
        wander = float(rng.normal(0.0, 0.03))
        active = fault if fault is not None and hour >= fault.start else None
        for number in range(max(5, int(rng.poisson(self._rate * load)))):
            at = START + hour * HOUR + timedelta(seconds=float(rng.uniform(0, 3599)))
            yield from self._request(f"{hour:08x}{number:08x}".ljust(32, "0"), at, rng, wander, active)

    def _request(
        self, trace: str, at: datetime, rng: np.random.Generator, wander: float, fault: Fault | None
    ) -> list[Span]:
        about = self._usual[int(rng.integers(len(self._usual)))]
        question = f"{_ASKED[int(rng.integers(len(_ASKED)))]} {about.title.lower()}?"
        base: dict[str, Any] = {"trace_id": trace, "chain": CHAIN, "source": "made-up", "ingested_at": at}
        said, made, passed, status = question, [], 0.02, "ok"
        for place, name in enumerate(self._steps):
            hit = fault if fault is not None and fault.component == name else None
            shows = hit is not None and rng.random() < _SHARE
            kind = hit.kind if hit is not None and shows else None
            if kind == "text":
                about = self._unseen[int(rng.integers(len(self._unseen)))]
            if kind == "quality":
                about = self._usual[int(rng.integers(len(self._usual)))]
            failed = (kind == "errors" and rng.random() < 0.5) or rng.random() < _FAILS
            span, text = self._step(
                place,
                about,
                said,
                rng,
                wander=wander,
                kind=kind,
                failed=failed,
                base=base,
                at=at,
                passed=passed,
            )
            made.append(span)
            passed += span.duration_s or 0.0
            if failed:
                status = "error"
                break
            said = text
        application = Span(
            span_id="0" * 16,
            component=APPLICATION,
            kind="chain",
            name="ask",
            started_at=at,
            duration_s=passed + 0.02,
            status=status,
            error_type="UpstreamError" if status == "error" else None,
            input_text=question,
            output_text=None if status == "error" else said,
            **base,
        )
        return [application, *made]

    def _step(
        self,
        place: int,
        about: Chunk,
        said: str,
        rng: np.random.Generator,
        *,
        wander: float,
        kind: FaultKind | None,
        failed: bool,
        base: dict[str, Any],
        at: datetime,
        passed: float,
    ) -> tuple[Span, str]:
        """One step's span, and what it says."""
        is_retriever = self._steps[place] == RETRIEVER
        documents = self._documents(about, rng, 9 if kind == "length" else 3) if is_retriever else ()
        text = " ".join(d.text or "" for d in documents) or self._words(place, about, rng, kind)
        read, wrote = len(said) / 4, len(text) / 4
        slow = 4.0 if kind == "latency" else 1.0
        took = slow * float(np.exp(rng.normal(-1.2 + wander, 0.25))) * (0.4 + wrote / 100 + read / 1000)
        told: dict[str, Any] = {"kind": "retriever"} if is_retriever else {
            "kind": "llm",
            "model": "small-1",
            "time_to_first_token_s": took * float(rng.uniform(0.2, 0.3)),
            "input_tokens": max(1, round(read)),
            "output_tokens": None if failed else max(1, round(wrote)),
            "cost_usd": 1e-6 * (read + 4 * wrote),
        }  # fmt: skip
        if not failed:
            told |= {"documents": documents} if is_retriever else {"output_text": text}
        span = Span(
            span_id=f"{place + 1:016x}",
            parent_span_id="0" * 16,
            component=self._steps[place],
            name=self._steps[place],
            started_at=at + timedelta(seconds=passed),
            duration_s=took,
            status="error" if failed else "ok",
            error_type="ProviderError" if failed else None,
            input_text=said,
            **base,
            **told,
        )
        return span, text

    def _words(self, place: int, about: Chunk, rng: np.random.Generator, kind: FaultKind | None) -> str:
        """What a step that writes says: two or three sentences of the article, or three times as much."""
        sentences = list(about.sentences)
        kept = [sentences[i] for i in rng.permutation(len(sentences))[: 2 + int(rng.integers(2))]]
        more = [*sentences, *sentences] if kind == "length" else []
        return " ".join([_VOICES[place % len(_VOICES)], f"{about.title}.", *kept, *more])

    def _documents(self, about: Chunk, rng: np.random.Generator, count: int) -> tuple[Document, ...]:
        """The article, and others of its topic."""
        near = [c for c in (*self._usual, *self._unseen) if c.topic == about.topic and c.id != about.id]
        others = [near[int(i)] for i in rng.permutation(len(near))[: count - 1]]
        found = (about, *others)
        return tuple(Document(id=c.id, score=0.9 - 0.05 * i, text=c.text) for i, c in enumerate(found))
