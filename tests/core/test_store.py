"""Typed writes: what goes in comes out, once, and unknown columns are refused."""

from __future__ import annotations

from dataclasses import replace as with_
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from collectors.model import Document, Span, content_hash, utc
from collectors.tables import SPAN_SCHEMA
from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch, insert, insert_spans, replace, to_row

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def span(number: int) -> Span:
    return Span(
        trace_id=f"t{number}",
        span_id="s",
        component="retriever",
        name="retrieve",
        started_at=AT + timedelta(seconds=number),
        documents=(Document(id="d1", score=0.5, text="a text"), Document(id="d2")),
        parameters={"k": 5},
        source="test",
        ingested_at=AT,
    )


def test_a_span_survives_the_round_trip(warehouse: Warehouse) -> None:
    with warehouse.write() as con:
        assert insert_spans(con, [span(1)]) == 1
    with warehouse.read() as con:
        row = fetch(con, "SELECT * FROM spans")[0]
    assert row["trace_id"] == "t1"
    assert row["started_at"] == AT + timedelta(seconds=1)
    assert row["documents"][0] == {"id": "d1", "score": 0.5, "text": "a text", "relevant": None}
    assert row["parameters"] == '{"k":5}'
    assert row["duration_s"] is None
    assert row["attributes"] is None


def test_the_same_span_is_stored_once_within_and_across_batches(warehouse: Warehouse) -> None:
    with warehouse.write() as con:
        assert insert_spans(con, [span(1), span(1), span(2)]) == 2
    with warehouse.write() as con:
        assert insert_spans(con, [span(2), span(3)]) == 1
    with warehouse.read() as con:
        assert fetch(con, "SELECT count(*) AS n FROM spans") == [{"n": 3}]


def test_a_failed_transaction_leaves_nothing(warehouse: Warehouse) -> None:
    def fail() -> None:
        with warehouse.write() as con:
            insert_spans(con, [span(1)])
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    with warehouse.read() as con:
        assert fetch(con, "SELECT count(*) AS n FROM spans") == [{"n": 0}]


def test_an_unknown_column_is_refused_by_name(warehouse: Warehouse) -> None:
    with warehouse.write() as con, pytest.raises(KeyError, match="colour"):
        insert(con, "spans", [{**to_row(span(1)), "colour": "red"}])


def test_replace_keeps_one_row_a_key(warehouse: Warehouse) -> None:
    row = {
        "deploy_id": "d",
        "chain": "c",
        "component": "x",
        "field": "model",
        "value": "a",
        "deployed_at": AT,
        "source": "inferred",
    }
    with warehouse.write() as con:
        replace(con, "deploys", "deploy_id", [row, {**row, "value": "b"}])
    with warehouse.write() as con:
        replace(con, "deploys", "deploy_id", [{**row, "value": "c"}])
    with warehouse.read() as con:
        assert fetch(con, "SELECT value FROM deploys") == [{"value": "c"}]


def test_times_are_utc_whatever_zone_they_came_in() -> None:
    from zoneinfo import ZoneInfo

    local = datetime(2026, 7, 1, 14, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert utc(local).hour == 12
    assert to_row(with_(span(1), started_at=local))["started_at"] == utc(local)


def test_hashes_do_not_run_together() -> None:
    assert content_hash("a", "bc") != content_hash("ab", "c")
    assert len(content_hash("x")) == 32


def test_the_table_of_spans_has_the_columns_of_the_warehouse(warehouse: Warehouse) -> None:
    with warehouse.read() as con:
        stored = con.sql("SELECT * FROM spans LIMIT 0").to_arrow_table().schema
    plain = {
        f.name: f.type.storage_type if isinstance(f.type, pa.BaseExtensionType) else f.type for f in stored
    }
    assert plain == dict(zip(SPAN_SCHEMA.names, SPAN_SCHEMA.types, strict=True))
