"""The writing end of the spool: acknowledged is on disk, the cap holds, a failed write harms nothing."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.errors import ChainwatchError, SpoolFullError
from collectors.spool import Spool
from collectors.spool_frame import SpoolRecord, entries
from collectors.spool_segments import list_segments, readable

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
MB = 1 << 20


def record(body: bytes) -> SpoolRecord:
    return SpoolRecord(signal="traces", content_type="application/json", received_at=AT, items=1, body=body)


def stored(folder: Path) -> list[bytes]:
    found = []
    for segment, final in readable(folder):
        with segment.path.open("rb") as file:
            for entry in entries(file, 0, segment.segment_id, final=final):
                assert entry.record is not None, entry
                found.append(entry.record.body)
    return found


def test_what_is_acknowledged_can_be_read_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", max_bytes=64 * MB)
    bodies = [b"%d" % n * (n % 50) for n in range(200)]
    for future in [spool.append(record(body)) for body in bodies]:
        future.result(timeout=10)
    assert stored(tmp_path / "spool") == bodies
    spool.close()
    assert stored(tmp_path / "spool") == bodies
    assert all(final for _, final in readable(tmp_path / "spool"))


def test_requests_that_come_together_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    real = os.fdatasync

    def slow(fd: int) -> None:
        syncs.append(fd)
        time.sleep(0.02)
        real(fd)

    monkeypatch.setattr(os, "fdatasync", slow)
    spool = Spool(tmp_path, max_bytes=64 * MB)
    futures: list[Future[None]] = []
    lock = threading.Lock()

    def send() -> None:
        for _ in range(10):
            future = spool.append(record(b"x"))
            future.result(timeout=10)
            with lock:
                futures.append(future)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spool.close()
    assert len(futures) == 80
    assert 10 <= len(syncs) <= 40


def test_nothing_is_acknowledged_before_the_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr(os, "fdatasync", lambda fd: gate.wait(10))
    spool = Spool(tmp_path, max_bytes=64 * MB)
    future = spool.append(record(b"x"))
    time.sleep(0.1)
    assert not future.done()
    gate.set()
    future.result(timeout=10)
    spool.close()


def test_segments_turn_by_size(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=64 * MB, segment_bytes=4096)
    for _ in range(10):
        spool.append(record(b"y" * 1500)).result(timeout=10)
    spool.close()
    sizes = [s.size for s in list_segments(tmp_path)]
    assert len(sizes) == 4
    assert max(sizes) < 4096 + 2000


def test_segments_turn_by_age_without_traffic(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=64 * MB, segment_age_s=0.05)
    spool.append(record(b"y")).result(timeout=10)
    deadline = time.monotonic() + 10
    while not all(s.path.suffix == ".spool" for s in list_segments(tmp_path)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    spool.close()


def test_the_cap_refuses_and_lets_in_again_when_segments_are_deleted(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=100_000)
    while sum(s.size for s in list_segments(tmp_path)) < 98_000:
        spool.append(record(b"z" * 1000)).result(timeout=10)
    with pytest.raises(SpoolFullError, match="100000"):
        spool.append(record(b"z" * 2000))
    assert sum(s.size for s in list_segments(tmp_path)) <= 100_000
    for segment in list_segments(tmp_path):
        if segment.path.suffix == ".spool":
            segment.path.unlink()
    spool.append(record(b"z" * 1000)).result(timeout=10)
    spool.close()


def test_free_space_is_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=1 << 40, min_free_bytes=1 << 62)
    with pytest.raises(SpoolFullError, match="free"):
        spool.append(record(b"z"))
    spool.close()


def test_a_failed_write_is_not_acknowledged_and_the_segment_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, max_bytes=64 * MB)
    spool.append(record(b"before")).result(timeout=10)
    real = os.write

    def full(fd: int, data: bytes) -> int:
        real(fd, bytes(data)[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(SpoolFullError, match="No space left"):
        spool.append(record(b"lost")).result(timeout=10)
    monkeypatch.setattr(os, "write", real)
    spool.append(record(b"after")).result(timeout=10)
    assert stored(tmp_path) == [b"before", b"after"]
    spool.close()
    assert len(list_segments(tmp_path)) == 2


def test_a_full_disk_leaves_no_empty_segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    spool = Spool(tmp_path, max_bytes=64 * MB)
    for _ in range(5):
        with pytest.raises(SpoolFullError):
            spool.append(record(b"lost")).result(timeout=10)
    spool.close()
    assert list_segments(tmp_path) == []


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=MB)
    with pytest.raises(ChainwatchError, match="another receiver"):
        Spool(tmp_path, max_bytes=MB)
    spool.close()
    Spool(tmp_path, max_bytes=MB).close()


def test_a_new_writer_seals_what_a_dead_one_left_and_never_appends_to_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=64 * MB)
    spool.append(record(b"one")).result(timeout=10)
    spool.close()
    (left,) = list_segments(tmp_path)
    # As after a kill: still named open, and the last record torn.
    torn = left.path.with_suffix(".open")
    left.path.rename(torn)
    with torn.open("ab") as file:
        file.write(left.segment_id + b"\xff\x00\x00\x00torn")
    assert [final for _, final in readable(tmp_path)] == [True]
    spool = Spool(tmp_path, max_bytes=64 * MB)
    spool.append(record(b"two")).result(timeout=10)
    assert stored(tmp_path) == [b"one", b"two"]
    assert [s.number for s in list_segments(tmp_path)] == [1, 2]
    assert [final for _, final in readable(tmp_path)] == [True, False]
    spool.close()


def test_nothing_is_taken_after_the_close(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=MB)
    spool.close()
    with pytest.raises(SpoolFullError, match="stopping"):
        spool.append(record(b"x"))


def test_a_request_that_was_given_up_costs_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    real = os.fdatasync

    def wait(fd: int) -> None:
        gate.wait(10)
        real(fd)

    monkeypatch.setattr(os, "fdatasync", wait)
    spool = Spool(tmp_path, max_bytes=64 * MB)
    first = spool.append(record(b"first"))
    while not first.running():
        time.sleep(0.001)
    given_up = spool.append(record(b"given up"))
    last = spool.append(record(b"last"))
    assert given_up.cancel()
    assert not first.cancel()
    gate.set()
    last.result(timeout=10)
    assert stored(tmp_path) == [b"first", b"last"]
    spool.close()
