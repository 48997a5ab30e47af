"""How several processes share one DuckDB file: the figures behind ADR 1.

One process appends batches without pause, one (the cron run) reads and then writes every two seconds, and
three read as a dashboard does. Ways: `queue` (short connections behind the fair lock) and `retry` (short
connections, retried when DuckDB refuses). The server and DuckLake ways are only looked for: both are
extensions, and an extension that is not in the wheel cannot be a default.

    python benchmarks/sharing.py [--quick] [--json] [--seconds N]
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.queues import Queue
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import duckdb

from benchmarks._figures import figure, tell
from collectors.errors import WarehouseBusyError
from collectors.warehouse.connection import Warehouse

BATCH = 5_000
WAIT_S = 30.0
PAUSE_S = {"receiver": 0.0, "cron": 2.0, "dashboard": 0.02}
_ROWS = "SELECT range AS id, now() AS started_at, random() AS duration_s, repeat('x', 900) AS text"
_READ = "SELECT count(*), quantile_cont(duration_s, 0.95), max(id) FROM spans"


@contextmanager
def naive(path: Path, *, write: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open and retry with jitter: what one does without a lock of one's own."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            con = duckdb.connect(str(path), read_only=not write)
        except duckdb.IOException as error:
            if time.monotonic() > deadline:
                raise WarehouseBusyError(str(error)) from error
            time.sleep(0.05 * random.random())
        else:
            break
    try:
        yield con
    finally:
        con.close()


@contextmanager
def queue(path: Path, *, write: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    warehouse = Warehouse(path, wait_s=WAIT_S)
    with warehouse.write() if write else warehouse.read() as con:
        yield con


WAYS = {"queue": queue, "retry": naive}


def actor(way: str, path: Path, role: str, seconds: float, out: Queue[tuple[str, list[float], int]]) -> None:
    """Work until the time is over; report each wait for a connection and the errors."""
    waits: list[float] = []
    errors = 0
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        for write in {"receiver": [True], "cron": [False, True], "dashboard": [False]}[role]:
            asked = time.monotonic()
            try:
                with WAYS[way](path, write=write) as con:
                    waits.append(time.monotonic() - asked)
                    if role == "receiver":
                        con.execute(f"INSERT INTO spans {_ROWS} FROM range({BATCH})")
                    elif write:
                        con.execute(f"INSERT INTO spans {_ROWS} FROM range(100)")
                    else:
                        con.execute(_READ).fetchall()
            except (WarehouseBusyError, duckdb.Error):
                waits.append(time.monotonic() - asked)
                errors += 1
        time.sleep(PAUSE_S[role])
    out.put((role, waits, errors))


def measure(way: str, seconds: float) -> list[dict[str, object]]:
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shared.duckdb"
        with duckdb.connect(str(path)) as con:
            con.execute(f"CREATE TABLE spans AS {_ROWS} FROM range(200000)")
        crew = ["receiver", "cron", *["dashboard"] * 3]
        actors = [context.Process(target=actor, args=(way, path, role, seconds, out)) for role in crew]
        for process in actors:
            process.start()
        reports = [out.get(timeout=seconds + 120) for _ in actors]
        for process in actors:
            process.join()
    rows: list[dict[str, object]] = []
    for role in ("receiver", "cron", "dashboard"):
        waits = [w for r, ws, _ in reports if r == role for w in ws]
        p95 = statistics.quantiles(waits, n=20)[-1] if len(waits) > 1 else max(waits)
        rows += [
            figure(f"{way}: {role} turns", len(waits), "turns"),
            figure(f"{way}: {role} wait p95", round(p95, 3), "s"),
            figure(
                f"{way}: {role} longest wait", round(max(waits), 3), "s", bar=5.0, holds=max(waits) <= 5.0
            ),
        ]
    errors = sum(e for _, _, e in reports)
    rows.append(figure(f"{way}: errors", errors, "errors", bar=0, holds=errors == 0))
    return rows


def extension(name: str) -> dict[str, object]:
    """Whether an extension can be loaded from the wheel alone."""
    con = duckdb.connect(
        config={"autoinstall_known_extensions": "false", "extension_directory": tempfile.gettempdir()}
    )
    try:
        con.execute(f"LOAD {name}")
        loaded = 1
    except duckdb.Error:
        loaded = 0
    return figure(f"extension {name} in the wheel", loaded, "yes=1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="10 seconds a way instead of 60")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float)
    options = parser.parse_args()
    seconds = options.seconds or (10 if options.quick else 60)
    rows = [row for way in WAYS for row in measure(way, seconds)]
    rows += [extension("quack"), extension("ducklake")]
    tell(rows, as_json=options.json)


if __name__ == "__main__":
    main()
