"""Deaths, damage and bad requests between spool and warehouse: nothing lost or doubled, nothing held up."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from spooled_spans import Clock, body, ids, reasons, span, spooled

from collectors import spool_batch
from collectors.errors import WarehouseBusyError, WarehouseError
from collectors.home import Home
from collectors.spool_ingest import drain
from collectors.spool_segments import list_segments
from collectors.warehouse import Warehouse


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
