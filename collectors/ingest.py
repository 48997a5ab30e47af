"""Files into the warehouse: detect, read, validate, deduplicate, and set bad records aside."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from collectors.blocks import read_blocks
from collectors.errors import SourceError
from collectors.fieldmap import choose
from collectors.files import head
from collectors.gathering import Gathering
from collectors.ingest_batch import Batch, Prepared, Stored, store_several
from collectors.ingest_pieces import FileSpec, Loaded, Piece, Reader, Tally, piece_reader
from collectors.ingest_rules import RulesSpec
from collectors.sources.base import HEAD_BYTES, SOURCES, LineSource
from collectors.threads import Threads
from collectors.warehouse.connection import Warehouse
from collectors.workers import Workers, processes

# About what is read at a time: of a file of lines by one process or, where they are plain, by one thread.
PIECE_BYTES, BLOCK_BYTES = 1 << 20, 16 << 20
# And of any other.
PIECE_ROWS, PIECE_CHARACTERS = 10_000, 32_000_000
# Long texts fill a transaction before its number of records does; two may be in memory.
BATCH_BYTES = 192 << 20
_PROGRESS_EVERY = 1_000
FORGOTTEN = "spans of users whose data was deleted"


@dataclass
class FileReport:
    """What became of one file's records."""

    path: str
    format: str | None = None
    title: str | None = None
    field_map: str | None = None
    read: int = 0
    spans: int = 0
    new: int = 0
    known: int = 0
    feedback: int = 0
    annotations: int = 0
    contents: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    first_bad: str | None = None
    error: str | None = None
    seconds: float = 0.0

    def count(self, tally: Tally) -> None:
        """Add what became of some more records."""
        self.read += tally.read
        self.spans += tally.spans
        self.skipped += tally.skipped
        self.quarantined += tally.quarantined
        self.first_bad = self.first_bad or tally.first_bad

    def with_read(self, more: int) -> FileReport:
        """The report as it stands, with records that are read and not counted yet."""
        return replace(self, read=self.read + more)

    @property
    def taken(self) -> int:
        """Records that are in the warehouse now, whether they came today or before."""
        return self.read - sum(self.quarantined.values()) - sum(self.skipped.values())


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What became of one transaction's records."""

    stored: Stored
    refused: int
    known: int


