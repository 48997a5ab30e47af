"""CSV with a header line: comma, semicolon or tab, plain or gzipped."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from collectors.errors import SourceError
from collectors.files import read_lines
from collectors.sources._rows import items
from collectors.sources.base import Bad, Item, SourceContext, shorten

_NAME = re.compile(r"[A-Za-z_][\w.-]{0,63}")
_DELIMITERS = ",;\t|"
_FIELD_LIMIT = 64 * 1024 * 1024
_ENDINGS = (".csv", ".tsv")


class Csv:
    """Rows with columns named as `Span` fields, or otherwise with a field map. Empty cells are unknown."""

    title = "CSV"

    def detect(self, path: Path, head: bytes) -> float:
        named = any(suffix in _ENDINGS for suffix in path.suffixes[-2:])
        first = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0]
        if b"\x00" in first or first.lstrip()[:1] in (b"{", b"["):
            return 0.0
        if named:
            return 0.8
        return 0.3 if _is_table(head) else 0.0

    def read(self, path: Path, context: SourceContext) -> Iterator[Item]:
        csv.field_size_limit(_FIELD_LIMIT)
        lines = (line.decode("utf-8", "replace") for _, line in read_lines(path))
        first = next(lines, "").removeprefix("\ufeff")
        delimiter = max(_DELIMITERS, key=first.count)
        try:
            header = next(csv.reader([first], delimiter=delimiter), [])
        except csv.Error as error:
            raise SourceError(f"{path}: the header is not CSV: {error}") from error
        if len(set(header)) != len(header):
            twice = sorted({name for name in header if header.count(name) > 1})
            raise SourceError(f"{path}: the header names {shorten(', '.join(twice))} more than once")
        yield from _rows(lines, header, delimiter, context)


def _is_table(head: bytes) -> bool:
    """Whether the first rows look like a header and a row, and not like prose with commas in it."""
    lines = head.decode("utf-8-sig", "replace").splitlines(keepends=True)
    delimiter = max(_DELIMITERS, key=lines[0].count)
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        names, row = next(reader), next(reader)
    except (csv.Error, StopIteration):
        return False
    return len(names) > 2 and len(row) == len(names) and all(map(_NAME.fullmatch, names))


def _rows(lines: Iterator[str], header: list[str], delimiter: str, context: SourceContext) -> Iterator[Item]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        line = reader.line_num + 2
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Bad(line=line, reason=f"not CSV: {error}", raw="", problem="not CSV")
            continue
        if not row:
            continue
        if len(row) != len(header):
            reason = f"has {len(row)} cells, the header {len(header)}"
            yield Bad(line=line, reason=reason, raw=shorten(delimiter.join(row)), problem="number of cells")
            continue
        record = {name: cell for name, cell in zip(header, row, strict=True) if cell != ""}
        yield from items(record, context, line)


SOURCE = Csv()
