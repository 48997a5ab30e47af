"""What is rolled up when: by a load, of versions without end, and where a trace is found."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rollup_world import DAY, HOUR, LATER, START, made_up_spans, store

from collectors.cli import ingest
from collectors.errors import WarehouseBusyError
from collectors.model import Span
from collectors.rollups import refresh as rolling
from collectors.rollups.read import Cut, Rolled
from collectors.rollups.refresh import refresh, stale_hours
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import fetch


def test_versions_without_end_become_one_that_says_so(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rolling._CAP, "most", 3)
    same: dict[str, Any] = {"chain": "chat", "component": "app", "dataset": "production", "environment": None}
    spans = [
        replace(
            span, **same, model="small", started_at=START, component_version="v1" if i % 2 else f"build {i}"
        )
        for i, span in enumerate(made_up_spans(random.Random(11), 200))
    ]
    store(warehouse, [*spans, replace(spans[1], span_id="on", started_at=START + DAY)], START + 10 * DAY)
    refresh(warehouse, now=LATER)
    for length in (DAY, HOUR):
        cut = Cut(chain="chat", start=START, end=START + length, origin=START, step_s=length.total_seconds())
        with warehouse.read() as con:
            counts = Rolled(con).counts(cut, lambda row: (row["component_version"], row["model"]))
            numbers = Rolled(con).numbers(cut, ["duration_s"], lambda row: None)["duration_s"][None]
        assert counts["v1", "small"].spans == 100
        assert counts[rolling.OTHER, "small"].spans == 98, "what they share, the model, is still known"
        assert sum(one.spans for one in counts.values()) == 200
        assert numbers.n == sum(span.duration_s is not None for span in spans)


def test_a_trace_is_looked_for_in_its_hours(warehouse: Warehouse) -> None:
    spans = made_up_spans(random.Random(12), 50)
    late = replace(spans[0], span_id="late", started_at=spans[0].started_at + 5 * HOUR)
    store(warehouse, [*spans, late], START + 10 * DAY)
    refresh(warehouse, now=LATER)
    with warehouse.read() as con:
        assert Rolled(con).hours_of("nobody's") == []
        known = {_hour(spans[0]), _hour(late)}
        assert Rolled(con).hours_of(late.trace_id) == sorted(known)
    more = replace(spans[1], span_id="more", trace_id=late.trace_id)
    store(warehouse, [more], START + 11 * DAY)
    with warehouse.read() as con:
        assert Rolled(con).hours_of(late.trace_id) == sorted({*known, _hour(more)}), "not rolled up yet"
    with warehouse.write() as con:
        con.execute("DELETE FROM spans WHERE span_id = 'late'")
    refresh(warehouse, now=LATER)
    with warehouse.read() as con:
        assert Rolled(con).hours_of(late.trace_id) == sorted({_hour(spans[0]), _hour(more)})


def test_what_was_stored_since_is_rolled_up_whatever_the_most_is(warehouse: Warehouse) -> None:
    """A load rolls up its own hours, and does not wait for the history of everybody."""
    store(warehouse, made_up_spans(random.Random(13), 60), START + 10 * DAY)
    mine = made_up_spans(random.Random(14), 5)
    began = START + 11 * DAY
    store(warehouse, mine, began)
    hours = {_hour(span) for span in mine}
    assert len(hours) <= refresh(warehouse, now=LATER, most=2, since=began) <= len(hours) + 2
    with warehouse.read() as con:
        stale = set(stale_hours(con))
    assert stale
    assert not stale & hours


def test_a_load_rolls_up_what_it_stored_and_one_that_dies_before_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHAINWATCH_HOME", str(tmp_path / "home"))
    warehouse = Warehouse(tmp_path / "home" / "warehouse.duckdb")
    files = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for number, file in enumerate(files):
        rows = [
            {
                "trace_id": f"{number}-{i}",
                "span_id": "s",
                "component": "app",
                "name": "n",
                "started_at": (START + i * HOUR).isoformat(),
            }
            for i in range(3)
        ]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def dies(*_: object) -> None:
        raise WarehouseBusyError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(rolling, "roll_up", dies)
        ingest.main([str(files[0])], standalone_mode=False)
    assert "rollups: killed" in capsys.readouterr().err
    with warehouse.read() as con:
        assert len(stale_hours(con)) == 3
    ingest.main([str(files[1])], standalone_mode=False)
    with warehouse.read() as con:
        assert stale_hours(con) == []
        assert fetch(con, "SELECT sum(spans)::BIGINT AS n FROM rollup_spans WHERE level_s = 3600") == [
            {"n": 6}
        ]


def _hour(span: Span) -> datetime:
    return span.started_at.replace(minute=0, second=0)
