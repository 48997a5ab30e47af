"""The dashboard over 1 M and 10 M spans of 90 days: every read and its slowest query, and pages in Chromium.

The warehouses are kept in `--folder` and used again. Each figure is written beside its warehouse and to
standard error as soon as there is one; a call that was stopped goes on from there (`--anew` begins again).
The load of the machine stands with each.

    python benchmarks/dashboard.py [--quick] [--folder FOLDER] [--spans N ...] [--part reads|pages] [--anew]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence, Set
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._dashboard_pages import pages
from benchmarks._dashboard_reads import reads, timed
from benchmarks._figures import Figure, figure, finished, tell
from benchmarks._large_warehouse import large_home
from collectors.home import Home
from collectors.rollups.refresh import refresh
from collectors.warehouse.connection import Warehouse

QUERY_BAR_S, PAINT_BAR_S, CLICK_BAR_S, MEMORY_BAR_MB = 0.3, 2.0, 1.0, 1000
RANGES = ("7d", "90d")
Row = dict[str, Any]


def reads_of(home: Home, repeats: int, known: Set[str]) -> Iterable[Row]:
    """Seconds of every read over each range, but those that are known."""
    warehouse = Warehouse(home.warehouse)
    for range_name in RANGES:
        for read_name, read in reads(warehouse, range_name).items():
            name = f"{range_name}, {read_name}"
            if name in known:
                continue
            found = timed(read, repeats)
            query_s, query = found.slowest
            yield {
                "name": name,
                "read_s": round(found.median_s, 3),
                "cpu_s": round(median(found.cpu), 3),
                "query_s": round(query_s, 3),
                "query": query,
            }


def pages_of(home: Home, repeats: int, known: Set[str]) -> Iterable[Row]:
    """Seconds until pages are seen and drawn, of each interaction, and the memory, but those known."""
    return map(vars, pages(home, repeats, known))


def measured(kept: Path, part: str, make: Callable[[Set[str]], Iterable[Row]], *, anew: bool) -> list[Row]:
    """The figures of one part: those that are kept, and those that are missing, written as they are made."""
    lines = finished(kept)
    if anew:
        lines = [line for line in lines if line["part"] != part]
        kept.write_text("".join(json.dumps(line) + "\n" for line in lines))
    rows = [line for line in lines if line["part"] == part]
    for row in rows:
        print(f"kept: {row}", file=sys.stderr)
    with kept.open("a") as file:
        for made in make({row["name"] for row in rows}):
            row = {"part": part, **made, "load": round(os.getloadavg()[0], 1)}
            rows.append(row)
            print(json.dumps(row), file=file, flush=True)
            print(row, file=sys.stderr, flush=True)
    return rows


def figures_of_reads(label: str, rows: Sequence[Row]) -> list[Figure]:
    return [
        figure(
            f"{label}, {row['name']}: slowest query "
            f"(all {row['read_s']} s, CPU {row['cpu_s']} s, load {row['load']})",
            row["query_s"],
            "s",
            bar=QUERY_BAR_S,
            holds=row["query_s"] <= QUERY_BAR_S,
        )
        for row in rows
    ]


def figures_of_pages(label: str, rows: Sequence[Row]) -> list[Figure]:
    """A page that was not drawn in time has no value, and misses its bar."""
    bars = {"seen": PAINT_BAR_S, "content": PAINT_BAR_S, "click": CLICK_BAR_S, "memory": MEMORY_BAR_MB}
    return [
        figure(
            f"{label}, {row['name']} (load {row['load']})",
            row["value"],
            row["unit"],
            bar=bars.get(row["kind"]),
            holds=row["value"] is not None and row["value"] <= bars[row["kind"]]
            if row["kind"] in bars
            else None,
        )
        for row in rows
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--folder", type=Path, default=Path("benchmark-warehouses"), help="where they are kept"
    )
    parser.add_argument("--quick", action="store_true", help="100,000 spans, everything once")
    parser.add_argument("--spans", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--part", choices=("reads", "pages", "both"), default="both")
    parser.add_argument("--anew", action="store_true", help="measure again what is kept")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    # Ended in order, so that the dashboard which it serves ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sizes, repeats = ([100_000], 1) if options.quick else (options.spans, options.repeats)
    rows: list[Figure] = []
    for spans in sizes:
        home = large_home(options.folder.resolve(), spans, say=lambda line: print(line, file=sys.stderr))
        refresh(Warehouse(home.warehouse), now=datetime.now(UTC))
        label, kept = f"{spans / 1e6:g} M", home.root / "measured.jsonl"
        rows.append(figure(f"{label}, warehouse", round(home.warehouse.stat().st_size / 1e6), "MB"))
        if options.part != "pages":
            found = measured(kept, "reads", partial(reads_of, home, repeats), anew=options.anew)
            rows += figures_of_reads(label, found)
        if options.part != "reads":
            found = measured(kept, "pages", partial(pages_of, home, repeats), anew=options.anew)
            rows += figures_of_pages(label, found)
    tell(rows, as_json=options.json)


if __name__ == "__main__":
    main()
