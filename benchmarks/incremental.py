"""`chainwatch run` over 20,000 new spans, in a small and in a large warehouse: the cost follows what is new.

Two warehouses at the same rate of traffic, 1 M spans over 9 days and 10 M over 90, filled in SQL. In each
a first run takes the monitors to the end of the history; then 20,000 spans of the next hours come, and the
run over them is timed, and one more with nothing new; then as many come again, and that run tells where its
time goes. CPU seconds count all processes of a run: they can be compared where others use the machine.

    python benchmarks/incremental.py [--quick] [--large N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._figures import figure, tell
from benchmarks._otlp_load import ROOT, chainwatch
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.migrate import migrate

BAR = 1.3
A_DAY = 111_111
NEW = 20_000
END = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STRETCH, GRACE = timedelta(hours=4), timedelta(minutes=6)
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


def fill(warehouse: Warehouse, begin: datetime, end: datetime, spans: int) -> None:
    """Traces of four components, evenly over the time; a day a transaction."""
    traces = spans // 4
    step_us = int((end - begin) / timedelta(microseconds=1)) // traces
    days = max(1, round((end - begin) / timedelta(days=1)))
    for day in range(days):
        low, high = traces * day // days, traces * (day + 1) // days
        with warehouse.write() as con:
            con.execute(_SPANS, {"low": low, "high": high, "begin": begin, "step_us": step_us})


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


def measure(folder: Path, spans: int) -> dict[str, float]:
    """Times of one warehouse."""
    home = folder / f"home{spans}"
    home.mkdir()
    for other in folder.glob("home*/models"):
        # One distillation of the encoder is enough.
        shutil.copytree(other, home / "models")
        break
    warehouse = Warehouse(home / "warehouse.duckdb")
    migrate(warehouse)
    fill(warehouse, END - timedelta(days=spans / A_DAY), END, spans)
    first, first_cpu, _ = run(home, END + GRACE, "--since", (END - timedelta(hours=2)).isoformat())
    found = {"first": first, "first_cpu": first_cpu}
    at = END
    for again in (False, True):
        fill(warehouse, at, at + STRETCH, NEW)
        at += STRETCH
        if again:
            found |= where(home, at + GRACE)
            break
        found["new"], found["new_cpu"], said = run(home, at + GRACE)
        if said["spans"] != NEW:
            raise SystemExit(f"the run saw {said['spans']} spans, not {NEW}")
        found["idle"], found["idle_cpu"], _ = run(home, at + GRACE + timedelta(minutes=1))
    found["mib"] = warehouse.path.stat().st_size / 2**20
    shutil.rmtree(home / "spool", ignore_errors=True)
    warehouse.path.unlink()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--quick", action="store_true", help="900,000 and 2.7 M spans instead of 1 M and 10 M"
    )
    parser.add_argument("--large", type=int, default=10_000_000, help="spans of the larger warehouse")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sizes = (900_000, 2_700_000) if options.quick else (1_000_000, options.large)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        found = {size: measure(Path(folder), size) for size in sizes}
    for size, times in found.items():
        label = re.sub(r",000,000$", " M", f"{size:,}")
        rows.append(figure(f"size of the warehouse, {label} spans", round(times["mib"]), "MiB"))
        for what, name in (
            ("first", f"first run, {label} spans"),
            ("new", f"run over {NEW:,} new spans, {label} stored"),
            ("idle", f"run with nothing new, {label} stored"),
        ):
            rows.append(figure(name, round(times[what], 2), "s"))
            rows.append(figure(f"{name}, CPU", round(times[f"{what}_cpu"], 2), "s"))
        rows += [
            figure(f"of a run over {NEW:,}, {label} stored: {step}", round(times[step], 2), "s")
            for step in _STEPS.values()
        ]
    small, large = (found[size] for size in sizes)
    for what in ("new", "new_cpu", "idle", "idle_cpu"):
        ratio = large[what] / small[what]
        rows.append(figure(f"ratio, {what}", round(ratio, 2), "x", bar=BAR, holds=ratio <= BAR))
    tell(rows, as_json=options.json)


if __name__ == "__main__":
    main()
