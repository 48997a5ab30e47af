"""Spans of two chains over three days, for tests of what is rolled up of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from collectors.ingest_batch import Batch, store_batch
from collectors.model import Document, Span
from collectors.warehouse.connection import Warehouse

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DAYS = 3
LATER = START + 30 * timedelta(days=1)


def made_up_spans(chance: random.Random, count: int) -> list[Span]:
    """Of two chains, three components and two versions, anywhere in the days; some are unfinished."""
    made = []
    for _ in range(count):
        name = f"{chance.getrandbits(48):012x}"
        finished = chance.random() < 0.9
        made.append(
            Span(
                trace_id=name,
                span_id="s" + name,
                chain=chance.choice(["chat", "search"]),
                component=chance.choice(["app", "model", "tool"]),
                name="n",
                started_at=START + timedelta(seconds=chance.randrange(DAYS * 86400)),
                duration_s=chance.lognormvariate(0, 1.5) if finished else None,
                time_to_first_token_s=chance.choice([None, 0.0, chance.random()]),
                status=chance.choice(["ok", "ok", "error"]),
                cost_usd=chance.choice([None, chance.random() / 1000]),
                output_tokens=chance.choice([None, 0, chance.randrange(1, 5000)]),
                output_text=chance.choice([None, "x" * chance.randrange(1, 300)]),
                documents=(Document(id="d", text="t"),) * chance.randrange(3),
                component_version=chance.choice(["v1", "v2", None]),
                model=chance.choice(["small", "large"]),
                environment=chance.choice(["production", "production", "staging", None]),
                dataset=chance.choice(["production", "production", "golden"]),
                source="test",
            )
        )
    return made


def store(warehouse: Warehouse, spans: Sequence[Span], at: datetime) -> None:
    with warehouse.write() as con:
        store_batch(con, Batch(spans=list(spans)), now=at)
