"""A span in parts becomes one row, whatever the order; the warehouse merges as the records do."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from otlp_bodies import otlp_request, otlp_span

from collectors.home import Home
from collectors.ingest_batch import Batch, store_batch
from collectors.merging import is_unfinished, merge, merge_parts, merge_unfinished
from collectors.model import Document, Span
from collectors.sources.base import SpanContent
from collectors.spool import Spool
from collectors.spool_frame import SpoolRecord
from collectors.spool_ingest import drain
from collectors.tables import span_table
from collectors.warehouse import Warehouse, store

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
AT_NS = int(AT.timestamp()) * 10**9
Clock = Callable[[], datetime]
START = Span(
    trace_id="t",
    span_id="s",
    component="answer",
    name="chat",
    started_at=AT,
    input_text="Where is my parcel?",
    model="gpt-4o",
    attributes={"a": 1, "both": "start"},
)
END = Span(
    trace_id="t",
    span_id="s",
    component="answer",
    name="chat gpt-4o",
    kind="llm",
    started_at=AT,
    ended_at=AT + timedelta(seconds=2),
    duration_s=2.0,
    status="ok",
    output_text="In Leipzig.",
    input_tokens=5,
    attributes={"b": 2, "both": "end"},
)
WHOLE = replace(
    END,
    input_text="Where is my parcel?",
    model="gpt-4o",
    attributes={"a": 1, "b": 2, "both": "end"},
)


def stored(warehouse: Warehouse, *batches: list[Span], now: datetime = AT) -> list[dict[str, Any]]:
    """The rows after the batches were stored one after the other."""
    for number, batch in enumerate(batches):
        at = now + timedelta(minutes=number)
        with warehouse.write() as con:
            con.register("new_spans", span_table(batch))
            merge_unfinished(con, "new_spans", now=at)
            con.unregister("new_spans")
            store.insert_spans(con, batch, ingested_at=at)
    with warehouse.read() as con:
        return store.fetch(con, "SELECT * FROM spans ORDER BY trace_id, span_id")


def content(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows as they compare: JSON as what it says, without the time of storing."""
    found = []
    for row in rows:
        plain = {name: value for name, value in row.items() if name != "ingested_at"}
        for name in ("parameters", "resource_use", "attributes"):
            plain[name] = json.loads(plain[name]) if plain[name] else {}
        plain["documents"] = plain["documents"] or []
        found.append(plain)
    return found


def expected(span: Span) -> dict[str, Any]:
    row = {item.name: getattr(span, item.name) for item in fields(Span) if item.name != "ingested_at"}
    return row | {"documents": [store.to_row(d) for d in span.documents]}


@pytest.mark.parametrize("order", [[START, END], [END, START], [START, END, START, END], [END, START, END]])
def test_start_and_end_become_one_row(warehouse: Warehouse, order: list[Span]) -> None:
    assert content(stored(warehouse, *[[span] for span in order])) == [expected(WHOLE)]


@pytest.mark.parametrize("order", [[START, END], [END, START], [END, START, START, END]])
def test_start_and_end_in_one_batch_become_one_record(order: list[Span]) -> None:
    assert merge_parts(order) == [WHOLE]


def test_a_finished_span_is_never_changed_by_another_finished_record(warehouse: Warehouse) -> None:
    other = replace(END, output_text="Forged.", status="error", attributes={"c": 3}, model="x")
    assert content(stored(warehouse, [END], [other])) == [expected(END)]
    assert merge(END, other) == END


def test_only_a_duration_is_an_end_too(warehouse: Warehouse) -> None:
    timed = replace(END, ended_at=None)
    assert not is_unfinished(timed)
    assert content(stored(warehouse, [START], [timed])) == [expected(replace(WHOLE, ended_at=None))]


def test_an_update_adds_to_an_unfinished_span(warehouse: Warehouse) -> None:
    update = replace(START, output_text="In", attributes={"more": "x"}, documents=(Document(id="d"),))
    rows = content(stored(warehouse, [START], [update]))
    assert [row["output_text"] for row in rows] == ["In"]
    assert rows[0]["attributes"] == {"a": 1, "both": "start", "more": "x"}
    assert rows[0]["ended_at"] is None
    assert [d["id"] for d in rows[0]["documents"]] == ["d"]


def test_a_change_is_stamped_even_when_the_clock_stepped_back(warehouse: Warehouse) -> None:
    first = stored(warehouse, [START], now=AT)[0]["ingested_at"]
    second = stored(warehouse, [END], now=AT - timedelta(hours=3))[0]["ingested_at"]
    assert first < second


def test_a_part_that_is_sent_again_changes_nothing(warehouse: Warehouse) -> None:
    before = stored(warehouse, [START], [END])
    assert stored(warehouse, [START], [END], [START], now=AT + timedelta(days=1)) == before


def test_what_is_finished_costs_no_look_at_the_rows(warehouse: Warehouse, clock: Clock) -> None:
    stored(warehouse, [END])
    asked: list[str] = []

    class Watched:
        """A connection that notes what it is asked."""

        def __init__(self, con: Any) -> None:
            self._con = con

        def execute(self, sql: str, *arguments: Any) -> Any:
            asked.append(sql)
            return self._con.execute(sql, *arguments)

    with warehouse.write() as con:
        con.register("new_spans", span_table([replace(END, span_id="other")]))
        watched: Any = Watched(con)
        assert merge_unfinished(watched, "new_spans", now=clock()) == 0
    assert len(asked) == 2


