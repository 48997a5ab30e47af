"""A warehouse that is read through a DuckDB which stays: the same answers, and no file held between reads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from collectors.errors import WarehouseBusyError, WarehouseDamagedError, WarehouseError
from collectors.warehouse import Warehouse
from collectors.warehouse.resident import ResidentWarehouse

# A program of its own, as a shell or a receiver, that writes one row.
WRITER = """
import duckdb, sys
with duckdb.connect(sys.argv[1]) as connection:
    connection.execute("INSERT INTO t VALUES (1)")
"""


@pytest.fixture
def made(tmp_path: Path) -> ResidentWarehouse:
    # A name that would end a string in SQL.
    warehouse = ResidentWarehouse(tmp_path / "it's.duckdb", wait_s=0.3)
    with warehouse.write() as con:
        con.execute("CREATE TABLE t (n INTEGER)")
    return warehouse


def count(warehouse: Warehouse) -> int:
    with warehouse.read() as con:
        return int(con.execute("SELECT count(*) FROM t").fetchall()[0][0])


def test_between_two_reads_other_programs_write_and_the_next_read_has_it(made: ResidentWarehouse) -> None:
    assert count(made) == 0
    subprocess.run([sys.executable, "-c", WRITER, str(made.path)], check=True)
    assert count(made) == 1
    with made.write() as con:
        con.execute("INSERT INTO t VALUES (2)")
    assert count(made) == 2


def test_what_a_dead_writer_left_in_the_log_is_read(made: ResidentWarehouse) -> None:
    dying = f"import os{WRITER}    os._exit(9)"
    subprocess.run([sys.executable, "-c", dying, str(made.path)], check=False)
    assert made.path.with_name("it's.duckdb.wal").exists()
    assert count(made) == 1


def test_reads_at_the_same_time_do_not_end_each_other(made: ResidentWarehouse) -> None:
    answers: list[int] = []
    with made.read() as con:
        con.execute("CREATE TEMP TABLE mine AS SELECT 7 AS n")
        for other in (made, Warehouse(made.path)):
            thread = threading.Thread(target=lambda of=other: answers.append(count(of)))
            thread.start()
            thread.join()
        assert con.execute("SELECT n FROM mine, (SELECT count(*) FROM t)").fetchall() == [(7,)]
    assert answers == [0, 0]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t VALUES (1)",
        "SELECT * FROM read_text('/etc/hostname')",
        "ATTACH '/etc/hostname' AS other",
        "SET enable_external_access = true",
    ],
)
def test_a_reader_neither_writes_nor_reaches_other_files(made: ResidentWarehouse, statement: str) -> None:
    with pytest.raises(duckdb.Error), made.read() as con:
        con.execute(statement)
    assert count(made) == 0


def test_another_warehouse_and_another_file_in_its_place(made: ResidentWarehouse, tmp_path: Path) -> None:
    other = ResidentWarehouse(tmp_path / "other.duckdb")
    with other.write() as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS n")
    assert [count(made), count(other), count(made)] == [0, 1, 0]
    os.replace(other.path, made.path)
    assert count(made) == 1


def test_a_damaged_file_is_told_and_its_successor_is_read(made: ResidentWarehouse) -> None:
    assert count(made) == 0
    sound = made.path.read_bytes()
    made.path.write_bytes(b"hello " * 10_000)
    with pytest.raises(WarehouseDamagedError, match="not a valid DuckDB"):
        count(made)
    made.path.write_bytes(sound)
    assert count(made) == 0


def test_a_foreign_program_that_keeps_the_file_is_named(made: ResidentWarehouse) -> None:
    holds = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holds, str(made.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as foreign:
        assert foreign.stdout is not None
        foreign.stdout.readline()
        with pytest.raises(WarehouseBusyError, match=f"PID {foreign.pid}"):
            count(made)
        foreign.communicate()
    assert count(made) == 0


def test_a_warehouse_that_was_never_made(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="there is no warehouse"):
        count(ResidentWarehouse(tmp_path / "none"))


def test_one_that_cannot_be_detached_holds_no_file(made: ResidentWarehouse) -> None:
    with made.read() as con:
        con.execute("USE memory")
    subprocess.run([sys.executable, "-c", WRITER, str(made.path)], check=True)
    assert count(made) == 1
