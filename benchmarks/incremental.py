"""`chainwatch run` over 20,000 new spans with 1 M and with 10 M spans stored: the cost follows what is new.

One warehouse, filled in SQL. A first run takes the monitors to the end of nine days, 1 M spans, which is as
far back as a run looks. Then 20,000 spans of the next hours come, and the run over them is timed, and one
more with nothing new; as many come again, and that run tells where its time goes. Then 81 days before those
nine are added, with what runs would have left of them (results and sketches), and the same is timed again.
CPU seconds count all processes of a run: they can be compared where others use the machine. Figures are
printed as they come.

    python benchmarks/incremental.py [--quick] [--large N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._figures import Figure, figure, tell_each
from benchmarks._otlp_load import ROOT, chainwatch
from collectors.rollups.refresh import refresh
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.migrate import migrate

BAR = 1.3
SMALL, LARGE = 1_000_000, 10_000_000
QUICK = 10  # times fewer spans
REFERENCE_DAYS, QUICK_REFERENCE_DAYS = 7, 1
END = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
STRETCH, GRACE = timedelta(hours=4), timedelta(minutes=6)
# What runs leave of every window or day for good, and how long that is.
_LEFT = {
    "results": timedelta(hours=1),
    "number_sketches": timedelta(hours=1),
    "text_sketches": timedelta(hours=1),
    "number_sketch_days": timedelta(days=1),
    "text_sketch_days": timedelta(days=1),
}
# What a run is made of: file and function, and what to call it.
_STEPS = {
    ("run_state.py", "read_state"): "reading what earlier runs left",
    ("run_batch.py", "_read"): "reading the new spans",
    ("run_batch.py", "_grade"): "grading",
    ("sampling.py", "samples"): "encoding and sampling",
    ("sampling.py", "sketches"): "making sketches",
    ("run_batch.py", "_evaluate"): "evaluating, with the wait for the other processes",
    ("run_batch.py", "_write"): "writing",
}
_PROFILED = """
import cProfile, json, os, pstats, sys
from datetime import datetime
from collectors.context import open_context
profile = cProfile.Profile()
from monitors.runner import run_pass
context = open_context(None, as_json=True)
profile.runcall(run_pass, context, now=datetime.fromisoformat(sys.argv[1]))
spent = {}
for (file, _, function), (_, _, _, cumulative, _) in pstats.Stats(profile).stats.items():
    name = f"{os.path.basename(file)}:{function}"
    spent[name] = max(cumulative, spent.get(name, 0.0))
print(json.dumps(spent))
"""
_SPANS = (Path(__file__).parent / "incremental.sql").read_text()


def fill(warehouse: Warehouse, begin: datetime, end: datetime, spans: int, *, first: int = 0) -> None:
    """Traces of four components, evenly over the time; a day a transaction. `first`: the number of the first
    trace, on which its texts depend.
    """
    traces = spans // 4
    step = (end - begin) // traces
    days = max(1, round((end - begin) / timedelta(days=1)))
    for day in range(days):
        low, high = traces * day // days, traces * (day + 1) // days
        bounds = {"low": first + low, "high": first + high, "begin": begin + low * step}
        with warehouse.write() as con:
            con.execute(_SPANS, {**bounds, "step_us": step // timedelta(microseconds=1)})


def tile(warehouse: Warehouse, least: timedelta, most: timedelta) -> None:
    """What runs left of the last hour and day, once more for each hour and day that lies so far back."""
    with warehouse.write() as con:
        for table, step in _LEFT.items():
            moved = [f"{name} - back * $step::INTERVAL AS {name}" for name in ("window_start", "window_end")]
            if table == "results":
                moved.append("md5(result_id || back::VARCHAR) AS result_id")
            con.execute(
                f"INSERT INTO {table} SELECT {table}.* REPLACE ({', '.join(moved)}) "
                f"FROM {table}, range($least::BIGINT, $most::BIGINT) AS steps(back) "
                f"WHERE window_start = (SELECT max(window_start) FROM {table})",
                {"step": step, "least": least // step, "most": most // step},
            )


def cpu() -> float:
    """CPU seconds of the processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(home: Path, now: datetime, *more: str) -> tuple[float, float, dict[str, object]]:
    """Wall and CPU seconds of `chainwatch run`, start of the process included, and what it said."""
    before, cpu_before = time.perf_counter(), cpu()
    done = called(home, chainwatch("run", "--json", "--now", now.isoformat(), *more))
    wall = time.perf_counter() - before
    if done.returncode != 0 or not done.stdout.startswith("{"):
        raise SystemExit(done.stderr + done.stdout)
    return wall, cpu() - cpu_before, json.loads(done.stdout)


