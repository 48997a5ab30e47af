"""What retention costs: pruning 30 of 90 days, giving the space back, and having nothing to do.

The spans have 1.1 KB of text that hardly compresses, 90 days of them in order of time. While it prunes and
compacts, another process reads as a dashboard does; its longest wait says how long others are kept out.

    python benchmarks/prune.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._figures import figure, tell
from collectors.config import parse
from collectors.context import Context
from collectors.home import Home
from collectors.retention.enforce import prune, prune_when_due
from collectors.warehouse import Warehouse

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAYS = 90
_FILL = """
INSERT INTO spans BY NAME
SELECT md5(range || 't{day}') AS trace_id, left(md5(range || 's{day}'), 16) AS span_id, 'support' AS chain,
    ['assistant', 'retriever', 'generator'][1 + range % 3] AS component, 'llm' AS kind, 'ask' AS name,
    $start + INTERVAL (range * 86400000000 // {rows}) MICROSECOND AS started_at, random() AS duration_s,
    'ok' AS status,
    (SELECT string_agg(md5(range || 'i{day}' || k), ' ') FROM range(15) q(k)) AS input_text,
    (SELECT string_agg(md5(range || 'o{day}' || k), ' ') FROM range(15) q(k)) AS output_text,
    'small-1' AS model, (random() * 100)::INT AS input_tokens, md5((range % 50)::VARCHAR) AS user_id,
    'production' AS dataset, json_object('key', md5(range || 'a{day}')) AS attributes, 'bench' AS source,
    $start AS ingested_at
FROM range({rows})
"""


def build(home: Home, rows: int) -> None:
    context = Context(home=home, config=parse("", "benchmark"), clock=lambda: NOW)
    warehouse = context.migrated()
    a_day = rows // DAYS
    for day in range(DAYS):
        start = NOW.replace(hour=0) - timedelta(days=DAYS - 1 - day)
        with warehouse.write() as con:
            con.execute(_FILL.format(day=day, rows=a_day), {"start": start})


def look(path: Path, stop: Event, out: Any) -> None:
    """Read as a dashboard does; report the longest wait for a turn."""
    warehouse = Warehouse(path, wait_s=600)
    waits: list[float] = []
    while not stop.is_set():
        asked = time.monotonic()
        with warehouse.read() as con:
            waits.append(time.monotonic() - asked)
            con.execute("SELECT count(*), max(started_at) FROM spans").fetchall()
        time.sleep(0.1)
    out.put((len(waits), max(waits)))


def nothing_to_do(home: Home) -> float:
    """Seconds of a prune that finds nothing: the median of ten, after one that does what is due."""
    text = '[retention]\nspans = "60d"\ntexts = "30d"\nresults = "30d"\n'
    context = Context(home=home, config=parse(text, "benchmark"))
    prune(context, now=NOW, compacting=False)
    took: list[float] = []
    for _ in range(10):
        began = time.monotonic()
        prune_when_due(context, now=NOW, say=print)
        took.append(time.monotonic() - began)
    return statistics.median(took)


def measure(rows: int, folder: Path) -> list[dict[str, object]]:
    home = Home(root=folder).create()
    began = time.monotonic()
    build(home, rows)
    print(f"{rows:,} spans stored in {time.monotonic() - began:.0f} s", file=sys.stderr)
    path = home.warehouse
    size = path.stat().st_size

    def context(text: str) -> Context:
        return Context(home=home, config=parse(text, "benchmark"))

    spans, texts = context('[retention]\nspans = "60d"\n'), context('[retention]\ntexts = "30d"\n')
    spawn = multiprocessing.get_context("spawn")
    stop, out = spawn.Event(), spawn.Queue()
    reader = spawn.Process(target=look, args=(path, stop, out))
    reader.start()
    began = time.monotonic()
    done = prune(spans, now=NOW, compacting=False)
    pruning = time.monotonic() - began
    began = time.monotonic()
    compacted = prune(spans, now=NOW, compacting=True)
    compacting = time.monotonic() - began
    stop.set()
    reads, longest = out.get(timeout=60)
    reader.join()
    removed = done.removed["spans"]["spans"]
    began = time.monotonic()
    emptied = prune(texts, now=NOW, compacting=False).removed["texts"]["spans"]
    texts_s = time.monotonic() - began
    idle = nothing_to_do(home)
    with tempfile.TemporaryDirectory() as empty:
        idle_empty = nothing_to_do(Home(root=Path(empty)).create())
    share = compacted.bytes_after / size
    return [
        figure("spans stored", rows, "spans"),
        figure("prune 30 of 90 days", round(pruning, 1), "s"),
        figure("spans deleted", round(removed / pruning), "spans/s"),
        figure("compaction of what is left", round(compacting, 1), "s"),
        figure("file before", round(size / 1e6, 1), "MB"),
        figure("file after the prune", round(done.bytes_after / 1e6, 1), "MB"),
        figure("file after compaction", round(compacted.bytes_after / 1e6, 1), "MB"),
        # Two thirds of the rows are left.
        figure("file after against before", round(share, 3), "ratio", bar=0.7, holds=share <= 0.7),
        figure("longest wait of a reader meanwhile", round(longest, 2), "s", bar=30.0, holds=longest <= 30.0),
        figure("reads meanwhile", reads, "reads"),
        figure("texts of 30 days emptied", round(emptied / texts_s), "spans/s"),
        figure("nothing to do, empty warehouse", round(idle_empty, 3), "s"),
        figure("nothing to do", round(idle, 3), "s"),
        figure(
            "nothing to do against empty",
            round(idle / idle_empty, 2),
            "ratio",
            bar=2.0,
            holds=idle <= 2 * idle_empty,
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200,000 spans instead of a million")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(200_000 if arguments.quick else 1_000_000, Path(folder))
    tell(rows, as_json=arguments.json)


if __name__ == "__main__":
    main()
