"""OTLP as query APIs answer with it: the request inside something else, or a resource's spans without one."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import pytest
from source_support import check, read

GROUP: dict[str, Any] = {
    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "helpdesk"}}]},
    "instrumentationLibrarySpans": [
        {
            "instrumentationLibrary": {"name": "lib", "version": "1"},
            "spans": [
                {
                    "traceId": "W47/95gDgQPSabYzgT/GDA==",
                    "spanId": "7uGbfsPBsXQ=",
                    "name": "answer",
                    "startTimeUnixNano": "1772359200000000000",
                    "endTimeUnixNano": "1772359201000000000",
                    "status": {"code": "STATUS_CODE_OK"},
                }
            ],
        }
    ],
}


@pytest.mark.parametrize(
    "content",
    [
        {"batches": [GROUP]},
        {"trace": {"resourceSpans": [GROUP]}, "metrics": {}},
        {"trace": {"batches": [GROUP]}},
        {"result": {"resourceSpans": [GROUP]}},
        {"traces": [{"traceID": "a", "batches": [GROUP]}]},
        [{"batches": [GROUP]}],
        [GROUP],
        GROUP,
    ],
)
@pytest.mark.parametrize("file", ["trace.json", "traces.jsonl"])
def test_one_span_in_every_wrapper(tmp_path: Path, content: Any, file: str) -> None:
    in_lines = file.endswith(".jsonl") and not isinstance(content, list)
    found = read("otlp", tmp_path, [content] if in_lines else content, file=file)
    assert found.bad == []
    check(
        found.span,
        trace_id="5b8efff798038103d269b633813fc60c",
        span_id="eee19b7ec3c1b174",
        chain="helpdesk",
        exporter="lib/1",
        status="ok",
        duration_s=1.0,
    )


def test_a_wrapper_of_nothing_and_an_endless_one_are_set_aside(tmp_path: Path) -> None:
    endless: dict[str, Any] = {"resourceSpans": []}
    for _ in range(9):
        endless = {"data": endless}
    contents: list[dict[str, Any]] = [
        {"data": 7, "x": {"resourceSpans": 0}},
        {"trace": {"batch": []}},
        endless,
    ]
    for content in contents:
        found = read("otlp", tmp_path, [{"batches": [GROUP]}, content], file="x.jsonl")
        assert len(found.spans) == 1
        assert [bad.line for bad in found.bad] == [2]
        assert found.bad[0].reason.startswith("has none of the keys")


def test_an_endless_name_costs_no_time(tmp_path: Path) -> None:
    group = copy.deepcopy(GROUP)
    span = group["instrumentationLibrarySpans"][0]["spans"][0]
    name = "-" * 300_000
    group["instrumentationLibrarySpans"][0]["spans"] = [
        {**span, "name": name, "parentSpanId": "7uGbfsPBsXM="}
    ]
    began = time.monotonic()
    found = read("otlp", tmp_path, {"batches": [group]})
    check(found.span, name=name, component="other")
    # Looking for ids in all of it would take an hour.
    assert time.monotonic() - began < 30
