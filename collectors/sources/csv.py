"""CSV with a header line: comma, semicolon or tab, plain or gzipped."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from collectors.errors import SourceError
from collectors.files import read_lines
from collectors.sources._rows import items
from collectors.sources.base import Bad, Item, SourceContext, shorten

_NAME = re.compile(r"[A-Za-z_][\w.-]{0,63}")
_DELIMITERS = ",;\t|"
_FIELD_LIMIT = 64 * 1024 * 1024
# How far an open quote is followed: further on it is a broken line, and no long text.
_RECORD_LINES = 1_000
_RECORD_SIZE = 4 * 1024 * 1024
_ENDINGS = (".csv", ".tsv")
# Not one that JSON has in a cell, whose quote is doubled.
_ESCAPED = re.compile(r'\\"(?!")')


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
    delimiter = max(_DELIMITERS, key=lines[0].count) if lines else ","
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        names, row = next(reader), next(reader)
    except (csv.Error, StopIteration):
        return False
    return len(names) > 2 and len(row) == len(names) and all(map(_NAME.fullmatch, names))


def _rows(lines: Iterator[str], header: list[str], delimiter: str, context: SourceContext) -> Iterator[Item]:
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter)
    while True:
        problem, row = None, None
        try:
            row = next(reader)
        except StopIteration:
            return
        except (csv.Error, _TooLongError) as error:
            problem = f"not CSV: {error}"
        number, taken = feed.record()
        if row == []:
            continue
        if row is not None and len(row) != len(header):
            problem = f"has {len(row)} cells, the header {len(header)}"
        elif len(taken) > 1 and not _closed(taken, delimiter):
            problem = "a quote is opened and not closed"
        if problem is None and row is not None:
            record = {name: cell for name, cell in zip(header, row, strict=True) if cell != ""}
            yield from items(record, context, number)
            continue
        # A quote that nothing closes takes the lines after it along: those are read again on their own.
        feed.again(number + 1, taken[1:])
        counted = "number of cells" if row is not None else "not CSV"
        yield Bad(line=number, reason=problem or "", raw=shorten(taken[0] if taken else ""), problem=counted)


def _closed(lines: list[str], delimiter: str) -> bool:
    """Whether the quotes of a record of several lines are its own.

    A line that breaks off within a quote takes lines along up to the next quote, which is the first of
    another cell: text follows it, and no delimiter. So it does where quotes are escaped by a backslash;
    those are let be.
    """
    try:
        next(csv.reader(lines, delimiter=delimiter, strict=True), None)
    except csv.Error as error:
        return "unexpected end" not in str(error) and any(_ESCAPED.search(line) for line in lines)
    return True


class _TooLongError(Exception):
    """A record of more lines or characters than a cell can sensibly hold."""


class _Feed:
    """Lines for a reader, that can be given back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = enumerate(lines, start=2)
        self._returned: deque[tuple[int, str]] = deque()
        self._taken: list[tuple[int, str]] = []
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self._taken) >= _RECORD_LINES or self._size > _RECORD_SIZE:
            raise _TooLongError(f"a quote is opened and not closed within {len(self._taken)} lines")
        found = self._returned.popleft() if self._returned else next(self._lines)
        self._taken.append(found)
        self._size += len(found[1])
        return found[1]

    def record(self) -> tuple[int, list[str]]:
        """The number of its first line, and the lines of the record that was read last."""
        taken, self._taken, self._size = self._taken, [], 0
        return (taken[0][0] if taken else 0), [text for _, text in taken]

    def again(self, number: int, lines: list[str]) -> None:
        """Give lines back, of which the first is the `number`th of the file."""
        self._returned.extendleft(reversed(list(enumerate(lines, start=number))))


SOURCE = Csv()
