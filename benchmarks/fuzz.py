"""Every decoder on sound files made unsound, for as long as it is told; prints cases, refusals and failures.

A case is a committed sound file (`tests/collectors/seeds`, and with --data some files of a folder) changed at
random, or a broken line between two sound ones. A failure is another exception than a refusal, a record that
the warehouse could not hold, a lost neighbour, or more than ten seconds. Cases have numbers: the same number
is the same case, and `--first` goes on where an earlier run ended.

    python benchmarks/fuzz.py [--minutes N] [--quick] [--json] [--source NAME] [--first N] [--data FOLDER]

`--minutes` is for each decoder.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._fuzz_checks import Seed, attempt, seeds
from collectors.errors import SourceError
from collectors.files import read_all
from collectors.ingest import detect
from collectors.ingest_batch import Batch, store_batch
from collectors.model import Annotation, Feedback, Span
from collectors.sources.base import Bad, SpanContent
from collectors.warehouse.connection import scratch
from collectors.warehouse.migrate import migrations

_QUICK_MINUTES = 0.1
_STORE_EVERY = 200
_LARGEST = 200_000
_SHOWN = 5
_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Tally:
    """What came out of one decoder's cases."""

    kind: str
    cases: int = 0
    records: int = 0
    set_aside: int = 0
    refused: int = 0
    seconds: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)


def from_data(folder: Path) -> list[Seed]:
    """Files of a folder that are not too large, each as a seed of what it is taken for."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and 0 < p.stat().st_size <= _LARGEST):
        try:
            source = detect(path)
        except SourceError:
            continue
        content = read_all(path, 100 * _LARGEST)
        if len(content) <= _LARGEST:
            suffix = Path(path.name.removesuffix(".gz")).suffix
            found.append(Seed(source=source, suffix=suffix, content=content))
    return found


def fuzz(
    kind: str, sound: list[Seed], everything: list[bytes], minutes: float, first: int, con: Any
) -> Tally:
    """Cases of one decoder until the time is up."""
    tally = Tally(kind=kind)
    began = time.monotonic()
    batch = Batch()
    with tempfile.TemporaryDirectory(prefix="chainwatch-fuzz-") as name:
        number = first
        while time.monotonic() - began < minutes * 60:
            seed = sound[number % len(sound)]
            try:
                items = attempt(seed, number, everything, Path(name))
            except Exception as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                place = f"{where.filename.rpartition('/')[2]}:{where.lineno}"
                tally.failures[f"case {number}: {type(error).__name__} at {place}: {str(error)[:200]}"] += 1
                items = []
            tally.cases += 1
            tally.records += sum(not isinstance(item, Bad) for item in items)
            tally.set_aside += sum(isinstance(item, Bad) for item in items)
            tally.refused += not items
            _add(batch, items)
            if tally.cases % _STORE_EVERY == 0:
                _store(con, batch, tally)
                batch = Batch()
            number += 1
    _store(con, batch, tally)
    tally.seconds = time.monotonic() - began
    return tally


def _add(batch: Batch, items: list[Any]) -> None:
    for item in items:
        for kind, records in (
            (Span, batch.spans),
            (Feedback, batch.feedback),
            (Annotation, batch.annotations),
            (SpanContent, batch.contents),
        ):
            if isinstance(item, kind):
                records.append(item)  # type: ignore[attr-defined]


def _store(con: Any, batch: Batch, tally: Tally) -> None:
    """What a decoder lets through, the warehouse takes."""
    con.begin()
    try:
        store_batch(con, batch, now=_NOW)
    except Exception as error:
        tally.failures[f"before case {tally.cases}: not stored: {str(error)[:200]}"] += 1
    finally:
        con.rollback()


def run(minutes: float, *, source: str | None, first: int, data: Path | None) -> list[Tally]:
    """Every decoder in turn."""
    sound = seeds() + (from_data(data) if data else [])
    everything = [seed.content for seed in sound]
    kinds: dict[str, list[Seed]] = {}
    for seed in sound:
        binary = seed.suffix in (".pb", ".binpb")
        kinds.setdefault(f"{seed.source}, protobuf" if binary else seed.source, []).append(seed)
    tallies = []
    with scratch() as con:
        for step in migrations():
            con.execute(step.sql)
        for kind, some in sorted(kinds.items()):
            if source is None or kind == source:
                tallies.append(fuzz(kind, some, everything, minutes, first, con))
                print(_line(tallies[-1]), file=sys.stderr, flush=True)
    return tallies


def _line(tally: Tally) -> str:
    head = (
        f"{tally.kind}: {tally.cases:,} cases in {tally.seconds / 60:.1f} min, {tally.records:,} records, "
        f"{tally.set_aside:,} set aside, {tally.refused:,} files refused, {len(tally.failures)} failures"
    )
    return "\n    ".join([head, *list(tally.failures)[:_SHOWN]])


def main() -> None:
    """Run, print, and exit 1 when anything failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--source")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    minutes = _QUICK_MINUTES if asked.quick else asked.minutes
    tallies = run(minutes, source=asked.source, first=asked.first, data=asked.data)
    if asked.json:
        results = [
            {"name": f"fuzz.{tally.kind}.failures", "value": len(tally.failures), "unit": "failures",
             "bar": 0,
             "holds": not tally.failures, "cases": tally.cases, "minutes": round(tally.seconds / 60, 2),
             "records": tally.records, "set_aside": tally.set_aside, "refused": tally.refused,
             "failures": list(tally.failures)[:_SHOWN]}
            for tally in tallies
        ]  # fmt: skip
        print(json.dumps(results, indent=2))
    raise SystemExit(any(tally.failures for tally in tallies))


if __name__ == "__main__":
    main()
