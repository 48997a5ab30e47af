"""Redaction of spans that are a table already: most rows hold nothing, and those stay in the table.

Rows in which a sieve holds anything back are handed out, to be redacted in the ordinary way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from collectors.privacy.nested import Nested
from collectors.privacy.scanner import Scanner
from collectors.privacy.spans import NESTED, Spans


@dataclass(frozen=True, kw_only=True)
class Tables:
    """What one configuration does to tables in the shape of `SPAN_SCHEMA`."""

    spans: Spans
    nested: Nested
    scanner: Scanner

    def split(self, table: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Rows that nothing is taken from, their ids as they are stored; and the others, as they are."""
        if not table.num_rows:
            return table, table
        if self.spans.plainly or self.scanner.reads_every_text:
            return table.slice(0, 0), table
        held = reduce(pc.or_, self._held(table), pa.nulls(table.num_rows, pa.bool_()).fill_null(False))
        others = table.filter(held)
        return self._identified(table.filter(pc.invert(held)) if others.num_rows else table), others

    def _held(self, table: pa.Table) -> Iterator[pa.ChunkedArray]:
        """Which rows hold anything, field by field."""
        names = [name for name in self.spans.searched if table[name].null_count < table.num_rows]
        # One search for all: an expression is compiled anew for each.
        every = pa.chunked_array([part for name in names for part in table[name].chunks], pa.string())
        found = self.scanner.holding(every)
        for number in range(len(names)):
            yield found.slice(number * table.num_rows, table.num_rows)
        if self.spans.actions.documents == "redact":
            documents = table["documents"].combine_chunks()
            if len(documents.values):
                yield self._in_documents(documents)
        if self.spans.actions.attributes == "redact":
            for name in NESTED:
                if table[name].null_count < table.num_rows:
                    yield self._in_objects(table[name].combine_chunks())

    def _in_documents(self, documents: pa.ListArray) -> pa.Array:
        texts = documents.flatten().field("text")
        rows = pc.list_parent_indices(documents).filter(self.scanner.holding(texts))
        return pc.is_in(pa.array(range(len(documents)), pa.int64()), rows.cast(pa.int64()))

    def _in_objects(self, objects: pa.StringArray) -> pa.Array:
        """Rows share few objects, or each has its own: every different one is looked into once."""
        coded = objects.dictionary_encode()
        texts: list[dict[str, None]] = []
        marked = []
        for each in coded.dictionary.to_pylist():
            inside: dict[str, None] = {}
            marked.append(self.nested.gather(json.loads(each), inside))
            texts.append(inside)
        every = list(dict.fromkeys(text for inside in texts for text in inside))
        holding = set(
            pa.array(every, pa.string())
            .filter(self.scanner.holding(pa.array(every, pa.string())))
            .to_pylist()
        )
        flags = [mark or not holding.isdisjoint(inside) for mark, inside in zip(marked, texts, strict=True)]
        return pa.array(flags, pa.bool_()).take(coded.indices).fill_null(False)

    def _identified(self, table: pa.Table) -> pa.Table:
        kinds: tuple[Literal["user", "session"], ...] = ("user", "session")
        for kind in kinds:
            name = f"{kind}_id"
            if table[name].null_count < table.num_rows:
                coded = table[name].combine_chunks().dictionary_encode()
                made = self.spans.identified_each(kind, coded.dictionary.to_pylist())
                new = pa.array(made, pa.string()).take(coded.indices)
                table = table.set_column(table.schema.get_field_index(name), name, new)
        return table
