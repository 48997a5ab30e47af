"""The compare page: two times, versions, models or data sets, and what it says when there are not two."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import Open, words
from seeded_warehouse import Seeded, build

from collectors.rollups.refresh import refresh
from dashboard import compare_parts
from dashboard.data import TimeRange
from dashboard.data_compare import EvidentlyReport, SideRange, choices, comparison, evidently


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Four days in whose last fifth the retriever is slower; the last day is an evaluation set as well."""
    made = build(tmp_path_factory.mktemp("changed"), days=4, traces_per_day=60)
    with made.warehouse.write() as con:
        con.execute(
            "INSERT INTO spans SELECT * REPLACE ('eval' || trace_id AS trace_id, 'golden' AS dataset) "
            "FROM spans WHERE started_at < $1::TIMESTAMPTZ + INTERVAL 1 DAY",
            [made.start],
        )
    return made


def sides(made: Seeded) -> tuple[SideRange, SideRange]:
    return (
        SideRange(name="before", start=made.start, end=made.change),
        SideRange(name="after", start=made.change, end=made.end),
    )


def test_a_slower_retriever_is_sure_and_the_same_time_is_not(changed: Seeded) -> None:
    a, b = sides(changed)
    found = comparison(changed.warehouse, "support-assistant", "retriever", a, b)
    duration = next(d for d in found.numbers if d.measure == "duration_s")
    # Durations are log-normal around 0.24 s, times 1.7 after the change.
    assert duration.is_clear
    assert duration.change == pytest.approx(0.24 * 1.083 * 0.7, rel=0.25)
    assert (found.spans_a, found.spans_b) == tuple(
        s.warehouse_count for s in (Count(changed, a), Count(changed, b))
    )
    half = SideRange(name="x", start=changed.start, end=changed.start + timedelta(days=1))
    other = SideRange(name="y", start=half.end, end=half.end + timedelta(days=1))
    quiet = comparison(changed.warehouse, "support-assistant", "retriever", half, other)
    assert sum(d.is_clear for d in quiet.numbers) <= 1


class Count:
    """How many spans of the retriever a side has, by a query of its own."""

    def __init__(self, made: Seeded, side: SideRange) -> None:
        with made.warehouse.read() as con:
            row = con.execute(
                "SELECT count(*) FROM spans WHERE component = 'retriever' AND dataset = 'production' "
                "AND started_at >= ? AND started_at < ?",
                [side.start, side.end],
            ).fetchone()
        assert row is not None
        self.warehouse_count = row[0]


def test_what_is_equal_but_for_rounding_is_equal(changed: Seeded) -> None:
    found = comparison(changed.warehouse, "support-assistant", "generator", *sides(changed))
    cost = next(d for d in found.numbers if d.measure == "cost_usd")
    assert (cost.change, cost.is_clear) == (0.0, False), "every call of the generator costs the same"


def test_two_times_stand_in_the_address(open_page: Open, changed: Seeded) -> None:
    end = (changed.end + timedelta(days=1)).date()
    app = open_page(
        "compare",
        changed.home,
        component="retriever",
        a=f"{changed.start.date()}..{changed.change.date()}",
        b=f"{changed.change.date()}..{end}",
    )
    assert not app.exception
    assert re.search(r"\d+ of \d+ numbers differ clearly", words(app))
    table = app.dataframe[0].value.set_index("Number")
    assert table.loc["Duration", "B against A"] == "▲ higher"
    assert table.loc["Duration", "Difference of the means"].startswith("+")
    assert len(app.get("plotly_chart")) == 1, "a retriever has durations and no output tokens"


