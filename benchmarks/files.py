"""Loading files: rows a second beside DuckDB's own `read_json` into a table of the same shape, and memory.

A file of JSON lines of about 1.1 KB in the native names, loaded by the real `chainwatch ingest` and by
`INSERT ... SELECT FROM read_json`, one after the other in one run; then, for memory, a file ten times as
long.

    python benchmarks/files.py [--quick] [--json] [--rows N]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._figures import Figure, figure, tell
from benchmarks._file_floor import floor
from benchmarks._otlp_load import ROOT, text
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.migrate import migrate

HALF = 0.5
FLAT = 1.3
_START = 1_770_000_000
_WORDS = 300_000
_TEXTS = 390, 425  # characters of an input and an output


def rows(rng: random.Random, count: int) -> Iterator[str]:
    """Lines of about 1.1 KB with the fields that a generation has."""
    # Texts are cut from a long one at random: millions of them are needed, and no two are to be the same.
    spoken = text(rng, _WORDS)
    places = len(spoken) - _TEXTS[1]
    for number in range(count):
        at = _START + number * 0.05
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
        record = {
            "trace_id": rng.randbytes(16).hex(),
            "span_id": rng.randbytes(8).hex(),
            "chain": "support",
            "component": ("router", "retriever", "generator", "guardrail")[number % 4],
            "kind": "llm",
            "name": "chat",
            "started_at": f"{stamp}.{number % 1000:03d}Z",
            "duration_s": round(rng.random() * 4, 3),
            "status": "ok",
            "input_text": spoken[(start := rng.randrange(places)) : start + _TEXTS[0]],
            "output_text": spoken[(start := rng.randrange(places)) : start + _TEXTS[1]],
            "model": "gpt-4o",
            "provider": "openai",
            "input_tokens": rng.randrange(20, 900),
            "output_tokens": rng.randrange(20, 400),
            "cost_usd": round(rng.random() / 100, 6),
            "session_id": f"c{rng.randrange(10**6)}",
            "parameters": {"temperature": 0.2, "max_tokens": 512},
        }
        yield json.dumps(record)


def write(path: Path, count: int) -> int:
    """Write the file; returns the mean bytes of a line."""
    rng = random.Random(count)
    with path.open("w") as file:
        for line in rows(rng, count):
            file.write(line + "\n")
    return path.stat().st_size // count


def ours(path: Path, home: Path) -> tuple[float, float, float, int]:
    """Seconds of `chainwatch ingest` until its answer, and in all; peak MiB of a process; rows stored.

    Everything is stored before the answer; what comes after it are the rollups of the dashboard.
    """
    before = time.perf_counter()
    code = (
        "import resource, sys\n"
        "from dashboard.cli import main\n"
        "try:\n    main()\n"
        "finally:\n"
        "    asked = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))\n"
        "    print('peak', max(one.ru_maxrss for one in asked) // 1024, file=sys.stderr)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "ingest", str(path), "--json"],
        env={**os.environ, "CHAINWATCH_HOME": str(home)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        answer = ""
        for line in process.stdout:
            answer += line
            if line == "}\n":
                break
        stored_s = time.perf_counter() - before
        _, said = process.communicate()
    if process.returncode:
        raise RuntimeError(said)
    in_all_s = time.perf_counter() - before
    return stored_s, in_all_s, float(said.rpartition("peak")[2]), json.loads(answer)["new"]


def duckdbs(path: Path, folder: Path, *, threads: int | None = None) -> tuple[float, float]:
    """Seconds, and processor seconds, of DuckDB's own reader into a table of the same shape in a file."""
    warehouse = Warehouse(folder / "shape.duckdb")
    migrate(warehouse)
    with warehouse.read() as con:
        shape = con.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'spans'"
        ).fetchall()
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in shape)
    config: dict[str, str | bool | int | float | list[str]] = {"threads": threads} if threads else {}
    with duckdb.connect(str(folder / f"peer{threads}.duckdb"), config=config) as con:
        con.execute(f"CREATE TABLE spans ({', '.join(f'{name} {kind}' for name, kind in shape)})")
        before, processor = time.perf_counter(), time.process_time()
        con.execute(
            f"INSERT INTO spans SELECT * FROM read_json('{path}', format = 'newline_delimited', "
            f"columns = {{{columns}}})"
        )
        con.execute("CHECKPOINT")
        return time.perf_counter() - before, time.process_time() - processor


def measure(count: int, *, longer: int) -> list[Figure]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, large = folder / "small.jsonl", folder / "large.jsonl"
        size = write(small, count)
        theirs = count / duckdbs(small, folder)[0]
        least = floor(small, folder, lambda: duckdbs(small, folder, threads=1)[1] / count * 1e6)
        seconds, in_all, memory, stored = ours(small, folder / "home1")
        assert stored == count, (stored, count)
        small.unlink()
        write(large, count * longer)
        long_seconds, _, long_memory, stored = ours(large, folder / "home2")
        assert stored == count * longer, stored
    mine = count / seconds
    ratio, growth = mine / theirs, long_memory / memory
    return [
        figure("bytes a row", size, "bytes"),
        figure("read_json into the same shape", round(theirs), "rows/s"),
        figure("chainwatch ingest", round(mine), "rows/s"),
        figure("chainwatch ingest, with the rollups after its answer", round(count / in_all), "rows/s"),
        figure("ratio to read_json", round(ratio, 2), "x", bar=HALF, holds=ratio >= HALF),
        figure(f"chainwatch ingest, {count * longer:,} rows", round(count * longer / long_seconds), "rows/s"),
        figure(f"peak memory, {count:,} rows", memory, "MiB"),
        figure(f"peak memory, {count * longer:,} rows", long_memory, "MiB"),
        figure("growth of memory", round(growth, 2), "x", bar=FLAT, holds=growth <= FLAT),
        *least,
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="50,000 rows, and three times as many")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, help="rows of the shorter file (default 500,000)")
    parser.add_argument("--longer", type=int, help="the longer file in units of the shorter (default 10)")
    options = parser.parse_args()
    count = options.rows or (50_000 if options.quick else 500_000)
    found = measure(count, longer=options.longer or (3 if options.quick else 10))
    tell(found, as_json=options.json)


if __name__ == "__main__":
    main()
