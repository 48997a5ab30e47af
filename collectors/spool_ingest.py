"""From the spool into the warehouse: many requests a transaction, each stored exactly once.

The cursor of a segment moves in the transaction that stores its records, and a segment is deleted after it.
Decoding happens before the connection is opened. A body that cannot be decoded, or a record that the
warehouse refuses, is quarantined and never holds up what comes after it; a warehouse that is busy or broken
raises, and the spool keeps everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from collectors.home import Home
from collectors.spool_batch import DrainSummary, Work, commit, decode_entry
from collectors.spool_frame import HEADER_BYTES, Entry, entries
from collectors.spool_segments import DRAIN_LOCK, Segment, list_segments, readable
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.migrate import migrate

# A transaction holds about this much: large enough to be cheap a span, small enough for memory.
BATCH_ITEMS = 20_000
BATCH_BYTES = 32 << 20
BATCH_REQUESTS = 2_000


def drain(
    home: Home,
    warehouse: Warehouse,
    *,
    clock: Callable[[], datetime],
    max_batches: int | None = None,
    wait_s: float = 2.0,
) -> DrainSummary:
    """Store what the spool holds; at most `max_batches` transactions.

    Waits up to `wait_s` for another process that is draining, then answers `busy`. Raises
    WarehouseBusyError or WarehouseError when the warehouse cannot be written; nothing is lost then.
    """
    return SpoolDrain(home.spool, warehouse, clock=clock).run(max_batches=max_batches, wait_s=wait_s)


@dataclass
class _Gathered:
    """What the next transaction will hold."""

    work: list[Work] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)
    finished: list[Path] = field(default_factory=list)
    items: int = 0
    size: int = 0

    def is_full(self) -> bool:
        return self.items >= BATCH_ITEMS or self.size >= BATCH_BYTES or len(self.work) >= BATCH_REQUESTS


class SpoolDrain:
    """Drains one spool, again and again; remembers only what spares it an idle look."""

    def __init__(self, folder: Path, warehouse: Warehouse, *, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._warehouse = warehouse
        self._clock = clock
        # Which file was migrated: another one in its place, or none, is brought up to date first.
        self._migrated: tuple[int, int] | None = None
        # Whether the last pass ended at its bound on transactions, and not at the end of the spool.
        self.has_more = False
        self._idle: list[tuple[str, int, bool]] = []
        self._cursors: dict[str, int] = {}

    def run(self, *, max_batches: int | None = None, wait_s: float = 0.0) -> DrainSummary:
        """One pass over everything that can be read now."""
        self.has_more = False
        if not self._folder.is_dir() or not self._changed():
            return DrainSummary()
        lock = FileLock(self._folder / DRAIN_LOCK, timeout=wait_s, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            return DrainSummary(busy=True, pending_bytes=self.pending_bytes())
        try:
            return self._pass(max_batches)
        finally:
            lock.release()

    def oldest_pending_at(self) -> datetime | None:
        """When the oldest request that is not stored yet was received; opens no connection."""
        for segment, final in readable(self._folder):
            for entry in _entries(segment, self._cursors.get(segment.name, 0), final):
                if entry.record is not None:
                    return entry.record.received_at
        return None

    def _changed(self) -> bool:
        if self._migrated != self._warehouse.identity():
            return True
        return [(s.name, s.size, final) for s, final in readable(self._folder)] != self._idle

    def _pass(self, max_batches: int | None) -> DrainSummary:
        if self._migrated is None or self._migrated != self._warehouse.identity():
            migrate(self._warehouse)
            self._migrated = self._warehouse.identity()
        segments = readable(self._folder)
        with self._warehouse.read() as con:
            # Another process may have drained in between.
            self._cursors = dict(con.execute("SELECT segment, position FROM spool_cursors").fetchall())
        summary = DrainSummary()
        batches = 0
        for gathered in _gather(segments, dict(self._cursors)):
            if gathered.work:
                live = [s.name for s in list_segments(self._folder)]
                summary += commit(self._warehouse, gathered.work, now=self._clock(), live=live)
                batches += 1
            for path in gathered.finished:
                path.unlink(missing_ok=True)
            self._cursors.update(gathered.ends)
            if batches == max_batches:
                self.has_more = True
                break
        else:
            self._idle = [(s.name, s.size, final) for s, final in segments if s.path.exists()]
        return replace(summary, pending_bytes=self.pending_bytes())

    def pending_bytes(self) -> int:
        """Bytes that are acknowledged and, as far as is known here, not stored."""
        return sum(
            max(0, s.size - self._cursors.get(s.name, HEADER_BYTES)) for s, _ in readable(self._folder)
        )


def _gather(segments: list[tuple[Segment, bool]], cursors: dict[str, int]) -> Iterator[_Gathered]:
    """Decoded requests in transactions' worths; a segment is `finished` with the batch that ends it."""
    gathered = _Gathered()
    for segment, final in segments:
        for entry in _entries(segment, cursors.get(segment.name, 0), final):
            work = decode_entry(segment.name, entry)
            gathered.work.append(work)
            gathered.ends[segment.name] = entry.end
            gathered.items += work.items
            gathered.size += work.size
            if gathered.is_full():
                yield gathered
                gathered = _Gathered()
        if final:
            gathered.finished.append(segment.path)
    yield gathered


def _entries(segment: Segment, position: int, final: bool) -> Iterator[Entry]:
    try:
        file = segment.path.open("rb")
    except FileNotFoundError:
        # Sealed under another name since it was listed: the next pass finds it.
        return
    with file:
        yield from entries(file, position, segment.segment_id, final=final)