def test_prompts_are_versions_too_off_the_spans_and_off_the_rollups(tmp_path: Path) -> None:
    made = build(tmp_path, days=1, traces_per_day=20, with_incident=False)
    change = made.start + timedelta(hours=12)
    with made.warehouse.write() as con:
        con.execute(
            "UPDATE spans SET prompt_version = 'p8' WHERE prompt_version = 'p7' AND started_at >= ?", [change]
        )
    span = TimeRange(start=made.start, end=made.end, bucket_s=3600)
    for rolled in (False, True):
        if rolled:
            refresh(made.warehouse, now=made.end + timedelta(days=1))
        found = choices(made.warehouse, "support-assistant", "generator", span)
        names = [c.name for c in found if c.way == "version" and c.name.startswith("p")]
        assert names == ["p8", "p7"], "the newest first"
        a, b = (SideRange(name=n, start=span.start, end=span.end, version=n) for n in ("p7", "p8"))
        told = comparison(made.warehouse, "support-assistant", "generator", a, b)
        assert (told.spans_a, told.spans_b) == tuple(
            c.spans for n in ("p7", "p8") for c in found if c.name == n
        )


@pytest.mark.parametrize(
    ("by", "component", "said"),
    [
        ("version", "generator", "A: version 1.4.0"),
        ("dataset", "retriever", "A: golden"),
        ("model", "generator", "There are not two models of generator"),
    ],
)
def test_other_ways_to_split(open_page: Open, changed: Seeded, by: str, component: str, said: str) -> None:
    app = open_page("compare", changed.home, component=component, by=by)
    assert not app.exception
    assert said in words(app)


def test_a_young_chain_is_compared_by_its_halves(open_page: Open, changed: Seeded) -> None:
    app = open_page("compare", changed.home, component="retriever", range="7d")
    assert re.search(r"A: .* to Wed 4 Mar .*B: Wed 4 Mar", words(app)), "two days and two days"


def test_sides_without_spans_and_ranges_that_are_none(open_page: Open, changed: Seeded) -> None:
    nothing = open_page("compare", changed.home, a="2001-01-01..2001-01-02")
    assert "has no spans of" in words(nothing)
    wrong = open_page("compare", changed.home, a="yesterday")
    assert any("no range of time" in w.value for w in wrong.warning)
    same = open_page("compare", changed.home, by="dataset", a="golden", b="golden")
    assert "Both sides are the same" in words(same)


def test_the_report_is_made_when_asked_and_shown_in_a_sandbox(
    open_page: Open, changed: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []

    def fetch(frame: object, read: object, *args: object) -> EvidentlyReport:
        made.append(read)
        return EvidentlyReport(html='<p>"a" & b</p>', drifted=("duration_s",), spans_a=10, spans_b=12)

    app = open_page("compare", changed.home, component="retriever", by="version")
    assert not app.get("iframe")
    monkeypatch.setattr(compare_parts.ui, "fetch", _only(compare_parts.ui.fetch, evidently, fetch))
    app.button(key="make_report").click().run()
    assert made == [evidently]
    assert "Columns past Evidently's thresholds: duration_s" in words(app)
    (frame,) = app.get("iframe")
    assert 'sandbox="allow-scripts"' in frame.proto.srcdoc
    assert "allow-same-origin" not in frame.proto.srcdoc
    assert "&lt;p&gt;&quot;a&quot; &amp; b" in frame.proto.srcdoc
    app.run()
    assert made == [evidently], "it is not made anew with every click"


def _only(real: object, wanted: object, instead: object) -> object:
    def fetch(frame: object, read: object, *args: object) -> object:
        return (instead if read is wanted else real)(frame, read, *args)  # type: ignore[operator]

    return fetch


@pytest.mark.slow
def test_evidently_writes_the_same_pair(changed: Seeded, tmp_path: Path) -> None:
    found = evidently(changed.warehouse, "support-assistant", "retriever", *sides(changed))
    assert "duration_s" in found.drifted
    assert "<html" in found.html[:500].lower()
    named = [SideRange(name=v, start=changed.start, end=changed.end, version=v) for v in ("1.4.0", "1.5.0")]
    versions = evidently(changed.warehouse, "support-assistant", "generator", *named)
    assert versions.spans_a + versions.spans_b > 200
    assert min(versions.spans_a, versions.spans_b) > 0
