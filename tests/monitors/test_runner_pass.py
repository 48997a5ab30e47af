"""The monitor pass on a small chain, in a real warehouse."""

from __future__ import annotations

from datetime import timedelta

import pytest
from filelock import FileLock
from run_world import HOUR, START, decided, open_world, rows, store, traffic

from collectors.errors import RunInProgressError
from collectors.home import Home
from monitors import run_batch
from monitors.runner import run_pass

GRACE = timedelta(minutes=6)


def test_a_pass_evaluates_every_complete_window_and_a_second_changes_nothing(home: Home):
    context = open_world(home, "latency", "error_rate")
    store(context, traffic(range(30)))
    first = run_pass(context, now=START + 30 * HOUR + GRACE)
    assert (first.windows, first.spans, first.errors) == (30, 30 * 12 * 3, 0)
    assert first.until == START + 30 * HOUR
    before = decided(context)
    samples = rows(context, "SELECT count(*) AS n FROM samples")
    second = run_pass(context, now=START + 30 * HOUR + GRACE)
    assert (second.windows, second.results) == (0, 0)
    assert decided(context) == before
    assert rows(context, "SELECT count(*) AS n FROM samples") == samples
    assert [r["status"] for r in rows(context, "SELECT status FROM monitor_runs")] == ["ok", "ok"]


def test_catching_up_decides_the_same_as_a_run_every_hour(home: Home, tmp_path):
    spans = [*traffic(range(28)), *traffic(range(28, 33), slow=4.0), *traffic(range(33, 36))]
    at_once = open_world(home, "latency", "embedding_distance")
    store(at_once, spans)
    run_pass(at_once, now=START + 36 * HOUR + GRACE)
    live = open_world(Home(root=tmp_path / "live").create(), "latency", "embedding_distance")
    store(live, spans)
    for hour in (12, 27, 29, 30, 34, 36):
        run_pass(live, now=START + hour * HOUR + GRACE)
    assert decided(at_once) == decided(live)
    assert any(r["status"] == "breach" for r in decided(at_once))
    told = "SELECT incident_id, component, cause, state, started_at, detected_at FROM incidents ORDER BY 1"
    assert rows(at_once, told) == rows(live, told)
    kept = "SELECT * EXCLUDE (seed) FROM samples ORDER BY component, field, window_start"
    assert rows(at_once, kept) == rows(live, kept)


def test_a_slow_generator_is_a_breach_with_examples_and_an_incident(home: Home):
    context = open_world(home, "latency")
    quiet, slow = traffic(range(30)), traffic(range(30, 36), slow=6.0, model="small-2")
    store(context, [*quiet, *slow])
    summary = run_pass(context, now=START + 36 * HOUR + GRACE)
    assert summary.breaches > 0
    assert (summary.opened, summary.firing) == (1, 1)
    breach = rows(
        context,
        "SELECT evidence->>'$.examples[0].text' AS text, evidence->>'$.versions.model.after' AS model, "
        "window_start FROM results WHERE status = 'breach' AND component = 'generator' "
        "ORDER BY window_end LIMIT 1",
    )[0]
    assert breach["text"] == "thanks card"
    assert breach["model"] == "small-2"
    assert breach["window_start"] >= START + 30 * HOUR
    deploys = rows(context, "SELECT component, field, previous_value, value, deployed_at FROM deploys")
    assert [(d["component"], d["field"], d["previous_value"], d["value"]) for d in deploys] == [
        ("generator", "model", "small-1", "small-2")
    ]
    assert START + 30 * HOUR <= deploys[0]["deployed_at"] < START + 31 * HOUR


def test_the_topology_is_seen_in_the_spans(home: Home):
    context = open_world(home, "latency")
    store(context, traffic(range(2)))
    run_pass(context, now=START + 2 * HOUR + GRACE)
    seen = rows(
        context,
        "SELECT component, kind, is_application, parent_component, position "
        "FROM components ORDER BY position",
    )
    assert [tuple(row.values()) for row in seen] == [
        ("assistant", "chain", True, None, 0),
        ("retriever", "retriever", False, "assistant", 1),
        ("generator", "llm", False, "assistant", 2),
    ]


