"""Spans as columns: what a batch is between its source and the Arrow table that is stored.

A value costs the interpreter a fraction of what it costs as an attribute of an object, and a rule about
values can be asked of a whole column at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from collectors.model import Span

SPAN_COLUMNS: tuple[str, ...] = tuple(f.name for f in fields(Span))
OBJECTS = ("parameters", "resource_use", "attributes")
# What a span holds where nothing was said; None where the field must be said.
DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {f.name: None if f.default is MISSING else f.default for f in fields(Span)}
    | {name: MappingProxyType({}) for name in OBJECTS}
)
_row = attrgetter(*SPAN_COLUMNS)


@dataclass(frozen=True, kw_only=True)
class SpanColumns:
    """`rows` spans: of each field that any of them has a value for, the values of all.

    A field that is not in `values` is its default in every row. Columns are never changed in place.
    """

    rows: int = 0
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.rows

    @classmethod
    def of(cls, spans: Sequence[Span]) -> SpanColumns:
        """The spans, in their order."""
        if not spans:
            return cls()
        columns = zip(*map(_row, spans), strict=True)
        return cls(rows=len(spans), values=dict(zip(SPAN_COLUMNS, columns, strict=True)))

    @classmethod
    def joined(cls, parts: Sequence[SpanColumns]) -> SpanColumns:
        """The rows of all, one after the other."""
        some = [part for part in parts if part.rows]
        if len(some) < 2:
            return some[0] if some else cls()
        names = dict.fromkeys(name for part in some for name in part.values)
        values = {name: [value for part in some for value in part.column(name)] for name in names}
        return cls(rows=sum(part.rows for part in some), values=values)

    def column(self, name: str) -> Sequence[Any]:
        """The values of one field."""
        found = self.values.get(name)
        return [DEFAULTS[name]] * self.rows if found is None else found

    def span(self, row: int) -> Span:
        """One row as the object."""
        made = object.__new__(Span)
        # In the order of the class, so that it is the same object to everybody: `==`, `repr`, `replace`.
        made.__dict__.update(DEFAULTS)
        made.__dict__.update({name: column[row] for name, column in self.values.items()})
        for name in OBJECTS:
            if not made.__dict__[name]:
                made.__dict__[name] = {}
        return made

    def spans(self) -> list[Span]:
        """Every row as an object."""
        return [self.span(row) for row in range(self.rows)]

    def with_(self, changed: Mapping[str, Sequence[Any]]) -> SpanColumns:
        """The same rows with other columns."""
        return SpanColumns(rows=self.rows, values={**self.values, **changed}) if changed else self

    def slice(self, start: int, stop: int) -> SpanColumns:
        """Some rows in a row."""
        stop = min(stop, self.rows)
        values = {name: column[start:stop] for name, column in self.values.items()}
        return SpanColumns(rows=max(0, stop - start), values=values)

    def ids(self) -> Iterator[tuple[str, str]]:
        """What identifies each row's span."""
        return zip(self.column("trace_id"), self.column("span_id"), strict=True)
