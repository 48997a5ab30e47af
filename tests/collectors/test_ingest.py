"""`chainwatch ingest` as a whole: once, in any batches, with bad records set aside and counted."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from otlp_bodies import START_NS, otlp_log, otlp_logs, otlp_request, otlp_span

from collectors.home import Home
from collectors.ingest import FileReport, Ingest
from collectors.ingest_batch import Batch, prepare, store_resilient
from collectors.ingest_config import IngestConfig
from collectors.ingest_rules import RulesSpec
from collectors.model import Span
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import fetch

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)


def row(number: int, **more: Any) -> dict[str, Any]:
    ids = {"trace_id": f"{number // 3 + 1:032x}", "span_id": f"{number + 1:016x}"}
    return {
        **ids,
        "component": "generator",
        "started_at": START_NS + number * 10**9,
        "duration_s": 0.5,
        **more,
    }


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows))
    return path


@pytest.fixture
def run(warehouse: Warehouse, clock: Callable[[], datetime]) -> Ingest:
    return Ingest(warehouse, RulesSpec(ingest=IngestConfig(batch_rows=7)), clock)


def rows_of(warehouse: Warehouse, sql: str) -> list[dict[str, Any]]:
    with warehouse.read() as con:
        return fetch(con, sql)


def test_a_file_is_stored_once_however_often_it_is_loaded(
    run: Ingest, warehouse: Warehouse, tmp_path: Path
) -> None:
    rows: list[Any] = [row(n, input_text=f"q{n}") for n in range(20)]
    rows += [
        row(3),
        "{oops",
        row(99, duration_s=-1),
        {"type": "feedback", "trace_id": "t", "created_at": 1772359200, "score": 1},
    ]
    path = write(tmp_path / "a.jsonl", rows)
    first, again = run.file(path), run.file(path)
    assert (first.format, first.title) == ("jsonl", "JSON lines")
    assert (first.read, first.spans, first.new, first.known, first.feedback) == (24, 21, 20, 1, 1)
    assert first.quarantined == {"not JSON": 1, "duration_s: must not be negative": 1}
    assert (again.new, again.known, again.feedback) == (0, 21, 0)
    assert again.quarantined == first.quarantined
    assert rows_of(warehouse, "SELECT count(*) AS n, count(DISTINCT span_id) AS d FROM spans") == [
        {"n": 20, "d": 20}
    ]
    assert rows_of(warehouse, "SELECT count(*) AS n FROM feedback") == [{"n": 1}]
    bad = rows_of(warehouse, "SELECT file, line, source, reason, raw FROM quarantine ORDER BY line")
    assert [(r["line"], r["source"]) for r in bad] == [(22, "jsonl"), (23, "jsonl")]
    assert bad[0]["file"] == str(path.resolve())
    assert bad[0]["raw"] == "{oops"
    assert bad[1]["reason"] == "duration_s = -1: must not be negative"


def test_a_copy_under_another_name_adds_nothing_even_without_ids(run: Ingest, tmp_path: Path) -> None:
    rows = [{"component": "c", "started_at": START_NS, "input_text": f"q{n}"} for n in range(3)]
    assert run.file(write(tmp_path / "a.jsonl", rows)).new == 3
    assert run.file(write(tmp_path / "b.jsonl", rows)).new == 0


def test_what_is_stored(
    run: Ingest, warehouse: Warehouse, tmp_path: Path, clock: Callable[[], datetime]
) -> None:
    run.file(
        write(
            tmp_path / "a.jsonl", [row(0, documents=[{"id": "d", "text": "t"}], attributes={"x": {"y": 1}})]
        )
    )
    (stored,) = rows_of(warehouse, "SELECT * FROM spans")
    assert stored["started_at"] == AT
    assert (stored["ended_at"] - stored["started_at"]).total_seconds() == 0.5
    assert stored["source"] == "jsonl:a.jsonl"
    assert stored["ingested_at"] == clock()
    assert stored["documents"] == [{"id": "d", "score": None, "text": "t", "relevant": None}]
    assert json.loads(stored["attributes"]) == {"x": {"y": 1}}
    assert stored["parameters"] is None


def test_a_raw_record_is_cut_at_two_thousand_characters(
    run: Ingest, warehouse: Warehouse, tmp_path: Path
) -> None:
    run.file(write(tmp_path / "a.jsonl", ["{" + "x" * 10_000]))
    assert rows_of(warehouse, "SELECT length(raw) AS n FROM quarantine") == [{"n": 2000}]


def test_a_torn_file_keeps_what_was_read_and_says_what_is_wrong(run: Ingest, tmp_path: Path) -> None:
    whole = gzip.compress(
        "\n".join(json.dumps(row(n, input_text=f"{n * 7919}")) for n in range(4000)).encode()
    )
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    report = Ingest(run.warehouse, RulesSpec(ingest=IngestConfig(batch_rows=1000)), run.clock).file(path)
    assert report.error is not None
    assert "cannot be read past line" in report.error
    assert report.new > 500
    assert report.new == report.read - sum(report.quarantined.values())


def test_files_of_folders_that_nobody_knows_are_passed_over(run: Ingest, tmp_path: Path) -> None:
    good, picture = write(tmp_path / "a.jsonl", [row(1)]), tmp_path / "logo.png"
    picture.write_bytes(b"\x89PNG")
    reports = list(run.files([(good, False), (picture, False)]))
    assert [r.path for r in reports] == [str(good)]
    assert run.passed_over == [str(picture)]
    (named,) = run.files([(picture, True)])
    assert named.error is not None
    assert "format not recognised; choose one with --format: " in named.error


def test_progress_is_told_as_rows_are_read(
    warehouse: Warehouse, clock: Callable[[], datetime], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def note(report: FileReport) -> None:
        seen.append(report.read)

    monkeypatch.setattr("collectors.ingest.PIECE_BYTES", 100_000)
    Ingest(warehouse, RulesSpec(), clock, note).file(
        write(tmp_path / "a.jsonl", [row(n) for n in range(2500)])
    )
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert seen[-1] == 2500


def test_a_record_that_the_warehouse_refuses_costs_no_neighbour(warehouse: Warehouse) -> None:
    def made(number: int, **more: Any) -> Span:
        return Span(
            trace_id="t", span_id=f"s{number}", component="c", name="n", started_at=AT, source="x", **more
        )

    batch = Batch(spans=[made(1), made(2, input_tokens=2**70), made(3), made(4, input_text="\ud800")])
    stored, refused = store_resilient(warehouse, prepare(batch, now=AT), now=AT)
    assert (stored.spans, stored.quarantined, refused) == (2, 2, 0)
    assert [r["span_id"] for r in rows_of(warehouse, "SELECT span_id FROM spans ORDER BY 1")] == ["s1", "s3"]
    reasons = [r["reason"] for r in rows_of(warehouse, "SELECT reason FROM quarantine")]
    assert all(reason.startswith("the warehouse refuses it: ") for reason in reasons)


CALL = otlp_span("chat m", {"gen_ai.operation.name": "chat"})
MESSAGES = otlp_logs(
    otlp_log("gen_ai.system.message", CALL, {"content": "Be brief."}, 1),
    otlp_log("gen_ai.user.message", CALL, {"content": "Where is it?"}, 2),
)
CHOICE = otlp_logs(
    otlp_log(
        "gen_ai.choice", CALL, {"index": 0, "message": {"role": "assistant", "content": "On its way."}}, 900
    )
)
ANSWERED = ("Where is it?", "On its way.")


@pytest.mark.parametrize("order", ["span first", "span last", "span between", "all at once", "twice"])
def test_text_in_log_records_finds_its_span(
    order: str, run: Ingest, warehouse: Warehouse, tmp_path: Path
) -> None:
    span = otlp_request(CALL, otlp_span("other", {}))
    parts = {
        "span first": [[span], [CHOICE], [MESSAGES]],
        "span last": [[MESSAGES], [CHOICE], [span]],
        "span between": [[CHOICE], [span], [MESSAGES]],
        "all at once": [[MESSAGES, span, CHOICE]],
        "twice": [[span, MESSAGES, CHOICE], [CHOICE, MESSAGES, span]],
    }[order]
    for number, bodies in enumerate(parts):
        run.file(write(tmp_path / f"{number}.jsonl", bodies))
    stored = rows_of(warehouse, "SELECT input_text, output_text FROM spans ORDER BY name")
    assert [tuple(r.values()) for r in stored] == [ANSWERED, (None, None)]
    assert rows_of(warehouse, "SELECT count(*) AS n FROM span_contents") == [{"n": 3}]


def test_messages_that_come_piece_by_piece_are_put_in_order(
    run: Ingest, warehouse: Warehouse, tmp_path: Path
) -> None:
    later = otlp_logs(otlp_log("gen_ai.assistant.message", CALL, {"content": "Which one?"}, 3))
    last = otlp_logs(otlp_log("gen_ai.user.message", CALL, {"content": "A-1"}, 4))
    for number, body in enumerate([otlp_request(CALL), last, MESSAGES, later]):
        run.file(write(tmp_path / f"{number}.jsonl", [body]))
    (stored,) = rows_of(warehouse, "SELECT input_text FROM spans")
    assert stored["input_text"] == "user: Where is it?\nassistant: Which one?\nuser: A-1"


def test_a_text_that_the_span_brought_itself_stays(run: Ingest, warehouse: Warehouse, tmp_path: Path) -> None:
    own = otlp_span("chat m", {"gen_ai.operation.name": "chat", "input.value": "mine"})
    run.file(write(tmp_path / "a.jsonl", [otlp_request(own), MESSAGES, CHOICE]))
    assert rows_of(warehouse, "SELECT input_text, output_text FROM spans") == [
        {"input_text": "mine", "output_text": "On its way."}
    ]


def cli(home: Home, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    code = "from dashboard.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={"CHAINWATCH_HOME": str(home.root), "PYTHONPATH": str(Path(__file__).parents[2])},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_command_says_what_it_did_and_how_it_went(home: Home, tmp_path: Path) -> None:
    good = write(tmp_path / "good.jsonl", [row(1), row(2), "{oops"])
    done = cli(home, "ingest", str(tmp_path / "*.jsonl"))
    assert done.returncode == 0, done.stderr
    assert f"{good}: JSON lines: 3 read, 2 new spans, 0 already stored, 1 quarantined" in done.stdout
    assert "quarantined 1: not JSON" in done.stdout
    assert done.stderr == "", "no progress in cron"
    piped = cli(home, "ingest", "-", "--json", stdin=json.dumps(row(2)) + "\n" + json.dumps(row(3)) + "\n")
    assert piped.returncode == 0, piped.stderr
    told = json.loads(piped.stdout)
    assert (told["read"], told["new"], told["already_stored"], told["quarantined"]) == (2, 1, 1, 0)
    assert told["files"][0]["path"] == "stdin"
    bad = write(tmp_path / "bad.txt", ["no log at all"])
    assert cli(home, "ingest", str(bad)).returncode == 1
    missing = cli(home, "ingest", str(tmp_path / "nothing.jsonl"))
    assert missing.returncode == 2
    assert "there is no file" in missing.stderr
    wrong = cli(home, "ingest", str(good), "--format", "xml")
    assert wrong.returncode == 2
    assert "unknown format 'xml'; choose one of: " in wrong.stderr
