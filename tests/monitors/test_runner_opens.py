"""How often a pass opens the warehouse: each time is a wait for others, and others wait for it."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from run_world import HOUR, START, open_world, rows, store, traffic

from collectors.home import Home
from collectors.warehouse import Warehouse
from monitors.runner import run_pass

GRACE = timedelta(minutes=6)
# Says whether pandas, which DuckDB imports by itself, was there when the lock was taken.
WRITER = """
import sys
from pathlib import Path
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.lock import FairLock
from collectors.warehouse.store import insert
hold = FairLock.hold
def noted(self, *, write, wait_s):
    print("pandas" in sys.modules)
    return hold(self, write=write, wait_s=wait_s)
FairLock.hold = noted
with Warehouse(Path(sys.argv[1])).write() as con:
    con.execute("CREATE TABLE t (n INTEGER)")
    insert(con, "t", [{"n": 1}])
print("pandas" in sys.modules)
"""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fills with `read` and `write` as the warehouse is opened."""
    found: list[str] = []
    for kind in ("read", "write"):
        real = getattr(Warehouse, kind)

        def noted(self: Warehouse, real: Any = real, kind: str = kind) -> AbstractContextManager[Any]:
            found.append(kind)
            opened: AbstractContextManager[Any] = real(self)
            return opened

        monkeypatch.setattr(Warehouse, kind, noted)
    return found


def taken(opened: list[str]) -> str:
    """How it was opened since it was asked last."""
    said = " ".join(opened)
    opened.clear()
    return said


def test_an_hour_takes_five(home: Home, opened: list[str]) -> None:
    """It begins; reads what it knows, then the hour; writes all that came of it; says how it ended."""
    context = open_world(home, "latency", "quality")
    store(context, traffic(range(31)))
    run_pass(context, now=START + 30 * HOUR + GRACE)
    opened.clear()
    assert run_pass(context, now=START + 31 * HOUR + GRACE).windows == 1
    assert taken(opened) == "write read read write write"
    [graded] = rows(
        context, "SELECT count(*) AS n FROM grades WHERE span_started_at >= '2026-03-03 06:00+00'"
    )
    assert graded["n"] > 0
    opened.clear()
    assert run_pass(context, now=START + 31 * HOUR + GRACE).windows == 0
    assert taken(opened) == "write read write"


def test_where_a_breach_begins_grades_are_stored_first(home: Home, opened: list[str]) -> None:
    """What explains it reads them."""
    context = open_world(home, "latency", "quality")
    store(context, [*traffic(range(30)), *traffic(range(30, 36), slow=6.0)])
    run_pass(context, now=START + 30 * HOUR + GRACE)
    opened.clear()
    assert run_pass(context, now=START + 36 * HOUR + GRACE).breaches > 0
    assert re.fullmatch("write read read write( read)+ write write", taken(opened))


def test_a_warehouse_is_made_by_the_first_run(tmp_path: Path) -> None:
    from collectors.config import Config
    from collectors.context import Context

    context = Context(home=Home(root=tmp_path / "new"), config=Config({}, "defaults"), clock=lambda: START)
    assert run_pass(context, now=START).windows == 0
    assert [r["status"] for r in rows(context, "SELECT status FROM monitor_runs")] == ["ok"]


def test_a_writer_imports_before_it_holds_the_lock(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(tmp_path / "w.duckdb")], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "True"]
