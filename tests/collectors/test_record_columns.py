"""Records taken column by column are the spans that they are one by one, or are left to that way."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.cleaning import TEXT_LIMIT
from collectors.columns import SPAN_COLUMNS, SpanColumns
from collectors.home import Home
from collectors.ingest_batch import Batch, prepare
from collectors.model import Document, Span
from collectors.privacy.config import PrivacyConfig
from collectors.privacy.privacy import Privacy
from collectors.record_columns import check_records
from collectors.records import make_span
from collectors.sources.base import RECORD_ERRORS
from collectors.tables import column_table, span_table

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
SALT = {"CHAINWATCH_HASH_SALT": "a salt for these tests alone"}
PLAIN: Mapping[str, Any] = {
    "trace_id": "a" * 32, "span_id": "b" * 16, "component": "generator", "kind": "llm",
    "started_at": "2026-03-01T10:00:00.123Z", "duration_s": 1.25, "status": "ok", "input_text": "a question",
    "output_text": "an answer", "input_tokens": 7, "cost_usd": 0.001, "session_id": "c7",
    "parameters": {"temperature": 0.2, "stop": ["x"]},
}  # fmt: skip
TEXTS = st.sampled_from(
    ["", " ", "x", "Ünï", "a\x00b", "\ud83d\ude00", "\ud800", "OK", " Error ", "7", "2026-03-01", "nan", "[]"]
) | st.text(max_size=8)
NUMBERS = st.integers(-3, 2**65) | st.floats() | st.booleans()
TIMES = st.sampled_from(
    ["2026-03-01T10:00:00+02:00", "2026-03-01 10:00:00", "20260301", "1712011231530", "1999-12-31T23:59:59Z",
     "2100-01-01T00:00:00Z", " 2026-03-01T09:00:00Z", 1_772_359_200, 1_772_359_200_000_000_000, 1.7e9, True,
     "10:00", "0001-01-01T00:00:00+14:00"]
)  # fmt: skip
NESTED = st.recursive(
    TEXTS | NUMBERS | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
ANYTHING = TEXTS | NUMBERS | TIMES | NESTED | st.none()
KEYS = st.sampled_from([*SPAN_COLUMNS, "type", "region", "a\x00key"])


@st.composite
def record(draw: st.DrawFn) -> dict[str, Any]:
    """A plain record with some keys changed, added or gone."""
    found = dict(PLAIN)
    for key in draw(st.sets(KEYS, max_size=3)):
        likely = TIMES if key.endswith("_at") else NUMBERS if key.endswith(("_s", "tokens", "usd")) else TEXTS
        found[key] = draw(likely | ANYTHING)
    for key in draw(st.sets(st.sampled_from(sorted(PLAIN)), max_size=1)):
        found.pop(key, None)
    return found


def one_by_one(found: Mapping[str, Any]) -> Span | None:
    with suppress(*RECORD_ERRORS):
        return make_span(found, source="test")
    return None


@settings(max_examples=400, deadline=None)
@given(st.lists(record(), max_size=6))
def test_columns_hold_the_spans_that_the_records_are(records: list[dict[str, Any]]) -> None:
    made = check_records(records, source="test")
    taken = [one_by_one(found) for place, found in enumerate(records) if place not in made.rest]
    assert made.columns.spans() == taken
    assert column_table(made.columns).equals(span_table([span for span in taken if span is not None]))


@settings(max_examples=200, deadline=None)
@given(st.lists(record(), min_size=1, max_size=6))
def test_a_record_is_left_out_only_for_a_reason(records: list[dict[str, Any]]) -> None:
    """Refused one by one, without an id or a start of its own, or too long: nothing else is."""
    for place in check_records(records, source="test").rest:
        found, span = records[place], one_by_one(records[place])
        lacks = any(made_of(found, key) is None for key in ("trace_id", "span_id", "started_at"))
        assert span is None or lacks


def made_of(found: Mapping[str, Any], key: str) -> Any:
    """What the key's own value becomes, without what is derived from others."""
    base = {"component": "c", "trace_id": "t", "span_id": "s", "started_at": AT.isoformat()}
    return one_by_one({**base, key: found[key]}) if found.get(key) not in (None, "", " ") else None


def test_many_different_values_and_few() -> None:
    records = [
        {
            **PLAIN,
            "trace_id": f"{n:032x}",
            "input_text": f"q{n}",
            "model": "AB"[n % 2],
            "parameters": {"n": n},
        }
        for n in range(500)
    ]
    records[7]["parameters"] = {"n": True}
    made = check_records(records, source="test")
    assert made.rest == []
    assert made.columns.spans() == [make_span(found, source="test") for found in records]


def test_a_bad_value_costs_its_own_record() -> None:
    records = [{**PLAIN, "span_id": f"{n:016x}"} for n in range(300)]
    records[3]["cost_usd"] = -1.0
    records[200]["kind"] = "no kind"
    records[250]["input_text"] = "x" * (TEXT_LIMIT + 1)
    made = check_records(records, source="test")
    assert made.rest == [3, 200, 250]
    assert len(made.columns) == 297
    assert made.columns.span(3).span_id == f"{4:016x}"


def test_none_at_all() -> None:
    made = check_records([], source="test")
    assert (len(made.columns), made.rest) == (0, [])
    assert column_table(made.columns).num_rows == 0


@pytest.mark.parametrize(
    "settings_",
    [
        {},
        {"fields": {"input_text": "drop", "output_text": "hash", "documents": "drop", "attributes": "drop"}},
        {"fields": {"user_id": "drop", "session_id": "keep", "names": "keep", "attributes": "keep"}},
        {"drop_attributes": ["secret.*"]},
    ],
)
def test_redaction_of_columns_is_that_of_spans(settings_: dict[str, Any]) -> None:
    privacy = Privacy.from_config(PrivacyConfig.model_validate(settings_), SALT, Home(Path("unused")))
    mail = "write to joe@example.com"
    spans = [
        replace(one_by_one(PLAIN) or Span(**{}), span_id=f"s{number}", **changes)
        for number, changes in enumerate(
            (
                {}, {"input_text": mail}, {"component": mail, "name": mail}, {"user_id": "ada"},
                {"documents": (Document(id="1", text=mail), Document(id="2", text="x"))},
                {"attributes": {"a": [mail], "http.request.header.authorization": "Basic 1"}},
                {"parameters": {"user": "joe", "secret.key": "x"}}, {"error_type": mail, "session_id": None},
            )
        )
    ]  # fmt: skip
    one_way = privacy.batch(Batch(spans=spans))
    other = privacy.batch(Batch(columns=SpanColumns.of(spans)))
    assert other.columns.spans() == one_way.spans
    assert other.spans == []
    third = privacy.batch(Batch(table=span_table(spans)))
    as_tables = pa.concat_tables([third.table, column_table(third.columns)])
    assert sorted(as_tables.to_pylist(), key=by_span) == sorted(
        span_table(one_way.spans).to_pylist(), key=by_span
    )


def by_span(row: Mapping[str, Any]) -> str:
    return str(row["span_id"])


def test_spans_as_columns_and_as_objects_are_stored_once() -> None:
    span = one_by_one(PLAIN) or Span(**{})
    other = replace(span, span_id="other")
    batch = Batch(
        spans=[span, other],
        columns=SpanColumns.of([span, replace(span, span_id="third")]),
        table=span_table([other, replace(span, span_id="fourth")]),
    )
    made = prepare(batch, now=AT)
    assert (made.spans.num_rows, made.duplicates, made.refused) == (4, 2, 0)
