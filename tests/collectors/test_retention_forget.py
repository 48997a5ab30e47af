"""Forgetting a user: all goes, nobody else's does, it is logged without a name and does not come back."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from retention_world import (
    NOW,
    at,
    column,
    context_of,
    decided,
    everything,
    put,
    put_rows,
    rows,
    said_of,
    sample,
    span,
)

from collectors.home import Home
from collectors.ingest import FORGOTTEN, Ingest
from collectors.ingest_batch import Batch
from collectors.ingest_rules import rules_spec
from collectors.retention.forget import forget
from collectors.retention.tombstones import refuse, user_digest
from collectors.retention.users import UserForms, forms_of
from collectors.text_rows import pack, unpack
from collectors.warehouse import Warehouse
from collectors.warehouse.store import insert_spans
from dashboard.cli import cli

JANE = "jane@example.com"
HERS = UserForms(stored=(JANE,), remembered=(JANE,))
SECRET = "my diagnosis is 4711"


@pytest.fixture
def stored(warehouse: Warehouse) -> Warehouse:
    """Jane's trace of two spans, of which one names her, and Bob's."""
    put(
        warehouse,
        span("jane", 3, user_id=JANE, input_text=SECRET),
        span("jane", 3, span_id="span-child", parent_span_id="span-jane", input_text=SECRET),
        span("bob", 3, user_id="bob@example.com"),
    )
    for name in ("jane", "bob"):
        said_of(warehouse, name, 3)
        decided(warehouse, name, 3, open_=True)
    # What a message quotes names no trace: it is known by the text.
    with warehouse.write() as con:
        for table, key in (("notifications", "payload"), ("alerts", "evidence")):
            con.execute(f"UPDATE {table} SET {key} = replace({key}, 'question jane', ?)", [SECRET])
    # She also spoke of Bob's answer.
    thumb = {"feedback_id": "hers", "trace_id": "trace-bob", "name": "thumbs", "user_id": JANE}
    put_rows(warehouse, "feedback", {**thumb, "created_at": at(2), "source": "t", "ingested_at": at(2)})
    put_rows(
        warehouse,
        "samples",
        sample(3, ["jane", "bob"], field="input_text"),
        sample(3, ["bob", "jane"], field="status"),
        sample(4, ["jane"], field="input_text"),
        sample(5, ["bob"], field="input_text"),
    )
    for name, raw in (
        ("by-id", json.dumps({"user_id": JANE, "x": 1})),
        ("by-trace", '{"trace_id":"trace-jane","broken'),
        ("other", '{"user_id":"mary-jane@example.com"}'),
    ):
        bad = {"quarantine_id": name, "file": "f", "source": "s", "reason": "r", "raw": raw}
        put_rows(warehouse, "quarantine", {**bad, "quarantined_at": at(3)})
    return warehouse


def test_nothing_of_the_user_is_left_and_nothing_of_others_is_gone(home: Home, stored: Warehouse) -> None:
    report = forget(context_of(home), HERS, now=NOW)
    assert (report.traces, report.compacted) == (1, True)
    assert report.rows == {
        "spans": 2, "feedback": 2, "annotations": 1, "grades": 1, "span_contents": 1, "samples": 3,
        "results": 1, "alerts": 1, "incidents": 1, "notifications": 1, "quarantine": 2,
    }  # fmt: skip
    assert column(stored, "SELECT span_id FROM spans") == {"span-bob"}
    assert column(stored, "SELECT feedback_id FROM feedback") == {"bob"}
    assert column(stored, "SELECT quarantine_id FROM quarantine") == {"other"}
    quoted = "SELECT json_array_length({0}, '$.examples') AS n FROM {1} ORDER BY {2}"
    for table, kept, key in (
        ("results", "evidence", "result_id"),
        ("alerts", "evidence", "alert_id"),
        ("incidents", "evidence", "incident_id"),
        ("notifications", "payload", "notification_id"),
    ):
        assert [r["n"] for r in rows(stored, quoted.format(kept, table, key))] == [1, 0], table
    with stored.read() as con:
        for (table,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            text = con.execute(f"SELECT coalesce(string_agg(t::VARCHAR, ' '), '') FROM {table} t").fetchone()[
                0
            ]
            for trace in (SECRET, " " + JANE, '"' + JANE, "span-jane"):
                assert trace not in text, (table, trace)


def test_no_byte_of_the_text_is_left_in_the_file(home: Home, stored: Warehouse) -> None:
    assert SECRET.encode() in home.warehouse.read_bytes(), "else this test could not fail"
    forget(context_of(home), HERS, now=NOW)
    for path in home.root.glob("warehouse*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def test_vectors_go_with_their_keys_and_numbers_lose_the_key(home: Home, stored: Warehouse) -> None:
    forget(context_of(home), HERS, now=NOW)
    found = rows(stored, "SELECT * FROM samples ORDER BY window_start DESC, field")
    text, status, older = found
    assert text["keys"] == older["keys"] == ["trace-bob/span-bob"]
    # Two rows of four halves were 0..7: Bob's was the second.
    assert np.frombuffer(text["rows"], "<f2").tolist() == [4, 5, 6, 7]
    assert status["keys"] == ["trace-bob/span-bob", "forgotten/forgotten"]
    assert np.frombuffer(status["rows"], "<f8").tolist() == [0, 1]


def test_texts_that_were_sampled_go_with_their_keys(home: Home, stored: Warehouse) -> None:
    words = sample(6, ["jane", "bob", "jane"], field="input_words")
    put_rows(stored, "samples", {**words, "rows": pack([SECRET, "what is due?", None])})
    forget(context_of(home), HERS, now=NOW, compacting=False)
    (left,) = rows(stored, "SELECT keys, rows FROM samples WHERE field = 'input_words'")
    assert left["keys"] == ["trace-bob/span-bob"]
    assert unpack(left["rows"]) == ["what is due?"]


def test_the_log_says_when_who_and_how_much_and_never_whom(home: Home, stored: Warehouse) -> None:
    forget(context_of(home), HERS, now=NOW)
    (line,) = rows(stored, "SELECT * FROM audit")
    digest = hashlib.sha256(JANE.encode()).hexdigest()
    assert (line["action"], line["subject"], line["occurred_at"]) == ("forget", f"user {digest[:12]}", NOW)
    assert json.loads(line["detail"])["rows"]["spans"] == 2
    assert line["actor"]
    with stored.read() as con:
        for table in ("audit", "forgotten_users", "forgotten_traces"):
            told = con.execute(f"SELECT string_agg(t::VARCHAR, ' ') FROM {table} t").fetchone()[0]
            assert "jane@" not in told


def test_a_dry_run_counts_the_same_and_changes_nothing(home: Home, stored: Warehouse) -> None:
    before, stamp = everything(stored), stored.path.stat().st_mtime_ns
    told = forget(context_of(home), HERS, now=NOW, dry_run=True)
    assert (everything(stored), stored.path.stat().st_mtime_ns) == (before, stamp)
    done = forget(context_of(home), HERS, now=NOW)
    assert (told.rows, told.traces) == (done.rows, done.traces)
    again = forget(context_of(home), HERS, now=NOW)
    assert (again.traces, again.rows) == (0, {})


def test_an_old_record_is_refused_and_a_new_one_is_not(home: Home, stored: Warehouse) -> None:
    forget(context_of(home), HERS, now=NOW, compacting=False)
    later = NOW + timedelta(hours=1)
    came = {"ingested_at": None}
    batch = Batch(
        spans=[
            span("jane", 3, span_id="span-child", **came),
            span("other", 3, span_id="first", user_id=JANE, **came),
            span("other", 3, span_id="second", **came),
            span("bob2", 3, user_id="bob@example.com", **came),
            span("after", -0.5, user_id=JANE, **came),
        ]
    )
    with stored.write() as con:
        insert_spans(con, batch.spans, ingested_at=later)
        assert sum(refuse(con, since=later).values()) == 3
    kept = {"span-bob", "span-bob2", "span-after"}
    assert column(stored, "SELECT span_id FROM spans") == kept
    # A span of a trace that was refused as a whole comes alone, in a later file.
    with stored.write() as con:
        insert_spans(con, [span("other", 3, span_id="third", **came)], ingested_at=later)
        assert sum(refuse(con, since=later).values()) == 1
    assert column(stored, "SELECT span_id FROM spans") == kept


def test_a_trace_whose_root_comes_last_goes_with_what_came_before(home: Home, warehouse: Warehouse) -> None:
    forget(context_of(home), HERS, now=NOW, compacting=False)
    put(warehouse, span("t", 3, span_id="child", input_text=SECRET))
    later = NOW + timedelta(hours=1)
    with warehouse.write() as con:
        insert_spans(con, [span("t", 3, user_id=JANE, ingested_at=None)], ingested_at=later)
        assert sum(refuse(con, since=later).values()) == 2
    assert rows(warehouse, "SELECT * FROM spans") == []


def test_where_nobody_was_forgotten_nothing_is_looked_at(warehouse: Warehouse) -> None:
    put(warehouse, span("a", 1, user_id=JANE))
    with warehouse.write() as con:
        assert sum(refuse(con, since=at(2)).values()) == 0
    assert column(warehouse, "SELECT span_id FROM spans") == {"span-a"}


def test_a_short_id_does_not_empty_the_quarantine(home: Home, warehouse: Warehouse) -> None:
    put(warehouse, span("a", 1, user_id="7"))
    for name, raw in (("hers", '{"user_id": "7"}'), ("other", '{"tokens": 7, "user_id": "77"}')):
        bad = {"quarantine_id": name, "file": "f", "source": "s", "reason": "r", "raw": raw}
        put_rows(warehouse, "quarantine", {**bad, "quarantined_at": at(3)})
    forget(context_of(home), UserForms(stored=("7",), remembered=("7",)), now=NOW)
    assert column(warehouse, "SELECT quarantine_id FROM quarantine") == {"other"}


def test_the_command_asks_and_needs_a_yes_where_nobody_answers(
    stored: Warehouse, home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHAINWATCH_HOME", str(home.root))
    monkeypatch.chdir(tmp_path)
    refused = CliRunner().invoke(cli, ["forget", "--user", JANE])
    assert refused.exit_code == 2
    assert "give --yes" in refused.output
    looked = CliRunner().invoke(cli, ["forget", "--user", JANE, "--dry-run", "--json"])
    assert json.loads(looked.output)["rows"]["spans"] == 2
    assert column(stored, "SELECT span_id FROM spans WHERE user_id IS NOT NULL") == {"span-jane", "span-bob"}
    done = CliRunner().invoke(cli, ["forget", "--user", JANE, "--yes", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["rows"]["spans"] == 2
    assert JANE not in done.output
    assert column(stored, "SELECT span_id FROM spans") == {"span-bob"}


def test_an_id_is_looked_for_under_every_salt_and_remembered_only_as_a_hash(
    home: Home, warehouse: Warehouse
) -> None:
    from collectors.privacy.identity import open_identity

    new, old = {"CHAINWATCH_HASH_SALT": "a long enough salt"}, {"CHAINWATCH_HASH_SALT": ""}
    hashes = [open_identity(environ, home).hash("user", JANE) for environ in (new, old)]
    for i, stored in enumerate([*hashes, JANE, "hashed:" + "0" * 32]):
        put(warehouse, span(f"{i}", 3, user_id=stored))
    found = forms_of(f" {JANE} ", hashed=False, context=context_of(home), environ=new)
    assert found == UserForms(stored=(*hashes, JANE), remembered=tuple(hashes))
    forget(context_of(home), found, now=NOW, compacting=False)
    assert column(warehouse, "SELECT span_id FROM spans") == {"span-3"}
    assert column(warehouse, "SELECT user_digest FROM forgotten_users") == {user_digest(h) for h in hashes}
    kept = context_of(home, '[privacy.fields]\nuser_id = "keep"\n')
    assert JANE in forms_of(JANE, hashed=False, context=kept, environ=new).remembered
    stored = forms_of(hashes[0], hashed=True, context=context_of(home), environ=new)
    assert stored == UserForms(stored=(hashes[0],), remembered=(hashes[0],))


def test_an_old_file_that_is_loaded_again_brings_nobody_back(home: Home, tmp_path: Path) -> None:
    given = context_of(home)
    file = tmp_path / "calls.jsonl"
    rows_of_file = [
        {
            "component": "c",
            "started_at": f"2026-01-0{n}T10:00:00Z",
            "user_id": user,
            "input_text": f"text {n}",
        }
        for n, user in enumerate([JANE, "someone@example.com", JANE], start=1)
    ]
    file.write_text("\n".join(json.dumps(row) for row in rows_of_file))
    run = Ingest(given.migrated(), rules_spec(given), given.clock)
    assert run.file(file).new == 3
    forget(given, forms_of(JANE, hashed=False, context=given, environ={}), now=NOW)
    again = run.file(file)
    assert (again.new, again.known, dict(again.skipped)) == (0, 1, {FORGOTTEN: 2})
    assert len(rows(given.warehouse, "SELECT * FROM spans")) == 1
