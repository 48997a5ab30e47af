"""A monitor pass keeps the quality estimates up to date, with the judge or without one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from run_world import HOUR, START, open_world, rows, store, traffic

from collectors.context import Context
from collectors.home import Home
from monitors.judges.draws import draw
from monitors.judges.label_queue import queue_rows
from monitors.judges.labels import Label, LabelReport, store_labels
from monitors.runner import run_pass

CRITERION = "correctness"


def queue(context: Context, count: int) -> list[tuple[str, str]]:
    """Draw so many answers for people; their trace and span."""
    with context.warehouse.write() as con:
        found = draw(con, CRITERION, start=START, end=START + 30 * HOUR, limit=count, seed=1)
        queue_rows(con, found, [], CRITERION, at=START + 30 * HOUR)
    return [(s.trace_id, s.span_id) for s in found.spans]


def label(context: Context, keys: list[tuple[str, str]], score: float) -> None:
    labels = [
        Label(
            where=f"line {i}",
            trace_id=trace,
            span_id=span,
            criterion=CRITERION,
            score=score,
            author="ada",
            comment=None,
        )
        for i, (trace, span) in enumerate(keys)
    ]
    store_labels(context.warehouse, labels, LabelReport(), at=context.clock())


def people(context: Context) -> list[dict[str, object]]:
    return rows(
        context,
        "SELECT day, value, labels, scored FROM quality_estimates "
        "WHERE target = 'people' AND version = '*' ORDER BY day",
    )


def test_labels_are_estimated_by_the_next_pass_without_a_judge(home: Home) -> None:
    moment = [START + 24 * HOUR]
    context = open_world(home, "latency", clock=lambda: moment[0])
    store(context, traffic(range(24)))
    keys = queue(context, 40)
    label(context, keys, 2.0)
    assert people(context) == []
    run_pass(context, now=START + 24 * HOUR + timedelta(minutes=6))
    (first,) = people(context)
    assert (first["value"], first["labels"]) == (pytest.approx(2.0), 40)
    assert first["scored"], "the local scores of the same pass are in it"

    moment[0] += HOUR
    label(context, keys, 3.0)
    moment[0] += HOUR
    assert run_pass(context, now=START + 24 * HOUR + timedelta(minutes=6)).windows == 0
    (second,) = people(context)
    assert second["value"] == pytest.approx(3.0), "a label of an old day is seen, though no window is new"

    moment[0] += HOUR
    before = rows(context, "SELECT max(computed_at) AS at FROM quality_estimates")
    run_pass(context, now=START + 24 * HOUR + timedelta(minutes=6))
    assert rows(context, "SELECT max(computed_at) AS at FROM quality_estimates") == before, "nothing was due"
