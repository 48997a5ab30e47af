"""The wall clock steps by hours, back and forth, and nothing depends on it; odd segments are passed."""

from __future__ import annotations

import errno
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors import spool_frame
from collectors.home import Home
from collectors.spool import Spool
from collectors.spool_frame import MAGIC, SpoolRecord, encode, entries, foreign_layout, segment_header
from collectors.spool_ingest import SpoolDrain
from collectors.spool_segments import list_segments, readable, unreadable
from collectors.warehouse import Warehouse

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
# A step back of six hours, a leap of two days, back to before the epoch's first day here, and on.
STEPS = (0.0, -6.0, 0.1, 48.0, -30.0, 0.0, -5000.0, 24.0)


class Clock:
    """Steps with every look."""

    def __init__(self) -> None:
        self._steps: Iterator[float] = iter(STEPS * 100)

    def __call__(self) -> datetime:
        return NOON + timedelta(hours=next(self._steps))


def record(number: int, at: datetime) -> SpoolRecord:
    start = int(NOON.timestamp()) * 10**9 + number
    span = {
        "traceId": f"{number + 1:032x}",
        "spanId": f"{number + 1:016x}",
        "name": "chat",
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + 10**9),
    }
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    return SpoolRecord(signal="traces", content_type="application/json", received_at=at, items=1, body=body)


def test_the_clock_steps_and_everything_is_stored_once(home: Home, warehouse: Warehouse) -> None:
    clock = Clock()
    number = 0
    reader = SpoolDrain(home.spool, warehouse, clock=clock)
    for _ in range(4):
        spool = Spool(home.spool, max_bytes=64 << 20)
        for _ in range(5):
            spool.append(record(number, clock())).result(timeout=10)
            number += 1
            if number % 3 == 0:
                reader.run()
        spool.close()
    # The same requests again, as after a lost answer, at yet other times.
    spool = Spool(home.spool, max_bytes=64 << 20)
    for again in range(0, number, 2):
        spool.append(record(again, clock())).result(timeout=10)
    spool.close()
    reader.run()
    with warehouse.read() as con:
        found = con.execute("SELECT span_id, started_at FROM spans ORDER BY span_id").fetchall()
    assert [int(row[0], 16) - 1 for row in found] == list(range(number))
    assert {row[1].astimezone(UTC) for row in found} == {NOON}
    assert list_segments(home.spool) == []


def test_segments_are_read_in_the_order_of_writing_whatever_the_files_times(home: Home) -> None:
    spool = Spool(home.spool, max_bytes=64 << 20, segment_bytes=1)
    for number in range(3):
        spool.append(record(number, NOON - timedelta(hours=number))).result(timeout=10)
    spool.close()
    numbers = [segment.number for segment, _ in readable(home.spool)]
    assert numbers == sorted(numbers)
    assert len(numbers) == 3


@pytest.mark.parametrize(
    ("start", "layout"),
    [
        (MAGIC + b"12345678", None),
        (MAGIC[:-1] + b"2", "2"),
        (MAGIC[:-1] + b"0", "0"),
        (MAGIC[:-1] + b"x", None),
        (b"", None),
        (b"CWS", None),
        (b"garbage!garbage!", None),
    ],
)
def test_the_layout_of_a_segment(start: bytes, layout: str | None) -> None:
    assert foreign_layout(start) == layout


def test_a_damaged_header_costs_no_record(home: Home, warehouse: Warehouse) -> None:
    spool = Spool(home.spool, max_bytes=64 << 20)
    for number in range(3):
        spool.append(record(number, NOON)).result(timeout=10)
    spool.close()
    (segment,) = list_segments(home.spool)
    with segment.path.open("r+b") as file:
        file.write(b"\0" * 16)
    assert SpoolDrain(home.spool, warehouse, clock=lambda: NOON).run().spans == 3


def test_segments_of_another_layout_are_kept_and_counted(home: Home, warehouse: Warehouse) -> None:
    spool = Spool(home.spool, max_bytes=64 << 20)
    spool.append(record(1, NOON)).result(timeout=10)
    spool.close()
    other = home.spool / f"{9:010d}-{'ab' * 8}.spool"
    other.write_bytes(MAGIC[:-1] + b"3" + b"\xab" * 8 + b"?" * 100)
    assert SpoolDrain(home.spool, warehouse, clock=lambda: NOON).run().spans == 1
    assert [segment.path for segment in list_segments(home.spool)] == [other]
    told = unreadable(home.spool)
    assert told is not None
    assert "layout 3" in told
    assert str(other) in told
    # It takes its part of the cap, and a new segment never takes its number.
    again = Spool(home.spool, max_bytes=64 << 20)
    assert again.used_bytes >= 100
    again.append(record(2, NOON)).result(timeout=10)
    again.close()
    assert max(segment.number for segment in list_segments(home.spool)) == 10


def test_a_record_whose_head_is_not_ours_is_reported_and_passed(tmp_path: Path) -> None:
    marker = b"\x01\x02\x03\x04\x05\x06\x07\x08"
    good = encode(record(1, NOON), marker)
    payload = spool_frame._HEAD.pack(2) + b"{}" + b"body"
    odd = spool_frame._FRAME.pack(marker, len(payload), spool_frame._checksum(payload)) + payload
    path = tmp_path / "segment"
    path.write_bytes(segment_header(marker) + good + odd + good)
    with path.open("rb") as file:
        found = list(entries(file, 0, marker, final=True))
    assert [entry.record is not None for entry in found] == [True, False, True]
    assert "head that cannot be read: KeyError" in found[1].damage


def test_a_disk_that_refuses_a_rename_keeps_nobody_from_starting(
    home: Home, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.spool.mkdir()
    marker = bytes.fromhex("00112233445566ff")
    left = home.spool / f"{1:010d}-{marker.hex()}.open"
    left.write_bytes(segment_header(marker) + encode(record(1, NOON), marker))
    full = threading.Event()
    full.set()
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if full.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    spool = Spool(home.spool, max_bytes=64 << 20)
    spool.append(record(2, NOON)).result(timeout=10)
    assert left.exists()
    # What a dead writer left is read all the same, and sealed when there is room again.
    reader = SpoolDrain(home.spool, warehouse, clock=lambda: NOON)
    assert reader.run().spans == 2
    full.clear()
    deadline = time.monotonic() + 10
    while left.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left.exists()
    spool.close()
    reader.run()
    assert list_segments(home.spool) == []
