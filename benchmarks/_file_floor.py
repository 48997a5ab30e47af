"""What loading a row cannot do without, one step after the other in one process: the floor of our design.

Each step is what a library in C or C++ does for us; nothing of our own code is in it but the calls.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._figures import Figure, figure
from collectors.blocks import Blocks, Stretch, Unpacked, read_blocks
from collectors.ingest import BLOCK_BYTES
from collectors.ingest_batch import Prepared, store_batch
from collectors.ingest_pieces import FileSpec, Piece, Reader
from collectors.ingest_rules import RulesSpec
from collectors.plain_lines import plain_lines
from collectors.plain_spans import read_lines
from collectors.privacy.detectors.base import DETECTORS
from collectors.privacy.identity import Identity
from collectors.privacy.scanner import Scanner
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.migrate import migrate

ROWS = 122_880
_NOW = datetime(2026, 3, 1, tzinfo=UTC)


def floor(path: Path, folder: Path, read_json: Callable[[], float]) -> list[Figure]:
    """Processor µs a row of each step; `read_json()` gives those of DuckDB's reader on one thread."""
    took: dict[str, float] = defaultdict(float)
    scanner = Scanner([found for _, found in DETECTORS.all() if found.default])
    identity = Identity(b"0" * 32)
    rows = 0
    blocks = Blocks(path)
    for where in _some(path):
        block = blocks.take(where)
        with _timed(took, "tell plain lines (RE2)"):
            _, rest = plain_lines(block.lines)
        if rest:
            raise ValueError(f"{path} holds more than plain spans")
        with _timed(took, "read JSON (DuckDB)"):
            spans = read_lines(block.file or block.lines, "floor")
        with _timed(took, "search texts for what is private (RE2)"):
            scanner.holding(pa.chunked_array([*spans["input_text"].chunks, *spans["output_text"].chunks]))
        with _timed(took, "hash ids (BLAKE2)"):
            identity.hash_each("session", spans["session_id"].to_pylist())
        rows += spans.num_rows
    spans = _table(path)
    warehouse = Warehouse(folder / "floor.duckdb")
    migrate(warehouse)
    with _timed(took, "insert and compress (DuckDB)"), warehouse.write() as con:
        store_batch(con, Prepared(spans=spans), now=_NOW)
    each = {name: seconds / (ROWS if "insert" in name else rows) * 1e6 for name, seconds in took.items()}
    theirs = read_json()
    return [
        *(figure(f"floor: {name}", round(value, 1), "us/row") for name, value in each.items()),
        figure("floor: together", round(sum(each.values()), 1), "us/row"),
        figure("floor: read_json, one thread", round(theirs, 1), "us/row"),
        figure("floor: the ratio this design cannot exceed", round(theirs / sum(each.values()), 2), "x"),
    ]


def _some(path: Path) -> Iterator[Stretch | Unpacked]:
    """Blocks of about `ROWS` rows together, and at least as many."""
    left = ROWS * 1400
    for where in read_blocks(path, lambda: BLOCK_BYTES):
        if left < 0:
            return
        if isinstance(where, Stretch):
            left -= where.size
        yield where


def _table(path: Path) -> pa.Table:
    spec = FileSpec(format_name="jsonl", map_name=None, path=path, source="", shown="", rules=RulesSpec())
    reader = Reader(spec)
    pieces = (Piece(where=where, now=_NOW) for where in _some(path))
    return pa.concat_tables([reader.piece(piece).prepared.spans for piece in pieces]).slice(0, ROWS)


@contextmanager
def _timed(took: dict[str, float], name: str) -> Iterator[None]:
    before = time.process_time()
    yield
    took[name] += time.process_time() - before
