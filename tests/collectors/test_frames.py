"""A DataFrame goes the way that files go: fields, maps, missing values, quarantine, once only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from otlp_bodies import NOW

from collectors import query
from collectors.errors import ConfigError
from collectors.frames import ingest_frame
from collectors.ingest import FileReport
from collectors.warehouse.connection import Warehouse

AT = pd.Timestamp("2026-03-01T10:00:00")


def load(frame: pd.DataFrame, home: Path, **more: Any) -> FileReport:
    return ingest_frame(frame, home=home, clock=lambda: NOW, **more)


def stored(home: Path, sql: str) -> list[dict[str, Any]]:
    answer = query.execute(Warehouse(home / "warehouse.duckdb"), sql)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def test_native_names_once_and_with_the_bad_set_aside(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "component": ["generator", "retriever", None, "generator"],
            "kind": pd.Categorical(["llm", "retriever", "llm", "no such kind"]),
            "started_at": [AT, AT + timedelta(seconds=1), AT, AT],
            "duration_s": [1.5, np.nan, 1.0, 1.0],
            "input_tokens": pd.array([7, None, 1, 1], dtype="Int64"),
            "cached_tokens": [3, np.nan, 1, 1],
            "output_text": pd.array(["Paris", None, "x", "y"], dtype="string"),
            "parameters": [{"temperature": 0.1}, None, None, None],
            "documents": [None, [{"id": "d1", "score": 0.5, "text": "t"}], None, None],
            "cost_usd": [Decimal("0.01"), None, None, None],
            "city": ["Paris", np.nan, "x", "y"],
        }
    )
    report = load(frame, tmp_path, name="march")
    assert (report.read, report.new, report.known, report.taken) == (4, 2, 0, 2)
    assert report.first_bad == "line 3: component is missing"
    assert sum(report.quarantined.values()) == 2
    first, second = stored(tmp_path, "SELECT * FROM spans ORDER BY started_at")
    assert first["started_at"] == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert (first["duration_s"], first["input_tokens"], first["cached_tokens"]) == (1.5, 7, 3)
    assert (first["output_text"], first["cost_usd"], first["source"]) == ("Paris", 0.01, "dataframe:march")
    assert first["kind"] == "llm"
    assert (second["duration_s"], second["input_tokens"], second["output_text"]) == (None, None, None)
    assert second["documents"][0]["id"] == "d1"
    kept = stored(tmp_path, "SELECT file, line, reason FROM quarantine ORDER BY line")
    assert [(row["file"], row["line"]) for row in kept] == [("march", 3), ("march", 4)]
    again = load(frame, tmp_path, name="another name")
    assert (again.new, again.known) == (0, 2)


@pytest.mark.parametrize(("zone", "unit"), [(None, "s"), ("UTC", "us"), ("Europe/Paris", "ns")])
def test_times_in_every_zone_and_unit(zone: str | None, unit: str, tmp_path: Path) -> None:
    times = pd.Series([AT, pd.NaT]).dt.tz_localize(zone).dt.as_unit(unit)  # type: ignore[arg-type]
    frame = pd.DataFrame({"component": "x", "started_at": times, "duration_s": pd.to_timedelta(["90s"] * 2)})
    report = load(frame, tmp_path)
    assert (report.new, dict(report.quarantined)) == (1, {"started_at: is missing": 1})
    (row,) = stored(tmp_path, "SELECT started_at, duration_s FROM spans")
    hour = 9 if zone == "Europe/Paris" else 10
    assert row == {"started_at": datetime(2026, 3, 1, hour, tzinfo=UTC), "duration_s": 90.0}


def test_a_field_map_as_in_the_configuration(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"ts": [1772359200000, 1772359201000], "ms": [250, 500], "route": ["/a", "/b"], "good": [True, False]}
    )
    mapping = {
        "fields": {
            "started_at": {"from": "ts", "unit": "ms"},
            "duration_s": {"from": "ms", "unit": "ms"},
            "component": {"from": "route", "values": {"/a": "answer"}, "default": "other"},
        },
        "feedback": [{"name": "good", "score": {"from": "good", "values": {"true": 1, "false": -1}}}],
    }
    report = load(frame, tmp_path, field_map=mapping)
    assert (report.new, report.feedback, report.field_map) == (2, 2, "frame")
    found = stored(tmp_path, "SELECT component, duration_s FROM spans ORDER BY started_at")
    assert found == [{"component": "answer", "duration_s": 0.25}, {"component": "other", "duration_s": 0.5}]
    (tmp_path / "chainwatch.toml").write_text(
        '[ingest.maps.calls.fields]\nstarted_at = "ts"\ncomponent = {constant = "c"}\n', "utf-8"
    )
    assert load(frame, tmp_path, field_map="calls").field_map == "calls"
    with pytest.raises(ConfigError, match="choose one of: calls"):
        load(frame, tmp_path, field_map="nothing")
    with pytest.raises(ConfigError, match=r"unknown key 'ingest\.maps\.frame\.feilds'"):
        load(frame, tmp_path, field_map={"feilds": {}, "fields": mapping["fields"]})


def test_the_index_is_part_of_the_frame(tmp_path: Path) -> None:
    times = pd.DatetimeIndex([AT, AT + timedelta(hours=1)])
    load(pd.DataFrame({"component": ["a", "b"]}, index=times), tmp_path)
    levels = pd.MultiIndex.from_arrays([["t1", "t2"], ["s1", "s2"]], names=["trace_id", "span_id"])
    load(pd.DataFrame({"component": ["c", "d"], "started_at": times}, index=levels), tmp_path)
    found = stored(tmp_path, "SELECT component, trace_id, started_at FROM spans ORDER BY component")
    assert [row["started_at"].hour for row in found] == [10, 11, 10, 11]
    assert [row["trace_id"] for row in found][2:] == ["t1", "t2"]


def test_wrong_frames_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be a pandas DataFrame"):
        load([{"a": 1}], tmp_path)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="the column a is there more than once"):
        load(pd.DataFrame([[1, 2]], columns=["a", "a"]), tmp_path)
    report = load(
        pd.DataFrame({"component": ["x"], "started_at": [AT], "custom": [np.float64("inf")]}), tmp_path
    )
    assert report.new == 1
    assert load(pd.DataFrame(), tmp_path).read == 0


def test_the_page_shows_code_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "frames.md").read_text("utf-8")
    monkeypatch.setenv("CHAINWATCH_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in page.split("```python\n")[1:]:
        exec(compile(block.partition("```")[0], "frames.md", "exec"), names)
    assert names["report"].new == 1
    found = stored(tmp_path, "SELECT component FROM spans ORDER BY component")
    assert [row["component"] for row in found] == ["generator", "helpdesk"]
