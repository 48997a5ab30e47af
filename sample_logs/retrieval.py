"""What the assistant's retriever finds for a question: some of it relevant, all of it scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from collectors.model import Document
from sample_logs.knowledge import Chunk

FETCHED = 8
KEPT = 4


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One retrieved chunk, with the score it got and whether it really answers the question."""

    chunk: Chunk
    score: float
    relevant: bool

    def document(self) -> Document:
        return Document(
            id=self.chunk.id, score=round(self.score, 4), text=self.chunk.text, relevant=self.relevant
        )


class Index:
    """The knowledge base, looked up by what a question is about."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._current = [c for c in chunks if not c.outdated]
        self._outdated = [c for c in chunks if c.outdated]
        self._by_intent: dict[tuple[str, str], list[Chunk]] = {}
        self._by_topic: dict[str, list[Chunk]] = {}
        for chunk in self._current:
            self._by_intent.setdefault((chunk.topic, chunk.intent), []).append(chunk)
            self._by_topic.setdefault(chunk.topic, []).append(chunk)

    def search(self, rng: np.random.Generator, topic: str, intent: str, *, broken: bool) -> list[Hit]:
        """The best `FETCHED` chunks, best first. `broken`: the index lost its way for this query."""
        exact = self._by_intent.get((topic, intent), [])
        near = [c for c in self._by_topic.get(topic, []) if c.intent != intent]
        if broken:
            # Stale vectors: mostly old pages and other topics, now and then the right one.
            wanted = [
                *_some(rng, exact, int(rng.random() < 0.3)),
                *_some(rng, self._outdated, 3),
                *_some(rng, self._current, 4),
            ]
        else:
            wanted = [*_some(rng, exact, int(rng.integers(3, 6))), *_some(rng, near, 3)]
        seen = {c.id for c in wanted}
        fill = [c for c in _some(rng, self._current, 2 * FETCHED) if c.id not in seen]
        hits: dict[str, Hit] = {}
        for chunk in [*wanted, *fill][:FETCHED]:
            relevant = chunk.topic == topic and chunk.intent == intent and not chunk.outdated
            middle = 0.8 if relevant else 0.66 if chunk.topic == topic and not broken else 0.52
            score = _between(rng.normal(middle, 0.05), 0.05, 0.99)
            hits.setdefault(chunk.id, Hit(chunk=chunk, score=score, relevant=relevant))
        return sorted(hits.values(), key=lambda h: -h.score)


def rerank(rng: np.random.Generator, hits: Sequence[Hit]) -> list[Hit]:
    """The best `KEPT` of the hits by a second, better score, best first."""
    rescored = [
        Hit(
            chunk=h.chunk,
            score=_between(0.5 * h.score + (0.42 if h.relevant else 0.12) + rng.normal(0, 0.06), 0.01, 0.999),
            relevant=h.relevant,
        )
        for h in hits
    ]
    return sorted(rescored, key=lambda h: -h.score)[:KEPT]


def _between(value: float, low: float, high: float) -> float:
    # np.clip costs more than all the rest for one number.
    return min(max(value, low), high)


def _some(rng: np.random.Generator, chunks: Sequence[Chunk], count: int) -> list[Chunk]:
    if not chunks or count <= 0:
        return []
    return [chunks[int(i)] for i in rng.choice(len(chunks), size=min(count, len(chunks)), replace=False)]
