"""JSON lines: one record a line, plain or gzipped; also one JSON array of records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from collectors.blocks import Block
from collectors.errors import SourceError
from collectors.files import BOM, WHOLE_LIMIT, lines_of, read_all, read_lines
from collectors.json_text import loads
from collectors.plain_spans import read_plain
from collectors.record_columns import check_records
from collectors.sources._rows import bad, is_span, items
from collectors.sources.base import Bad, Item, SourceContext, Taken, not_json

# A first line longer than this may go on beyond the bytes that are looked at.
_LONG_LINE = 60_000
_decode_lines = msgspec.json.Decoder().decode_lines


class Jsonl:
    """Records in the names of `Span`, or in others with a field map."""

    title = "JSON lines"

    def detect(self, path: Path, head: bytes) -> float:
        named = any(suffix in (".jsonl", ".ndjson") for suffix in path.suffixes[-2:])
        start = head.removeprefix(BOM).lstrip()
        if start[:1] == b"[" and start[1:].lstrip()[:1] == b"{":
            return 0.7 if named else 0.5
        if named:
            return 0.7 if start[:1] == b"{" else 0.4
        return 0.5 if _is_record(start) else 0.0

    def read(self, path: Path, context: SourceContext) -> Iterator[Item]:
        if self.in_lines(path):
            yield from self.lines(read_lines(path), context)
        else:
            yield from _array(path, context)

    def in_lines(self, path: Path) -> bool:
        """Whether it is not one array; an array may be on the first line all by itself."""
        for _, line in read_lines(path):
            text = line.removeprefix(BOM).strip()
            if text:
                return text[:1] != b"["
        return True

    def lines(self, lines: Iterable[tuple[int, bytes]], context: SourceContext) -> Iterator[Item]:
        return _items(_each(lines), context)

    def block(self, block: Block, context: SourceContext) -> Taken:
        if context.field_map is not None:
            return Taken(items=self.lines(lines_of(block.lines, block.first_line()), context))
        plain = read_plain(block, source=context.source)
        rest = _rows(block, plain.rest)
        spans = [n for n, (_, row) in enumerate(rest) if isinstance(row, dict) and is_span(row)]
        found = check_records([rest[n][1] for n in spans], source=context.source)
        kept = set(spans).difference(spans[n] for n in found.rest)
        others = (row for n, row in enumerate(rest) if n not in kept)
        return Taken(table=plain.table, columns=found.columns, items=_items(others, context))


def _rows(block: Block, places: Sequence[int]) -> list[tuple[int, Any]]:
    """(line number, its value or a `Bad`) of some lines of a block; blank ones are left out."""
    if not places:
        return []
    lines, first_line = bytes(block.lines).removesuffix(b"\n").split(b"\n"), block.first_line()
    try:
        found = _decode_lines(b"\n".join(lines[place] for place in places))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        found = []
    if len(found) == len(places):
        return [(first_line + place, row) for place, row in zip(places, found, strict=True)]
    # A line is blank, or none, or JSON as only Python writes it: each is read by itself.
    return list(_each((first_line + place, lines[place]) for place in places))


def _each(lines: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, object]]:
    for number, line in lines:
        text = (line.removeprefix(BOM) if number == 1 else line).strip()
        if text:
            try:
                yield number, loads(text)
            except (ValueError, RecursionError) as error:
                yield number, not_json(number, text, error)


def _items(rows: Iterable[tuple[int, object]], context: SourceContext) -> Iterator[Item]:
    for number, row in rows:
        if isinstance(row, dict):
            yield from items(row, context, number)
        elif isinstance(row, Bad):
            yield row
        else:
            yield bad(TypeError("must be a JSON object"), row, number)


def _is_record(start: bytes) -> bool:
    """Whether the first line is a whole object; one pretty-printed document is no JSON lines."""
    line, newline, _ = start.partition(b"\n")
    if start[:1] != b"{" or (not newline and len(start) > _LONG_LINE):
        return start[:2] == b'{"' and not newline
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _array(path: Path, context: SourceContext) -> Iterator[Item]:
    """A whole-file array; the line of a record is its place in the array."""
    text = read_all(path, WHOLE_LIMIT)
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path}: not JSON: {error}") from error
    yield from _items(enumerate(rows, start=1), context)


SOURCE = Jsonl()
