"""What formats share that are JSON documents, one a line or one a file, and hold records at places inside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from collectors.sources._foreign import Where
from collectors.sources._json_documents import Document, documents, first_is_line, line_documents
from collectors.sources.base import RECORD_ERRORS, Bad, Item, SourceContext


class DocumentSource(ABC):
    """Reads a file by its documents; a format says what the records of one are."""

    @abstractmethod
    def items(self, value: Any, where: Where, context: SourceContext) -> Iterator[Item]:
        """The records of one document."""

    def read(self, path: Path, context: SourceContext) -> Iterator[Item]:
        return self._all(documents(path), context)

    def in_lines(self, path: Path) -> bool:
        return first_is_line(path)

    def lines(self, lines: Iterable[tuple[int, bytes]], context: SourceContext) -> Iterator[Item]:
        return self._all(line_documents(lines), context)

    def _all(self, found: Iterable[Document | Bad], context: SourceContext) -> Iterator[Item]:
        return each(found, lambda value, where: self.items(value, where, context))


def each(found: Iterable[Document | Bad], items: Callable[[Any, Where], Iterator[Item]]) -> Iterator[Item]:
    """The records of every document; one that goes wrong as a whole is set aside alone."""
    for item in found:
        if isinstance(item, Bad):
            yield item
            continue
        where = Where(line=item.line)
        try:
            yield from items(item.value, where)
        except RECORD_ERRORS as error:
            yield where.bad(error, item.value)
