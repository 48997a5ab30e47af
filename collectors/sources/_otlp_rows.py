"""One span as what it shares with others and what is its own, and many of them as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from collectors import cleaning, messages, semconv
from collectors.cleaning import TEXT_LIMIT
from collectors.model import Span
from collectors.semconv_index import Index
from collectors.sources._otlp_raw import RawSpan
from collectors.sources._otlp_shapes import AMOUNTS, COUNTS, IDS, Shape
from collectors.sources._otlp_texts import Flat, flattened, input_text, output_text
from collectors.tables import SPAN_SCHEMA, json_text, span_table

_NS = 1_000_000_000
FIRST_NS = int(cleaning.EARLIEST.timestamp()) * _NS
_LAST_NS = int(cleaning.LATEST.timestamp()) * _NS
# So many nanoseconds, a hundred days, are exact as a float.
_LONGEST_NS = 2**53
_LARGEST = 2**63 - 1
_SCALARS = frozenset({str, int, bool, float, type(None)})
_INPUT, _OUTPUT = semconv.INPUT_MESSAGES[0], semconv.OUTPUT_MESSAGES[0]
_ROLES = messages.known_roles()
_FIELDS = tuple(dict.fromkeys((*COUNTS, *AMOUNTS.values(), *IDS)))
# Sets, for they are asked for every attribute.
_INPUT_VALUE, _OUTPUT_VALUE = frozenset(semconv.INPUT_VALUE), frozenset(semconv.OUTPUT_VALUE)


class Redaction(Protocol):
    """What is taken out of values."""

    # Whether a message of one text is stored as it is whenever its text is.
    sees_messages: bool

    def stored(self, spans: Sequence[Span]) -> Sequence[Span]:
        """The spans as they are stored."""

    def plain(self, key: str) -> bool:
        """Whether an attribute's name says nothing of its value."""

    def changes(self, texts: Iterable[str]) -> Mapping[str, str]:
        """Of distinct texts those that are stored otherwise, with what they become."""

    def identified(self, field: str, raw: str) -> str | None:
        """What the id in `user_id` or `session_id` becomes."""


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What many spans have in common. `attributes` are in their order, None where each span has its own."""

    span: Span
    attributes: Mapping[str, Any]


class Row(NamedTuple):
    """One span. `kept` goes into the attributes and `gone` out of them; times in microseconds.

    `seen` are the attributes that are a message of one text, which is in a column: searched there.
    """

    shared: Shared
    ids: tuple[str, str, str | None]
    started_us: int
    ended_us: int
    duration_s: float
    fields: Mapping[str, Any]
    texts: tuple[str | None, str | None]
    kept: Mapping[str, Any]
    gone: Sequence[str]
    seen: Mapping[str, str]


def row_of(
    raw: RawSpan, shape: Shape, shared: Shared, index: Index, redaction: Redaction | None
) -> Row | None:
    """The span as a row; None, or an error of the record's, when it has to go the ordinary way."""
    start_ns, end_ns = raw.start_ns, raw.end_ns
    if not FIRST_NS <= start_ns <= end_ns < _LAST_NS or end_ns - start_ns > _LONGEST_NS:
        return None
    attributes = raw.attributes
    values = list(attributes.values())
    fields = _fields(values, shape, redaction)
    if fields is None:
        return None
    seen: dict[str, str] = {}
    given, made = _texts(attributes, shape, index, seen if redaction and redaction.sees_messages else None)
    kept: dict[str, Any] = {}
    gone: list[str] = []
    for place, key in shape.own_kept:
        value = values[place]
        text = given if key in _INPUT_VALUE else made if key in _OUTPUT_VALUE else None
        if text is not None and value == text:
            gone.append(key)
        elif type(value) in _SCALARS:
            kept[key] = cleaning.plain(value)
        else:
            return None
    texts = _cleaned(given), _cleaned(made)
    if any(text is not None and len(text) > TEXT_LIMIT for text in texts):
        return None
    if texts != (given, made):
        seen = {}
    return Row(
        shared,
        (raw.trace_id, raw.span_id, raw.parent_span_id),
        start_ns // 1000,
        end_ns // 1000,
        (end_ns - start_ns) / _NS,
        fields,
        texts,
        kept,
        gone,
        seen,
    )


