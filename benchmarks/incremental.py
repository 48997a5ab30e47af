"""`chainwatch run` over 20,000 new spans, in a small and in a large warehouse: the cost follows what is new.

Two warehouses at the same rate of traffic, 1 M spans over 9 days and 10 M over 90, filled in SQL. In each
a first run takes the monitors to the end of the history; then 20,000 spans of the next hours come, and the
run over them is timed, and one more with nothing new.

    python benchmarks/incremental.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import re
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


def run(home: Path, now: datetime, *more: str) -> tuple[float, dict[str, object]]:
    """Seconds of `chainwatch run`, start of the process included, and what it said."""
    before = time.perf_counter()
    done = subprocess.run(
        chainwatch("run", "--json", "--now", now.isoformat(), *more),
        env={**os.environ, "CHAINWATCH_HOME": str(home), "OMP_NUM_THREADS": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0 or not done.stdout.startswith("{"):
        raise SystemExit(done.stderr + done.stdout)
    return time.perf_counter() - before, json.loads(done.stdout)


def measure(folder: Path, spans: int) -> dict[str, float]:
    """Times of one warehouse."""
    home = folder / f"home{spans}"
    home.mkdir()
    warehouse = Warehouse(home / "warehouse.duckdb")
    migrate(warehouse)
    begun = time.perf_counter()
    fill(warehouse, END - timedelta(days=spans / A_DAY), END, spans)
    filled = time.perf_counter() - begun
    first, _ = run(home, END + timedelta(minutes=6), "--since", (END - timedelta(hours=2)).isoformat())
    later = END + timedelta(hours=4)
    fill(warehouse, END, later, NEW)
    new, said = run(home, later + timedelta(minutes=6))
    if said["spans"] != NEW:
        raise SystemExit(f"the run saw {said['spans']} spans, not {NEW}")
    idle, _ = run(home, later + timedelta(minutes=7))
    size = warehouse.path.stat().st_size / 2**20
    return {"fill": filled, "first": first, "new": new, "idle": idle, "mib": size}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--quick", action="store_true", help="900,000 and 2.7 M spans instead of 1 M and 10 M"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sizes = (900_000, 2_700_000) if options.quick else (1_000_000, 10_000_000)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        found = {size: measure(Path(folder), size) for size in sizes}
    for size, times in found.items():
        label = re.sub(r",000,000$", " M", f"{size:,}")
        rows += [
            figure(f"size of the warehouse, {label} spans", round(times["mib"]), "MiB"),
            figure(f"first run, {label} spans", round(times["first"], 2), "s"),
            figure(f"run over {NEW:,} new spans, {label} stored", round(times["new"], 2), "s"),
            figure(f"run with nothing new, {label} stored", round(times["idle"], 2), "s"),
        ]
    small, large = (found[size] for size in sizes)
    for what in ("new", "idle"):
        ratio = large[what] / small[what]
        rows.append(figure(f"ratio, {what}", round(ratio, 2), "x", bar=BAR, holds=ratio <= BAR))
    tell(rows, as_json=options.json)


if __name__ == "__main__":
    main()
