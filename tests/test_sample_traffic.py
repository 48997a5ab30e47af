"""The sample traffic is what its README says: rhythm, structure, faults, and the same for the same seed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from collectors.context import Context
from collectors.ingest import Ingest
from collectors.ingest_rules import RulesSpec
from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch
from sample_logs.generate import generate
from sample_logs.incidents import ALL, conditions, schedule
from sample_logs.small import FOLDER, small_files
from sample_logs.traffic import hourly_rate
from sample_logs.truth import SampleLogs
from sample_logs.write import read_truth, write

START = datetime(2026, 3, 5, 7, tzinfo=UTC)  # a Thursday morning
COMPONENTS = {"assistant", "router", "retriever", "reranker", "generator", "guardrail"}


@pytest.fixture(scope="module")
def logs() -> SampleLogs:
    return generate(seed=5, start=START, days=14, requests_per_day=120)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder, seed in zip(folders, (1, 1, 2), strict=True):
        write(generate(seed=seed, start=START, days=7, requests_per_day=30), folder)
    contents = [[p.read_bytes() for p in sorted(folder.iterdir())] for folder in folders]
    assert contents[0] == contents[1]
    assert all(a != c for a, c in zip(contents[0], contents[2], strict=True))


def test_a_trace_is_one_application_over_its_components(logs: SampleLogs) -> None:
    by_trace: dict[str, list[str]] = {}
    roots = {s.trace_id: s for s in logs.spans if s.parent_span_id is None}
    for span in logs.spans:
        by_trace.setdefault(span.trace_id, []).append(span.component)
        root = roots[span.trace_id]
        assert span is root or span.parent_span_id == root.span_id
        assert span.ended_at is not None
        assert root.ended_at is not None
        assert root.started_at <= span.started_at <= span.ended_at <= root.ended_at
    assert {c for names in by_trace.values() for c in names} == COMPONENTS
    whole = sum(set(names) == COMPONENTS for names in by_trace.values()) / len(by_trace)
    assert 0.97 < whole < 1.0  # the rest ended early with an error


def test_traffic_has_a_day_a_night_and_a_weekend(logs: SampleLogs) -> None:
    hours = Counter(s.started_at.hour for s in logs.spans if s.parent_span_id is None)
    assert hours[10] > 4 * hours[3]
    monday, sunday = datetime(2026, 3, 9, 10, tzinfo=UTC), datetime(2026, 3, 8, 10, tzinfo=UTC)
    assert hourly_rate(sunday, 700) == pytest.approx(0.55 * hourly_rate(monday, 700))
    assert sum(hourly_rate(monday.replace(hour=h), 700) for h in range(24)) == pytest.approx(700)


def test_each_fault_does_what_the_truth_says(logs: SampleLogs) -> None:
    fault = {t.kind: t for t in logs.truth.incidents}
    assert set(fault) == set(ALL)

    def inside(kind: str, at: datetime) -> bool:
        end = fault[kind].ended_at or logs.truth.period.end
        return fault[kind].started_at <= at < end

    def split(kind: str, component: str, value: str) -> tuple[float, float]:
        spans = [s for s in logs.spans if s.component == component and s.status == "ok"]
        values = [(inside(kind, s.started_at), getattr(s, value)) for s in spans]
        return (
            float(np.median([v for now, v in values if not now])),
            float(np.median([v for now, v in values if now])),
        )

    before, during = split("prompt_version", "generator", "output_tokens")
    assert 1.4 < during / before < 1.9
    before, during = split("provider_slowdown", "generator", "time_to_first_token_s")
    assert during / before > 1.8
    relevant = [
        (inside("index_rebuild", s.started_at), np.mean([bool(d.relevant) for d in s.documents]))
        for s in logs.spans
        if s.component == "retriever" and s.documents and not inside("new_topic", s.started_at)
    ]
    good, bad = (np.mean([share for now, share in relevant if now is wanted]) for wanted in (False, True))
    assert bad < 0.75 * good
    assert {s.index_version for s in logs.spans if s.component == "retriever"} == {"kb-1", "kb-2", "kb-3"}
    routed = Counter(
        (inside("new_topic", s.started_at), s.output_text == "other")
        for s in logs.spans
        if s.component == "router"
    )
    assert routed[False, True] == 0
    assert routed[True, True] / (routed[True, True] + routed[True, False]) > 0.08


def test_quiet_periods_and_faults_do_not_overlap(logs: SampleLogs) -> None:
    for window in logs.truth.quiet:
        for fault in logs.truth.incidents:
            assert window.end <= fault.started_at or (
                fault.ended_at is not None and window.start >= fault.ended_at + timedelta(hours=6)
            )
    assert sum((w.end - w.start).days for w in logs.truth.quiet) >= 7


def test_leaving_a_fault_out_does_not_move_the_others() -> None:
    every = schedule(np.random.default_rng(9), start=START, days=14, kinds=ALL)
    some = schedule(np.random.default_rng(9), start=START, days=14, kinds=("prompt_version", "new_topic"))
    assert [t for t in every if t.kind in ("prompt_version", "new_topic")] == list(some)
    assert conditions((), START + timedelta(days=6)).new_topic == 0.0


def test_unknown_faults_and_short_periods_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown incident 'flood'; choose from: index_rebuild"):
        generate(days=14, incidents=("flood",))
    with pytest.raises(ValueError, match="at least 7 days, not 3"):
        generate(days=3)


def test_the_evaluation_set_is_whole_and_has_the_ground_truth(logs: SampleLogs) -> None:
    assert {s.dataset for s in logs.evaluation} == {"golden-v1"}
    assert {s.status for s in logs.evaluation} == {"ok"}
    roots = [s for s in logs.evaluation if s.parent_span_id is None]
    assert len(roots) == 600
    assert all(s.reference_text for s in roots)


def test_the_truth_survives_its_file(logs: SampleLogs, tmp_path: Path) -> None:
    assert read_truth(write(logs, tmp_path)[3]) == logs.truth


def test_the_committed_sample_is_what_the_generator_makes() -> None:
    for name, text in small_files().items():
        assert (FOLDER / name).read_text("utf-8") == text, f"run `python -m sample_logs.small` for {name}"


def test_both_committed_files_load_into_the_same_chain(context: Context, warehouse: Warehouse) -> None:
    ingest = Ingest(warehouse, RulesSpec(), context.clock)
    lines = ingest.file(FOLDER / "sample.jsonl")
    assert (lines.error, dict(lines.quarantined)) == (None, {})
    again = ingest.file(FOLDER / "sample_otlp.json")
    assert (again.error, dict(again.quarantined), again.format) == (None, {}, "otlp")
    assert again.new == 0, "the same traces, whichever way they come"
    with warehouse.read() as con:
        found = {row["component"] for row in fetch(con, "SELECT DISTINCT component FROM spans")}
    assert found == COMPONENTS