@dataclass(frozen=True)
class Ingest:
    """One call of `chainwatch ingest`: where to, by which rules, on whose clock.

    `passed_over` collects the files of folders whose format nobody knows.
    """

    warehouse: Warehouse
    rules: RulesSpec
    clock: Callable[[], datetime]
    progress: Callable[[FileReport], None] = lambda report: None
    passed_over: list[str] = field(default_factory=list)

    def files(
        self,
        paths: Iterable[tuple[Path, bool]],
        *,
        format_name: str | None = None,
        map_name: str | None = None,
    ) -> Iterator[FileReport]:
        """Load each file and report on it. One of no known format is passed over unless `named`."""
        if map_name is not None:
            choose(self.rules.ingest, Path(), map_name)
        if format_name is not None:
            SOURCES.get(format_name)
        for path, named in paths:
            report = self.file(path, format_name=format_name, map_name=map_name)
            if report.format is not None or named:
                yield report
            else:
                self.passed_over.append(report.path)

    def file(
        self,
        path: Path,
        *,
        format_name: str | None = None,
        map_name: str | None = None,
        shown: str | None = None,
    ) -> FileReport:
        """Load one file. What cannot be read is in the report, not raised; a busy warehouse is raised."""
        report = FileReport(path=shown or str(path))
        began = time.monotonic()
        try:
            report.format = format_name or detect(path)
            spec = FileSpec(
                format_name=report.format,
                map_name=map_name,
                path=path,
                source=f"{report.format}:{shown or path.name}",
                shown=shown or str(path.resolve()),
                rules=self.rules,
            )
            reader = Reader(spec)
            report.title = reader.source.title
            report.field_map = reader.context.field_map.name if reader.context.field_map else None
            if isinstance(reader.source, LineSource) and reader.source.in_lines(path):
                self._by_lines(path, reader, spec, report)
            else:
                self._store_all(self._by_items(path, reader, report), report)
        except (SourceError, OSError) as error:
            report.error = str(error)
        report.seconds = time.monotonic() - began
        return report

    def read(self, reader: Reader, report: FileReport) -> FileReport:
        """Load what the reader's source holds, wherever that lies; the report is filled in and returned."""
        began = time.monotonic()
        try:
            self._store_all(self._by_items(Path(report.path), reader, report), report)
        except (SourceError, OSError) as error:
            report.error = str(error)
        report.seconds = time.monotonic() - began
        return report

    def _by_lines(self, path: Path, reader: Reader, spec: FileSpec, report: FileReport) -> None:
        count = processes(self.rules.ingest.processes)
        size = PIECE_BYTES
        broken: list[SourceError] = []

        def pieces() -> Iterator[Piece]:
            try:
                for where in read_blocks(path, lambda: size):
                    yield Piece(where=where, now=self.clock())
            except SourceError as error:
                # Told when what was read before it is stored.
                broken.append(error)

        def loaded() -> Iterator[Loaded]:
            nonlocal size
            remaining = pieces()
            for piece in islice(remaining, 1):
                first = reader.piece(piece)
                yield first
                if first.mostly_plain:
                    # Left to libraries, which need no interpreter: threads do it, and hand nothing over.
                    size = BLOCK_BYTES
                    yield from Threads(piece_reader(spec), count).map(remaining)
                else:
                    with closing(Workers(piece_reader(spec), count)) as workers:
                        yield from workers.map(remaining)

        self._store_all(loaded(), report)
        if broken:
            raise broken[0]

    def _by_items(self, path: Path, reader: Reader, report: FileReport) -> Iterator[Loaded]:
        batch, tally, characters = Batch(), Tally(), 0
        broken: SourceError | OSError | None = None
        try:
            for item in reader.source.read(path, reader.context):
                characters += reader.add(batch, tally, item, self.clock())
                if len(batch) >= PIECE_ROWS or characters >= PIECE_CHARACTERS:
                    yield reader.loaded(batch, tally, self.clock())
                    batch, tally, characters = Batch(), Tally(), 0
                if (report.read + tally.read) % _PROGRESS_EVERY == 0:
                    self.progress(report.with_read(tally.read))
        except (SourceError, OSError) as error:
            broken = error
        # Also when the file breaks off: what was read of it is kept.
        yield reader.loaded(batch, tally, self.clock())
        if broken is not None:
            raise broken

    def _store_all(self, loaded: Iterable[Loaded], report: FileReport) -> None:
        """Store what comes, one transaction while the next is gathered."""
        gathering = Gathering(rows=self.rules.ingest.batch_rows, size=BATCH_BYTES)
        with ThreadPoolExecutor(1, "chainwatch-store") as thread:
            under_way: Future[_Outcome] | None = None

            def hand_over(held: Sequence[Prepared]) -> None:
                nonlocal under_way
                if under_way is not None:
                    self._count(under_way.result(), report)
                under_way = thread.submit(self._store, held)

            try:
                for one in loaded:
                    report.count(one.tally)
                    for full in gathering.add(one.prepared):
                        hand_over(full)
                    self.progress(report)
            finally:
                hand_over(gathering.rest())
                if under_way is not None:
                    self._count(under_way.result(), report)
                self.progress(report)

    def _store(self, held: Sequence[Prepared]) -> _Outcome:
        offered = sum(one.spans.num_rows + one.duplicates for one in held)
        if not sum(map(len, held)):
            return _Outcome(stored=Stored(), refused=0, known=offered)
        stored, refused = store_several(self.warehouse, held, now=self.clock())
        known = max(0, offered - stored.spans - stored.forgotten - refused)
        refused += sum(one.refused for one in held)
        return _Outcome(stored=stored, refused=refused, known=known)

    def _count(self, outcome: _Outcome, report: FileReport) -> None:
        stored = outcome.stored
        report.new += stored.spans
        report.known += outcome.known
        report.feedback += stored.feedback
        report.annotations += stored.annotations
        report.contents += stored.contents
        if stored.forgotten:
            report.skipped[FORGOTTEN] += stored.forgotten
        if outcome.refused:
            report.quarantined["refused by the warehouse"] += outcome.refused


def detect(path: Path) -> str:
    """The format of a file by its name and first bytes; SourceError when it is none that we know."""
    first = head(path, HEAD_BYTES)
    if not first.strip():
        raise SourceError(f"{path}: is empty")
    scores = {name: float(source.detect(path, first)) for name, source in SOURCES.all()}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] <= 0:
        raise SourceError(
            f"{path}: format not recognised; choose one with --format: {', '.join(SOURCES.names())}"
        )
    return best
