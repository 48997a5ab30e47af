"""From the spool into the warehouse: many requests a transaction, each stored exactly once.

The cursor of a segment moves in the transaction that stores its records, and a segment is deleted after it.
Decoding happens before the connection is opened. A body that cannot be decoded, or a record that the
warehouse refuses, is quarantined and never holds up what comes after it; a warehouse that is busy or broken
raises, and the spool keeps everything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from collectors.home import Home
from collectors.ingest_rules import RulesSpec
from collectors.spool_batch import Commit, DrainSummary
from collectors.spool_decode import Chunk, Decoding, decoder
from collectors.spool_frame import HEADER_BYTES, Entry, entries
from collectors.spool_segments import DRAIN_LOCK, Segment, list_segments, readable
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.migrate import migrate
from collectors.workers import Workers, processes

# A transaction holds about this much: large enough to be cheap a span, small enough for memory. What a
# transaction leaves of a row group (122,880 rows) the next one writes again.
BATCH_ITEMS = 60_000
BATCH_BYTES = 64 << 20
BATCH_REQUESTS = 2_000
# What one process decodes at a time; bytes as they came, mostly packed.
CHUNK_BYTES = 1 << 20
CHUNK_REQUESTS = 200
# Decoded chunks that wait, for each process: so that decoding goes on while a transaction is written.
_AHEAD = 6


def drain(
    home: Home,
    warehouse: Warehouse,
    *,
    clock: Callable[[], datetime],
    max_batches: int | None = None,
    wait_s: float = 2.0,
    spec: RulesSpec | None = None,
) -> DrainSummary:
    """Store what the spool holds; at most `max_batches` transactions.

    Waits up to `wait_s` for another process that is draining, then answers `busy`. Raises
    WarehouseBusyError or WarehouseError when the warehouse cannot be written; nothing is lost then.
    """
    spool = SpoolDrain(home.spool, warehouse, clock=clock, spec=spec)
    try:
        return spool.run(max_batches=max_batches, wait_s=wait_s)
    finally:
        spool.close()


@dataclass(frozen=True, kw_only=True)
class _Read:
    """A chunk of the spool, and the segments that end with it."""

    chunk: Chunk
    finished: tuple[Path, ...] = ()


@dataclass
class _Transaction:
    """What is stored next, together."""

    work: list[tuple[Chunk, Decoding]] = field(default_factory=list)
    finished: list[Path] = field(default_factory=list)
    items: int = 0
    size: int = 0
    requests: int = 0

    def add(self, read: _Read, decoding: Decoding) -> None:
        self.work.append((read.chunk, decoding))
        self.finished += read.finished
        self.items += len(decoding.prepared)
        self.size += decoding.size
        self.requests += decoding.requests

    def is_full(self) -> bool:
        return self.items >= BATCH_ITEMS or self.size >= BATCH_BYTES or self.requests >= BATCH_REQUESTS


class SpoolDrain:
    """Drains one spool, again and again; remembers only what spares it an idle look."""

    def __init__(
        self,
        folder: Path,
        warehouse: Warehouse,
        *,
        clock: Callable[[], datetime],
        spec: RulesSpec | None = None,
    ) -> None:
        self.folder = folder
        self._warehouse = warehouse
        self._clock = clock
        spec = spec or RulesSpec()
        self._workers = Workers(decoder(spec), processes(spec.ingest.processes), ahead=_AHEAD)
        # Which file was migrated: another one in its place, or none, is brought up to date first.
        self._migrated: tuple[int, int] | None = None
        self._idle: list[tuple[str, int, bool]] = []
        self._listed: list[tuple[Segment, bool]] = []
        self._cursors: dict[str, int] = {}

    def run(
        self,
        *,
        max_batches: int | None = None,
        wait_s: float = 0.0,
        told: Callable[[DrainSummary], None] = lambda summary: None,
    ) -> DrainSummary:
        """One pass over everything that can be read; `told` hears of each transaction.

        While more comes than is stored, the pass goes on.
        """
        if not self.folder.is_dir() or not self._changed():
            return DrainSummary()
        lock = FileLock(self.folder / DRAIN_LOCK, timeout=wait_s, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            return DrainSummary(busy=True, pending_bytes=self.pending_bytes())
        try:
            return self._pass(max_batches, told)
        finally:
            lock.release()

    def start(self) -> None:
        """Start the processes that decode, before there is anything to decode: it takes them a second."""
        self._workers.start()

    def close(self) -> None:
        """End the processes that decode, if there are any."""
        self._workers.close()

    def oldest_pending_at(self) -> datetime | None:
        """When the oldest request that is not stored yet was received; opens no connection."""
        for segment, final in readable(self.folder):
            for entry in _entries(segment, self._cursors.get(segment.name, 0), final):
                if entry.record is not None:
                    return entry.record.received_at
        return None

    def _changed(self) -> bool:
        if self._migrated != self._warehouse.identity():
            return True
        return [(s.name, s.size, final) for s, final in readable(self.folder)] != self._idle

    def _pass(self, max_batches: int | None, told: Callable[[DrainSummary], None]) -> DrainSummary:
        if self._migrated is None or self._migrated != self._warehouse.identity():
            migrate(self._warehouse)
            self._migrated = self._warehouse.identity()
        with self._warehouse.read() as con:
            # Another process may have drained in between.
            self._cursors = dict(con.execute("SELECT segment, position FROM spool_cursors").fetchall())
        summary = DrainSummary()
        batches = 0
        for transaction in self._transactions():
            if transaction.work:
                stored = self._commit().store(transaction.work)
                summary += stored
                batches += 1
                told(stored)
            for path in transaction.finished:
                path.unlink(missing_ok=True)
            for _, decoding in transaction.work:
                self._cursors.update(decoding.ends)
            if batches == max_batches:
                break
        else:
            self._idle = [(s.name, s.size, final) for s, final in self._listed if s.path.exists()]
        return replace(summary, pending_bytes=self.pending_bytes())

    def _commit(self) -> Commit:
        listed = {segment.name for segment, _ in self._listed}
        return Commit(
            warehouse=self._warehouse,
            decode=self._workers.here,
            now=self._clock(),
            live=sorted(listed | {segment.name for segment in list_segments(self.folder)}),
        )

    def _list(self) -> list[tuple[Segment, bool]]:
        self._listed = readable(self.folder)
        return self._listed

    def _transactions(self) -> Iterator[_Transaction]:
        """Decoded requests in transactions' worths; a segment is `finished` with the one that ends it.

        What comes while others are decoded joins them: a part of a transaction is for when no more comes.
        """
        reader = _Reader(self._list, dict(self._cursors))
        transaction = _Transaction()
        while reader.has_more:
            for decoding in self._workers.map(reader.chunks(self._clock)):
                transaction.add(reader.reads.popleft(), decoding)
                if transaction.is_full():
                    yield transaction
                    transaction = _Transaction()
        yield transaction

    def pending_bytes(self) -> int:
        """Bytes that are acknowledged and, as far as is known here, not stored."""
        return sum(max(0, s.size - self._cursors.get(s.name, HEADER_BYTES)) for s, _ in readable(self.folder))


class _Reader:
    """Reads on, from each segment's position; `reads` are what is being decoded."""

    def __init__(self, listed: Callable[[], list[tuple[Segment, bool]]], positions: dict[str, int]) -> None:
        self.reads: deque[_Read] = deque()
        # Whether there was a chunk to read, or more: then there may be another by now.
        self.has_more = True
        self._listed = listed
        self._positions = positions
        self._ended: set[str] = set()

    def chunks(self, clock: Callable[[], datetime]) -> Iterator[Chunk]:
        """What was not read before, until less than a chunk is left."""
        self.has_more = False
        held: list[tuple[str, Entry]] = []
        finished: list[Path] = []
        going = True
        while going:
            going, size = False, 0
            for segment, final in self._listed():
                if segment.name in self._ended:
                    continue
                for entry in _entries(segment, self._positions.get(segment.name, 0), final):
                    held.append((segment.name, entry))
                    self._positions[segment.name] = entry.end
                    size += entry.end - entry.start
                    if size >= CHUNK_BYTES or len(held) >= CHUNK_REQUESTS:
                        self.has_more = going = True
                        yield self._read(held, finished, clock())
                        held, finished, size = [], [], 0
                # One that was renamed meanwhile is looked at again under its new name.
                if final and segment.path.exists():
                    finished.append(segment.path)
                    self._ended.add(segment.name)
        if held or finished:
            yield self._read(held, finished, clock())

    def _read(self, held: list[tuple[str, Entry]], finished: list[Path], now: datetime) -> Chunk:
        chunk = Chunk(entries=held, now=now)
        self.reads.append(_Read(chunk=chunk, finished=tuple(finished)))
        return chunk


def _entries(segment: Segment, position: int, final: bool) -> Iterator[Entry]:
    try:
        file = segment.path.open("rb")
    except FileNotFoundError:
        # Sealed under another name since it was listed: the next pass finds it.
        return
    with file:
        yield from entries(file, position, segment.segment_id, final=final)
