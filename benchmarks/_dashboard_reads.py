"""Every typed read of the dashboard's pages, timed: the read as a whole, and its slowest query."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from collectors.rollups import read as rolled_read
from collectors.rollups import refresh as rolled_refresh
from collectors.warehouse import store
from collectors.warehouse.connection import Warehouse
from dashboard import (
    data,
    data_compare,
    data_component,
    data_head,
    data_incident,
    data_last_day,
    data_monitors,
    data_overview,
    data_overview_courses,
    data_quality,
    data_quarantine,
    data_sources,
    data_traces,
    data_upkeep,
)
from dashboard.data_component_checks import component_checks
from dashboard.data_component_versions import component_samples, component_versions
from monitors.judges.config import JudgeConfig

Read = Callable[[], Any]


@dataclass(kw_only=True)
class Timed:
    """Seconds of one read, of each repetition; queries: the slowest of each repetition by name.

    cpu: seconds of processor of all threads, which others on the machine do not change much.
    """

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    queries: list[tuple[float, str]] = field(default_factory=list)

    @property
    def median_s(self) -> float:
        return median(self.seconds)

    @property
    def slowest(self) -> tuple[float, str]:
        """The median over repetitions of the slowest query, and its name."""
        return sorted(self.queries)[len(self.queries) // 2]


def reads(warehouse: Warehouse, range_name: str) -> Mapping[str, Read]:
    """What the pages read, by page and read, over the range of this name."""
    chain = "support-assistant"
    found = data_head.head(warehouse, chain, range_name)
    landing, view = found.landing, found.view
    assert view is not None
    span, now = view.span, view.extent.last_at
    parts = data.components(warehouse, chain, span)
    component = next(p.component for p in parts if p.kind == "llm")
    incident = data_incident.incidents(warehouse, chain)[0]
    page = data_traces.traces(warehouse, chain, span, data_traces.TraceFilter())
    trace_id = page.rows[0].trace_id
    monitor = data_monitors.monitors_view(warehouse, chain, span, now).monitors[0].monitor
    before = data_compare.SideRange(name="a", start=span.start - (span.end - span.start), end=span.start)
    after = data_compare.SideRange(name="b", start=span.start, end=span.end)
    application = next(p.component for p in parts if p.is_application)
    by = data_compare.choices(warehouse, chain, application, span)
    newest = [choice.name for choice in by if choice.way == "version"][:2]
    rubric = JudgeConfig().rubric
    limits = tuple((kind, None) for kind in ("spans", "texts"))

    def traces(**wanted: Any) -> Read:
        wish = data_traces.TraceFilter(**wanted)
        return lambda: data_traces.traces(warehouse, chain, span, wish)

    found_reads: dict[str, Read] = {
        "every page": lambda: data_head.head(warehouse, chain, range_name),
        "overview": lambda: data_overview.overview(warehouse, chain, span),
        "overview: last day": lambda: data_last_day.last_day(warehouse, chain, now),
        "overview: over time": lambda: data_overview_courses.courses(warehouse, chain, span),
        "component": lambda: data_component.component_view(warehouse, chain, component, span),
        "component: checks": lambda: component_checks(warehouse, chain, component, span),
        "component: versions": lambda: component_versions(warehouse, chain, component, span),
        "component: samples": lambda: component_samples(warehouse, chain, component, span),
        "incident": lambda: data_incident.incident_view(warehouse, incident, now),
        "incident: one monitor": lambda: data_incident.monitor_series(warehouse, monitor, span),
        "traces: newest": traces(),
        "traces: slowest": traces(sort="slowest"),
        "traces: failed, page 40": traces(status="error", page=40),
        "traces: one component": traces(component=component, sort="costliest"),
        "traces: text": traces(text="refund"),
        "traces: one trace": lambda: data_traces.trace_view(warehouse, trace_id),
        "quality: scores": lambda: data_quality.scores(warehouse, chain, component, span, rubric),
        "quality: judges": lambda: data_quality.judges(warehouse, chain),
        "compare: choices": lambda: data_compare.choices(warehouse, chain, component, span),
        "compare: two times": lambda: data_compare.comparison(warehouse, chain, component, before, after),
        "monitors": lambda: data_monitors.monitors_view(warehouse, chain, span, now),
        "data: newest": lambda: data_sources.newest(warehouse, now + timedelta(minutes=1)),
        "data: sources": lambda: data_sources.sources_view(warehouse, now, range_name, None),
        "data: upkeep": lambda: data_upkeep.upkeep_view(
            warehouse, datetime.now(UTC), now, landing.spans, limits
        ),
        "data: quarantine": lambda: data_quarantine.quarantine_view(warehouse, now, None, None),
    }
    if len(newest) == 2:
        # A short range may have one version only.
        found_reads["compare: two versions"] = lambda: data_compare.comparison(
            warehouse, chain, application, *(replace(after, version=name) for name in newest)
        )
    return found_reads


def timed(read: Read, repeats: int) -> Timed:
    """The read, `repeats` times after one that warms up."""
    read()
    found = Timed()
    for _ in range(repeats):
        with _watched() as slowest:
            begun, cpu = time.perf_counter(), time.process_time()
            read()
            found.cpu.append(time.process_time() - cpu)
            found.seconds.append(time.perf_counter() - begun)
        found.queries.append(max(slowest, default=(0.0, "")))
    return found


@contextmanager
def _watched() -> Iterator[list[tuple[float, str]]]:
    """Times each statement that the reads fetch, by the first words of its text."""
    times: list[tuple[float, str]] = []
    modules = [m for m in (data, rolled_read, rolled_refresh) if hasattr(m, "fetch")]
    fetch, arrow = store.fetch, rolled_read._arrow

    def clocked(run: Callable[..., Any]) -> Callable[..., Any]:
        def ran(con: Any, text: str, *more: Any) -> Any:
            begun = time.perf_counter()
            try:
                return run(con, text, *more)
            finally:
                times.append((time.perf_counter() - begun, _said(text)))

        return ran

    for module in modules:
        module.fetch = clocked(fetch)  # type: ignore[attr-defined]
    rolled_read._arrow = clocked(arrow)
    try:
        yield times
    finally:
        for module in modules:
            module.fetch = fetch  # type: ignore[attr-defined]
        rolled_read._arrow = arrow


def _said(text: str) -> str:
    return " ".join(text.removeprefix("--").split())[:60]
