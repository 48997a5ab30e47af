"""Two-sample tests of embeddings beside other tools: time and memory at 384 dimensions, 100 permutations.

Every method runs in a process of its own on the same two samples of n rows, with one BLAS thread, and beside
them the matrix products alone that exact MMD needs, the floor. A method that takes longer than a quarter of
the limit is not tried on more rows. Evidently is a dependency; Alibi Detect, Frouros and hyppo are looked for
in another environment, given by its interpreter, and left out with a line that says so where they are not
found. Ratios are of CPU seconds, which other work on the machine hardly moves.

Bars: exact MMD under 200 MB; from 5,000 rows on within 2 times of its floor, and at least 100 times quicker
than Alibi Detect's MMD at the largest size that both did.

    python benchmarks/drift.py [--quick] [--json] [--peers PYTHON] [--limit SECONDS] [--sizes N ...]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
OURS = (
    "mmd",
    "mmd_fuse",
    "lsdd",
    "sliced_wasserstein",
    "domain_classifier",
    "drifted_dimensions",
    "learned_kernel",
)
SLOW = ("domain_classifier", "learned_kernel")  # cubic or of whole kernels: for windows, not for days
PEERS = (
    "Alibi Detect MMD",
    "Alibi Detect LSDD",
    "Alibi Detect learned kernel",
    "Frouros MMD",
    "hyppo MMD",
)
MODULES = {"Alibi": "alibi_detect", "Frouros": "frouros", "hyppo": "hyppo"}
SLOW_LARGEST = 2_000
MOST_ROWS = 5_000  # bars on time count from here on: on few rows fixed costs are as large
MEMORY_BAR_MB, FLOOR_BAR, ALIBI_BAR = 200.0, 2.0, 100.0
_IMPORTS_S = 45.0
Row = dict[str, Any]


def measure(python: str, method: str, n: int, limit: float) -> Row | None:
    """One row, or None if it did not end within `limit` seconds beside its imports, or failed."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [python, str(HERE / "_two_sample_one.py"), method, str(n)],
            capture_output=True,
            text=True,
            timeout=limit + _IMPORTS_S,
            env=environment,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return None
    found: Row = json.loads(done.stdout.strip().splitlines()[-1])
    return {"method": method, "n": n, **found}


def has(python: str, module: str) -> bool:
    """Whether that interpreter can find the module."""
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def plan(peers: str) -> tuple[list[tuple[str, str]], list[str]]:
    """(interpreter, method) in order, and the names of tools that are not there."""
    methods = [(sys.executable, name) for name in ("floor", *OURS, "naive MMD")]
    absent = []
    if has(sys.executable, "evidently"):
        methods.append((sys.executable, "Evidently MMD"))
    for name in PEERS:
        if has(peers, MODULES[name.split()[0]]):
            methods.append((peers, name))
        else:
            absent.append(name)
    return methods, absent


def compare(methods: list[tuple[str, str]], sizes: list[int], limit: float) -> list[Row]:
    """All rows; a method is left out of the sizes after the first that took long."""
    rows: list[Row] = []
    over: set[str] = set()
    for n in sizes:
        for python, method in methods:
            if method in over or (method in SLOW and n > SLOW_LARGEST):
                continue
            row = measure(python, method, n, limit)
            if row is None:
                over.add(method)
                row = {"method": method, "n": n, "over_s": limit}
            elif row["wall_s"] > limit / 4.0:
                over.add(method)
            rows.append(row)
    return rows


def entries(rows: list[Row]) -> list[Row]:
    """Figures with a name, a value, a unit, a bar and whether it holds; None where there is none."""
    made: list[Row] = []
    for row in rows:
        head = f"{row['method']}, {row['n']:,} rows"
        if "over_s" in row:
            made.append(entry(f"{head}: over {row['over_s']:.0f} s or failed", None, "s"))
            continue
        made.append(entry(f"{head}: wall clock", row["wall_s"], "s"))
        made.append(entry(f"{head}: CPU", row["cpu_s"], "s"))
        made.append(entry(f"{head}: memory", row["memory_mb"], "MB"))
    return made + verdict(rows)


def entry(name: str, value: float | None, unit: str, bar: float | None = None, worse: int = 1) -> Row:
    """worse: 1 if above the bar fails, -1 if below."""
    holds = None if bar is None or value is None else (value - bar) * worse <= 0
    rounded = None if value is None else float(f"{value:.4g}")
    return {"name": name, "value": rounded, "unit": unit, "bar": bar, "holds": holds}


def verdict(rows: list[Row]) -> list[Row]:
    """The bars, at the largest size, and at the largest that Alibi Detect did too."""
    done = {(r["method"], r["n"]): r for r in rows if "over_s" not in r}
    largest = max((n for name, n in done if name == "mmd"), default=None)
    if largest is None or ("floor", largest) not in done:
        return [entry("exact MMD did not end", 1.0, "times", 0.0)]
    mine = done["mmd", largest]
    at_bar = largest >= MOST_ROWS
    made = [
        entry(f"exact MMD, {largest:,} rows: memory", mine["memory_mb"], "MB", MEMORY_BAR_MB),
        entry(
            f"exact MMD, {largest:,} rows: over its matrix products",
            mine["cpu_s"] / done["floor", largest]["cpu_s"],
            "times",
            FLOOR_BAR if at_bar else None,
        ),
    ]
    both = [n for name, n in done if name == "Alibi Detect MMD" and ("mmd", n) in done]
    if both:
        n = max(both)
        ratio = done["Alibi Detect MMD", n]["cpu_s"] / done["mmd", n]["cpu_s"]
        bar = ALIBI_BAR if n >= MOST_ROWS else None
        made.append(entry(f"Alibi Detect's MMD over ours, {n:,} rows: CPU", ratio, "times", bar, worse=-1))
    return made


def line(row: Row) -> str:
    """One figure for people."""
    mark = {True: "holds", False: "FAILS", None: ""}[row["holds"]]
    value = "" if row["value"] is None else f"{row['value']:g}"
    bar = "" if row["bar"] is None else f"(bar {row['bar']:g})"
    return f"{row['name']:64} {value:>10} {row['unit']:6} {bar:10} {mark}".rstrip()


def main() -> int:
    """0 if the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="500 and 2,000 rows, ten seconds a method")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--peers", default=sys.executable, help="interpreter of an environment with the peers"
    )
    parser.add_argument("--limit", type=float, help="seconds for one method at one size")
    parser.add_argument("--sizes", type=int, nargs="+")
    chosen = parser.parse_args()
    sizes = chosen.sizes or ([500, 2_000] if chosen.quick else [500, 1_000, 2_000, 5_000, 10_000])
    methods, absent = plan(chosen.peers)
    if absent and not chosen.json:
        print(f"not installed here: {', '.join(absent)}; plain naive MMD stands in")
    limit = chosen.limit or (10.0 if chosen.quick else 200.0)
    told = entries(compare(methods, sizes, limit))
    print(json.dumps(told, indent=1) if chosen.json else "\n".join(map(line, told)))
    return 0 if all(row["holds"] is not False for row in told) else 1


if __name__ == "__main__":
    sys.exit(main())
