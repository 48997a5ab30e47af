"""Every trace file of other projects through a real ingest, against the figures of their catalogue."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from empty_warehouse import empty_warehouse
from source_support import scores

from collectors.ingest import FileReport, Ingest
from collectors.ingest_rules import RulesSpec
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import fetch

Loaded = dict[str, tuple[FileReport, dict[str, Any]]]

FORMAT_OF_KIND = {
    "langfuse-export": "langfuse",
    "jaeger-json": "jaeger",
    "langsmith-multipart-batch": "langsmith",
    "otlp-json": "otlp",
    "otlp-json-spec": "otlp",
}
FIGURES = """
SELECT count(*) AS spans, count(*) FILTER (kind = 'llm') AS generations,
       sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0))::BIGINT AS total_tokens,
       sum(cost_usd) AS cost, count(DISTINCT (trace_id, span_id)) AS ids,
       max(duration_s) FILTER (parent_span_id IS NULL) AS root_s
FROM spans WHERE source = $source
"""


@pytest.fixture(scope="module")
def catalogue(shared_data: Path) -> list[dict[str, str]]:
    with gzip.open(shared_data / "trace_formats" / "catalogue.csv.gz", "rt", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """One for all tests of this file: what is loaded stays as it is."""
    return empty_warehouse(tmp_path_factory.mktemp("home") / "warehouse.duckdb", wait_s=5.0)


@pytest.fixture(scope="module")
def loaded(warehouse: Warehouse, shared_data: Path, catalogue: list[dict[str, str]]) -> Loaded:
    """By file: its report, and the figures of what the warehouse holds of it."""
    ingest = Ingest(warehouse, RulesSpec(), lambda: datetime(2026, 3, 2, 12, tzinfo=UTC))
    found = {}
    for row in catalogue:
        path = shared_data / "trace_formats" / row["file"]
        report = ingest.file(path)
        with warehouse.read() as con:
            found[row["file"]] = (report, fetch(con, FIGURES, {"source": f"{report.format}:{path.name}"})[0])
    return found


def test_figures_of_the_catalogue(loaded: Loaded, catalogue: list[dict[str, str]]) -> None:
    assert len(catalogue) == 26
    for row in catalogue:
        report, figures = loaded[row["file"]]
        assert report.error is None, row["file"]
        assert report.quarantined == {}, row["file"]
        assert report.format == FORMAT_OF_KIND[row["kind"]], row["file"]
        assert figures["ids"] == figures["spans"] == report.new, row["file"]
        if row["kind"] == "langsmith-multipart-batch":
            # The catalogue counts what was posted: a run and its patch, which are one span.
            assert (report.read, figures["spans"]) == (int(row["spans"]), 1), row["file"]
        elif row["spans"]:
            assert figures["spans"] == int(row["spans"]), row["file"]
        if row["generations"]:
            assert figures["generations"] == int(row["generations"]), row["file"]
        if row["total_tokens"]:
            assert figures["total_tokens"] == int(row["total_tokens"]), row["file"]
        if row["cost"]:
            assert figures["cost"] == pytest.approx(float(row["cost"]), abs=5.01e-7), row["file"]
        if row["latency_s"]:
            # A trace ends with its last span, a root a clock tick earlier.
            assert figures["root_s"] == pytest.approx(float(row["latency_s"]), abs=0.0015), row["file"]


def test_no_format_takes_another_ones_files(shared_data: Path, catalogue: list[dict[str, str]]) -> None:
    for row in catalogue:
        path = shared_data / "trace_formats" / row["file"]
        assert list(scores(path)) == [FORMAT_OF_KIND[row["kind"]]], row["file"]
    bodies = [p for p in sorted((shared_data / "otlp_captured").iterdir()) if p.suffix in (".json", ".pb")]
    assert len(bodies) == 90
    for path in bodies:
        assert list(scores(path)) == ["otlp"], path.name


def test_what_langfuse_judged_is_kept(loaded: Loaded, warehouse: Warehouse) -> None:
    sql = "SELECT name, count(*) AS n, count(score) AS scored FROM annotations GROUP BY name ORDER BY name"
    with warehouse.read() as con:
        found = fetch(con, sql)
    # Counted by hand in the files: 7 exports were evaluated, one was corrected by a person.
    assert found == [
        {"name": "correctness", "n": 2, "scored": 2},
        {"name": "hallucination", "n": 7, "scored": 7},
        {"name": "output", "n": 1, "scored": 0},
        {"name": "toxicity", "n": 7, "scored": 7},
    ]
    assert sum(report.annotations for report, _ in loaded.values()) == 17
