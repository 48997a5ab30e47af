"""What a source is: a file format that yields records, one by one, and survives bad ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import pyarrow as pa

from collectors.blocks import Block
from collectors.columns import SpanColumns
from collectors.model import Annotation, Feedback, Span
from collectors.registry import Registry
from collectors.semconv_index import DEFAULT, Index
from collectors.tables import SPAN_SCHEMA

if TYPE_CHECKING:
    from collectors.fieldmap import FieldMap

RAW_LIMIT = 2_000
# Whatever a hostile record makes go wrong costs that record only.
RECORD_ERRORS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
HEAD_BYTES = 65_536


@dataclass(frozen=True, kw_only=True)
class Bad:
    """A record that cannot be taken. `problem` is the reason without the value, for counting."""

    line: int | None
    reason: str
    raw: str
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A record that is well-formed and not ours: a filtered row, an ordinary log line, a metric."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class SpanContent:
    """Text of a span that travelled apart from it, as a log record.

    `side` says which text it belongs to; `whole` is True when it is that side's complete text and
    False when it is one message of several, to be put in order of `at`.
    """

    content_id: str
    trace_id: str
    span_id: str
    side: Literal["input", "output", "system"]
    role: str
    whole: bool
    at_ns: int
    text: str


Item = Span | Feedback | Annotation | SpanContent | Bad | Skipped


@dataclass(frozen=True, kw_only=True)
class SourceContext:
    """What a source is told: the name that the records carry as `source`, the field map, if any, and what
    attribute names mean."""

    source: str
    field_map: FieldMap | None = None
    index: Index = DEFAULT


class Source(Protocol):
    """One format. A module of this folder has an instance of it as `SOURCE`."""

    title: str

    def detect(self, path: Path, head: bytes) -> float:
        """How sure it is that `head`, the first (decompressed) bytes, is its format: 0 no, 1 certain."""

    def read(self, path: Path, context: SourceContext) -> Iterator[Item]:
        """Every record in file order. Raises SourceError only when the whole file cannot be read."""


@runtime_checkable
class LineSource(Protocol):
    """A format whose records stand on lines of their own: blocks of lines can be read apart."""

    def in_lines(self, path: Path) -> bool:
        """Whether this file is one of records a line, and not one document."""

    def lines(self, lines: Iterable[tuple[int, bytes]], context: SourceContext) -> Iterator[Item]:
        """The records of (line number, bytes) pairs; blank lines hold none."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A block of lines: plain spans as a table or as columns, and every other record as an item."""

    table: pa.Table = field(default_factory=SPAN_SCHEMA.empty_table)
    columns: SpanColumns = field(default_factory=SpanColumns)
    items: Iterable[Item] = ()


@runtime_checkable
class BlockSource(LineSource, Protocol):
    """A format whose lines are mostly plain spans: a block of lines can be taken at once."""

    def block(self, block: Block, context: SourceContext) -> Taken:
        """What `lines` yields of the lines of `block`."""


SOURCES: Registry[Source] = Registry("collectors.sources", "SOURCE", "format")


def shorten(raw: object) -> str:
    """A bad record as text for the quarantine: at most 2,000 characters, printable by DuckDB."""
    text = (raw if isinstance(raw, str) else repr(raw))[: RAW_LIMIT + 1]
    text = text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")
    return text[: RAW_LIMIT - 1] + "…" if len(text) > RAW_LIMIT else text


def not_json(line: int, text: bytes, error: Exception) -> Bad:
    """A line that should be JSON and is not."""
    shown = shorten(text[: 2 * RAW_LIMIT].decode("utf-8", "backslashreplace"))
    return Bad(line=line, reason=f"not JSON: {error}", raw=shown, problem="not JSON")
