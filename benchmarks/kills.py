"""kill -9 at random moments under load, and with a full disk: what was promised, and what is there.

A real `chainwatch serve`, several senders over HTTP (and gRPC) that repeat every request until it is
acknowledged. The whole process group, only the receiver or only the storing child is killed, at random
moments, in the middle of a write of the warehouse, and while it starts. At the end every acknowledged span
must be in the warehouse exactly once. The second part does it on a small file system that is full while
requests arrive and while the warehouse is written; then space is freed.

    python benchmarks/kills.py [--quick] [--json] [--kills N] [--fills N] [--seed N]
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._full_disk import fill_and_kill
from benchmarks._killing import WAYS, Counted, Victim, counted, moment, sending
from benchmarks._senders import Address
from benchmarks._small_disk import inside, on_small_disk

SENDERS = 4
SPANS = 50
DISK_MB = 512
Row = dict[str, object]


def kill(folder: Path, kills: int, seed: int) -> tuple[Counted, Counter[str], int]:
    """Kill it `kills` times; what was counted, the ways, and the attempts without an answer."""
    rng = random.Random(seed)
    address = Address()
    victim = Victim(home=folder / "home", address=address)
    ways: Counter[str] = Counter()
    victim.start()
    with sending(address, SENDERS, SPANS, pause_s=0.03) as senders:
        for number in range(kills):
            way = WAYS[number % len(WAYS)]
            if way == "starting":
                victim.kill("all")
                victim.start(wait=False)
            moment(rng, way, victim.home)
            victim.kill(way)
            ways[way] += 1
            _tell(f"kill {number + 1} of {kills} ({way})")
            if way != "child":
                victim.start()
        time.sleep(1.0)
    victim.wait_until_stored(300)
    if not victim.stop():
        raise RuntimeError("the last server left something in the spool")
    return counted(victim.home, senders), ways, sum(s.failed for s in senders)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="5 kills and 2 full disks")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--fills", type=int)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--on-disk", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    kills = options.kills if options.kills is not None else 5 if options.quick else 60
    fills = options.fills if options.fills is not None else 2 if options.quick else 12
    if options.on_disk is not None:
        # The second life of this program, on the small file system.
        print(json.dumps(fill_and_kill(options.on_disk, fills, options.seed)))
        return
    rows: list[Row] = []
    if kills:
        with tempfile.TemporaryDirectory() as folder:
            found, ways, failed = kill(Path(folder), kills, options.seed)
        rows += _rows("killed", found)
        rows.append(_row("kills", sum(ways.values()), "kills", None, dict(ways)))
        rows.append(_row("sends without an answer, sent again", failed, "requests", None))
    if fills:
        rows += _full(fills, options.seed)
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        verdict = "" if row["bar"] is None else "ok" if row["holds"] else "MISSED"
        note = f"  {row['note']}" if row.get("note") else ""
        print(f"{row['name']:<48} {row['value']:>10} {row['unit']:<9} {verdict}{note}")


def _full(fills: int, seed: int) -> list[Row]:
    """The part on the small file system, in a process that sees it."""
    with tempfile.TemporaryDirectory() as folder, on_small_disk(Path(folder), DISK_MB) as disk:
        if disk is None:
            return [_row("full disk: no small file system may be mounted here", 0, "fills", None)]
        command = [sys.executable, __file__, "--on-disk", str(disk.path), "--seed", str(seed)]
        done = subprocess.run(
            inside(disk, [*command, "--fills", str(fills)]), stdout=subprocess.PIPE, text=True, check=True
        )
    told = json.loads(done.stdout)
    rows = _rows(f"full disk ({disk.kind})", Counted(**told["counted"]))
    for name in ("fills", "kills", "refused", "storing_failed"):
        rows.append(_row(f"full disk: {name}", told[name], "times", None))
    return rows


def _rows(name: str, found: Counted) -> list[Row]:
    return [
        _row(f"{name}: acknowledged", found.acknowledged, "spans", None),
        _row(f"{name}: stored", found.stored, "spans", None),
        _row(f"{name}: stored, acknowledgement not heard", found.unasked, "spans", None),
        _row(f"{name}: acknowledged and lost", found.lost, "spans", 0),
        _row(f"{name}: duplicates", found.duplicates, "spans", 0),
        _row(f"{name}: never sent", found.foreign, "spans", 0),
    ]


def _row(name: str, value: int, unit: str, bar: int | None, note: object = None) -> Row:
    row: Row = {"name": name, "value": value, "unit": unit, "bar": bar}
    row["holds"] = None if bar is None else value <= bar
    return row | ({"note": note} if note else {})


def _tell(line: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{line:<50}", end="", file=sys.stderr)


if __name__ == "__main__":
    main()