def _fields(values: Sequence[Any], shape: Shape, redaction: Redaction | None) -> dict[str, Any] | None:
    """The values as the columns hold them; None when one is not plainly of its column's kind."""
    fields: dict[str, Any] = {}
    for name, place in shape.counts:
        value = values[place]
        if type(value) is not int or not 0 <= value <= _LARGEST:
            return None
        fields[name] = value
    for name, place in shape.amounts:
        value = values[place]
        if type(value) is not float and type(value) is not int:
            return None
        fields[name] = value / 1000 if shape.first_token_ms and name != "cost_usd" else float(value)
        if not 0 <= fields[name] < float("inf"):
            return None
    for name, place in shape.ids:
        value = values[place]
        found = cleaning.identifier(name, value) if type(value) is str else None
        if found is None:
            return None
        fields[name] = found if redaction is None else redaction.identified(name, found)
    return fields


def _texts(
    attributes: Mapping[str, Any], shape: Shape, index: Index, seen: dict[str, str] | None
) -> tuple[str | None, str | None]:
    flat: Flat | None = None
    found: list[str | None] = []
    for has, key, text_of in ((shape.input, _INPUT, input_text), (shape.output, _OUTPUT, output_text)):
        if not has:
            found.append(None)
            continue
        lone = messages.lone_message(attributes.get(key))
        text = None if lone is None else lone[1].strip() or None
        if lone is None or text is None:
            if flat is None:
                flat = flattened(index.span(attributes).trees) if shape.flat else {}
            text = text_of(attributes, flat)
        elif seen is not None and type(lone[0]) is str and lone[0] in _ROLES and text == lone[1]:
            seen[key] = text
        found.append(text)
    return found[0], found[1]


def _cleaned(text: str | None) -> str | None:
    return None if text is None else cleaning.text("text", text)


def table_of(rows: Sequence[Row], redaction: Redaction | None) -> pa.Table:
    """The rows in `SPAN_SCHEMA`."""
    if not rows:
        return SPAN_SCHEMA.empty_table()
    found = {} if redaction is None else _found(rows, redaction)
    numbers: dict[Shared, int] = {}
    places = pa.array([numbers.setdefault(row.shared, len(numbers)) for row in rows], pa.int32())
    shared = span_table([each.span for each in numbers])
    own: dict[str, Sequence[Any]] = {
        **dict(
            zip(
                ("trace_id", "span_id", "parent_span_id"),
                zip(*[row.ids for row in rows], strict=True),
                strict=True,
            )
        ),
        "started_at": [row.started_us for row in rows],
        "ended_at": [row.ended_us for row in rows],
        "duration_s": [row.duration_s for row in rows],
        "input_text": [_now(row.texts[0], found) for row in rows],
        "output_text": [_now(row.texts[1], found) for row in rows],
        "attributes": [_attributes(row, found) for row in rows],
        **{name: [row.fields.get(name) for row in rows] for name in _FIELDS},
    }
    columns = [
        pa.array(own[name], type=kind) if name in own else shared.column(name).take(places)
        for name, kind in zip(SPAN_SCHEMA.names, SPAN_SCHEMA.types, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=SPAN_SCHEMA)


def _found(rows: Sequence[Row], redaction: Redaction) -> Mapping[str, str]:
    """What is stored otherwise, of all texts in the rows."""
    texts: dict[Any, None] = {}
    for row in rows:
        texts[row.texts[0]] = texts[row.texts[1]] = None
        seen = row.seen
        for key, value in row.kept.items():
            if type(value) is str and key not in seen:
                texts[value] = None
    texts.pop(None, None)
    found = redaction.changes(texts)
    if not found:
        return found
    # A message is as its text is: these are searched after all.
    more = (
        row.kept[key] for row in rows for key, text in row.seen.items() if text in found and key in row.kept
    )
    return {**found, **redaction.changes(dict.fromkeys(more))}


def _now(text: str | None, found: Mapping[str, str]) -> str | None:
    return found.get(text, text) if text is not None else None


def _attributes(row: Row, found: Mapping[str, str]) -> str | None:
    kept = row.kept
    if found:
        kept = {key: found.get(v, v) if type(v) is str else v for key, v in kept.items()}
    rest = {**row.shared.attributes, **kept}
    for key in row.gone:
        del rest[key]
    return json_text(rest) if rest else None
