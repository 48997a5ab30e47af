"""A damaged warehouse is told from a busy or a missing one, in words that say what to do."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.errors import WarehouseDamagedError, WarehouseError
from collectors.warehouse import Warehouse
from collectors.warehouse.migrate import migrate

# Commits into the log, and dies before the log is worked into the file.
DIE_WITH_LOG = """
import duckdb, os, sys
con = duckdb.connect(sys.argv[1])
con.execute("SET wal_autocheckpoint = '1GB'")
con.execute("CREATE TABLE more AS SELECT i FROM range(1000) t(i)")
os._exit(0)
"""


@pytest.fixture
def made(tmp_path: Path) -> Warehouse:
    """A warehouse with a table of some blocks."""
    warehouse = Warehouse(tmp_path / "w.duckdb", wait_s=1.0)
    with warehouse.write() as con:
        con.execute("CREATE TABLE texts AS SELECT i, repeat(md5(i::VARCHAR), 20) AS t FROM range(20000) x(i)")
    return warehouse


def look(warehouse: Warehouse) -> None:
    with warehouse.read() as con:
        con.execute("SELECT sum(length(t)) FROM texts").fetchall()


def write(warehouse: Warehouse) -> None:
    with warehouse.write() as con:
        con.execute("CREATE OR REPLACE TABLE other AS SELECT 1 AS one")


def garble(path: Path, at: int, size: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(random.Random(at).randbytes(size))


def cut(path: Path, size: int) -> None:
    os.truncate(path, size)


BREAKS: dict[str, tuple[Callable[[Path, int], None], tuple[Callable[[Warehouse], None], ...]]] = {
    "all garbage": (lambda path, size: garble(path, 0, size), (look, write)),
    "first header": (lambda path, size: garble(path, 0, 4096), (look, write)),
    "other headers": (lambda path, size: garble(path, 4096, 8192), (look, write)),
    "a block": (lambda path, size: garble(path, size // 2, 4096), (look,)),
    "half of it": (lambda path, size: cut(path, size // 2), (look, write)),
    "the end": (lambda path, size: cut(path, size - 1000), (look, write)),
    "nearly nothing": (lambda path, size: cut(path, 100), (look, write)),
    "nothing": (lambda path, size: cut(path, 0), (look, write)),
}


@pytest.mark.parametrize("name", BREAKS)
def test_damage_is_named_with_what_to_do(made: Warehouse, name: str) -> None:
    harm, uses = BREAKS[name]
    harm(made.path, made.path.stat().st_size)
    for use in uses:
        with pytest.raises(WarehouseDamagedError, match=r"w\.duckdb is damaged: .*mv .*w\.duckdb\.damaged"):
            use(made)


def test_a_damaged_log_is_damage(made: Warehouse) -> None:
    subprocess.run([sys.executable, "-c", DIE_WITH_LOG, str(made.path)], check=True)
    log = Path(f"{made.path}.wal")
    garble(log, log.stat().st_size // 2, 8)
    with pytest.raises(WarehouseDamagedError, match="WAL"):
        look(made)


def test_a_whole_log_is_worked_in(made: Warehouse) -> None:
    subprocess.run([sys.executable, "-c", DIE_WITH_LOG, str(made.path)], check=True)
    with made.write() as con:
        assert con.execute("SELECT count(*) FROM more").fetchall() == [(1000,)]


def test_a_log_without_its_warehouse_is_kept_and_not_taken_for_the_new_ones(made: Warehouse) -> None:
    subprocess.run([sys.executable, "-c", DIE_WITH_LOG, str(made.path)], check=True)
    log = Path(f"{made.path}.wal")
    content = log.read_bytes()
    made.path.rename(f"{made.path}.damaged")
    write(made)
    (kept,) = made.path.parent.glob("w.duckdb.wal.orphan-*")
    assert kept.read_bytes() == content
    with made.read() as con:
        assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("other",)]


def test_a_death_while_it_is_made_leaves_no_half_of_it(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb", wait_s=1.0)
    # What a process leaves that died while DuckDB wrote the first headers.
    (tmp_path / "w.duckdb.new").write_bytes(b"half a header")
    assert not warehouse.exists()
    migrate(warehouse)
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".new"] == []


def test_a_warehouse_that_is_moved_while_it_is_written_is_not_taken_for_stored(made: Warehouse) -> None:
    def move_while_writing() -> None:
        with made.write() as con:
            con.execute("CREATE TABLE lost AS SELECT 1 AS one")
            made.path.rename(f"{made.path}.aside")

    with pytest.raises(WarehouseError, match="was moved or deleted while it was written"):
        move_while_writing()
    write(made)
    assert made.exists()


def test_a_table_that_is_missing_is_no_damage(made: Warehouse) -> None:
    with pytest.raises(Exception, match="Table with name absent") as error, made.read() as con:
        con.execute("SELECT * FROM absent")
    assert not isinstance(error.value, WarehouseError)
