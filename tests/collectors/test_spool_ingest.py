"""From the spool into the warehouse: exactly once, in any number of passes."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest
from filelock import FileLock
from spooled_spans import AT, Clock, body, ids, span, spooled

from collectors.home import Home
from collectors.ingest_config import IngestConfig
from collectors.ingest_rules import RulesSpec
from collectors.spool import Spool
from collectors.spool_frame import SpoolRecord
from collectors.spool_ingest import SpoolDrain, drain
from collectors.spool_segments import list_segments
from collectors.warehouse import Warehouse


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
        assert time.monotonic() - asked < 20
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
