"""From the spool into the warehouse: exactly once, and nothing bad holds up what comes after it."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from collectors import spool_batch
from collectors.errors import WarehouseBusyError, WarehouseError
from collectors.home import Home
from collectors.ingest_config import IngestConfig
from collectors.ingest_rules import RulesSpec
from collectors.spool import Spool
from collectors.spool_frame import SpoolRecord
from collectors.spool_ingest import SpoolDrain, drain
from collectors.spool_segments import list_segments
from collectors.warehouse import Warehouse

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
NS = int(AT.timestamp()) * 10**9
Clock = Callable[[], datetime]


def span(number: int, **more: Any) -> dict[str, Any]:
    return {
        "traceId": f"{number + 1:032x}",
        "spanId": f"{number + 1:016x}",
        "name": "chat",
        "startTimeUnixNano": str(NS + number * 1000),
        "endTimeUnixNano": str(NS + number * 1000 + 10**9),
        **more,
    }


def body(spans: Sequence[dict[str, Any]]) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}).encode()


def spooled(home: Home, *bodies: bytes, encoding: str = "") -> None:
    spool = Spool(home.spool, max_bytes=64 << 20)
    for content in bodies:
        spool.append(
            SpoolRecord(
                signal="traces",
                content_type="application/json",
                encoding=encoding,
                received_at=AT,
                items=1,
                body=content,
            )
        ).result(timeout=10)
    spool.close()


def ids(warehouse: Warehouse) -> list[int]:
    with warehouse.read() as con:
        return [
            int(row[0], 16) - 1
            for row in con.execute("SELECT span_id FROM spans ORDER BY span_id").fetchall()
        ]


def reasons(warehouse: Warehouse) -> list[str]:
    with warehouse.read() as con:
        return [row[0] for row in con.execute("SELECT reason FROM quarantine ORDER BY reason").fetchall()]


def test_everything_is_stored_once_and_the_segments_are_deleted(home: Home, clock: Clock) -> None:
    warehouse = Warehouse(home.warehouse)
    spooled(home, *[body([span(n), span(n + 100)]) for n in range(20)])
    summary = drain(home, warehouse, clock=clock)
    assert (summary.requests, summary.spans, summary.duplicates, summary.pending_bytes) == (20, 40, 0, 0)
    assert ids(warehouse) == [*range(20), *range(100, 120)]
    assert list_segments(home.spool) == []
    assert drain(home, warehouse, clock=clock).requests == 0


def test_gzip_bodies_are_unpacked(home: Home, clock: Clock) -> None:
    spooled(home, gzip.compress(body([span(1)])), encoding="gzip")
    assert drain(home, Warehouse(home.warehouse), clock=clock).spans == 1


def test_without_a_spool_nothing_is_done(tmp_path: Path, clock: Clock) -> None:
    home = Home(root=tmp_path / "nothing")
    assert drain(home, Warehouse(home.warehouse), clock=clock).requests == 0
    assert not home.root.exists()


def test_a_writer_at_work_is_read_up_to_its_end(home: Home, clock: Clock) -> None:
    warehouse = Warehouse(home.warehouse)
    spool = Spool(home.spool, max_bytes=64 << 20)
    reader = SpoolDrain(home.spool, warehouse, clock=clock)
    for number in range(3):
        spool.append(
            SpoolRecord(
                signal="traces", content_type="application/json", received_at=AT, body=body([span(number)])
            )
        ).result(timeout=10)
        assert reader.oldest_pending_at() == AT
        assert reader.run().spans == 1
        assert reader.oldest_pending_at() is None
        assert reader.run().requests == 0
    assert len(list_segments(home.spool)) == 1
    spool.close()
    reader.run()
    assert list_segments(home.spool) == []
    assert ids(warehouse) == [0, 1, 2]


def test_a_death_after_the_commit_stores_nothing_twice(
    home: Home, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(home.warehouse)
    spooled(home, body([span(1)]), body([span(2)]))

    def die(self: Path, missing_ok: bool = False) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", die)
        with pytest.raises(KeyboardInterrupt):
            drain(home, warehouse, clock=clock)
    assert ids(warehouse) == [1, 2]
    assert len(list_segments(home.spool)) == 1
    again = drain(home, warehouse, clock=clock)
    assert (again.requests, again.spans, again.duplicates) == (0, 0, 0)
    assert list_segments(home.spool) == []


def test_a_death_before_the_commit_loses_nothing(
    home: Home, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(home.warehouse)
    spooled(home, body([span(1)]))
    with monkeypatch.context() as patch:
        patch.setattr(
            spool_batch,
            "_MOVE_CURSOR",
            "SELECT error('killed here') WHERE ? <> '' AND ? >= 0 AND ? IS NOT NULL",
        )
        with pytest.raises(Exception, match="killed here"):
            drain(home, warehouse, clock=clock)
    assert ids(warehouse) == []
    assert drain(home, warehouse, clock=clock).spans == 1


def test_a_body_that_cannot_be_decoded_is_quarantined(home: Home, clock: Clock) -> None:
    warehouse = Warehouse(home.warehouse)
    spooled(home, body([span(1)]), b"{broken", b"[" * 100_000, body([span(2)]))
    summary = drain(home, warehouse, clock=clock)
    assert (summary.requests, summary.spans, summary.quarantined) == (4, 2, 2)
    assert ids(warehouse) == [1, 2]
    assert all("JSON" in reason for reason in reasons(warehouse))


def test_a_bad_span_does_not_cost_its_neighbours(home: Home, clock: Clock) -> None:
    warehouse = Warehouse(home.warehouse)
    spooled(home, body([span(1), span(2, traceId="xyz"), span(3)]))
    summary = drain(home, warehouse, clock=clock)
    assert (summary.spans, summary.quarantined) == (2, 1)
    assert ids(warehouse) == [1, 3]


def test_a_span_that_the_warehouse_refuses_is_set_aside_alone(
    home: Home, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(home.warehouse)
    real = spool_batch.store_batch

    def picky(con: Any, batch: Any, *, now: datetime) -> Any:
        if any(key.endswith("05") for key in batch.spans["span_id"].to_pylist()):
            raise ValueError("the fifth element")
        return real(con, batch, now=now)

    monkeypatch.setattr(spool_batch, "store_batch", picky)
    spooled(home, *[body([span(n), span(n + 1)]) for n in range(0, 10, 2)])
    summary = drain(home, warehouse, clock=clock)
    assert (summary.requests, summary.spans, summary.quarantined) == (5, 9, 1)
    assert ids(warehouse) == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert reasons(warehouse) == ["the warehouse refuses it: the fifth element"]
    assert list_segments(home.spool) == []


def test_damage_in_the_middle_of_a_segment_is_reported_and_passed(home: Home, clock: Clock) -> None:
    warehouse = Warehouse(home.warehouse)
    spooled(home, *[body([span(n)]) for n in range(3)])
    (segment,) = list_segments(home.spool)
    data = bytearray(segment.path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    segment.path.write_bytes(data)
    summary = drain(home, warehouse, clock=clock)
    assert (summary.requests, summary.spans, summary.quarantined) == (2, 2, 1)
    assert ids(warehouse) == [0, 2]
    assert reasons(warehouse) == ["a record is damaged on disk"]


def test_a_torn_last_record_is_left_out_silently(home: Home, clock: Clock) -> None:
    warehouse = Warehouse(home.warehouse)
    spooled(home, body([span(0)]), body([span(1)]))
    (segment,) = list_segments(home.spool)
    segment.path.write_bytes(segment.path.read_bytes()[:-5])
    summary = drain(home, warehouse, clock=clock)
    assert (summary.spans, summary.quarantined, summary.pending_bytes) == (1, 0, 0)
    assert list_segments(home.spool) == []


def test_a_busy_warehouse_keeps_the_spool(home: Home, warehouse: Warehouse, clock: Clock) -> None:
    spooled(home, body([span(1)]))
    entered, leave = threading.Event(), threading.Event()

    def occupy() -> None:
        with Warehouse(home.warehouse).write():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=occupy)
    thread.start()
    entered.wait(5)
    with pytest.raises(WarehouseBusyError):
        drain(home, Warehouse(home.warehouse, wait_s=0.1), clock=clock)
    assert len(list_segments(home.spool)) == 1
    leave.set()
    thread.join()
    assert drain(home, warehouse, clock=clock).spans == 1


def test_a_damaged_warehouse_keeps_the_spool(home: Home, clock: Clock) -> None:
    spooled(home, body([span(1)]))
    home.warehouse.write_bytes(b"not a database" * 1000)
    with pytest.raises(WarehouseError):
        drain(home, Warehouse(home.warehouse), clock=clock)
    home.warehouse.unlink()
    assert drain(home, Warehouse(home.warehouse), clock=clock).spans == 1


def test_a_spool_that_starts_over_is_not_taken_for_the_old_one(home: Home, clock: Clock) -> None:
    warehouse = Warehouse(home.warehouse)
    for number in range(3):
        # The folder is empty each time: every segment is number 1 again.
        spooled(home, body([span(number)]))
        assert drain(home, warehouse, clock=clock).spans == 1
    with warehouse.read() as con:
        assert con.execute("SELECT count(*) FROM spool_cursors").fetchall()[0][0] <= 1


def test_what_comes_during_a_pass_is_stored_by_it(
    home: Home, warehouse: Warehouse, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.spool_ingest.CHUNK_BYTES", 1)
    monkeypatch.setattr("collectors.spool_ingest.BATCH_REQUESTS", 1)
    numbers = iter(range(4, 12))
    # Segments of one request each: names come and go, and so do cursors.
    spool = Spool(home.spool, max_bytes=64 << 20, segment_age_s=0.0)

    def append(number: int) -> None:
        record = SpoolRecord(
            signal="traces", content_type="application/json", received_at=AT, body=body([span(number)])
        )
        spool.append(record).result(timeout=10)

    def told(stored: object) -> None:
        number = next(numbers, None)
        if number is not None:
            append(number)

    for number in range(4):
        append(number)
    one_process = RulesSpec(ingest=IngestConfig(processes=1))
    reader = SpoolDrain(home.spool, warehouse, clock=clock, spec=one_process)
    summary = reader.run(told=told)
    assert (summary.requests, summary.spans, summary.duplicates) == (12, 12, 0)
    assert ids(warehouse) == list(range(12))
    spool.close()
    assert reader.run().requests == 0
    assert list_segments(home.spool) == []


def test_two_drainers_keep_apart(home: Home, warehouse: Warehouse, clock: Clock) -> None:
    spooled(home, body([span(1)]))
    with FileLock(home.spool / "drain.lock"):
        asked = time.monotonic()
        summary = drain(home, warehouse, clock=clock, wait_s=0.1)
        assert time.monotonic() - asked < 2
    assert summary.busy
    assert summary.pending_bytes > 0
    assert drain(home, warehouse, clock=clock).spans == 1


def test_the_number_of_transactions_can_be_bounded(
    home: Home, warehouse: Warehouse, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.spool_ingest.CHUNK_REQUESTS", 1)
    monkeypatch.setattr("collectors.spool_ingest.BATCH_REQUESTS", 2)
    spooled(home, *[body([span(n)]) for n in range(5)])
    first = drain(home, warehouse, clock=clock, max_batches=1)
    assert first.spans == 2
    assert first.pending_bytes > 0
    assert drain(home, warehouse, clock=clock).spans == 3
    assert ids(warehouse) == list(range(5))
