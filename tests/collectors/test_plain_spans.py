"""Lines that DuckDB reads are the spans that they are one by one, or are left to that way."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collectors.blocks import Block
from collectors.cleaning import ID_LIMIT, TEXT_LIMIT
from collectors.columns import SPAN_COLUMNS
from collectors.files import lines_of
from collectors.model import Span
from collectors.plain_lines import plain_lines
from collectors.plain_spans import read_plain
from collectors.records import SPAN_FIELDS
from collectors.sources.base import Item, SourceContext, Taken
from collectors.sources.jsonl import SOURCE
from collectors.tables import SPAN_SCHEMA, column_table, span_table, table_columns

CONTEXT = SourceContext(source="test")
PLAIN: Mapping[str, str] = {
    "trace_id": '"t7"', "span_id": '"s1"', "component": '"generator"', "kind": '"llm"',
    "started_at": '"2026-03-01T10:00:00.123Z"', "duration_s": "1.25", "input_text": '"a question"',
    "parameters": '{"temperature": 0.2, "stop": ["x"]}',
}  # fmt: skip
# What a key may be followed by in a line, as it is written there; good, odd, wrong and broken.
TEXTS = [
    '""',
    '"x"',
    '"\\u00dcn\\u00ef"',
    '"\\ud83d\\ude00"',
    '"\\ud800"',
    '"\\u0000"',
    '"a\\"b\\\\"',
    '"\\\\"',
    "null",
    '"Ünï"',
    '"\t"',
    '"\\t"',
    "7",
    "true",
    "[]",
    "{}",
    '"a, \\"b\\": 1}"',
    '"\\q"',
    "x",
    '" OK "',
    '"ab',
]
IDS = ['"a1"', '"A1"', f'"{"AB" * 8}"', f'"{"aB" * 16}"', '" a"', '""', "12", "null", '"é"', f'"{"x" * 513}"']
TIMES = [
    '"2026-03-01T10:00:00+02:00"',
    '"2026-03-01 10:00:00"',
    '"2026-03-01T10:00:00.123456-05:30"',
    '"2026-02-31"',
    '"2026-02-31T10:00:00Z"',
    '"2026-03-01T24:00:00Z"',
    '"2026-03-01T10:00:00.1234567Z"',
    '"20260301"',
    "1772359200",
    '"2026-03-01T10:00:00.5Z"',
    '"2026-03-01T10:00:00.999999999-01:00"',
    '"2000-01-01T00:00:00+05:00"',
    '"2026-03-01T10:00:00+14:00"',
    '"10:00"',
    "null",
    '"2026-03-01T09:59:59.123000Z"',
    '"2026-03-01T10:00:00.122999Z"',
    '"2026-03-01T10:00:00"',
    '"1999-01-01T00:00:00"',
]
NUMBERS = [
    "0",
    "0.1",
    "1e3",
    "1E-7",
    "-1",
    "-0",
    "007",
    "1.",
    ".5",
    "1e400",
    "12345678901234567890",
    "9223372036854775807",
    '"3"',
    '" 4 "',
    '"nan"',
    "NaN",
    "true",
    "null",
    "3.0",
    "2.5",
    "1.0000005",
    "1e10",
    "0.1234565",
    "1_0",
]
OBJECTS = [
    "{}",
    '{"a": {"b": [1, {"c": "}"}]}}',
    '{"a": 1, "a": 2}',
    '{"a": 1e5, "b": -0, "c": 12345678901234567890123}',
    '{"a": "\\u0000x"}',
    '{"a": "\\ud800"}',
    '{"a": NaN}',
    "{1: 2}",
    '{"a": 1,}',
    '{"a": [1,]}',
    '{"a": [1, ]}',
    '{"a": nan}',
    '{"a": -inf, "b": Infinity}',
    '{"a": [+1, 01, 1.e2]}',
    '{"a": [[], [1.5e+3, {"b": [null]}]]}',
    '{"a" :1 , "b":\t2}',
    "null",
    "[]",
    '"{}"',
    "{",
    '{"a": "{"}',
    '{"a":{"b":{"c":{"d":{"e":{"f":1}}}}}}',
    '{"text": "Ünï", "t": true, "n": null, "f": 0.1}',
]
DOCUMENTS = [
    "[]",
    '[{"id": "1", "score": 0.5, "text": "x"}, {"text": "y", "relevant": true}]',
    '["plain text"]',
    "[{}]",
    "{}",
    '[{"id": 1}]',
    '[{"id": ""}]',
    '[{"score": -1e2}]',
    '[{"score": "1"}]',
    '[{"relevant": "yes"}]',
    "null",
    '[{"id": "1", "other": 2}]',
    '[{"id": null, "score": null, "text": null, "relevant": null}]',
    '[{"id": "1"}',
]
OTHERS = ['"span"', '"feedback"', '""', "null", "1", "{}", '"x"', "[1]"]


def values_of(key: str) -> Sequence[str]:
    if key.endswith("_at"):
        return TIMES
    if key.endswith(("_s", "tokens", "usd")):
        return NUMBERS
    if key.endswith("_id"):
        return IDS
    if key in ("parameters", "resource_use", "attributes"):
        return OBJECTS
    return {"documents": DOCUMENTS, "type": OTHERS, "source": OTHERS, "region": OTHERS}.get(key, TEXTS)


@st.composite
def line(draw: st.DrawFn) -> bytes:
    """A plain line with some keys changed, added, doubled or gone, as one or another program writes it."""
    pairs = dict(PLAIN)
    for key in draw(st.sets(st.sampled_from([*SPAN_FIELDS, "type", "source", "region"]), max_size=4)):
        pairs[key] = draw(st.sampled_from(values_of(key)))
    for key in draw(st.sets(st.sampled_from(sorted(PLAIN)), max_size=1)):
        pairs.pop(key, None)
    order = draw(st.permutations(list(pairs.items())))
    if order and draw(st.integers(0, 20)) == 0:
        order.append(order[0])
    comma, colon = draw(st.sampled_from([(", ", ": "), (",", ":"), (" ,", ":\t"), (",  ", ": ")]))
    text = "{" + comma.join(f'"{key}"{colon}{value}' for key, value in order) + "}"
    text += draw(st.sampled_from(["", "", "", "\r", " ", "}", ","]))
    return text.encode() if draw(st.integers(0, 30)) else b"\xff" + text.encode()


def rows_of(table: pa.Table) -> list[str]:
    return sorted(map(repr, table.to_pylist()))


def stored(items: Sequence[Item]) -> list[str]:
    return rows_of(span_table([item for item in items if isinstance(item, Span)]))


def taken_spans(taken: Taken, others: Sequence[Item]) -> list[str]:
    spans = [item for item in others if isinstance(item, Span)]
    return rows_of(pa.concat_tables([taken.table, column_table(taken.columns), span_table(spans)]))


@settings(max_examples=120, deadline=None)
@given(
    st.lists(line() | st.sampled_from([b"", b"[1]", b"{broken", b"  "]), min_size=1, max_size=6),
    st.booleans(),
)
@example([b'{"trace_id": "t", "span_id": "s", "name": "n", "started_at": "2026-03-01T10:00:00Z"}'], True)
def test_any_lines_are_taken_as_one_by_one(lines: list[bytes], ends: bool) -> None:
    text = b"\n".join(lines) + b"\n" * ends
    taken = SOURCE.block(replace(block(text), first_line=lambda: 5), CONTEXT)
    others = list(taken.items)
    each = list(SOURCE.lines(lines_of(text, 5), CONTEXT))
    assert taken_spans(taken, others) == stored(each)
    assert [i for i in others if not isinstance(i, Span)] == [i for i in each if not isinstance(i, Span)]


@settings(max_examples=80, deadline=None)
@given(line())
def test_a_line_in_the_table_is_the_span_that_it_is(text: bytes) -> None:
    made = read_plain(block(text), source="test")
    if made.table.num_rows:
        (item,) = SOURCE.lines(lines_of(text, 1), CONTEXT)
        assert isinstance(item, Span)
        assert made.table.equals(span_table([item]))
        assert table_columns(made.table).spans() == [item]
    else:
        assert list(made.rest) == [0]


def block(lines: bytes) -> Block:
    return Block(lines=lines if lines.endswith(b"\n") else lines + b"\n", first_line=lambda: 1)


def plain(**changes: object) -> bytes:
    found = {key: json.loads(value) for key, value in PLAIN.items()} | changes
    return json.dumps(found).encode() + b"\n"


@pytest.mark.parametrize(
    "changes",
    [
        {
            "documents": [{"id": "1", "score": 0.5, "text": "x", "relevant": False}],
            "attributes": {"http.route": "/"},
        },
        {
            "ended_at": "2026-03-01T10:00:02+00:00",
            "duration_s": None,
            "status": "error",
            "error_type": "Timeout",
        },
        {
            "type": "span",
            "source": "elsewhere",
            "ingested_at": None,
            "session_id": "01J9ZC3W8D5Q",
            "dataset": "",
        },
        {"input_text": 'Zeile\nÜberschrift \U0001f600 \\ "quoted"', "output_text": ""},
    ],
)
def test_what_programs_write_is_plain(changes: Mapping[str, object]) -> None:
    assert list(read_plain(block(plain(**changes)), source="test").rest) == []


def test_what_is_odd_costs_its_own_line() -> None:
    lines = [plain(span_id=f"s{n}") for n in range(200)]
    lines[3] = plain(region="eu")
    lines[20] = plain(trace_id="AB" * 16)
    lines[50] = plain(user_id="u" * (ID_LIMIT + 1))
    lines[70] = plain(output_text="x" * (TEXT_LIMIT + 1))
    lines[90] = plain(ended_at="2026-03-01T09:00:00Z")
    made = read_plain(block(b"".join(lines)), source="test")
    assert list(made.rest) == [3, 20, 50, 70, 90]
    assert made.table.num_rows == 195
    assert made.table["span_id"].to_pylist()[3] == "s4"


def test_no_line_is_lost_where_json_is_broken_after_all() -> None:
    # Balanced braces, as far as the expression looks.
    broken = plain().replace(b'{"temperature": 0.2,', b'{"temperature" 0.2,')
    assert plain_lines(broken)[1] == ()
    made = read_plain(block(plain() + broken), source="test")
    assert (made.table.num_rows, list(made.rest)) == (0, [0, 1])


def test_every_field_of_a_span_has_its_column() -> None:
    table = read_plain(block(plain()), source="test").table
    assert tuple(table.column_names) == SPAN_COLUMNS
    assert table.schema.equals(SPAN_SCHEMA)


def test_without_files_in_memory_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    there = read_plain(block(plain()), source="test").table
    monkeypatch.delattr(os, "memfd_create")
    assert read_plain(block(plain()), source="test").table.equals(there)
