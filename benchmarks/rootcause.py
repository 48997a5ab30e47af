"""Whom an incident blames: a fault of each kind put into each component of chains of 3, 5 and 8.

Every chain has eight quiet days behind it, from which the monitors learn, and six quiet hours that they
watch. Then one component has a fault for six hours, in seven of ten requests: other text, three times the
length, four times the time, errors in a third, or answers to somebody else's question. Spans go through the
monitor pass as it is installed, with its defaults. Right: the first incident blames the component with the
fault. One incident: there is no other, but for those that were merged into it.

    python benchmarks/rootcause.py --out rootcause.jsonl      # may be stopped, and goes on where it was
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _fault_chain import HOUR, KINDS, START, Chain, Fault, steps
from _figures import Figure, figure, finished, tell

from collectors.config import Config
from collectors.context import Context
from collectors.home import Home
from collectors.warehouse.store import fetch, insert_spans
from monitors.runner import run_pass

SIZES = (3, 5, 8)
LEARNT, WATCHED, LASTS = 8 * 24, 6, 6
GRACE = timedelta(minutes=6)
RIGHT = 0.9
_FOUND = """
    SELECT incident_id, component, cause, title, detected_at FROM incidents
    WHERE merged_into IS NULL ORDER BY detected_at, incident_id
"""


def trials(size: int, seed: int, done: set[tuple[str, str]], models: Path) -> Iterator[dict[str, Any]]:
    """All faults of one chain. What was before them is stored and learnt once."""
    wanted = [(c, k) for c in steps(size) for k in KINDS if (c, k) not in done]
    if not wanted:
        return
    chain = Chain(size, seed=seed)
    begin = LEARNT + WATCHED
    with tempfile.TemporaryDirectory() as folder:
        before = _context(Path(folder) / "before", models)
        with before.migrated().write() as con:
            insert_spans(con, chain.spans(range(begin)))
        run_pass(before, now=START + begin * HOUR + GRACE, since=START + LEARNT * HOUR, deliver=False)
        quiet = _incidents(before)
        for component, kind in wanted:
            began = time.monotonic()
            copy = Path(folder) / f"{component}-{kind}"
            shutil.copytree(before.home.root, copy, symlinks=True)
            context = _context(copy, models)
            fault = Fault(component=component, kind=kind, start=begin)
            with context.warehouse.write() as con:
                insert_spans(con, chain.spans(range(begin, begin + LASTS), fault))
            run_pass(context, now=START + (begin + LASTS) * HOUR + GRACE, deliver=False)
            known = {i["incident_id"] for i in quiet}
            found = [i for i in _incidents(context) if i["incident_id"] not in known]
            shutil.rmtree(copy)
            yield {
                "size": size,
                "seed": seed,
                "component": component,
                "kind": kind,
                "right": bool(found) and found[0]["component"] == component,
                "incidents": len(found),
                "blamed": [[i["component"], i["cause"], i["title"]] for i in found],
                "delay_h": (found[0]["detected_at"] - START) / HOUR - begin if found else None,
                "quiet": len(quiet),
                "took_s": round(time.monotonic() - began, 1),
            }


def _context(root: Path, models: Path) -> Context:
    home = Home(root=root).create()
    if not home.models.exists():
        # The distilled encoder is the same for every home; making it anew would only cost time.
        home.models.symlink_to(models)
    return Context(home=home, config=Config({}, "defaults"), clock=lambda: START + 365 * 24 * HOUR)


def _incidents(context: Context) -> list[dict[str, Any]]:
    with context.warehouse.read() as con:
        return fetch(con, _FOUND)


def summary(lines: Sequence[dict[str, Any]]) -> list[Figure]:
    """For each length and kind, and over all: the shares, and the delay."""
    figures = []
    for size in SIZES:
        for kind in KINDS:
            mine = [x for x in lines if x["size"] == size and x["kind"] == kind]
            if mine:
                figures += _shares(f"chain of {size}, {kind}", mine, bar=None)
    if lines:
        figures += _shares("all", lines, bar=RIGHT)
        figures.append(
            figure(
                "incidents in quiet hours",
                sum(x["quiet"] for x in _once(lines)),
                f"of {len(_once(lines))} chains",
            )
        )
    return figures


def _once(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({(x["size"], x["seed"]): x for x in lines}.values())


def _shares(name: str, lines: Sequence[dict[str, Any]], *, bar: float | None) -> list[Figure]:
    right = sum(x["right"] for x in lines)
    one = sum(x["incidents"] == 1 for x in lines)
    delays = sorted(x["delay_h"] for x in lines if x["delay_h"] is not None)
    told = [
        ("right component first", right),
        ("one incident", one),
        ("found", sum(x["incidents"] > 0 for x in lines)),
    ]
    figures = [
        figure(
            f"{name}: {what}",
            n,
            f"of {len(lines)}",
            bar=bar,
            holds=None if bar is None else n / len(lines) >= bar,
        )
        for what, n in told
    ]
    if delays:
        figures.append(figure(f"{name}: hours to detection, median", delays[len(delays) // 2], "h"))
    return figures


def main() -> int:
    """Run what is missing, print, and return 0 when the bars hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the chain of three, one seed")
    parser.add_argument("--json", action="store_true", help="a list of objects instead of a table")
    parser.add_argument("--out", type=Path, help="file of finished lines, to go on with")
    parser.add_argument("--show", action="store_true", help="only sum up what the file has")
    parser.add_argument("--seeds", type=int, nargs="*", default=[7])
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES), choices=SIZES)
    options = parser.parse_args()
    lines = finished(options.out)
    models = Home.from_environment().create().models
    models.mkdir(exist_ok=True)
    seeds, sizes = (options.seeds[:1], SIZES[:1]) if options.quick else (options.seeds, options.sizes)
    for seed in [] if options.show else seeds:
        for size in sizes:
            done = {(x["component"], x["kind"]) for x in lines if (x["size"], x["seed"]) == (size, seed)}
            for line in trials(size, seed, done, models):
                lines.append(line)
                if options.out:
                    with options.out.open("a") as out:
                        out.write(json.dumps(line) + "\n")
                if not options.json:
                    print(json.dumps(line), file=sys.stderr, flush=True)
    figures = summary(lines)
    tell(figures, as_json=options.json)
    return 0 if all(f["holds"] in (True, None) for f in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
