"""The lock beside the warehouse: who excludes whom, in what order, and what a death leaves behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from collectors.errors import WarehouseBusyError, WarehouseError
from collectors.warehouse.lock import FairLock

SPAWN = multiprocessing.get_context("spawn")


def hold_until_told(path: str, write: bool, pipe: Connection) -> None:
    with FairLock(Path(path)).hold(write=write, wait_s=20):
        pipe.send("held")
        pipe.recv()


def wait_for_lock(path: str, pipe: Connection) -> None:
    pipe.send("waiting")
    with FairLock(Path(path)).hold(write=True, wait_s=60):
        pipe.send("held")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "w.duckdb"


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [(False, False, True), (False, True, False), (True, False, False), (True, True, False)],
)
def test_threads_exclude_each_other_as_processes_do(
    path: Path, first: bool, second: bool, together: bool
) -> None:
    entered = threading.Event()
    leave = threading.Event()

    def hold() -> None:
        with FairLock(path).hold(write=first, wait_s=5):
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait(5)
    try:
        if together:
            with FairLock(path).hold(write=second, wait_s=0.05):
                pass
        else:
            with (
                pytest.raises(WarehouseBusyError, match="stayed busy"),
                FairLock(path).hold(write=second, wait_s=0.05),
            ):
                pass
    finally:
        leave.set()
        thread.join()
    with FairLock(path).hold(write=second, wait_s=0.05):
        pass
    assert not list(path.parent.glob("w.duckdb.queue/*"))


def test_a_writer_is_not_starved_by_readers_that_overlap(path: Path) -> None:
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            with FairLock(path).hold(write=False, wait_s=10):
                time.sleep(0.05)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    time.sleep(0.1)
    asked = time.monotonic()
    with FairLock(path).hold(write=True, wait_s=10):
        waited = time.monotonic() - asked
    stop.set()
    for reader in readers:
        reader.join()
    # Readers who overlap for ever would make it give up after ten.
    assert waited < 5


def test_first_come_first_served(path: Path) -> None:
    order: list[int] = []
    threads = []

    def enter(number: int) -> None:
        with FairLock(path).hold(write=number % 2 == 0, wait_s=20):
            order.append(number)
            time.sleep(0.03)

    with FairLock(path).hold(write=True, wait_s=5):
        for number in range(6):
            threads.append(threading.Thread(target=enter, args=(number,)))
            threads[-1].start()
            while len(list((path.parent / "w.duckdb.queue").glob("[0-9]*"))) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(6))


def test_a_killed_holder_leaves_the_lock_free(path: Path) -> None:
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=hold_until_told, args=(str(path), True, theirs))
    process.start()
    assert ours.recv() == "held"
    with pytest.raises(WarehouseBusyError), FairLock(path).hold(write=False, wait_s=0.05):
        pass
    process.kill()
    process.join()
    with FairLock(path).hold(write=True, wait_s=2):
        pass
    ours.close()
    theirs.close()


def test_a_killed_waiter_holds_nobody_up(path: Path) -> None:
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=wait_for_lock, args=(str(path), theirs))
    with FairLock(path).hold(write=True, wait_s=2):
        process.start()
        assert ours.recv() == "waiting"
        queue = path.parent / "w.duckdb.queue"
        while not list(queue.glob("[0-9]*")):
            time.sleep(0.005)
        process.kill()
        process.join()
        assert len(list(queue.glob("[0-9]*"))) == 1
    done = threading.Event()

    def second() -> None:
        with FairLock(path).hold(write=True, wait_s=5):
            done.set()

    with FairLock(path).hold(write=False, wait_s=2):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
    assert done.wait(2)
    thread.join()
    assert list(queue.iterdir()) == []
    ours.close()
    theirs.close()


def test_a_connection_inside_a_connection_is_refused_at_once(path: Path) -> None:
    lock = FairLock(path)
    with (
        lock.hold(write=False, wait_s=5),
        pytest.raises(WarehouseError, match="already"),
        lock.hold(write=False, wait_s=5),
    ):
        pass
    with lock.hold(write=True, wait_s=0.05):
        pass


def test_two_warehouses_can_be_held_at_once(tmp_path: Path) -> None:
    with (
        FairLock(tmp_path / "a").hold(write=True, wait_s=1),
        FairLock(tmp_path / "b").hold(write=True, wait_s=1),
    ):
        pass


def test_a_forked_child_neither_keeps_nor_drops_the_lock(path: Path) -> None:
    # In a process of its own: a fork of this one, with its threads, is another matter.
    script = f"""
import os, time
from pathlib import Path
from collectors.errors import WarehouseBusyError
from collectors.warehouse.lock import FairLock
path = Path({str(path)!r})
held = FairLock(path).hold(write=True, wait_s=1)
held.__enter__()
child = os.fork()
if child == 0:
    held.__exit__(None, None, None)
    time.sleep(20)
    os._exit(0)
time.sleep(0.2)
other = os.fork()
if other == 0:
    try:
        with FairLock(path).hold(write=True, wait_s=0.05):
            os._exit(1)
    except WarehouseBusyError:
        os._exit(0)
assert os.waitpid(other, 0)[1] == 0, "the first child dropped its parent's lock"
held.__exit__(None, None, None)
with FairLock(path).hold(write=True, wait_s=10):
    print("free")
os.kill(child, 9)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.stdout == "free\n", done.stderr


def test_lock_files_that_cannot_be_made_are_named(tmp_path: Path) -> None:
    with (
        pytest.raises(WarehouseError, match=r"nowhere.*lock"),
        FairLock(tmp_path / "nowhere" / "w").hold(write=False, wait_s=1),
    ):
        pass


def test_a_stopped_process_is_waited_for(path: Path) -> None:
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=hold_until_told, args=(str(path), False, theirs))
    process.start()
    assert ours.recv() == "held"
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    asked = time.monotonic()
    with pytest.raises(WarehouseBusyError), FairLock(path).hold(write=True, wait_s=0.2):
        pass
    assert 0.15 < time.monotonic() - asked < 20
    os.kill(process.pid, signal.SIGCONT)
    ours.send("leave")
    process.join()
    ours.close()
    theirs.close()
