"""Files into the warehouse: detect, read, validate, deduplicate, and set bad records aside."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from collectors.errors import SourceError
from collectors.fieldmap import choose
from collectors.files import head
from collectors.ingest_batch import Batch, store_resilient
from collectors.ingest_config import IngestConfig
from collectors.model import Annotation, Feedback, QuarantinedRecord, Span
from collectors.sources.base import HEAD_BYTES, SOURCES, Bad, Item, Skipped, SourceContext, SpanContent
from collectors.warehouse.connection import Warehouse

# Long texts fill a transaction before its number of records does.
BATCH_CHARACTERS = 32_000_000
_PROGRESS_EVERY = 1_000


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

    @property
    def taken(self) -> int:
        """Records that are in the warehouse now, whether they came today or before."""
        return self.read - sum(self.quarantined.values()) - sum(self.skipped.values())


@dataclass(frozen=True)
class Ingest:
    """One call of `chainwatch ingest`: where to, by which rules, on whose clock.

    `passed_over` collects the files of folders whose format nobody knows.
    """

    warehouse: Warehouse
    config: IngestConfig
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
            choose(self.config, Path(), map_name)
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
            source = SOURCES.get(report.format)
            report.title = source.title
            mapped = choose(self.config, path, map_name)
            report.field_map = mapped.name if mapped else None
            context = SourceContext(source=f"{report.format}:{shown or path.name}", field_map=mapped)
            self._load(source.read(path, context), report, shown or str(path.resolve()))
        except (SourceError, OSError) as error:
            report.error = str(error)
        report.seconds = time.monotonic() - began
        return report

    def _load(self, items: Iterator[Item], report: FileReport, file: str) -> None:
        batch = Batch()
        characters = 0
        try:
            for item in items:
                report.read += 1
                characters += _add(batch, item, report, file, self.clock)
                if len(batch) >= self.config.batch_rows or characters >= BATCH_CHARACTERS:
                    self._store(batch, report)
                    batch, characters = Batch(), 0
                if report.read % _PROGRESS_EVERY == 0:
                    self.progress(report)
        finally:
            # Also when the file breaks off: what was read of it is kept.
            if len(batch):
                self._store(batch, report)
            self.progress(report)

    def _store(self, batch: Batch, report: FileReport) -> None:
        spans = len(batch.spans)
        stored, refused = store_resilient(self.warehouse, batch, now=self.clock())
        report.new += stored.spans
        report.known += spans - stored.spans - refused
        report.feedback += stored.feedback
        report.annotations += stored.annotations
        report.contents += stored.contents
        if refused:
            report.quarantined["refused by the warehouse"] += refused


def _add(batch: Batch, item: Item, report: FileReport, file: str, clock: Callable[[], datetime]) -> int:
    """Put the item where it belongs; returns about how many characters it holds."""
    if isinstance(item, Span):
        report.spans += 1
        batch.spans.append(item)
        documents = sum(len(d.text or "") for d in item.documents)
        return len(item.input_text or "") + len(item.output_text or "") + documents
    if isinstance(item, Skipped):
        report.skipped[item.reason] += 1
    elif isinstance(item, Bad):
        report.quarantined[item.problem or item.reason] += 1
        if report.first_bad is None:
            report.first_bad = item.reason if item.line is None else f"line {item.line}: {item.reason}"
        batch.quarantined.append(
            QuarantinedRecord(
                file=file,
                line=item.line,
                source=report.format or "unknown",
                reason=item.reason,
                raw=item.raw,
                quarantined_at=clock(),
            )
        )
    elif isinstance(item, Feedback):
        batch.feedback.append(item)
    elif isinstance(item, Annotation):
        batch.annotations.append(item)
    elif isinstance(item, SpanContent):
        batch.contents.append(item)
        return len(item.text)
    return 0


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
