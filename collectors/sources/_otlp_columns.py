"""Spans straight into columns: what most spans are, at a fraction of what a record each costs.

Nearly everything about a span is as in many spans before it: its keys, its component, its model, its
resource. For each such combination the ordinary way (`to_span`, redaction) is gone once, with what is a
span's own left out. A span is then what it shares, and what is its own: ids, times, tokens, texts, and
attributes that nobody gives a meaning to. Spans that have anything else (events, errors, documents, ...) go
the ordinary way, each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from collectors.model import Span
from collectors.records import TRUNCATED
from collectors.semconv_index import Index
from collectors.sources._otlp_map import to_span
from collectors.sources._otlp_raw import Origin, RawSpan
from collectors.sources._otlp_rows import FIRST_NS, Redaction, Row, Shared, row_of, table_of
from collectors.sources._otlp_shapes import Shape, shape_of
from collectors.sources.base import RECORD_ERRORS

# Shapes and combinations that are remembered; one that is longer than so many characters counts for several.
_MOST = 4_000
_LONG = 4_000


class _Known:
    """A shape, and what spans of it share, by what tells them apart."""

    __slots__ = ("shape", "shared")

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.shared: dict[Any, Shared | None] = {}


class Columns:
    """Remembers what spans share; made once in each process that decodes."""

    def __init__(self, index: Index, redaction: Redaction | None, *, source: str) -> None:
        """`redaction` None stores everything as it came."""
        self._index = index
        self._redaction = redaction
        self._source = source
        self._known: dict[tuple[str, ...], _Known] = {}
        self._remembered = 0

    def table(self, raws: Sequence[RawSpan]) -> tuple[pa.Table, list[RawSpan]]:
        """The spans that are plain enough as a table in `SPAN_SCHEMA`, and those that are not; both in order.

        The table's spans are as `to_span` and redaction would make them. The ids of `raws` must differ.
        """
        if self._remembered > _MOST:
            self._known.clear()
            self._remembered = 0
        rows: list[Row] = []
        others: list[RawSpan] = []
        for raw, (known, shared) in zip(raws, self._with_shared(raws), strict=True):
            row = None if shared is None else self._row(raw, known.shape, shared)
            if row is None:
                others.append(raw)
            else:
                rows.append(row)
        return table_of(rows, self._redaction), others

    def _row(self, raw: RawSpan, shape: Shape, shared: Shared) -> Row | None:
        try:
            return row_of(raw, shape, shared, self._index, self._redaction)
        except RECORD_ERRORS:
            # The ordinary way says what is wrong with it.
            return None

    def _with_shared(self, raws: Sequence[RawSpan]) -> list[tuple[_Known, Shared | None]]:
        """For each span what is known of its shape and what it shares; None when it goes the ordinary way."""
        found: list[tuple[_Known, Shared | None]] = []
        new: list[tuple[int, _Known, Any]] = []
        origins: dict[int, Any] = {}
        for raw in raws:
            attributes = raw.attributes
            names = tuple(attributes)
            known = self._known.get(names)
            if known is None:
                known = self._known[names] = self._shape(attributes)
            number = id(raw.origin)
            if number not in origins:
                origins[number] = self._origin(raw.origin)
            origin = origins[number]
            shared = None
            if origin is not None and known.shape.usable and not raw.events and _is_well(raw):
                values = list(attributes.values())
                same = [values[place] for place in known.shape.shared]
                # Types and texts: 1, 1.0 and True are equal and not the same.
                texts = [value if type(value) is str else repr(value) for value in same]
                key = origin, raw.name, raw.parent_span_id is None, raw.status, *map(type, same), *texts
                try:
                    shared = known.shared[key]
                except KeyError:
                    new.append((len(found), known, key))
            found.append((known, shared))
        if new:
            self._learn(raws, new)
            for place, known, key in new:
                found[place] = known, known.shared[key]
        return found

    def _shape(self, attributes: Mapping[str, Any]) -> _Known:
        self._remember(attributes)
        return _Known(shape_of(attributes, self._index, self._is_plain))

    def _remember(self, texts: Iterable[str]) -> None:
        """Count what is kept; long texts count more."""
        self._remembered += 1 + sum(map(len, texts)) // _LONG

    def _is_plain(self, key: str) -> bool:
        return self._redaction is None or self._redaction.plain(key)

    def _origin(self, origin: Origin) -> Any:
        """What tells one resource and scope from others.

        None where the resource says outright what a field is, or is too long to be remembered.
        """
        if self._index.resource(origin.resource).own:
            return None
        found = repr(origin.resource), origin.scope_name, origin.scope_version
        return found if sum(map(len, found)) <= _LONG else None

    def _learn(self, raws: Sequence[RawSpan], new: Sequence[tuple[int, _Known, Any]]) -> None:
        """Go the ordinary way once for each combination that is new, with what is shared."""
        made: list[tuple[_Known, Any, RawSpan, Span]] = []
        for place, known, key in new:
            if key in known.shared:
                continue
            raw = raws[place]
            known.shared[key] = None
            self._remember(part for part in key if type(part) is str)
            try:
                span = self._bare(raw, known.shape)
            except RECORD_ERRORS:
                continue
            if TRUNCATED not in span.attributes and span.user_id is None and span.session_id is None:
                made.append((known, key, raw, span))
        if not made:
            return
        spans = [span for _, _, _, span in made]
        stored = spans if self._redaction is None else self._redaction.stored(spans)
        for (known, key, raw, _), span in zip(made, stored, strict=True):
            known.shared[key] = Shared(span, self._places(raw, known.shape, span))

    def _bare(self, raw: RawSpan, shape: Shape) -> Span:
        """The span with nothing of its own."""
        items = list(raw.attributes.items())
        attributes = dict(items[place] for place in shape.shared)
        bare = raw._replace(attributes=attributes, start_ns=FIRST_NS, end_ns=0)
        return to_span(bare, source=self._source, index=self._index)

    def _places(self, raw: RawSpan, shape: Shape, span: Span) -> dict[str, Any]:
        own = {key for _, key in shape.own_kept}
        shared = {
            key for key in raw.attributes.keys() & span.attributes.keys() if self._index.place(key).kept
        }
        places = {key: span.attributes.get(key) for key in raw.attributes if key in own or key in shared}
        # What comes after them is not an attribute of the span: its resource, its finish reasons.
        return {**places, **span.attributes}


def _is_well(raw: RawSpan) -> bool:
    return raw.status != "error" and not raw.status_message
