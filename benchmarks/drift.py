"""Two-sample tests of embeddings beside other tools: time and memory at 384 dimensions, 100 permutations.

Every cell is a process of its own on the same two samples of n rows, with one BLAS thread, and beside them
run the matrix products alone that exact MMD needs, the floor of this machine. A cell may use so many CPU
seconds and so much memory; then it is stopped, and says so. A method that was stopped, or that would need
more than the limit and a half if its time grew with the square of the rows, is not tried on more rows. An
interrupt ends the run and tells what there is so far; with --kept every cell that was measured is also
written to a file as it is done, and is not measured again. Evidently is a dependency; Alibi Detect, Frouros
and hyppo are looked for in another environment, given by its interpreter (docs/benchmarks/drift.md says how
to make one), and left out with a line that says so where they are not found.
Ratios are of CPU seconds, which other work on the machine hardly moves.

Bars: exact MMD on 10,000 rows under 200 MB, within 2 times of its floor, and at least 100 times quicker than
Alibi Detect's MMD, or on the largest size that it did.

    python benchmarks/drift.py [--quick] [--json] [--peers-python PYTHON] [--limit SECONDS] [--sizes N ...]
        [--methods NAME ...] [--kept FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from _cells import Cell, append, has, kept, measure
from _figures import Figure, figure, tell

ONE = Path(__file__).resolve().parent / "_two_sample_one.py"
MMD, FLOOR, ALIBI = "mmd", "floor", "Alibi Detect MMD"
OURS = (MMD, "mmd_fuse", "lsdd", "sliced_wasserstein", "domain_classifier", "drifted_dimensions")
HERE = (FLOOR, *OURS, "learned_kernel", "mmd_of_sketches", "naive MMD")
EVIDENTLY = ("Evidently EmbeddingsDrift, MMD", "Evidently EmbeddingsDrift, classifier")
PEERS = {
    "alibi_detect": (ALIBI, "Alibi Detect LSDD", "Alibi Detect learned kernel"),
    "frouros": ("Frouros MMD",),
    "hyppo": ("hyppo MMD",),
}
SIZES, QUICK = (500, 1_000, 2_000, 5_000, 10_000, 30_000, 100_000), (500, 2_000)
JUDGED = 10_000  # the bars are for this many rows
MEMORY_BAR_MB, FLOOR_BAR, ALIBI_BAR = 200.0, 2.0, 100.0
_GROWS = 1_000
_PATIENCE = 15  # times the limit that the two methods of the bars may take
Plan = list[tuple[str, str]]  # interpreter, method


def plan(peers: str) -> tuple[Plan, list[str]]:
    """What to run with which interpreter, and the tools that are not there."""
    methods = [(sys.executable, name) for name in HERE]
    absent = []
    if has(sys.executable, "evidently"):
        methods += [(sys.executable, name) for name in EVIDENTLY]
    for module, names in PEERS.items():
        if has(peers, module):
            methods += [(peers, name) for name in names]
        else:
            absent.append(module)
    return methods, absent


def compare(
    methods: Plan, sizes: list[int], limit: float, memory_gb: float, there: dict[tuple[str, int], Cell]
) -> Iterator[Cell]:
    """All cells, size by size, as they come; those `there` as they were."""
    done: dict[str, Cell] = {}
    for n in sizes:
        for python, method in methods:
            allowed = limit * (_PATIENCE if method in (MMD, FLOOR, ALIBI) else 1.0)
            if (method, n) in there:
                done[method] = there[method, n]
                yield done[method]
                continue
            before = done.get(method)
            if before is not None and before.cpu_s is None:
                continue
            expected = 0.0 if before is None or before.cpu_s is None else before.cpu_s * (n / before.n) ** 2
            # On few rows fixed costs say nothing of how time grows.
            if before is not None and before.n >= _GROWS and expected > 1.5 * allowed:
                done[method] = Cell(method=method, n=n, note=f"not tried: some {expected:,.0f} s")
            else:
                done[method] = measure([python, str(ONE), method, str(n)], method, n, allowed, memory_gb)
            yield done[method]


def figures(cells: list[Cell]) -> list[Figure]:
    """Every cell and then the bars."""
    made: list[Figure] = []
    for cell in cells:
        head = f"{cell.method}, {cell.n:,} rows"
        if cell.cpu_s is None:
            made.append(figure(f"{head}: {cell.note}", None, "s"))
            continue
        made.append(figure(f"{head}: CPU", _rounded(cell.cpu_s), "s"))
        made.append(figure(f"{head}: memory", _rounded(cell.memory_mb), "MB"))
    return made + verdict(cells)


def verdict(cells: list[Cell]) -> list[Figure]:
    """The bars, at `JUDGED` rows or the largest size that both sides of a comparison did."""
    done = {(c.method, c.n): c for c in cells if c.cpu_s is not None}

    def largest(other: str) -> int | None:
        both = [n for name, n in done if name == MMD and (other, n) in done and n <= JUDGED]
        return max(both, default=None)

    made: list[Figure] = []
    at = largest(MMD)
    if at is None:
        return [figure("exact MMD did not end", None, "s", bar="ends", holds=False)]
    memory = done[MMD, at].memory_mb or 0.0
    holds = memory < MEMORY_BAR_MB
    made.append(
        figure(f"exact MMD, {at:,} rows: memory", _rounded(memory), "MB", bar=MEMORY_BAR_MB, holds=holds)
    )
    for other, words, bar, sign in (
        (FLOOR, "exact MMD over its floor", FLOOR_BAR, -1.0),
        (ALIBI, "Alibi Detect's MMD over ours", ALIBI_BAR, 1.0),
    ):
        at = largest(other)
        if at is None:
            continue
        pair = (done[MMD, at].cpu_s or 0.0, done[other, at].cpu_s or 0.0)
        ratio = pair[0] / pair[1] if sign < 0 else pair[1] / pair[0]
        # On few rows fixed costs are as large as what is measured.
        holds_or_none = (ratio - bar) * sign >= 0 if at >= JUDGED // 2 else None
        made.append(figure(f"{words}, {at:,} rows", _rounded(ratio), "times", bar=bar, holds=holds_or_none))
    return made


def table(cells: list[Cell]) -> str:
    """CPU seconds and memory by method and size, in Markdown."""
    sizes = sorted({c.n for c in cells})
    known = {(c.method, c.n): c for c in cells}
    lines = ["| method | " + " | ".join(f"{n:,}" for n in sizes) + " |", "|---" * (len(sizes) + 1) + "|"]
    for method in dict.fromkeys(c.method for c in cells):
        told = [known[method, n].short() if (method, n) in known else "" for n in sizes]
        lines.append(f"| {method} | {' | '.join(told)} |")
    return "\n".join(lines)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def main() -> int:
    """0 if the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="500 and 2,000 rows, ten seconds a cell")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peers-python", default=sys.executable, help="an interpreter that has the peers")
    parser.add_argument("--limit", type=float, help="CPU seconds of a cell; 60, with --quick 10")
    parser.add_argument("--memory", type=float, default=12.0, help="GB that a cell may use")
    parser.add_argument("--sizes", type=int, nargs="*")
    parser.add_argument("--methods", nargs="*", help="only these")
    parser.add_argument("--kept", type=Path, help="a file of cells: those in it are not measured again")
    chosen = parser.parse_args()
    methods, absent = plan(chosen.peers_python)
    if chosen.methods:
        methods = [(python, name) for python, name in methods if name in chosen.methods]
    if absent:
        print(f"not found, and left out: {', '.join(absent)}", file=sys.stderr)
    limit = chosen.limit or (10.0 if chosen.quick else 60.0)
    sizes = chosen.sizes or list(QUICK if chosen.quick else SIZES)
    cells: list[Cell] = []
    with contextlib.suppress(KeyboardInterrupt):
        there = kept(chosen.kept)
        for cell in compare(methods, sorted(sizes), limit, chosen.memory, there):
            cells.append(cell)
            if chosen.kept and cell.cpu_s is not None and (cell.method, cell.n) not in there:
                append(chosen.kept, cell)
            print(cell, file=sys.stderr, flush=True)
    told = figures(cells)
    if chosen.json:
        print(json.dumps(told, indent=1))
    else:
        print(table(cells), end="\n\n")
        tell(verdict(cells), as_json=False)
    return 0 if all(row["holds"] is not False for row in told) else 1


if __name__ == "__main__":
    sys.exit(main())
