"""What the judge tests share: an encoder without a model, spans, a migrated warehouse."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from empty_warehouse import empty_warehouse
from numpy.typing import NDArray

from collectors.model import Document, Span
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import insert_spans
from monitors.judges.grade import JudgedSpan

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"


class WordHashEncoder:
    """Each word a fixed random direction, a text their normalised sum: enough to compare texts by."""

    identity = "word-hash"
    dimensions = 64

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.encoded.extend(texts)
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for i, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                rows[i] += _direction(word, self.dimensions)
            norm = np.linalg.norm(rows[i])
            rows[i] /= norm if norm else 1.0
        return rows


@cache
def _direction(word: str, dimensions: int) -> NDArray[np.float64]:
    return np.random.default_rng(zlib.crc32(word.encode())).standard_normal(dimensions)


def judged(**changes: Any) -> JudgedSpan:
    """A generator's answer with one document that supports it."""
    base: dict[str, Any] = {
        "trace_id": "t1",
        "span_id": "s1",
        "chain": "support",
        "component": "generator",
        "kind": "llm",
        "started_at": NOW,
        "dataset": "production",
        "question": "How long do refunds for annual plans take?",
        "answer": "Refunds for annual plans take 14 days. The money goes back to the original card.",
        "documents": (
            Document(
                id="d1",
                text="Refunds for annual plans take 14 days. We send the money back to the original card.",
            ),
        ),
    }
    return JudgedSpan(**(base | changes))


def span(span_id: str, component: str, kind: str, seconds: float, **changes: Any) -> Span:
    """A span of trace t1, so many seconds after NOW and one second long."""
    at = NOW + timedelta(seconds=seconds)
    base: dict[str, Any] = {
        "trace_id": "t1",
        "span_id": span_id,
        "parent_span_id": "root",
        "chain": "support",
        "component": component,
        "kind": kind,
        "name": component,
        "started_at": at,
        "ended_at": at + timedelta(seconds=1),
        "ingested_at": at,
    }
    return Span(**(base | changes))


def warehouse_with(path: Path, spans: Sequence[Span]) -> Warehouse:
    """A migrated warehouse that holds these spans."""
    warehouse = empty_warehouse(path / "warehouse.duckdb")
    with warehouse.write() as con:
        insert_spans(con, spans)
    return warehouse
