"""JSON lines: one record a line, plain or gzipped; also one JSON array of records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from collectors.errors import SourceError
from collectors.files import BOM, WHOLE_LIMIT, read_all, read_lines
from collectors.json_text import loads
from collectors.sources._rows import bad, items
from collectors.sources.base import Item, SourceContext, not_json

# A first line longer than this may go on beyond the bytes that are looked at.
_LONG_LINE = 60_000


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
        for number, line in lines:
            text = (line.removeprefix(BOM) if number == 1 else line).strip()
            if text:
                yield from _line(text, number, context)


def _is_record(start: bytes) -> bool:
    """Whether the first line is a whole object; one pretty-printed document is no JSON lines."""
    line, newline, _ = start.partition(b"\n")
    if start[:1] != b"{" or (not newline and len(start) > _LONG_LINE):
        return start[:2] == b'{"' and not newline
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _line(text: bytes, number: int, context: SourceContext) -> Iterator[Item]:
    try:
        row = loads(text)
    except (ValueError, RecursionError) as error:
        yield not_json(number, text, error)
        return
    yield from _record(row, number, context)


def _record(row: object, number: int, context: SourceContext) -> Iterator[Item]:
    if isinstance(row, dict):
        yield from items(row, context, number)
    else:
        yield bad(TypeError("must be a JSON object"), row, number)


def _array(path: Path, context: SourceContext) -> Iterator[Item]:
    """A whole-file array; the line of a record is its place in the array."""
    text = read_all(path, WHOLE_LIMIT)
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path}: not JSON: {error}") from error
    for number, row in enumerate(rows, start=1):
        yield from _record(row, number, context)


SOURCE = Jsonl()
