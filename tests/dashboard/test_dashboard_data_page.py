"""The data page in each state: it says what arrives, what waits and what was refused, and what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import Open, words
from empty_warehouse import empty_warehouse
from rows_by_hand import NOON, span, store
from seeded_traffic import HOSTILE
from seeded_warehouse import Seeded

from collectors.spool import Spool
from collectors.spool_frame import SpoolRecord
from collectors.warehouse.connection import Warehouse
from dashboard import cached


@pytest.fixture
def bare(tmp_path: Path) -> Warehouse:
    """A migrated warehouse without a row."""
    return empty_warehouse(tmp_path / "home" / "warehouse.duckdb")


def refused(key: str, reason: str, **fields: object) -> dict[str, object]:
    common = {"file": "a.jsonl", "line": 4, "source": "jsonl", "raw": "{}", "quarantined_at": NOON}
    return {"quarantine_id": key, "reason": reason, **common, **fields}


def test_nothing_but_refused_records_is_told_as_such(open_page: Open, bare: Warehouse) -> None:
    store(bare, "quarantine", refused("q", "component: is missing"))
    said = words(open_page("data", bare.path.parent))
    assert "No production span is stored" in said
    assert "1 record could not be taken" in said
    assert "a.jsonl, line 4" in said


def test_one_quiet_source(open_page: Open, alone: Seeded) -> None:
    app = open_page("data", alone.home)
    assert not app.exception
    assert not app.error
    assert app.warning[0].proto.title == "No new data"
    said = words(app)
    assert "quiet for more than an hour" in said
    assert "Production spans an hour:" in said
    assert "No receiver has run here" in said
    assert "Nothing is in quarantine" in said
    assert "Everything is kept for ever" in said
    assert 'texts = "30d"' in said


def test_many_sources_and_formats_can_be_told_apart(open_page: Open, bare: Warehouse) -> None:
    store(
        bare,
        "spans",
        *(
            span(
                f"t{i}", f"s{i}", i, source=f"jsonl:{i % 120}.jsonl", ingested_at=NOON + timedelta(minutes=i)
            )
            for i in range(240)
        ),
        *(span(f"o{i}", f"o{i}", i * 20, source="otlp", exporter=f"tool {i % 7}") for i in range(14)),
    )
    app = open_page("data", bare.path.parent, range="24h")
    assert not app.exception
    assert "127 sources" in words(app)
    assert "The 100 that came last, of 127." in words(app)
    only = open_page("data", bare.path.parent, range="24h", format="otlp")
    assert "7 sources" in words(only)
    table = only.dataframe[0].value
    assert set(table["Exporter"]) == {f"tool {i}" for i in range(7)}
    assert table["Spans"].sum() == 14
    none = open_page("data", bare.path.parent, range="24h", format="csv")
    assert "No source fits" in words(none)
    assert none.selectbox(key="choose_format").value == "csv", "it can be left"


def test_times_are_in_the_viewers_zone(open_page: Open, bare: Warehouse) -> None:
    store(bare, "spans", span("a", "a", 0), span("b", "b", 61))
    for zone, shown in (("Europe/Berlin", "Mon 2 Mar 14:01"), ("Asia/Kolkata", "Mon 2 Mar 18:31")):
        app = open_page("data", bare.path.parent, zone)
        assert app.dataframe[0].value["Newest span"].tolist() == [shown]


def test_a_record_is_shown_as_text_and_a_reason_can_be_linked(open_page: Open, bare: Warehouse) -> None:
    store(bare, "spans", span("a", "a", 0), span("b", "b", 120))
    store(
        bare,
        "quarantine",
        *(refused(f"q{i}", f"bad <b>{HOSTILE}</b>", raw=HOSTILE) for i in range(3)),
        refused("other", "component: is missing", raw='{"x": 1}'),
    )
    app = open_page("data", bare.path.parent)
    assert "4 records could not be taken" in words(app)
    assert HOSTILE in [c.value for c in app.code]
    for kind in ("markdown", "caption", "subheader", "warning"):
        for element in getattr(app, kind):
            assert "<script" not in str(element.value).replace("\\<script", ""), kind
    reasons = app.selectbox(key="choose_reason").options
    missing = next(option for option in reasons if "missing" in option)
    assert "(1)" in missing.replace("\\", "")
    with bare.read() as con:
        key = con.execute("SELECT left(md5('jsonl/component: is missing'), 8)").fetchall()[0][0]
    said = [c.value for c in open_page("data", bare.path.parent, reason=key).code]
    assert '{"x": 1}' in said
    assert HOSTILE not in said


def test_what_waits_in_the_spool_is_said_with_what_to_do(open_page: Open, bare: Warehouse) -> None:
    spool = Spool(bare.path.parent / "spool", max_bytes=1 << 30)
    received = datetime.now(UTC) - timedelta(minutes=30)
    record = SpoolRecord(signal="traces", content_type="x", received_at=received, body=b"b" * 5_000)
    spool.append(record).result()
    spool.close()
    app = open_page("data", bare.path.parent)
    assert "5.1 kB wait in the spool" in words(app)
    assert any(w.proto.title == "The warehouse is behind" for w in app.warning)
    assert "chainwatch ingest" in [c.value for c in app.code]


def test_limits_that_are_refused_are_said(open_page: Open, alone: Seeded) -> None:
    config = alone.home / "chainwatch.toml"
    config.write_text('[retention]\nresults = "2d"\nquarantine = "30d"\n')
    try:
        app = open_page("data", alone.home)
    finally:
        config.unlink()
    assert any("not in force" in e.value for e in app.error)
    assert "retention.results" in words(app)


def test_a_failed_run_is_said_with_its_reason(open_page: Open, bare: Warehouse) -> None:
    run = {"status": "ok", "now_at": NOON, "seed": 0, "code_version": "0", "config_hash": "0"}
    store(bare, "spans", span("a", "a", 0))
    store(bare, "monitor_runs", {**run, "run_id": "r", "started_at": NOON})
    assert "No command failed at last" in words(open_page("data", bare.path.parent))
    failed = {"run_id": "f", "status": "failed", "started_at": NOON + timedelta(hours=1)}
    store(bare, "monitor_runs", {**run, **failed, "error": "the disk is full"})
    cached.forget()
    said = words(open_page("data", bare.path.parent))
    assert "Not well at the last call: run" in said
    assert "Last run: ✕ Failed" in said
    assert "the disk is full" in said