def test_no_neighbour_is_touched(warehouse: Warehouse) -> None:
    rng = random.Random(1)
    spans = [replace(START, span_id=f"{n:03}", started_at=AT + timedelta(seconds=n)) for n in range(200)]
    ends = [
        replace(END, span_id=s.span_id, started_at=s.started_at) for s in spans if int(s.span_id) % 3 == 0
    ]
    rng.shuffle(ends)
    rows = stored(warehouse, spans, ends)
    assert [row["output_text"] is not None for row in rows] == [n % 3 == 0 for n in range(200)]
    assert {row["input_text"] for row in rows} == {"Where is my parcel?"}


def test_every_column_is_merged(warehouse: Warehouse) -> None:
    stored(warehouse, [START], [END])
    with warehouse.write() as con:
        con.register("new_spans", span_table([replace(START, user_id="u")]))
        merge_unfinished(con, "new_spans", now=AT)
        merged = {row[0] for row in con.execute("DESCRIBE merged").fetchall()}
        spans = {row[0] for row in con.execute("DESCRIBE spans").fetchall()}
    assert merged == spans | {"row", "old"}


_text = st.none() | st.text(alphabet="abäöü€ \n", max_size=4)
_number = st.none() | st.integers(0, 3)
_keys = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2) | st.sampled_from("xy"), max_size=3)
_parts = st.builds(
    Span,
    trace_id=st.just("t"),
    span_id=st.just("s"),
    component=st.sampled_from(["c", "d"]),
    kind=st.sampled_from(["other", "llm", "tool"]),
    chain=st.sampled_from(["default", "shop"]),
    name=st.sampled_from(["n", "m"]),
    started_at=st.just(AT),
    ended_at=st.sampled_from([None, AT + timedelta(seconds=1)]),
    status=st.sampled_from(["unset", "ok", "error"]),
    input_text=_text,
    output_text=_text,
    documents=st.sampled_from([(), (Document(id="1"),), (Document(id="2", text="x"),)]),
    model=_text,
    input_tokens=_number,
    cost_usd=st.none() | st.sampled_from([0.5, 1.0]),
    parameters=_keys,
    attributes=_keys,
)


@given(_parts, _parts)
def test_the_order_of_two_parts_does_not_matter(first: Span, second: Span) -> None:
    if not is_unfinished(first) and not is_unfinished(second):
        assert merge(first, second) == first
        return
    together = merge(first, second)
    if merge(second, first) != together:
        # Only where nothing that ranks them differs: no text says as much as an empty one.
        assert (first.output_text or "", first.name) == (second.output_text or "", second.name)
    assert merge(together, first) == together == merge(together, second)


@given(_parts, _parts)
@settings(max_examples=40, deadline=None)
def test_the_warehouse_merges_as_the_records_do(first: Span, second: Span) -> None:
    from collectors.warehouse.connection import scratch
    from collectors.warehouse.migrate import migrations

    with scratch() as con:
        for step in migrations():
            con.execute(step.sql)
        store.insert_spans(con, [first], ingested_at=AT)
        con.register("new_spans", span_table([second]))
        merge_unfinished(con, "new_spans", now=AT)
        rows = store.fetch(con, "SELECT * FROM spans")
    assert content(rows) == [expected(merge(first, second))]


@pytest.mark.parametrize("first", ["start", "end"])
@pytest.mark.parametrize("together", [False, True])
def test_an_exporter_that_sends_on_start_and_on_end(
    home: Home, warehouse: Warehouse, clock: Clock, first: str, together: bool
) -> None:
    whole = otlp_span("chat", {"gen_ai.operation.name": "chat", "gen_ai.usage.output_tokens": 7})
    begun = otlp_span("chat", {"gen_ai.operation.name": "chat", "session.id": "s1"})
    begun["endTimeUnixNano"] = "0"
    parts = [begun, whole] if first == "start" else [whole, begun]
    requests = [parts] if together else [[part] for part in parts]
    for spans in requests:
        spool = Spool(home.spool, max_bytes=64 << 20)
        spool.append(
            SpoolRecord(
                signal="traces",
                content_type="application/json",
                received_at=AT,
                items=len(spans),
                body=json.dumps(otlp_request(*spans)).encode(),
            )
        ).result(timeout=10)
        spool.close()
        drain(home, warehouse, clock=clock)
    with warehouse.read() as con:
        found = con.execute("SELECT duration_s, output_tokens, session_id FROM spans").fetchall()
    assert found == [(1.0, 7, "s1")]


def test_text_that_comes_later_stamps_the_span(warehouse: Warehouse) -> None:
    text = SpanContent(
        content_id="1",
        trace_id="t",
        span_id="s",
        side="output",
        role="assistant",
        whole=True,
        at_ns=AT_NS,
        text="Hi.",
    )
    with warehouse.write() as con:
        store_batch(con, Batch(spans=[replace(END, output_text=None)]), now=AT)
    with warehouse.write() as con:
        store_batch(con, Batch(contents=[text]), now=AT - timedelta(hours=1))
    with warehouse.read() as con:
        ((made, stamp),) = con.execute("SELECT output_text, ingested_at FROM spans").fetchall()
    assert made == "Hi."
    assert stamp > AT