def where(home: Path, now: datetime) -> dict[str, float]:
    """Seconds of each step of a run in its main process, under a profiler, which slows Python down."""
    done = called(home, [sys.executable, "-c", _PROFILED, now.isoformat()])
    if done.returncode != 0:
        raise SystemExit(done.stderr + done.stdout)
    spent = json.loads(done.stdout)
    return {label: spent.get(f"{file}:{function}", 0.0) for (file, function), label in _STEPS.items()}


def called(home: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, "CHAINWATCH_HOME": str(home), "OMP_NUM_THREADS": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def timed(home: Path, warehouse: Warehouse, at: datetime, new: int, label: str) -> Iterator[Figure]:
    """A run over new spans from `at` on, one with nothing new, and where the time of one more goes."""
    for again in (False, True):
        # No two traces have one number: these count from the end of those of the history.
        fill(warehouse, at, at + STRETCH, new, first=LARGE + (at - END) // STRETCH * new)
        at += STRETCH
        if again:
            for step, seconds in where(home, at + GRACE).items():
                yield figure(f"of a run over {new:,}, {label} stored: {step}", round(seconds, 2), "s")
            return
        wall, used, said = run(home, at + GRACE)
        if said["spans"] != new:
            raise SystemExit(f"the run saw {said['spans']} spans, not {new}")
        yield from _pair(f"run over {new:,} new spans, {label} stored", wall, used)
        wall, used, _ = run(home, at + GRACE + timedelta(minutes=1))
        yield from _pair(f"run with nothing new, {label} stored", wall, used)


def measure(home: Path, small: int, large: int, reference_days: int) -> Iterator[Figure]:
    """All figures, as they come."""
    (home / "chainwatch.toml").write_text(f"[windows]\nreference = '{reference_days}d'\n")
    warehouse = Warehouse(home / "warehouse.duckdb")
    migrate(warehouse)
    # As far back as a run looks: the reference, the day of the gap, and the day that it moves on by.
    near = timedelta(days=reference_days + 2)
    far = near * (large / small)
    began = time.perf_counter()
    fill(warehouse, END - near, END, small)
    # Ingest does this of what it stores; spans that come in SQL would leave it to the next run.
    refresh(warehouse, now=END)
    yield figure(f"filling, {_label(small)} spans", round(time.perf_counter() - began, 1), "s")
    wall, used, _ = run(home, END + GRACE, "--since", (END - timedelta(hours=2)).isoformat())
    yield from _pair(f"first run, {_label(small)} spans", wall, used)
    found: list[list[Figure]] = []
    for spans, at in ((small, END), (large, END + 2 * STRETCH)):
        if spans == large:
            began = time.perf_counter()
            fill(warehouse, END - far, END - near, large - small, first=small)
            tile(warehouse, near, far)
            refresh(warehouse, now=END)
            yield figure(f"filling up to {_label(large)} spans", round(time.perf_counter() - began, 1), "s")
        told = list[Figure]()
        for one in timed(home, warehouse, at, small // 50, _label(spans)):
            told.append(one)
            yield one
        size = warehouse.path.stat().st_size / 2**20
        yield figure(f"size of the warehouse, {_label(spans)} spans", round(size), "MiB")
        found.append(told[:4])
    for before, after in zip(*found, strict=True):
        ratio = float(str(after["value"])) / float(str(before["value"]))
        name = f"times as much as with {_label(small)}: {after['name']}"
        yield figure(name, round(ratio, 2), "x", bar=BAR, holds=ratio <= BAR)


def _pair(name: str, wall: float, used: float) -> list[Figure]:
    return [figure(name, round(wall, 2), "s"), figure(f"{name}, CPU", round(used, 2), "s")]


def _label(spans: int) -> str:
    return re.sub(r",000,000$", " M", f"{spans:,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--quick", action="store_true", help="100,000 and 300,000 spans, 2,000 new, a shorter reference"
    )
    parser.add_argument("--large", type=int, default=LARGE, help="spans in the end")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    small, large, days = SMALL, options.large, REFERENCE_DAYS
    if options.quick:
        small, large, days = SMALL // QUICK, 3 * SMALL // QUICK, QUICK_REFERENCE_DAYS
    with tempfile.TemporaryDirectory() as folder:
        tell_each(measure(Path(folder), small, large, days), as_json=options.json)


if __name__ == "__main__":
    main()
