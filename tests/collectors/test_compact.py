"""Compaction: the file gets smaller, what is in it stays the same, and a kill leaves it sound."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from empty_warehouse import empty_warehouse
from retention_world import everything, put, put_rows, result, rows, said_of, span

from collectors.errors import WarehouseBusyError, WarehouseError
from collectors.home import Home
from collectors.warehouse import Warehouse, compact
from collectors.warehouse.connection import Connection
from collectors.warehouse.migrate import migrate

# Texts that do not compress, so that a file's size follows its rows.
FILL = """
INSERT INTO spans BY NAME
SELECT 't' || range AS trace_id, 's' || range AS span_id, 'c' AS chain, 'a' AS component, 'llm' AS kind,
    'n' AS name, TIMESTAMPTZ '2026-01-01' + INTERVAL (range) MINUTE AS started_at, 'ok' AS status,
    sha256(range || 'w') || sha256(range || 'x') || sha256(range || 'y') || sha256(range || 'z')
        AS input_text,
    'production' AS dataset, 'test' AS source, now() AS ingested_at
FROM range({low}, {high})
"""


def fill(con: Connection, low: int, high: int) -> None:
    con.execute(FILL.format(low=low, high=high))


@pytest.fixture(scope="module")
def two_thirds_gone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60,000 spans, of which the first 40,000 were deleted."""
    made = empty_warehouse(tmp_path_factory.mktemp("made") / "warehouse.duckdb")
    with made.write() as con:
        fill(con, 0, 60_000)
    with made.write() as con:
        con.execute("DELETE FROM spans WHERE started_at < TIMESTAMPTZ '2026-01-01' + INTERVAL 40000 MINUTE")
    return made.path


@pytest.fixture
def emptied(two_thirds_gone: Path, home: Home) -> Warehouse:
    """A copy of its own: these tests write, compact and kill."""
    return Warehouse(Path(shutil.copyfile(two_thirds_gone, home.warehouse)), wait_s=5.0)


def test_the_file_shrinks_with_its_rows_and_holds_the_same(emptied: Warehouse, home) -> None:
    put(emptied, span("a", 1))
    said_of(emptied, "a", 1)
    put_rows(emptied, "results", result("a", 1))
    before, size = everything(emptied), emptied.path.stat().st_size
    mode = emptied.path.stat().st_mode
    compact.compact(emptied)
    assert everything(emptied) == before
    # A third of the rows is left; each column rounds up to blocks of 256 KB.
    assert emptied.path.stat().st_size < 0.6 * size
    assert emptied.path.stat().st_mode == mode
    with emptied.read() as con:
        assert compact.space(con).share_free < 0.1
    assert sorted(p.name for p in home.root.iterdir() if "compact" in p.name) == [
        "warehouse.duckdb.compacting"
    ]
    # Keys are still keys, and the schema is at its newest.
    with pytest.raises(Exception, match=r"[Dd]uplicate key"):
        put_rows(emptied, "results", result("a", 1))
    assert migrate(emptied) == []


def test_rows_that_change_while_it_copies_are_in_the_new_file(
    emptied: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact, "_SLICE_ROWS", 5_000)
    put_rows(emptied, "results", result("a", 1), result("b", 9))
    seen: list[int] = []

    def meanwhile(done: int, total: int) -> None:
        """After each slice: a new span, an old one that came late, an update and a deletion behind us."""
        n = 100_000 + len(seen)
        with emptied.write() as con:
            fill(con, n, n + 1)
            fill(con, len(seen), len(seen) + 1)
            con.execute("UPDATE spans SET output_text = 'late' WHERE span_id = ?", [f"s{40_000 + len(seen)}"])
            con.execute("DELETE FROM spans WHERE span_id = ?", [f"s{41_000 + len(seen)}"])
            con.execute("UPDATE results SET reason = ?", [f"turn {len(seen)}"])
        seen.append(done)

    compact.compact(emptied, progress=meanwhile)
    turns = len(seen)
    assert turns >= 4
    ids = {r["span_id"] for r in rows(emptied, "SELECT span_id FROM spans")}
    known = {f"s{n}" for n in range(40_000, 60_000)} - {f"s{41_000 + k}" for k in range(turns)}
    assert ids == known | {f"s{100_000 + k}" for k in range(turns)} | {f"s{k}" for k in range(turns)}
    assert rows(emptied, "SELECT count(*) AS n FROM spans WHERE output_text = 'late'") == [{"n": turns}]
    assert rows(emptied, "SELECT count(*) AS n FROM spans") == [{"n": len(ids)}]
    told = rows(emptied, "SELECT result_id, reason FROM results ORDER BY result_id")
    assert told == [{"result_id": f"r-{name}", "reason": f"turn {turns - 1}"} for name in "ab"]


