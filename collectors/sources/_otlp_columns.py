"""Spans straight into columns: what most spans are, at a fraction of what a record each costs.

Nearly everything about a span is as in many spans before it: its keys, its component, its model, its
resource. For each such combination the ordinary way (`to_span`, redaction) is gone once, with what is a
span's own left out. A span is then what it shares, and what is its own: ids, times, tokens, texts, and
attributes that nobody gives a meaning to. Spans that have anything else (events, errors, documents, ...) go
the ordinary way, each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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

_MOST_SHAPES, _MOST_SHARED = 1_000, 2_000
# Characters of what spans share; what is longer is not worth remembering.
_LONGEST_SHARED = 8_000


class Columns:
    """Remembers what spans share; made once in each process that decodes."""

    def __init__(self, index: Index, redaction: Redaction | None, *, source: str) -> None:
        """`redaction` None stores everything as it came."""
        self._index = index
        self._redaction = redaction
        self._source = source
        self._shapes: dict[tuple[str, ...], Shape] = {}
        self._shared: dict[Any, Shared | None] = {}

    def table(self, raws: Sequence[RawSpan]) -> tuple[pa.Table, list[RawSpan]]:
        """The spans that are plain enough as a table in `SPAN_SCHEMA`, and those that are not; both in order.

        The table's spans are as `to_span` and redaction would make them. The ids of `raws` must differ.
        """
        rows: list[Row] = []
        others: list[RawSpan] = []
        for raw, (shape, shared) in zip(raws, self._with_shared(raws), strict=True):
            row = None if shared is None else self._row(raw, shape, shared)
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

    def _with_shared(self, raws: Sequence[RawSpan]) -> list[tuple[Shape, Shared | None]]:
        origins: dict[int, Any] = {}
        keys = [self._key(raw, origins) for raw in raws]
        if len(self._shared) > _MOST_SHARED:
            self._shared.clear()
        new: dict[Any, tuple[Shape, RawSpan]] = {}
        for raw, (shape, key) in zip(raws, keys, strict=True):
            if key is not None and key not in self._shared:
                new[key] = shape, raw
        if new:
            self._learn(new)
        return [(shape, None if key is None else self._shared[key]) for shape, key in keys]

    def _key(self, raw: RawSpan, origins: dict[int, Any]) -> tuple[Shape, Any]:
        """The shape, and what tells everything that is shared; None when the span goes the ordinary way."""
        attributes = raw.attributes
        names = tuple(attributes)
        shape = self._shapes.get(names) or self._new_shape(names, attributes)
        if not shape.usable or raw.events or raw.status == "error" or raw.status_message:
            return shape, None
        number = id(raw.origin)
        if number not in origins:
            origins[number] = self._origin(raw.origin)
        origin = origins[number]
        if origin is None:
            return shape, None
        values = list(attributes.values())
        shared = [values[place] for place in shape.shared]
        # Types and texts: 1, 1.0 and True are equal and not the same.
        texts = [raw.name, *[value if type(value) is str else repr(value) for value in shared]]
        if sum(map(len, texts)) > _LONGEST_SHARED:
            return shape, None
        return shape, (
            names,
            origin,
            raw.parent_span_id is None,
            raw.status,
            tuple(map(type, shared)),
            *texts,
        )

    def _new_shape(self, names: tuple[str, ...], attributes: Mapping[str, Any]) -> Shape:
        shape = shape_of(attributes, self._index, self._is_plain)
        if sum(map(len, names)) <= _LONGEST_SHARED:
            if len(self._shapes) >= _MOST_SHAPES:
                self._shapes.clear()
            self._shapes[names] = shape
        return shape

    def _is_plain(self, key: str) -> bool:
        return self._redaction is None or self._redaction.plain(key)

    def _origin(self, origin: Origin) -> Any:
        """What tells one resource and scope from others.

        None where the resource says outright what a field is, or is too long to be remembered.
        """
        if self._index.resource(origin.resource).own:
            return None
        found = repr(origin.resource), origin.scope_name, origin.scope_version
        return found if sum(map(len, found)) <= _LONGEST_SHARED else None

    def _learn(self, new: Mapping[Any, tuple[Shape, RawSpan]]) -> None:
        """Go the ordinary way once for each combination, with what is shared."""
        made: dict[Any, Span] = {}
        for key, (shape, raw) in new.items():
            self._shared[key] = None
            try:
                span = self._bare(raw, shape)
            except RECORD_ERRORS:
                continue
            if TRUNCATED not in span.attributes and span.user_id is None and span.session_id is None:
                made[key] = span
        spans = list(made.values())
        stored = spans if self._redaction is None else self._redaction.stored(spans)
        for key, span in zip(made, stored, strict=True):
            shape, raw = new[key]
            self._shared[key] = Shared(span, self._places(raw, shape, span))

    def _bare(self, raw: RawSpan, shape: Shape) -> Span:
        """The span with nothing of its own."""
        items = list(raw.attributes.items())
        attributes = dict(items[place] for place in shape.shared)
        bare = replace(raw, attributes=attributes, start_ns=FIRST_NS, end_ns=0)
        return to_span(bare, source=self._source, index=self._index)

    def _places(self, raw: RawSpan, shape: Shape, span: Span) -> dict[str, Any]:
        own = {key for _, key in shape.own_kept}
        shared = {
            key for key in raw.attributes.keys() & span.attributes.keys() if self._index.place(key).kept
        }
        places = {key: span.attributes.get(key) for key in raw.attributes if key in own or key in shared}
        # What comes after them is not an attribute of the span: its resource, its finish reasons.
        return {**places, **span.attributes}
