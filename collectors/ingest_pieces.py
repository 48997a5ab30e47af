"""A piece of a file as records that are ready to be stored: the part that takes processor time.

It opens nothing and keeps nothing, so that it can run in processes of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from collectors.blocks import Blocks, Stretch, Unpacked
from collectors.fieldmap import choose
from collectors.files import lines_of
from collectors.ingest_batch import Batch, Prepared
from collectors.ingest_rules import Rules, RulesSpec
from collectors.model import Annotation, Feedback, QuarantinedRecord, Span
from collectors.sources.base import (
    SOURCES,
    Bad,
    BlockSource,
    Item,
    LineSource,
    Skipped,
    Source,
    SourceContext,
    SpanContent,
    Taken,
)


@dataclass(kw_only=True)
class Tally:
    """How many records of what became of them."""

    read: int = 0
    spans: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    first_bad: str | None = None


@dataclass(frozen=True, kw_only=True)
class FileSpec:
    """How one file is read: its format, its field map, and what its records say they came from."""

    format_name: str
    map_name: str | None
    path: Path
    source: str
    shown: str
    rules: RulesSpec


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Some whole lines of the file, or where they stand in it."""

    where: Stretch | Unpacked
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Records on their way, and what became of each that was read; `plain` of them were a table at once."""

    prepared: Prepared
    tally: Tally
    plain: int = 0

    @property
    def mostly_plain(self) -> bool:
        """Whether hardly any record had to be looked at by itself."""
        return self.plain > 0.9 * self.tally.read


class Reader:
    """Reads pieces of one file by its format and rules."""

    def __init__(self, spec: FileSpec, source: Source | None = None) -> None:
        self._spec = spec
        self._rules = Rules(spec.rules)
        self._blocks = Blocks(spec.path)
        mapped = choose(spec.rules.ingest, spec.path, spec.map_name)
        self.source = source or SOURCES.get(spec.format_name)
        self.context = SourceContext(source=spec.source, field_map=mapped, index=self._rules.index)

    def piece(self, piece: Piece) -> Loaded:
        """The records of some lines."""
        if not isinstance(self.source, LineSource):
            raise TypeError(f"{self._spec.format_name} cannot be read by lines")
        block = self._blocks.take(piece.where)
        if isinstance(self.source, BlockSource):
            taken = self.source.block(block, self.context)
        else:
            lines = lines_of(block.lines, block.first_line())
            taken = Taken(items=self.source.lines(lines, self.context))
        batch = Batch(table=taken.table, columns=taken.columns)
        tally = Tally(read=len(batch), spans=len(batch))
        for item in taken.items:
            self.add(batch, tally, item, piece.now)
        return self.loaded(batch, tally, piece.now)

    def loaded(self, batch: Batch, tally: Tally, now: datetime) -> Loaded:
        """A batch that is full."""
        return Loaded(prepared=self._rules.prepare(batch, now=now), tally=tally, plain=batch.table.num_rows)

    def add(self, batch: Batch, tally: Tally, item: Item, now: datetime) -> int:
        """Put the item where it belongs; returns about how many characters it holds."""
        tally.read += 1
        if isinstance(item, Span):
            tally.spans += 1
            batch.spans.append(item)
            documents = sum(len(d.text or "") for d in item.documents)
            return len(item.input_text or "") + len(item.output_text or "") + documents
        if isinstance(item, Skipped):
            tally.skipped[item.reason] += 1
        elif isinstance(item, Bad):
            self._set_aside(batch, tally, item, now)
        elif isinstance(item, Feedback):
            batch.feedback.append(item)
        elif isinstance(item, Annotation):
            batch.annotations.append(item)
        elif isinstance(item, SpanContent):
            batch.contents.append(item)
            return len(item.text)
        return 0

    def _set_aside(self, batch: Batch, tally: Tally, item: Bad, now: datetime) -> None:
        tally.quarantined[item.problem or item.reason] += 1
        if tally.first_bad is None:
            tally.first_bad = item.reason if item.line is None else f"line {item.line}: {item.reason}"
        batch.quarantined.append(
            QuarantinedRecord(
                file=self._spec.shown,
                line=item.line,
                source=self._spec.format_name,
                reason=item.reason,
                raw=item.raw,
                quarantined_at=now,
            )
        )


def piece_reader(spec: FileSpec) -> Callable[[], Callable[[Piece], Loaded]]:
    """What makes the reading function, in whichever process it is to run."""
    return partial(_piece_reader, spec)


def _piece_reader(spec: FileSpec) -> Callable[[Piece], Loaded]:
    return Reader(spec).piece