def test_what_a_killed_writer_committed_is_in_the_new_file(emptied: Warehouse) -> None:
    code = (
        "import os, sys, duckdb\n"
        "con = duckdb.connect(sys.argv[1])\n"
        "con.execute(\"DELETE FROM spans WHERE span_id = 's50000'\")\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(emptied.path)], check=True)
    log = emptied.path.with_name(emptied.path.name + ".wal")
    assert log.exists(), "else this test could not fail"
    compact.compact(emptied)
    assert not log.exists()
    assert rows(emptied, "SELECT count(*) AS n FROM spans WHERE span_id = 's50000'") == [{"n": 0}]
    assert rows(emptied, "SELECT count(*) AS n FROM spans") == [{"n": 19_999}]


def test_without_room_on_the_disk_nothing_is_touched(
    emptied: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, size = everything(emptied), emptied.path.stat().st_size
    usage = shutil.disk_usage(emptied.path.parent)._replace(free=1000)
    monkeypatch.setattr(compact.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(WarehouseError, match=r"needs .* MB beside it and 0 MB are free"):
        compact.compact(emptied)
    assert (everything(emptied), emptied.path.stat().st_size) == (before, size)


def test_a_second_compaction_leaves_it_to_the_first(emptied: Warehouse) -> None:
    from filelock import FileLock

    with (
        FileLock(emptied.path.with_name(emptied.path.name + ".compacting")),
        pytest.raises(WarehouseBusyError, match="compacted by another process"),
    ):
        compact.compact(emptied)


def child(path: Path, *, before: str = "") -> subprocess.Popen[bytes]:
    """A process that compacts again and again, until it is killed."""
    code = f"""
import os, signal, sys
from pathlib import Path
from collectors.home import Home
from collectors.warehouse import Warehouse, compact
{before}
print("begin", flush=True)
while True:
    compact.compact(Warehouse(Path(sys.argv[1])))
"""
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"begin\n"
    return process


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_around_the_rename_leaves_the_old_file_or_the_new(emptied: Warehouse, when: str) -> None:
    before, size = everything(emptied), emptied.path.stat().st_size
    rename = "real(a, b)" if when == "after" else "None"
    patch = (
        "real = os.replace\n"
        f"def dying(a, b):\n    {rename}\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "os.replace = dying\n"
    )
    process = child(emptied.path, before=patch)
    assert process.wait(60) == -signal.SIGKILL
    process.stdout.close()
    assert everything(emptied) == before
    assert (emptied.path.stat().st_size < size) == (when == "after")
    left = emptied.path.with_name(emptied.path.name + ".compact")
    assert left.exists() == (when == "before")
    compact.remove_leftovers(emptied.path)
    assert not left.exists()
    compact.compact(emptied)
    assert everything(emptied) == before


def test_kills_at_random_moments_while_others_write(emptied: Warehouse) -> None:
    draw = random.Random(7)
    written = 0
    began = rows(emptied, "SELECT count(*) AS n, sum(hash(span_id)::HUGEINT) AS h FROM spans")
    for _ in range(6):
        process = child(emptied.path)
        deadline = time.monotonic() + draw.uniform(0.05, 1.2)
        while time.monotonic() < deadline:
            with emptied.write() as con:
                fill(con, 200_000 + written, 200_001 + written)
            written += 1
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        process.stdout.close()
        counts = rows(emptied, "SELECT count(*) AS n, count(DISTINCT span_id) AS ids FROM spans")
        assert counts == [{"n": 20_000 + written, "ids": 20_000 + written}]
    assert written > 0
    old = "WHERE started_at < TIMESTAMPTZ '2026-01-01' + INTERVAL 200000 MINUTE"
    same = f"SELECT count(*) AS n, sum(hash(span_id)::HUGEINT) AS h FROM spans {old}"
    assert rows(emptied, same) == began
