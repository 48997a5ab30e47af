"""Field maps: every rule has an effect, and a mistake in one names the choices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.config import parse
from collectors.errors import ConfigError
from collectors.fieldmap import FieldMap, choose, look_up
from collectors.ingest_config import IngestConfig, MapConfig
from collectors.sources._rows import FILTERED, items
from collectors.sources.base import Bad, Item, Skipped, SourceContext

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
ROW = {
    "ts": int(AT.timestamp()),
    "ms": 250,
    "step": "gen-v2",
    "nested": {"tokens": [5, 7]},
    "a": "x",
    "b": 3,
    "good": True,
    "note": "",
    "cents": 2,
}
FIELDS: dict[str, Any] = {"component": "step", "started_at": "ts"}


def read(row: dict[str, Any] = ROW, fields: dict[str, Any] | None = None, **more: Any) -> list[Item]:
    config = MapConfig.model_validate({"fields": {**FIELDS, **(fields or {})}, **more})
    return list(items(row, SourceContext(source="t", field_map=FieldMap("m", config)), 1))


def value(field: str, rule: Any) -> Any:
    (span,) = read(fields={field: rule})
    return getattr(span, field)


@pytest.mark.parametrize(
    ("field", "rule", "expected"),
    [
        ("input_text", "a", "x"),
        ("input_tokens", "nested.tokens.1", 7),
        ("chain", {"constant": "shop"}, "shop"),
        ("component", {"from": "step", "values": {"gen-v2": "generator"}}, "generator"),
        ("component", {"from": "step", "values": {"other": "x"}, "default": "rest"}, "rest"),
        ("output_text", {"from": "note", "default": "nothing said"}, "nothing said"),
        ("output_text", "note", None),
        ("output_text", "not there", None),
        ("duration_s", {"from": "ms", "unit": "ms"}, 0.25),
        ("cost_usd", {"from": "cents", "scale": 0.01}, 0.02),
        ("trace_id", {"from": ["a", "b"]}, "x:3"),
        ("trace_id", {"from": ["a", "b"], "join": "/", "prefix": "golden/"}, "golden/x/3"),
        ("status", {"from": "good", "values": {"true": "ok", "false": "error"}}, "ok"),
        ("started_at", {"from": "ts", "unit": "ms"}, None),
    ],
)
def test_rules(field: str, rule: Any, expected: Any) -> None:
    if field == "started_at":
        (bad,) = read(fields={field: rule})
        assert isinstance(bad, Bad), "read as ms, the seconds are a time in 1970"
        assert "between the years 2000 and 2100" in bad.reason
    else:
        assert value(field, rule) == expected


def test_an_end_follows_from_the_duration() -> None:
    assert value("duration_s", {"from": "ms", "unit": "ms"}) == 0.25
    (span,) = read(fields={"duration_s": {"from": "ms", "unit": "ms"}})
    assert span.ended_at == AT + timedelta(milliseconds=250)  # type: ignore[union-attr]


def test_a_value_that_the_map_does_not_know_is_bad_and_names_those_it_knows() -> None:
    (bad,) = read(fields={"component": {"from": "step", "values": {"gen-v1": "generator", "r": "retriever"}}})
    assert isinstance(bad, Bad)
    assert bad.reason == "component = 'gen-v2': is not among the map's values; known: gen-v1, r"


def test_unused_columns_become_attributes_or_are_dropped() -> None:
    (span,) = read(fields={"input_text": "a", "cost_usd": {"from": "cents", "scale": 0.01}})
    kept = {"ms", "nested", "b", "good", "note", "cents"}
    assert set(span.attributes) == kept, "a converted column is kept, one taken as it is not"  # type: ignore[union-attr]
    (span,) = read(rest="drop")
    assert span.attributes == {}  # type: ignore[union-attr]


def test_keep_filters_rows_without_calling_them_bad() -> None:
    assert read(keep={"b": [2]}) == [Skipped(reason=FILTERED)]
    assert not isinstance(read(keep={"b": [2, 3], "good": [True]})[0], Skipped)
    assert read(keep={"b": [3], "good": [False]}) == [Skipped(reason=FILTERED)]


def test_columns_become_feedback_on_the_span() -> None:
    said = [
        {"name": "correct", "score": {"from": "good", "values": {"true": 1, "false": 0}}, "comment": "note"}
    ]
    span, feedback = read(feedback=said, fields={"duration_s": {"from": "ms", "unit": "ms"}})
    assert (feedback.name, feedback.score, feedback.comment) == ("correct", 1.0, None)  # type: ignore[union-attr]
    assert feedback.span_id == span.span_id  # type: ignore[union-attr]
    assert feedback.created_at == span.ended_at  # type: ignore[union-attr]
    assert len(read(row={**ROW, "good": None}, feedback=[{"name": "correct", "score": "good"}])) == 1


def test_two_maps_of_one_row_give_two_records() -> None:
    (one,) = read()
    (two,) = read(fields={"dataset": {"constant": "golden"}})
    assert one.span_id != two.span_id  # type: ignore[union-attr]


def test_look_up_prefers_the_whole_key() -> None:
    assert look_up({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert look_up({"a": {"b": 2}}, "a.b") == 2
    assert look_up({"a": [1]}, "a.7") is None
    assert look_up({"a": 1}, "a.b.c") is None


def config(**maps: dict[str, Any]) -> IngestConfig:
    return IngestConfig.model_validate(
        {"maps": {name: {"fields": FIELDS, **entry} for name, entry in maps.items()}}
    )


def test_a_map_is_chosen_by_name_or_by_pattern() -> None:
    both = config(one={"match": "calls-*.jsonl"}, two={"match": "*.csv"}, three={})
    assert choose(both, Path("logs/calls-7.jsonl"), None).name == "one"  # type: ignore[union-attr]
    assert choose(both, Path("logs/calls-7.jsonl"), "three").name == "three"  # type: ignore[union-attr]
    assert choose(both, Path("logs/other.jsonl"), None) is None
    with pytest.raises(ConfigError, match="unknown field map 'four'; choose one of: one, three, two"):
        choose(both, Path("x"), "four")
    with pytest.raises(ConfigError, match=r"matches the field maps one, two; choose one with --map"):
        choose(config(one={"match": "*.csv"}, two={"match": "a*"}), Path("a.csv"), None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[ingest.maps.m.fields]\ncolour = 'a'", "'colour' is no field of a span; choose one of: trace_id"),
        ("[ingest.maps.m.fields]\nstarted_at = 'a'", "`component` or `name`"),
        ("[ingest.maps.m.fields]\nname = 'a'", "`started_at`"),
        (
            "[ingest.maps.m.fields]\nname = {from = 'a', constant = 'b'}\nstarted_at = 't'",
            "exactly one of: from, constant",
        ),
        (
            "[ingest.maps.m.fields]\nname = {from = 'a', unit = 'ms', scale = 2}\nstarted_at = 't'",
            "at most one of",
        ),
        ("[ingest.maps.m.fields]\nname = {from = 'a', unit = 'days'}\nstarted_at = 't'", "'s', 'ms'"),
        ("[ingest.maps.m.fields]\nname = {form = 'a'}\nstarted_at = 't'", "unknown key"),
        (
            "[ingest.maps.m]\nmatches = 'x'\n[ingest.maps.m.fields]\nname = 'a'\nstarted_at = 't'",
            "unknown key",
        ),
        ("[ingest]\nbatch_rows = 0", "batch_rows"),
    ],
)
def test_a_mistake_in_the_config_says_where_and_what(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "chainwatch.toml")
    assert "chainwatch.toml" in str(caught.value)
    assert message in str(caught.value)
