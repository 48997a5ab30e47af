"""Two-sample tests of embeddings beside other tools: time and memory at 384 dimensions, 100 permutations.

Every method runs in a process of its own on the same two samples of n rows, with one BLAS thread, and beside
them the matrix products alone that exact MMD needs, the floor. A method that takes longer than the limit is
not tried on more rows. Evidently is a dependency; Alibi Detect, Frouros and hyppo are looked for in another
environment, given by its interpreter, and left out with a line that says so where they are not found. Ratios
are of CPU seconds, which other work on the machine hardly moves.

Bars: exact MMD at 10,000 rows under 200 MB and within 2 times of its floor; at least 100 times quicker than
Alibi Detect's MMD at the largest size that both did.

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
MEMORY_BAR_MB, FLOOR_BAR, ALIBI_BAR = 200.0, 2.0, 100.0
Row = dict[str, Any]


def measure(python: str, method: str, n: int, limit: float) -> Row | None:
    """One row, or None if it did not end within `limit` seconds or failed."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [python, str(HERE / "_two_sample_one.py"), method, str(n)],
            capture_output=True,
            text=True,
            timeout=limit,
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


def compare(methods: list[tuple[str, str]], sizes: list[int], limit: float, say: Any) -> list[Row]:
    """All rows; a method is left out of the sizes after the first that it did not finish."""
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
            rows.append(row)
            say(row)
    return rows


def line(row: Row) -> str:
    """One row for people."""
    head = f"{row['n']:>7,}  {row['method']:<28}"
    if "over_s" in row:
        return f"{head}  over {row['over_s']:.0f} s or failed"
    p = "" if row["p"] is None else f"  p {row['p']:.3f}"
    return f"{head}  {row['wall_s']:8.3f} s  cpu {row['cpu_s']:8.3f} s  {row['memory_mb']:7.0f} MB{p}"


def verdict(rows: list[Row]) -> Row:
    """The bars and how they stand; a bar without figures is None."""
    done = {(r["method"], r["n"]): r for r in rows if "over_s" not in r}
    largest = max(r["n"] for r in rows)
    mine, products = done.get(("mmd", largest)), done.get(("floor", largest))
    both = [n for (name, n) in done if name == "Alibi Detect MMD" and ("mmd", n) in done]
    at = max(both, default=None)
    return {
        "n": largest,
        "memory_mb": None if mine is None else mine["memory_mb"],
        "times_the_floor": mine["cpu_s"] / products["cpu_s"] if mine and products else None,
        "alibi_detect_at": at,
        "alibi_detect_over_ours": None
        if at is None
        else done["Alibi Detect MMD", at]["cpu_s"] / done["mmd", at]["cpu_s"],
    }


def holds(told: Row) -> bool:
    """Whether no bar that has a figure is broken; that on Alibi Detect counts from 5,000 rows on."""
    ratio, at = told["alibi_detect_over_ours"], told["alibi_detect_at"]
    return (
        (told["memory_mb"] is not None and told["memory_mb"] < MEMORY_BAR_MB)
        and (told["times_the_floor"] is not None and told["times_the_floor"] <= FLOOR_BAR)
        and (ratio is None or at < 5_000 or ratio >= ALIBI_BAR)
    )


def main() -> int:
    """0 if the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="500 and 3,000 rows, ten seconds a method")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--peers", default=sys.executable, help="interpreter of an environment with the peers"
    )
    parser.add_argument("--limit", type=float, help="seconds for one method at one size")
    parser.add_argument("--sizes", type=int, nargs="+")
    chosen = parser.parse_args()
    sizes = chosen.sizes or ([500, 3_000] if chosen.quick else [500, 1_000, 2_000, 5_000, 10_000])
    methods, absent = plan(chosen.peers)
    say = (lambda row: None) if chosen.json else (lambda row: print(line(row), flush=True))
    if absent and not chosen.json:
        print(f"not installed here: {', '.join(absent)}; plain naive MMD stands in")
    rows = compare(methods, sizes, chosen.limit or (10.0 if chosen.quick else 200.0), say)
    told = verdict(rows)
    if chosen.json:
        print(json.dumps({"rows": rows, "absent": absent, "verdict": told, "holds": holds(told)}))
    else:
        print(told, "holds" if holds(told) else "BROKEN")
    return 0 if holds(told) else 1


if __name__ == "__main__":
    sys.exit(main())
