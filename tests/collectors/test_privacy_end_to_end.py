"""Redaction on the way in: what a file or an exporter brings is nowhere in the warehouse as it came."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from otlp_bodies import otlp_log, otlp_logs, otlp_request, otlp_span

from collectors.config import Config
from collectors.context import Context
from collectors.home import Home
from collectors.ingest import Ingest
from collectors.ingest_rules import rules_spec
from collectors.spool import Spool
from collectors.spool_frame import SpoolRecord
from collectors.spool_ingest import drain
from collectors.warehouse import Warehouse

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECRETS = ("ada@example.org", "4111 1111 1111 1111", "user-4711")


def context(home: Home) -> Context:
    return Context(home=home.create(), config=Config({}, "defaults"), clock=lambda: AT)


def dump(warehouse: Warehouse) -> str:
    """Everything in every table as one text."""
    with warehouse.read() as con:
        tables = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return "\n".join(str(con.execute(f'SELECT * FROM "{name}"').fetchall()) for name in tables)


def test_a_file(home: Home, clock: Callable[[], datetime], tmp_path: Path) -> None:
    given = context(home)
    good = {
        "component": "generator",
        "started_at": "2026-03-02T11:00:00Z",
        "input_text": f"I am {SECRETS[0]}, card {SECRETS[1]}",
        "user_id": SECRETS[2],
        "attributes": {"mail": SECRETS[0]},
    }
    path = tmp_path / "calls.jsonl"
    path.write_text(json.dumps(good) + "\n" + json.dumps({**good, "started_at": "never"}) + "\n")
    report = Ingest(given.migrated(), rules_spec(given), clock).file(path)
    assert (report.new, sum(report.quarantined.values())) == (1, 1)
    stored = dump(given.warehouse)
    assert "I am [EMAIL], card [CARD]" in stored
    assert not [secret for secret in SECRETS if secret in stored]


def test_the_spool(home: Home) -> None:
    given = context(home)
    span = otlp_span("chat m", {"gen_ai.prompt": f"mail {SECRETS[0]}", "user.id": SECRETS[2]})
    said = otlp_logs(otlp_log("gen_ai.user.message", span, {"content": f"card {SECRETS[1]}"}, 1))
    spool = Spool(home.spool, max_bytes=1 << 20, min_free_bytes=0, segment_bytes=1 << 20)
    for signal, body in (("traces", otlp_request(span)), ("logs", said)):
        record = SpoolRecord(
            signal=signal,
            content_type="application/json",
            received_at=AT,
            items=1,
            body=json.dumps(body).encode(),
        )
        spool.append(record).result()
    spool.close()
    summary = drain(home, given.migrated(), clock=given.clock, spec=rules_spec(given))
    assert (summary.spans, summary.contents) == (1, 1)
    stored = dump(given.warehouse)
    assert "[EMAIL]" in stored
    assert "[CARD]" in stored
    assert not [secret for secret in SECRETS if secret in stored]
