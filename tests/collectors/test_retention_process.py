"""Pruning in real processes: killed at any moment, and beside others that write."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

from retention_world import NOW, at, column, context_of, put, rows, said_of, span

from collectors.home import Home
from collectors.retention.enforce import prune
from collectors.warehouse import Warehouse

CONFIG = '[retention]\nspans = "30d"\ntexts = "10d"\n'
_PRUNE = """
import sys
from datetime import datetime
from pathlib import Path
from collectors.config import parse
from collectors.context import Context
from collectors.home import Home
from collectors.retention import prune as pruning
from collectors.retention.enforce import prune
pruning.SLICE_ROWS = 1
now = datetime.fromisoformat(sys.argv[2])
context = Context(home=Home(root=Path(sys.argv[1])), config=parse(sys.argv[3], "t"), clock=lambda: now)
print("begin", flush=True)
prune(context, now=now, compacting=True)
"""
_WRITE = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from retention_world import put, span
from collectors.warehouse import Warehouse
warehouse = Warehouse(Path(sys.argv[1]))
for i in range(int(sys.argv[2])):
    put(warehouse, span(f"w{i}", 5), span(f"late{i}", 40 + i))
    print(i, flush=True)
"""


def start(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE)


def fill(warehouse: Warehouse) -> None:
    put(warehouse, *(span(f"{d}", d) for d in range(1, 60, 3)))
    for day in range(31, 60, 3):
        said_of(warehouse, f"{day}", day)


def sound(warehouse: Warehouse) -> None:
    """Nothing that should stay is gone, and nothing hangs on a span that is gone."""
    ids = column(warehouse, "SELECT span_id FROM spans")
    assert {f"span-{d}" for d in range(1, 30, 3)} <= ids
    assert column(warehouse, "SELECT span_id FROM feedback") <= ids
    assert column(warehouse, "SELECT span_id FROM grades") <= ids
    texts = rows(warehouse, "SELECT span_id, input_text FROM spans WHERE started_at >= $$2026-06-05$$")
    assert [r for r in texts if r["input_text"] is None] == []


def test_a_prune_that_is_killed_goes_on_where_it_was(home: Home, warehouse: Warehouse) -> None:
    fill(warehouse)
    draw = random.Random(3)
    context = context_of(home, CONFIG)
    stages: list[int] = []
    for _ in range(5):
        process = start(_PRUNE, home.root, NOW.isoformat(), CONFIG)
        assert process.stdout is not None
        assert process.stdout.readline() == b"begin\n"
        # The first comes at once, so that it comes before the end.
        time.sleep(draw.uniform(0.05, 0.6) if stages else 0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        process.stdout.close()
        sound(warehouse)
        stages.append(len(rows(warehouse, "SELECT 1 FROM spans")))
    prune(context, now=NOW)
    assert column(warehouse, "SELECT span_id FROM spans") == {f"span-{d}" for d in range(1, 31, 3)}
    assert stages == sorted(stages, reverse=True)
    assert stages[0] > 10, "else no kill came before the end"
    emptied = "SELECT count(*) AS n FROM spans WHERE started_at < $$2026-06-05$$ AND input_text IS NOT NULL"
    assert rows(warehouse, emptied) == [{"n": 0}]


def test_others_write_while_it_prunes_and_nothing_of_theirs_is_lost(home: Home, warehouse: Warehouse) -> None:
    fill(warehouse)
    count = 12
    writer = start(_WRITE, warehouse.path, count, os.path.dirname(__file__))
    pruner = start(_PRUNE, home.root, NOW.isoformat(), CONFIG)
    assert writer.wait(180) == 0
    assert pruner.wait(180) == 0
    for process in (writer, pruner):
        assert process.stdout is not None
        process.stdout.close()
    recent = "SELECT count(*) AS n FROM spans WHERE started_at = ? AND input_text IS NOT NULL"
    with warehouse.read() as con:
        assert con.execute(recent, [at(5)]).fetchone() == (count,)
    # What came from before the limit while it worked goes the next time at the latest.
    prune(context_of(home, CONFIG), now=NOW)
    kept = {f"span-{d}" for d in range(1, 31, 3)} | {f"span-w{i}" for i in range(count)}
    assert column(warehouse, "SELECT span_id FROM spans") == kept
