"""Opening the warehouse: one transaction a write, bounded waits, and errors that say what to do."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from collectors.errors import WarehouseBusyError, WarehouseError
from collectors.warehouse import Warehouse
from collectors.warehouse.connection import scratch

# A program that knows nothing of our queue, as a DuckDB shell.
FOREIGN = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.readline()
connection.close()
"""


@pytest.fixture
def made(tmp_path: Path) -> Warehouse:
    warehouse = Warehouse(tmp_path / "w.duckdb", wait_s=5)
    with warehouse.write() as con:
        con.execute("CREATE TABLE t (n INTEGER)")
    return warehouse


def count(warehouse: Warehouse) -> int:
    with warehouse.read() as con:
        return int(con.execute("SELECT count(*) FROM t").fetchall()[0][0])


def test_a_write_is_one_transaction(made: Warehouse) -> None:
    with made.write() as con:
        con.execute("INSERT INTO t VALUES (1)")
    assert count(made) == 1
    with pytest.raises(duckdb.Error, match="no further"), made.write() as con:
        con.execute("INSERT INTO t VALUES (2); SELECT error('no further')")
    assert count(made) == 1


def test_a_reader_cannot_write(made: Warehouse) -> None:
    with made.read() as con, pytest.raises(duckdb.Error):
        con.execute("INSERT INTO t VALUES (1)")


def test_nothing_outside_can_be_reached_from_sql(made: Warehouse) -> None:
    with made.read() as con, pytest.raises(duckdb.Error):
        con.execute("SELECT * FROM read_text('/etc/hostname')")


def test_a_warehouse_that_was_never_made(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="there is no warehouse"), Warehouse(tmp_path / "none").read():
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_warehouse(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_text("hello " * 10_000)
    with pytest.raises(WarehouseError, match=r"is damaged.*not a valid DuckDB"), Warehouse(path).read():
        pass
    assert path.read_text().startswith("hello")


def test_a_foreign_program_is_named_after_a_bounded_wait(made: Warehouse) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FOREIGN, str(made.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as foreign:
        assert foreign.stdout is not None
        assert foreign.stdout.readline() == "open\n"
        asked = time.monotonic()
        with (
            pytest.raises(WarehouseBusyError, match=str(foreign.pid)),
            Warehouse(made.path, wait_s=0.3).read(),
        ):
            pass
        assert time.monotonic() - asked < 25
        foreign.communicate("\n")
    assert count(made) == 0


def test_a_foreign_program_that_ends_in_time_is_not_noticed(made: Warehouse) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FOREIGN, str(made.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as foreign:
        assert foreign.stdout is not None
        foreign.stdout.readline()
        timer = threading.Timer(0.3, lambda: foreign.communicate("\n"))
        timer.start()
        assert count(made) == 0
        timer.join()


def test_threads_of_one_process_read_and_write_at_the_same_time(made: Warehouse) -> None:
    problems: list[BaseException] = []

    def work(write: bool) -> None:
        try:
            for _ in range(5):
                if write:
                    with Warehouse(made.path).write() as con:
                        con.execute("INSERT INTO t VALUES (1)")
                else:
                    count(Warehouse(made.path))
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(number < 2,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert count(made) == 10


def test_the_lock_is_free_after_an_error(made: Warehouse) -> None:
    with pytest.raises(duckdb.Error), made.write() as con:
        con.execute("SELECT * FROM nowhere")
    with Warehouse(made.path, wait_s=0.05).write() as con:
        con.execute("INSERT INTO t VALUES (1)")
    assert count(made) == 1


def test_a_damaged_block_is_not_taken_for_a_busy_file(made: Warehouse) -> None:
    # Damage is for ever: waiting for it to go away would hide it.
    data = bytearray(made.path.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    made.path.write_bytes(data[: len(data) // 2])
    asked = time.monotonic()
    with pytest.raises(WarehouseError), Warehouse(made.path, wait_s=30).read():
        pass
    assert time.monotonic() - asked < 25


def test_a_long_statement_draws_nothing_on_standard_output(warehouse: Warehouse) -> None:
    for connect in (warehouse.write, warehouse.read, scratch):
        with connect() as con:
            assert con.execute("SELECT current_setting('enable_progress_bar')").fetchall() == [(False,)]
