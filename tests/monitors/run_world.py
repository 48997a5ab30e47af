"""A small chain with a past: what the tests of the monitor pass run on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import tiny_encoder
from empty_warehouse import empty_warehouse

from collectors.config import parse
from collectors.context import Context
from collectors.home import Home
from collectors.model import Document, Span
from collectors.warehouse.store import fetch, insert_spans

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
# Two cheap checks are enough to see what the pass does with results.
CONFIG = """
[windows]
reference = "1d"
gap = "0s"
[embedding]
sample_per_window = 8
[monitors]
"""


def only(*checks: str) -> str:
    """A configuration in which only these checks run."""
    from monitors.checks import CHECKS

    off = [name for name in CHECKS.names() if name not in checks]
    return CONFIG + "".join(f"[monitors.{name}]\nenabled = false\n" for name in off)


def open_world(home: Home, *checks: str, clock: Callable[[], datetime] | None = None) -> Context:
    """A context over a migrated warehouse, with a tiny encoder instead of a model."""
    tiny_encoder.install(home)
    context = Context(
        home=home, config=parse(only(*checks), "chainwatch.toml"), clock=clock or (lambda: START + 60 * HOUR)
    )
    if not home.warehouse.exists():
        empty_warehouse(home.warehouse)
    return context


def traffic(
    hours: range, *, a_window: int = 12, slow: float = 1.0, words: str = "refund card", **more: Any
) -> list[Span]:
    """Requests of an application that calls a retriever and a generator; `hours` count from START."""
    spans: list[Span] = []
    for hour in hours:
        rng = np.random.default_rng(hour)
        for i in range(a_window):
            at = START + hour * HOUR + timedelta(minutes=60 * (i + 0.5) / a_window)
            spans += request(f"{hour:04x}{i:04x}", at, rng=rng, slow=slow, words=words, **more)
    return spans


def request(
    name: str, at: datetime, *, rng: np.random.Generator, slow: float, words: str, **more: Any
) -> list[Span]:
    """One trace of three spans; `more` goes to the generator."""
    question = f"{words} {rng.choice(tiny_encoder.WORDS)} please {name}"
    took = float(rng.lognormal(0.0, 0.3)) * slow
    base: dict[str, Any] = {
        "trace_id": name.ljust(32, "0"),
        "chain": "support",
        "source": "test",
        "input_text": question,
        "ingested_at": at,
    }
    documents = (Document(id="1", score=0.9, text="card router"), Document(id="2", text="invoice"))
    later = timedelta(milliseconds=5)
    ask = Span(
        span_id="a",
        component="assistant",
        kind="chain",
        name="ask",
        started_at=at,
        duration_s=took + 0.2,
        status="ok",
        output_text="thanks card",
        **base,
    )
    search = Span(
        span_id="b",
        parent_span_id="a",
        component="retriever",
        kind="retriever",
        name="search",
        started_at=at + later,
        duration_s=0.1,
        status="ok",
        documents=documents,
        **base,
    )
    told = {"model": "small-1", "input_tokens": 10, "output_tokens": 3, "status": "ok"} | base | more
    answer = Span(
        span_id="c",
        parent_span_id="a",
        component="generator",
        kind="llm",
        name="answer",
        started_at=at + 20 * later,
        duration_s=took,
        output_text="thanks card",
        **told,
    )
    return [ask, search, answer]


def store(context: Context, spans: list[Span]) -> None:
    """Into the warehouse."""
    with context.warehouse.write() as con:
        insert_spans(con, spans)


def rows(context: Context, sql: str) -> list[dict[str, Any]]:
    """What a query finds."""
    with context.warehouse.read() as con:
        return fetch(con, sql)


def decided(context: Context) -> list[dict[str, Any]]:
    """Every result without what differs between two runs that decide the same.

    What a quiet monitor would see is said in the last window of a run alone.
    """
    found = rows(
        context,
        "SELECT * EXCLUDE (run_id, computed_at) FROM results ORDER BY monitor, window_end",
    )
    for row in found:
        evidence = json.loads(row["evidence"]) if row["evidence"] else {}
        row["evidence"] = {key: value for key, value in evidence.items() if key != "detectable"}
    return found
