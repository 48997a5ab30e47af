"""What pages read off the rollups is what they read off the spans before there were any."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from seeded_traffic import CHAIN
from seeded_warehouse import Seeded

from collectors.home import Home
from collectors.rollups.refresh import refresh
from collectors.warehouse.connection import Warehouse
from dashboard import data_traces
from dashboard.data import Only, TimeRange, components
from dashboard.data_compare import SideRange, choices, comparison
from dashboard.data_component import component_view
from dashboard.data_component_versions import component_versions
from dashboard.data_head import head
from dashboard.data_overview import overview
from dashboard.data_overview_courses import courses
from dashboard.data_sources import newest, sources_view

# Quantiles of the rollups are within 1 %; what is made of them (the usual band) as well.
_WITHIN = 0.0101


@pytest.fixture
def warehouse(seeded: Seeded, tmp_path: Path) -> Warehouse:
    home = Home(root=tmp_path / "home").create()
    shutil.copy(Home(root=seeded.home).warehouse, home.warehouse)
    return Warehouse(home.warehouse)


@pytest.mark.parametrize("name", ["24h", "7d", "90d"])
def test_every_page_reads_the_same_off_rollups(warehouse: Warehouse, name: str) -> None:
    view = head(warehouse, CHAIN, name).view
    assert view is not None
    span = view.span
    before = _read(warehouse, span, name)
    assert refresh(warehouse, now=view.extent.last_at + timedelta(days=1)) > 0
    after = _read(warehouse, span, name)
    assert len(before["grades of two versions"]) > 1
    for page, told in before.items():
        _same(told, after[page], page)


def _read(warehouse: Warehouse, span: TimeRange, name: str) -> dict[str, Any]:
    view = head(warehouse, CHAIN, name).view
    assert view is not None
    component = next(c.component for c in components(warehouse, CHAIN, span) if c.kind == "llm")
    half = span.start + (span.end - span.start) / 2
    sides = [
        SideRange(name="a", start=span.start, end=half),
        SideRange(name="b", start=half, end=span.end),
    ]
    only = Only(environment="staging", version="1.5.0")
    versions = [
        SideRange(name=version, start=span.start, end=span.end, version=version, environment=environment)
        for version, environment in (("1.4.0", None), ("1.5.0", "staging"))
    ]
    compared = comparison(warehouse, CHAIN, component, *sides)
    return {
        "extent": view.extent,
        "overview": overview(warehouse, CHAIN, span),
        "overview over time": courses(warehouse, CHAIN, span),
        "component": component_view(warehouse, CHAIN, component, span),
        "environments": view.choices.environments(None),
        "versions": view.choices.versions(component),
        "overview of a version": overview(warehouse, CHAIN, span, only),
        "overview of a version over time": courses(warehouse, CHAIN, span, only=only),
        "component of a version": component_view(warehouse, CHAIN, component, span, only),
        "versions side by side": component_versions(warehouse, CHAIN, component, span),
        "versions of an environment": component_versions(warehouse, CHAIN, component, span, only),
        "traces": data_traces.traces(warehouse, CHAIN, span, data_traces.TraceFilter()),
        "choices": choices(warehouse, CHAIN, component, span),
        "numbers": [(d.measure, d.change, d.a and d.a.mean, d.a and d.a.spread) for d in compared.numbers],
        "grades of two versions": [
            (d.measure, d.a, d.b) for d in comparison(warehouse, CHAIN, component, *versions).grades
        ],
        # Half of the longest range has no spans.
        "middles": [
            median(side.duration_s) if side.duration_s else None
            for side in (compared.values_a, compared.values_b)
        ],
        "sources": sources_view(warehouse, span.end, name, None),
        "newest": newest(warehouse, span.end),
    }


def _same(one: Any, other: Any, where: str) -> None:
    if is_dataclass(one) and not isinstance(one, type):
        for field in fields(one):
            _same(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}")
    elif isinstance(one, Mapping):
        assert set(one) == set(other), where
        for key in one:
            _same(one[key], other[key], f"{where}[{key!r}]")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for i, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            _same(mine, theirs, f"{where}[{i}]")
    elif isinstance(one, float) and isinstance(other, float):
        assert other == pytest.approx(one, rel=_WITHIN, abs=1e-9, nan_ok=True), where
    else:
        assert one == other, where