def test_late_spans_bring_their_window_back(home: Home):
    context = open_world(home, "latency")
    store(context, traffic(range(30), a_window=12))
    run_pass(context, now=START + 30 * HOUR + GRACE)
    late = [s for s in traffic(range(28, 29), a_window=40) if s.trace_id[4:8] >= "000c"]
    store(context, late)
    again = run_pass(context, now=START + 30 * HOUR + GRACE)
    # And the one behind it, which is compared with it.
    assert again.windows == 2
    held = rows(context, "SELECT spans FROM evaluated_windows WHERE window_start = '2026-03-03T04:00Z'")
    assert held == [{"spans": 40 * 3}]
    n = rows(
        context,
        "SELECT n FROM samples WHERE window_start = '2026-03-03T04:00Z' "
        "AND component = 'generator' AND field = 'duration_s'",
    )
    assert n == [{"n": 40}]
    assert run_pass(context, now=START + 30 * HOUR + GRACE).windows == 0


def test_no_spans_is_no_data_and_never_ok(home: Home):
    context = open_world(home, "latency")
    store(context, [*traffic(range(26)), *traffic(range(29, 30))])
    run_pass(context, now=START + 30 * HOUR + GRACE)
    silent = rows(
        context,
        "SELECT DISTINCT status, value, reason FROM results "
        "WHERE window_start IN ('2026-03-03T02:00Z', '2026-03-03T03:00Z', '2026-03-03T04:00Z')",
    )
    assert silent == [{"status": "no_data", "value": None, "reason": "no duration_s in this window"}]


def test_an_evaluation_set_is_the_reference_for_skew_and_is_never_evaluated(home: Home):
    context = open_world(home, "embedding_distance")
    from dataclasses import replace

    exam = [
        replace(s, dataset="exam", trace_id="e" + s.trace_id[1:]) for s in traffic(range(10), words="sim")
    ]
    store(context, [*traffic(range(30)), *exam])
    run_pass(context, now=START + 30 * HOUR + GRACE)
    kinds = rows(
        context,
        "SELECT DISTINCT reference_kind, reference_name FROM results WHERE status <> 'no_data'",
    )
    assert {(k["reference_kind"], k["reference_name"]) for k in kinds} >= {("skew", "exam")}
    assert rows(context, "SELECT DISTINCT dataset FROM samples ORDER BY 1") == [
        {"dataset": "exam"},
        {"dataset": "production"},
    ]
    stored = "SELECT count(*) AS n, max(n) AS spans FROM samples WHERE dataset = 'exam'"
    assert rows(context, stored)[0]["spans"] == 120


def test_two_runs_exclude_each_other(home: Home):
    context = open_world(home, "latency")
    with FileLock(home.run_lock), pytest.raises(RunInProgressError, match="another run is at work"):
        run_pass(context, now=START)


def test_a_run_that_fails_says_so_and_the_next_one_goes_on(home: Home, monkeypatch: pytest.MonkeyPatch):
    context = open_world(home, "latency")
    store(context, traffic(range(3)))

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(run_batch, "write_results", full)
        with pytest.raises(OSError, match="no space"):
            run_pass(context, now=START + 3 * HOUR + GRACE)
    assert rows(context, "SELECT status, error FROM monitor_runs") == [
        {"status": "failed", "error": "no space left on device"}
    ]
    assert rows(context, "SELECT count(*) AS n FROM evaluated_windows") == [{"n": 0}]
    assert run_pass(context, now=START + 3 * HOUR + GRACE).windows == 3


def test_an_empty_warehouse_is_nothing_new(home: Home):
    summary = run_pass(open_world(home, "latency"), now=START)
    assert (summary.windows, summary.until, summary.firing) == (0, None, 0)
